//! Which rules are about secrets in the code.

use crate::FindingKind;

/// Whether documents for the public leave out where a finding of this kind, rule and description is.
///
/// A rule that has nothing but a number (`DS-0031`) is told by its description; what has a name says itself what it is about.
pub fn has_private_place(kind: FindingKind, rule: &str, description: &str) -> bool {
    match kind {
        FindingKind::Vulnerability => false,
        FindingKind::Code => leads_to_secrets(rule) || is_number(rule) && leads_to_secrets(description),
        FindingKind::Secret => true,
    }
}

/// Whether the id, the name or a tag of a rule says that it looks for hard-coded secrets: what it quotes of the code may be one, and
/// where it found something is told to nobody but the project.
pub fn is_about_secrets(words: &str) -> bool {
    is_secret_test(words) || has_sign(words, &[])
}

/// Hard-coded things that are no secrets, as bandit and ruff name their rules.
const NO_SECRETS: [&str; 4] = ["hardcodedsql", "hardcodedtmp", "hardcodedtemp", "hardcodedbind"];

/// As [`is_about_secrets`], but for rules that only share a word with those: their quotations are masked, and their place is no secret.
fn leads_to_secrets(words: &str) -> bool {
    is_secret_test(words) || has_sign(words, &NO_SECRETS)
}

/// Whether the last part of a rule is capital letters and a number.
fn is_number(rule: &str) -> bool {
    let last = rule.rsplit([':', '.', '/']).next().unwrap_or_default();
    last.ends_with(|c: char| c.is_ascii_digit()) && !last.contains(|c: char| c.is_ascii_lowercase())
}

/// bandit's tests of passwords, and the same tests in ruff and flake8.
fn is_secret_test(words: &str) -> bool {
    matches!(words, "B105" | "B106" | "B107" | "S105" | "S106" | "S107")
}

fn has_sign(words: &str, but: &[&str]) -> bool {
    let words = words.as_bytes();
    (0..words.len()).any(|at| {
        let begins = |sign: &&str| begins_with(&words[at..], sign);
        signs_with(words[at]).iter().any(&begins) && !but.iter().any(begins)
    })
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
    use super::{has_private_place, is_about_secrets};
    use crate::FindingKind;

    #[test]
    fn a_place_is_private_where_rule_or_description_tell_of_a_secret() {
        let is_private = |rule: &str, said: &str| has_private_place(FindingKind::Code, rule, said);
        for (rule, said) in [
            ("B105", ""),
            ("hardcoded-password-string", ""),
            ("DS-0031", "Secrets passed via build-args or envs or copied secret files"),
            ("AVD-KSV-0109", "Storing secrets in configMaps is unsafe"),
            ("CKV_AWS_41", "Ensure no hard coded AWS access key exists in provider"),
            ("python:S6418", "Hard-coded secrets are security-sensitive"),
            ("hardcoded-sql-password", ""),
        ] {
            assert!(is_private(rule, said), "{rule}");
        }
        for (rule, said) in [
            ("hardcoded-sql-expression", "possible injection"),
            ("hardcoded_tmp_directory", ""),
            ("B608", "hardcoded_sql_expressions: Possible SQL injection vector"),
            ("B104", "hardcoded_bind_all_interfaces: Possible binding to all interfaces"),
            ("DS-0002", "Image user should not be root"),
            ("python.flask.csrf-missing", "No CSRF token is checked"),
        ] {
            assert!(!is_private(rule, said), "{rule}");
        }
        assert!(
            has_private_place(FindingKind::Secret, "x", "")
                && !has_private_place(FindingKind::Vulnerability, "B105", "")
        );
    }

    #[test]
    fn rules_about_secrets_are_told_from_others() {
        for rule in [
            "B105",
            "S107",
            "py/hardcoded-credentials",
            "generic.secrets.gitleaks.aws",
            "CWE-798: Hard-coded",
            "use of an API key",
            "hardcoded-sql-expression",
            "Passw\u{f6}ord",
        ] {
            assert!(is_about_secrets(rule), "{rule}");
        }
        for rule in ["B324", "S324", "B1051", "py/sql-injection", "", "CWE-89"] {
            assert!(!is_about_secrets(rule), "{rule}");
        }
    }
}
