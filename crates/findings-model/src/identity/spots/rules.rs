//! Passes over rules that got another name.

use super::{
    matcher::{By, LIVE, Matcher},
    spot::{RuleName, Spot, put_in_order},
};
use crate::{ScannerName, order};

/// By which of its names a rule is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Own,
    Former,
    /// What stands behind the last point.
    LastPart,
    /// trivy's number of it.
    Check,
}

/// The names that go with each other, of what is known and of what is seen: the scanner says that a rule was renamed, or only the way
/// in front of the last part of its name changed.
const PAIRS: [(Name, Name); 4] = [
    (Name::Own, Name::Former),
    (Name::Former, Name::Own),
    (Name::LastPart, Name::LastPart),
    (Name::Check, Name::Check),
];

type Key<'a> = (&'a ScannerName, &'a str, (Option<&'a str>, u32), RuleName<'a>);

impl Matcher<'_, '_> {
    /// The same place under another name of the rule.
    pub(super) fn former_rules(&mut self) {
        self.renamed_rules(By::Line);
    }

    /// The same file and a rule that got another name, where one side cannot tell what the line says: only if as many are left on
    /// both sides.
    pub(super) fn untold_rules(&mut self) {
        self.renamed_rules(By::LineIfEven);
    }

    fn renamed_rules(&mut self, by: By) {
        let mut known = self.open_known(LIVE);
        if known.is_empty() {
            return;
        }
        put_in_order(self.known, &mut known);
        let seen = self.open_seen(LIVE);
        for (of_known, of_seen) in PAIRS {
            self.pass_over(&known, &seen, by, |s| keys(s, of_known, by), |s| keys(s, of_seen, by));
        }
    }
}

fn keys<'a>(spot: &Spot<'a>, name: Name, by: By) -> Vec<Key<'a>> {
    let said = if by == By::LineIfEven { (None, 0) } else { spot.said() };
    let mut names: Vec<RuleName<'a>> = Vec::new();
    match name {
        Name::Own => names.push(RuleName::Whole(spot.rule)),
        Name::Former => names.extend(spot.former.iter().map(|former| RuleName::Whole(former))),
        Name::LastPart => names.extend(spot.rule.rsplit_once('.').map(|(_, last)| RuleName::LastPart(last))),
        Name::Check => {
            let mut checks: Vec<_> = spot.checks().collect();
            order::sort_by_key(&mut checks, |check| *check);
            checks.dedup();
            names.extend(checks.into_iter().map(|(letters, number)| RuleName::Check(letters, number)));
        }
    }
    names.into_iter().map(|name| (spot.scanner, spot.path, said, name)).collect()
}
