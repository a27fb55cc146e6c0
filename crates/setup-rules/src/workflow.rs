//! Rules over GitHub Actions workflows, read as YAML: a word in a comment or a text counts for nothing.

mod code;
mod foreign;
mod hygiene;
mod identity;
mod injection;
mod model;
mod own;
mod publishing;
mod scanners;
mod secrets;
mod set;
#[cfg(test)]
mod tests;

pub(crate) use set::AwsSetting;
pub use set::Workflows;

use crate::PublishSettings;
use crate::check::{Check, Rule};

/// The rows of all workflow rules.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    publishing::RULES.into_iter().chain(OTHERS).chain(hygiene::RULES)
}

const OTHERS: [&Rule; 9] = [
    &identity::IDENTITY_ONLY_WHERE_NEEDED,
    &identity::NO_PROJECT_CODE,
    &secrets::NO_INDEX_TOKEN,
    &secrets::NO_AWS_KEY,
    &secrets::NO_AWS_REDIRECT,
    &injection::NO_INJECTION,
    &foreign::NO_FOREIGN_CODE,
    &scanners::NOT_MASKED,
    &scanners::NOT_FABRICATED,
];

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
        checks.extend(identity::only_where_needed(self));
        checks.extend(identity::no_project_code(self));
        checks.extend(secrets::no_index_token(self, settings));
        checks.extend(secrets::no_aws_key(self, settings));
        checks.extend(secrets::no_aws_redirect(self));
        checks.extend(hygiene::check(self));
        checks.extend(injection::check(self));
        checks.extend(foreign::check(self, settings.repository));
        checks.extend(scanners::not_masked(self));
        checks.extend(scanners::not_fabricated(self));
        checks
    }
}
