//! Secrets that must show up nowhere: in no output and no file, in none of the forms that a program may write them in.

use std::path::Path;

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::command::{Outcome, Run};

/// A secret that nothing else resembles.
pub const CANARY: &str = "canary-4f1c9a-CANARY-0b7d2e-canary";

/// A run as loud as can be: every line of the log, on stderr and in a file below the project.
#[must_use]
pub fn loud(run: Run, project: &Path) -> Run {
    run.env("RUST_LOG", "trace")
        .env("DEBUG", "true")
        .env("RUST_BACKTRACE", "full")
        .env("GITHUB_OUTPUT", project.join("output"))
        .env("GITHUB_STEP_SUMMARY", project.join("summary"))
        .args(["-vv", "--log-file", "log"])
}

/// Requires that none of the secrets is in what the run printed or wrote below the folder.
///
/// What the Actions runner is asked to mask is a command that it takes out of the log, and does not count.
#[track_caller]
pub fn assert_hidden(run: &Outcome, folder: &Path, secrets: &[String]) {
    let shown = |line: &&str| !line.starts_with("::add-mask::");
    let printed: Vec<&str> = run.stderr.lines().filter(shown).collect();
    let mut texts = vec![("stdout".to_owned(), run.stdout.clone()), ("stderr".to_owned(), printed.join("\n"))];
    files(folder, &mut texts);
    for secret in secrets {
        for form in forms(secret) {
            for (place, text) in &texts {
                assert!(!text.contains(&form), "{place} holds a secret, as {form}:\n{text}");
            }
        }
    }
}

/// A secret as it is, as base64 of Basic authentication and inside of other base64, in hexadecimal digits, and as a list of bytes.
fn forms(secret: &str) -> Vec<String> {
    let basic = BASE64_STANDARD.encode(format!("__token__:{secret}"));
    // However the secret stands inside of another text, one of three shifts is part of its base64.
    let middle = &secret.as_bytes()[secret.len() / 3..];
    let shifts = (0..3).map(|shift| &middle[shift..]).map(|part| BASE64_STANDARD.encode(&part[..part.len() / 3 * 3]));
    let hex = crate::index::hex(secret.as_bytes());
    let list = secret.bytes().take(12).map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    let own = [secret.to_owned(), secret[5..].to_owned(), basic.trim_end_matches('=').to_owned(), hex, list];
    own.into_iter().chain(shifts).collect()
}

/// Every file below a folder, with its text.
fn files(folder: &Path, texts: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("list a folder") {
        let path = entry.expect("list a folder").path();
        if path.is_dir() {
            files(&path, texts);
        } else {
            let bytes = std::fs::read(&path).expect("read a file");
            texts.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_recognised() {
        let found = |text: &str| forms(CANARY).iter().any(|form| text.contains(form.as_str()));
        assert!(found(&format!("x{CANARY}y")) && found(&format!("{:?}", CANARY.as_bytes())));
        for before in ["", "a", "ab", "abc"] {
            assert!(found(&BASE64_STANDARD.encode(format!("{before}{CANARY}behind"))), "behind {before:?}");
        }
        assert!(!found("canary and nothing more"));
    }
}
