//! Passes over rules that got another name.

use super::{
    matcher::{By, LIVE, Matcher},
    spot::Spot,
};
use crate::order;

impl<'a> Matcher<'_, 'a> {
    /// The same place under another name of the rule: the scanner says that it was renamed, or only the way in front of the
    /// last part of its name changed.
    pub(super) fn former_rules(&mut self) {
        let at = |s: &Spot<'a>, rule: &'a str| (s.scanner, s.path, s.said(), rule);
        let former = |s: &Spot<'a>| s.former.iter().map(|f| at(s, f)).collect::<Vec<_>>();
        if self.seen.iter().any(|s| !s.former.is_empty()) {
            self.pass_with_several(|s| Some(at(s, s.rule)), former);
        }
        if self.known.iter().any(|k| !k.former.is_empty()) {
            self.pass_with_several(former, |s| Some(at(s, s.rule)));
        }
        let last = |s: &Spot<'a>| s.rule.rsplit_once('.').map(|(_, last)| at(s, last));
        self.pass(LIVE, By::Line, last, last);
        if self.known.iter().any(|k| k.checks().next().is_some()) {
            let checks = |s: &Spot<'a>| {
                let mut checks: Vec<_> = s.checks().map(|check| (s.scanner, s.path, s.said(), check)).collect();
                order::sort_by_key(&mut checks, |(.., check)| *check);
                checks.dedup();
                checks
            };
            self.pass_with_several(checks, checks);
        }
    }

    /// The same file and a rule of which only the way in front of its last part changed, where one side cannot tell what the line
    /// says: only if as many are left on both sides.
    pub(super) fn untold_rules(&mut self) {
        let known = self.open_known(LIVE);
        let seen = if known.is_empty() { Vec::new() } else { self.open_seen(LIVE) };
        let key = |s: &Spot<'a>| s.rule.rsplit_once('.').map(|(_, last)| (s.scanner, s.path, last));
        self.pass_over(&known, &seen, By::LineIfEven, key, key);
    }
}
