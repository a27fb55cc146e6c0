//! Credentials that lie in the project's files.
//!
//! A credential is known by its form, never by the words around it, and no line is left out for what else it says.
//! What is reported is its kind, its file and its line; the value goes nowhere.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use crate::Unread;
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};

const TOPIC: Topic = Topic::Credentials;

/// Largest file that is searched, in bytes. Text that people write is smaller; data sets and bundles are not.
pub const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024;

/// No token of an index in a file.
const INDEX_TOKEN: Rule = Rule {
    id: "CR-04",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no file holds a PyPI token",
    help: "Revoke the token on the index now, then take it out of the file and out of the history; whoever has seen the repository has it.",
};

/// No token of GitHub in a file.
const GITHUB_TOKEN: Rule = Rule {
    id: "CR-10",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no file holds a GitHub token",
    help: "Revoke the token in GitHub's settings now, then take it out of the file and out of the history.",
};

/// No AWS key in a file.
const AWS_KEY: Rule = Rule {
    id: "CR-11",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no file holds an AWS access key",
    help: "Deactivate the key in IAM now, then take it out of the file and out of the history; use the role instead.",
};

/// No private key in a file.
const PRIVATE_KEY: Rule = Rule {
    id: "CR-12",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "no file holds a private key",
    help: "Replace the key everywhere it is trusted, then take it out of the file and out of the history.",
};

/// Every text file was searched, save for what lies in the folders of tools and is not tracked.
const ALL_SEARCHED: Rule = Rule {
    id: "CR-13",
    topic: TOPIC,
    severity: CheckSeverity::Info,
    title: "every text file was searched for credentials, save for untracked ones in folders that tools fill",
    help: "Look at the files and folders named yourself, run this in the project's git repository, make files smaller, or keep generated data out of the repository.",
};

pub(crate) const RULES: [&Rule; 5] = [&INDEX_TOKEN, &GITHUB_TOKEN, &AWS_KEY, &PRIVATE_KEY, &ALL_SEARCHED];

/// A form that a credential has. The group `secret` is the part that is looked at for placeholders.
struct Form {
    rule: &'static Rule,
    /// What it is, with its article.
    kind: &'static str,
    pattern: &'static str,
}

const FORMS: [Form; 8] = [
    // A macaroon of the second version: `AgE` are its first bytes in base64url, behind them the place it is for.
    Form { rule: &INDEX_TOKEN, kind: "a PyPI token", pattern: r"pypi-(?P<secret>AgE[A-Za-z0-9_-]{13,})" },
    // https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    Form { rule: &GITHUB_TOKEN, kind: "a GitHub personal access token", pattern: r"ghp_(?P<secret>[A-Za-z0-9_]{30,})" },
    Form { rule: &GITHUB_TOKEN, kind: "a GitHub OAuth token", pattern: r"gho_(?P<secret>[A-Za-z0-9_]{30,})" },
    Form { rule: &GITHUB_TOKEN, kind: "a GitHub app token", pattern: r"gh[usr]_(?P<secret>[A-Za-z0-9_]{30,})" },
    Form {
        rule: &GITHUB_TOKEN,
        kind: "a GitHub fine-grained token",
        pattern: r"github_pat_(?P<secret>[A-Za-z0-9_]{22,})",
    },
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
    Form {
        rule: &AWS_KEY,
        kind: "an AWS access key ID",
        pattern: r"(?:^|[^A-Z0-9])(?:AKIA|ASIA)(?P<secret>[A-Z0-9]{16})(?:[^A-Z0-9]|$)",
    },
    Form {
        rule: &AWS_KEY,
        kind: "an AWS secret access key",
        pattern: r#"(?i:aws_?secret_?access_?key)["']?\s{0,8}[:=]\s{0,8}["']?(?P<secret>[A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
    },
    Form {
        rule: &PRIVATE_KEY,
        kind: "a private key",
        pattern: r#"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr]|["'+,])*(?:Proc-Type:|(?P<secret>[A-Za-z0-9+/=]{16}))"#,
    },
];

