//! What documents for the public call a finding: where a secret is, only the project's own documents say.

use change_detect::{Change, OpenFinding};
use findings_model::{FindingId, has_private_place};

/// The rules that a document told of so far in place of an id; each time gets a number.
pub(crate) type Numbers<'a> = Vec<&'a str>;

/// What a finding without a rule is taken for.
const UNNAMED: &str = "secret";

/// A finding as such a document tells of it.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    id: &'a FindingId,
    /// The rule of a finding whose place, which its id names too, is not for the public.
    pub(crate) placeless: Option<&'a str>,
}

impl<'a> Told<'a> {
    pub(crate) fn change(change: &'a Change) -> Self {
        let rule = change.rule.as_deref().unwrap_or(UNNAMED);
        let is_private = has_private_place(change.kind, rule, &change.description);
        Self { id: &change.finding_id, placeless: is_private.then_some(rule) }
    }

    pub(crate) fn open(finding: &'a OpenFinding) -> Self {
        let rule = finding.rule.as_deref().unwrap_or(UNNAMED);
        let is_private = finding.private_place || has_private_place(finding.kind, rule, "");
        Self { id: &finding.finding_id, placeless: is_private.then_some(rule) }
    }

    /// The finding's id; or its rule, and a number that it alone has in the document.
    pub(crate) fn name(self, numbers: &mut Numbers<'a>) -> String {
        let Some(rule) = self.placeless else { return self.id.as_str().to_owned() };
        numbers.push(rule);
        format!("{rule} #{}", numbers.iter().filter(|other| **other == rule).count())
    }
}
