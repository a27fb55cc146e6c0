//! Error messages as they may be kept: run records are committed to a repository that is often public.

use findings_model::text;

/// Longest error message that is kept, in characters.
pub const ERROR_MESSAGE_LIMIT: usize = 500;

/// One line of at most [`ERROR_MESSAGE_LIMIT`] characters, without terminal colours and control characters.
///
/// Words that look like credentials and passwords in addresses are masked. That is a net below the rule
/// that nobody passes a secret here, not a promise to find every secret.
pub(crate) fn tidy(message: &str) -> Option<String> {
    // A message of megabytes is cut before anything is done with it; the margin keeps cut-off secrets cut off.
    let start = text::shorten(message, ERROR_MESSAGE_LIMIT * 8);
    let line = text::hide_credentials(&text::one_line(&without_colours(&start)));
    (!line.is_empty()).then(|| text::shorten(&line, ERROR_MESSAGE_LIMIT - 3).into_owned())
}

/// Drops the terminal's escape sequences (`ESC [ … letter`), which scanners and pip print for colours.
fn without_colours(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let sequence = &rest[at + 2..];
        rest = match sequence.find(|c: char| ('\u{40}'..='\u{7e}').contains(&c)) {
            Some(end) => &sequence[end + 1..],
            None => "",
        };
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bounded_line_without_colours() {
        assert_eq!(
            tidy("\u{1b}[31mERROR\u{1b}[0m\n  upload failed\u{202e}\0").as_deref(),
            Some("ERROR upload failed\u{fffd}\u{fffd}")
        );
        assert_eq!(tidy(" \n "), None);
        assert_eq!(tidy(&"x".repeat(9000)).unwrap().chars().count(), ERROR_MESSAGE_LIMIT);
        assert_eq!(tidy("cut \u{1b}[").as_deref(), Some("cut"));
    }

    #[test]
    fn credentials_are_masked() {
        let token = format!("pypi-{}", "AgEIcHlwaS5vcmc".repeat(4));
        assert_eq!(
            tidy(&format!("403 with password={token}, user __token__")).unwrap(),
            "403 with password=[hidden], user __token__"
        );
        assert_eq!(tidy("https://user:hunter2@host/simple said 403").unwrap(), "https://[hidden]@host/simple said 403");
        let jwt = format!("eyJ{}.eyJ{}.abc", "hbGciOi".repeat(3), "zdWIiOi".repeat(3));
        assert_eq!(tidy(&format!("bad token {jwt}")).unwrap(), "bad token [hidden]");
        assert_eq!(tidy("AKIAIOSFODNN7EXAMPLE is refused").unwrap(), "[hidden] is refused");
    }

    #[test]
    fn ordinary_words_stay() {
        for plain in [
            "publish-pypi: 503 from the index",
            "pypi-publish-20260105-030009-00000000000000a1 failed",
            "mail a@b.example",
            "see https://osv.dev/list?q=a@b",
            "copypi-stays-a-word-even-when-long",
        ] {
            assert_eq!(tidy(plain).as_deref(), Some(plain));
        }
    }
}
