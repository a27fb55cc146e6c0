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
    // bandit's tests of passwords, and the same tests in ruff and flake8.
    let is_test = matches!(words, "B105" | "B106" | "B107" | "S105" | "S106" | "S107");
    let words = words.as_bytes();
    is_test || (0..words.len()).any(|at| signs_with(words[at]).iter().any(|sign| begins_with(&words[at..], sign)))
}

/// The signs of such a rule that begin with a letter.
fn signs_with(letter: u8) -> &'static [&'static str] {
    match letter.to_ascii_lowercase() {
        b'a' => &["apikey", "accesskey"],
        b'b' => &["basicauth"],
        b'c' => &["credential", "cwe798", "cwe259", "cwe321", "cwe522"],
        b'h' => &["hardcod"],
        b'p' => &["password", "passwd", "privatekey"],
        b's' => &["secret"],
        b't' => &["token"],
        b'w' => &["webhook"],
        _ => &[],
    }
}

/// Whether words begin with a sign, however they are parted: api-key, api_key, API key.
fn begins_with(words: &[u8], sign: &str) -> bool {
    let mut letters = words.iter().filter(|byte| byte.is_ascii_alphanumeric());
    sign.bytes().all(|sign| letters.next().is_some_and(|letter| letter.to_ascii_lowercase() == sign))
}

#[cfg(test)]
mod tests {
    use super::is_about_secrets;

    #[test]
    fn rules_about_secrets_are_told_from_others() {
        for rule in [
            "B105",
            "S107",
            "py/hardcoded-credentials",
            "generic.secrets.gitleaks.aws",
            "CWE-798: Hard-coded",
            "use of an API key",
            "Passw\u{f6}ord",
        ] {
            assert!(is_about_secrets(rule), "{rule}");
        }
        for rule in ["B324", "S324", "B1051", "py/sql-injection", "", "CWE-89"] {
            assert!(!is_about_secrets(rule), "{rule}");
        }
    }
}
