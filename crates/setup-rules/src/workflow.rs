//! Rules over GitHub Actions workflows, read as YAML: a word in a comment or a text counts for nothing.

mod hygiene;
mod model;
mod publishing;
mod set;
#[cfg(test)]
mod tests;

pub(crate) use set::AwsSetting;
pub use set::Workflows;

use crate::PublishSettings;
use crate::check::{Check, Rule};

/// The rows of all workflow rules.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    publishing::RULES.into_iter().chain(hygiene::RULES)
}

impl Workflows {
    /// Answers every workflow rule.
    ///
    /// Without any workflow each rule is unknown: there is nothing that could hold or break it.
    pub fn check(&self, settings: &PublishSettings<'_>) -> Vec<Check> {
        if self.is_empty() {
            return rules()
                .map(|rule| rule.unknown(None, "the project has no workflow under .github/workflows"))
                .collect();
        }
        let mut checks = publishing::check(self, settings);
        checks.extend(hygiene::check(self));
        checks
    }
}
