//! What documents for the public call a finding: where a secret is, only the project's own documents say.

use change_detect::{Change, OpenFinding};
use findings_model::{FindingId, FindingKind, has_private_place};

/// The rules that a document told of so far in place of an id; each time gets a number.
pub(crate) type Numbers<'a> = Vec<&'a str>;

/// A finding as such a document tells of it.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    id: &'a FindingId,
    /// The rule of a finding whose place, which its id names too, is not for the public.
    pub(crate) placeless: Option<&'a str>,
}

impl<'a> Told<'a> {
    pub(crate) fn change(change: &'a Change) -> Self {
        Self::new(&change.finding_id, change.kind, change.rule.as_ref())
    }

    pub(crate) fn open(finding: &'a OpenFinding) -> Self {
        Self::new(&finding.finding_id, finding.kind, finding.rule.as_ref())
    }

    fn new(id: &'a FindingId, kind: FindingKind, rule: Option<&'a String>) -> Self {
        let rule = rule.map_or("secret", String::as_str);
        Self { id, placeless: has_private_place(kind, rule).then_some(rule) }
    }

    /// The finding's id; or its rule, and a number that it alone has in the document.
    pub(crate) fn name(self, numbers: &mut Numbers<'a>) -> String {
        let Some(rule) = self.placeless else { return self.id.as_str().to_owned() };
        numbers.push(rule);
        format!("{rule} #{}", numbers.iter().filter(|other| **other == rule).count())
    }
}