static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    FORMS
        .iter()
        .map(|form| {
            #[expect(clippy::expect_used, reason = "the patterns are constants that every test compiles")]
            let pattern = Regex::new(&format!("(?m-u){}", form.pattern)).expect("a constant pattern");
            pattern
        })
        .collect()
});

/// The search through a project's files, fed one file at a time.
#[derive(Debug, Clone, Default)]
pub struct CredentialScan {
    searched: usize,
    passed_over: usize,
    hits: Vec<(&'static str, Check)>,
    unread: Vec<Unread>,
}

impl CredentialScan {
    /// Searches a file. A binary file (one with a zero byte near its start that is no UTF-16 text) is passed over.
    pub fn add(&mut self, path: &str, bytes: &[u8]) {
        let Some(text) = decoded(bytes) else { return };
        self.searched += 1;
        for (form, pattern) in FORMS.iter().zip(PATTERNS.iter()) {
            let (mut line, mut counted) = (1, 0);
            for found in pattern.captures_iter(&text) {
                let Some(start) = found.name("secret").or_else(|| found.get(0)).map(|group| group.start()) else {
                    continue;
                };
                if is_placeholder(&found, &text) {
                    continue;
                }
                line += text[counted..start].split(|byte| *byte == b'\n').count() - 1;
                counted = start;
                self.hits.push((form.rule.id, form.rule.hit(Place::line(path, line), &format!("found {}", form.kind))));
            }
        }
    }

    /// Notes a file that was not searched.
    pub fn skip(&mut self, unread: Unread) {
        self.unread.push(unread);
    }

    /// Counts a folder that tools fill, in which nothing is tracked and nothing was searched.
    pub fn pass_over(&mut self) {
        self.passed_over += 1;
    }

    /// How many text files were searched.
    pub fn searched(&self) -> usize {
        self.searched
    }

