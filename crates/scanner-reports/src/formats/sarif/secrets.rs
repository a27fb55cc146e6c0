//! Which tools and rules are about secrets, so that what they quote of a file may be one.

use findings_model::{ScannerName, is_about_secrets as says_secret};

use super::wire::Rule;

/// Tools that do nothing but look for secrets, their names without what stands between the letters: what their results quote of a
/// file is one.
const SECRET_SCANNERS: [&str; 13] = [
    "gitleaks",
    "trufflehog",
    "detectsecrets",
    "ggshield",
    "gitguardian",
    "whispers",
    "noseyparker",
    "titus",
    "kingfisher",
    "betterleaks",
    "secretlint",
    "deepsecrets",
    "talisman",
];

/// Whether a rule of a scanner is about secrets, so that what it points at in the code may be one.
pub(crate) fn is_about_secrets(scanner: &ScannerName, rule: &str) -> bool {
    is_secret_scanner(scanner) || is_secretive(rule, None)
}

/// Whether a scanner does nothing but look for secrets.
pub(super) fn is_secret_scanner(scanner: &ScannerName) -> bool {
    let letters = scanner.as_str().chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    SECRET_SCANNERS.iter().any(|known| name.contains(known))
}

/// Whether a rule is about secrets, by its id, its name or its tags.
pub(super) fn is_secretive(rule_id: &str, rule: Option<&Rule<'_>>) -> bool {
    says_secret(rule_id)
        || rule.is_some_and(|rule| {
            rule.name.get().is_some_and(says_secret)
                || rule.properties.get().is_some_and(|p| p.tags.iter().any(says_secret))
        })
}
