//! Code and secret findings: which place is which, inside one scanner.

mod matcher;
mod renames;
mod returned;
mod rules;
mod spot;
mod twins;

use self::{
    matcher::{By, LIVE, Matcher},
    renames::Across,
};
pub(super) use self::{spot::Spot, twins::across_reports};
use super::{FastSet, Slot};
use crate::{ScannerName, Subject};

/// Code and secret spots apart.
#[derive(Default)]
pub(super) struct ByKind<'a> {
    pub(super) code: Vec<Spot<'a>>,
    pub(super) secrets: Vec<Spot<'a>>,
}

impl<'a> ByKind<'a> {
    pub(super) fn add(&mut self, subject: &'a Subject, spot: impl Fn(&'a Subject) -> Option<Spot<'a>>) {
        let Some(spot) = spot(subject) else { return };
        match subject {
            Subject::Secret(_) => self.secrets.push(spot),
            _ => self.code.push(spot),
        }
    }
}

type Gone<'g> = &'g dyn Fn(&ScannerName, &str) -> bool;

/// Runs the passes for code.
pub(super) fn assign_code<'a>(known: &[Spot<'a>], seen: &[Spot<'a>], gone: Gone<'_>, of: &mut [Slot]) {
    let mut m = Matcher::new(known, seen);
    let place = |s: &Spot<'a>| Some((s.scanner, s.rule, s.path));
    let exact = |s: &Spot<'a>| s.text.map(|text| (s.scanner, s.rule, s.path, text));
    let unsaid = |s: &Spot<'a>| place(s).filter(|_| s.text.is_none());
    m.each_side(|m, pick| m.pass(pick, By::Line, exact, exact));
    m.former_rules();
    m.renames(gone, Across::Files, |s| s.text);
    m.renamed_with_rules(gone);
    m.pass(LIVE, By::Line, place, place);
    m.each_side(|m, pick| m.pass(pick, By::Line, unsaid, unsaid));
    m.untold_returns();
    m.untold_rules();
    m.untold_renames(gone);
    m.write(of);
}

/// Runs the passes for secrets.
pub(super) fn assign_secrets<'a>(known: &[Spot<'a>], seen: &[Spot<'a>], gone: Gone<'_>, of: &mut [Slot]) {
    let mut m = Matcher::new(known, seen);
    let place = |s: &Spot<'a>| (s.scanner, s.rule, s.path);
    let marked = |s: &Spot<'a>| s.mark.map(|mark| (place(s), mark));
    m.each_side(|m, pick| m.pass(pick, By::Line, marked, marked));
    m.renames(gone, Across::OneFile, |s| s.mark);
    // Where some mark is known again the key is the same, so two different marks are two secrets. Where none is, the key
    // may have changed, and that ends nothing.
    let same_key: FastSet<&ScannerName> =
        m.matched().filter(|(k, s)| k.mark.is_some() && k.mark == s.mark).map(|(k, _)| k.scanner).collect();
    let may_be_another = |s: &Spot<'a>| s.mark.is_none() || !same_key.contains(s.scanner);
    m.each_side(|m, pick| {
        let said = |s: &Spot<'a>| s.text.map(|text| (place(s), text));
        let unmarked = |s: &Spot<'a>| said(s).filter(|_| s.mark.is_none());
        m.pass(pick, By::Line, unmarked, said);
        m.pass(pick, By::Line, said, unmarked);
        let other_key = |s: &Spot<'a>| said(s).filter(|_| pick == LIVE && may_be_another(s));
        m.pass(pick, By::Line, other_key, other_key);
    });
    m.renames(gone, Across::Files, |s| s.text.filter(|_| may_be_another(s)));
    m.each_side(|m, pick| {
        let unmarked = |s: &Spot<'a>| s.mark.is_none().then(|| place(s));
        m.pass(pick, By::Line, unmarked, |s| Some(place(s)));
        m.pass(pick, By::Line, |s| Some(place(s)), unmarked);
        let other_key = |s: &Spot<'a>| (pick == LIVE && !same_key.contains(s.scanner)).then(|| place(s));
        m.pass(pick, By::Line, other_key, other_key);
    });
    m.is_strict = true;
    m.renames(gone, Across::OneFile, |_| Some(""));
    m.write(of);
}