    /// The answers. A rule without a hit holds only if something was searched.
    pub fn check(self) -> Vec<Check> {
        let files = if self.searched == 1 { "1 text file".to_owned() } else { format!("{} text files", self.searched) };
        let mut checks = Vec::new();
        for rule in [&INDEX_TOKEN, &GITHUB_TOKEN, &AWS_KEY, &PRIVATE_KEY] {
            let hits = self.hits.iter().filter(|(id, _)| *id == rule.id).map(|(_, check)| check.clone()).collect();
            checks.extend(rule.conclude(hits, || match self.unread.len() {
                _ if self.searched == 0 => rule.unknown(None, "no text file was found"),
                0 => rule.pass(&format!("none in {files}")),
                1 => rule.unknown(None, &format!("none in {files}; 1 file or folder was not searched")),
                more => rule.unknown(None, &format!("none in {files}; {more} files or folders were not searched")),
            }));
        }
        let searched = match self.passed_over {
            0 => format!("{files} searched"),
            1 => format!("{files} searched; 1 folder that tools fill holds nothing tracked and was passed over"),
            more => {
                format!("{files} searched; {more} folders that tools fill hold nothing tracked and were passed over")
            }
        };
        let unread: Vec<Check> = self
            .unread
            .iter()
            .map(|unread| ALL_SEARCHED.unknown(Place::file(&unread.path), &format!("not searched: {}", unread.reason)))
            .collect();
        checks.extend(ALL_SEARCHED.conclude(unread, || ALL_SEARCHED.pass(&searched)));
        checks
    }
}

/// Whether a folder is one that tools fill rather than people: tools' stores, build output, installed packages, and raw
/// reports (which quote the secrets that scanners found). `path` is below the project, with `/`.
///
/// A name proves nothing: `target` may well be a package. Only where nothing is tracked in such a folder is it no part of
/// the project.
pub fn is_tools_folder(path: &str) -> bool {
    const NAMES: [&str; 16] = [
        ".git",
        ".hg",
        ".svn",
        "target",
        "node_modules",
        ".venv",
        "venv",
        ".tox",
        ".nox",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".eggs",
        ".terraform",
        "site-packages",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    NAMES.contains(&name) || path == "security/reports"
}

/// Whether a file that starts so is text: no zero byte, or a mark of UTF-16.
pub fn is_text(head: &[u8]) -> bool {
    decoded(head).is_some()
}

/// The text of a file as bytes in which ASCII stands for itself; nothing for a binary file.
fn decoded(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let utf16 = |units: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = units.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        Some(Cow::Owned(text.into_bytes()))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ if bytes[..bytes.len().min(8192)].contains(&0) => None,
        _ => Some(Cow::Borrowed(bytes)),
    }
}

/// Whether a match is what documents write in the place of a credential: crossed out, cut short, or an example by its own words.
fn is_placeholder(found: &Captures<'_>, text: &[u8]) -> bool {
    let Some(secret) = found.name("secret") else {
        return false;
    };
    let rest = &text[secret.end()..];
    let lower = secret.as_bytes().to_ascii_lowercase();
    let has = |word: &str| lower.windows(word.len()).any(|window| window == word.as_bytes());
    let crossed_out = secret.as_bytes().windows(5).any(|window| {
        matches!(window[0], b'x' | b'X' | b'*' | b'_' | b'-') && window.iter().all(|byte| *byte == window[0])
    });
    let all_zero = secret.as_bytes().iter().all(|byte| *byte == b'0');
    crossed_out
        || all_zero
        || rest.starts_with(b"...")
        || rest.starts_with("\u{2026}".as_bytes())
        || ["example", "placeholder", "redacted", "changeme", "your_token", "yourtoken"].into_iter().any(has)
        || lower.starts_with(b"your")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::CheckStatus;

    /// Written in two halves, so that no scanner takes this file for a leak.
    fn leaks() -> Vec<(&'static str, String)> {
        let key_head = concat!("-----BEGIN ", "PRIVATE KEY-----");
        vec![
            ("a PyPI token", format!("pypi-{}IcHlwaS5vcmcCJGU1ZTQwYjdhLTk3ZjQtNDc3Zi1iOGQ5", "AgE")),
            ("a PyPI token", format!("pypi-{}NdGVzdC5weXBpLm9yZwIkMTIzNDU2Nzg", "AgE")),
            ("a GitHub personal access token", format!("ghp{}", "_16C7e42F292c6912E7710c838347Ae178B4a")),
            ("a GitHub OAuth token", format!("gho{}", "_16C7e42F292c6912E7710c838347Ae178B4a")),
            ("a GitHub app token", format!("ghs{}", "_16C7e42F292c6912E7710c838347Ae178B4a")),
            (
                "a GitHub fine-grained token",
                format!("github{}", "_pat_11ABCDEFG0AbCdEfGhIjKl_MnOpQrStUvWxYz0123456789"),
            ),
            ("an AWS access key ID", format!("AKIA{}", "Q3EGRMB7XYZ2WVUT")),
            ("an AWS access key ID", format!("ASIA{}", "Q3EGRMB7XYZ2WVUT")),
            (
                "an AWS secret access key",
                format!("aws_secret_access_key = {}", "k7bPxRfiCYzzz0mU4vVtn9yYwQe1sA2dF3gH5jK6"),
            ),
            ("a private key", format!("{key_head}\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n")),
            ("a private key", format!("\"{key_head}\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\"")),
        ]
    }

    fn found(text: &[u8]) -> Vec<String> {
        let mut scan = CredentialScan::default();
        scan.add("a.yml", text);
        scan.check()
            .into_iter()
            .filter(|check| check.status == CheckStatus::Fail)
            .map(|check| {
                let place = check.place.map(|place| place.to_string()).unwrap_or_default();
                format!("{place} {}", check.message)
            })
            .collect()
    }

    #[test]
    fn every_kind_is_found_whatever_else_the_line_says() {
        for (kind, leak) in leaks() {
            for (before, after) in [
                ("", ""),
                ("PYPI_API_TOKEN: ", "\n"),
                ("token secret = '", "' # secret"),
                ("# ", ""),
                ("a=1 ", " b"),
                ("https://user:", "@host"),
            ] {
                let text = format!("first\n{before}{leak}{after}");
                assert_eq!(
                    found(text.as_bytes()),
                    [format!("a.yml:{} found {kind}", if leak.contains("KEY-----\n") { 3 } else { 2 })],
                    "{before}{kind}"
                );
            }
        }
    }

    #[test]
    fn no_check_shows_the_value() {
        for (_, leak) in leaks() {
            let mut scan = CredentialScan::default();
            scan.add("a.yml", leak.as_bytes());
            let shown = serde_json::to_string(&scan.check()).unwrap();
            let secret: String = leak.chars().rev().take(12).collect::<String>().chars().rev().collect();
            assert!(!shown.contains(&secret));
        }
    }

    #[test]
    fn placeholders_and_references_are_no_leaks() {
        for text in [
            "token: pypi-your-token-here",
            "token: pypi-publish-action-for-the-token-of-the-project-and-more-words-behind-it",
            "PYPI_TOKEN: ${{ secrets.PYPI_TOKEN }}",
            "PYPI_TOKEN: '***'",
            "password: pypi-***",
            "pypi-AgEIcHlwaS5vcmcCxxxxxxxxxxxxxxxxxxxxx",
            "pypi-AgEIcHlwaS5vcmcCJDU5...",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_yourPersonalAccessTokenGoesHere1234567",
            "ghp_0000000000000000000000000000000000000000",
            "github_pat_your_token_here_and_more",
            "AKIAIOSFODNN7EXAMPLE",
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}",
            "MAKIAQ3EGRMB7XYZ2WVUT",
            "if line.startswith('-----BEGIN PRIVATE KEY-----'):",
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n",
        ] {
            assert!(found(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn utf16_is_read_and_binaries_are_passed_over() {
        let (_, leak) = leaks().remove(0);
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(leak.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(found(&utf16).len(), 1);
        assert!(found(&[&[0, 1, 2], leak.as_bytes()].concat()).is_empty());
        assert_eq!(found(&[&[0xe9, 0x80], leak.as_bytes()].concat()).len(), 1, "Latin-1 is text");
    }

    #[test]
    fn nothing_searched_is_unknown_and_skipped_files_are_named() {
        let checks = CredentialScan::default().check();
        assert!(checks.iter().filter(|check| check.id != "CR-13").all(|check| check.status == CheckStatus::Unknown));
        let mut scan = CredentialScan::default();
        scan.add("a", b"x");
        scan.skip(Unread { path: "big.json".to_owned(), reason: "larger than 2 MiB".to_owned() });
        let checks = scan.check();
        assert!(
            !checks.iter().any(|check| check.status == CheckStatus::Pass),
            "a file that was not searched may hold one"
        );
        let last = checks.last().cloned().unwrap();
        assert_eq!(
            (last.status, last.place.unwrap().path(), last.message.as_str()),
            (CheckStatus::Unknown, "big.json", "not searched: larger than 2 MiB")
        );
    }

    #[test]
    fn many_hits_are_counted_and_hostile_text_is_linear() {
        let (_, leak) = leaks().remove(0);
        let hits = found(format!("{leak}\n").repeat(500).as_bytes());
        assert!(hits.len() <= 31);
        assert!(found("-----BEGIN ".repeat(100_000).as_bytes()).is_empty());
        assert!(found(format!("-----BEGIN PRIVATE KEY-----{}", "\n".repeat(500_000)).as_bytes()).is_empty());
    }

    #[test]
    fn folders_of_tools_are_told_from_the_project_s_own() {
        for path in [".git", "a/node_modules", ".venv", "target", "security/reports", "x/target"] {
            assert!(is_tools_folder(path), "{path}");
        }
        for path in ["src", ".github", "security", "docs/reports", "infrastructure", "reports"] {
            assert!(!is_tools_folder(path), "{path}");
        }
    }
}
