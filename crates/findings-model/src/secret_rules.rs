//! Which rules are about secrets in the code.

use crate::FindingKind;

/// Whether documents for the public leave out where a finding of this kind and rule is.
pub fn has_private_place(kind: FindingKind, rule: &str) -> bool {
    match kind {
        FindingKind::Vulnerability => false,
        FindingKind::Code => is_about_secrets(rule),
        FindingKind::Secret => true,
    }
}

/// Whether the id, the name or a tag of a rule says that it looks for hard-coded secrets: what it quotes of the code may be one, and
/// where it found something is told to nobody but the project.
pub fn is_about_secrets(words: &str) -> bool {
    const SIGNS: &str = "secret|password|passwd|credential|hardcod|apikey|token|accesskey|privatekey|basicauth|webhook|cwe798|cwe259|\
                         cwe321|cwe522";
    // However its words are parted: api-key, api_key, API key.
    let mut letters = words.to_ascii_lowercase();
    letters.retain(|c| c.is_ascii_alphanumeric());
    // bandit's tests of passwords, and the same tests in ruff and flake8.
    matches!(words, "B105" | "B106" | "B107" | "S105" | "S106" | "S107")
        || SIGNS.split('|').any(|sign| letters.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::is_about_secrets;

    #[test]
    fn rules_about_secrets_are_told_from_others() {
        for rule in ["B105", "S107", "py/hardcoded-credentials", "generic.secrets.gitleaks.aws", "CWE-798: Hard-coded"]
        {
            assert!(is_about_secrets(rule), "{rule}");
        }
        for rule in ["B324", "S324", "B1051", "py/sql-injection", "", "CWE-89"] {
            assert!(!is_about_secrets(rule), "{rule}");
        }
    }
}
