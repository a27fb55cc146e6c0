mod private_keys;
mod tokens;
mod values;

use std::borrow::Cow;

use private_keys::{holds_private_key, without_private_keys};
use tokens::{TOKEN_LENGTH, hide_words, may_hold_token, may_start_token, token_in_line, token_in_name};
use values::{hide_values, next_value};

/// What stands in for a credential.
const MASK: &str = "[hidden]";

/// A line without what looks like a credential: words with the beginning of a known kind of token, `user:password@` in addresses, and
/// the values of keys such as `password` (`DB_PASSWORD=…`, `"api_key": "…"`, `Authorization: Bearer …`).
///
/// A net below the rule that nobody passes a secret here, not a promise to find every secret.
pub fn hide_credentials(line: &str) -> String {
    hide_values(hide_tokens(line), b"=: ").into_owned()
}

/// As [`hide_credentials`] for sentences, in which `password: ` is followed by a word of the sentence: of the values of keys only those
/// behind a `=`.
pub fn hide_credentials_in_prose(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'@', b'=', text.as_bytes()).is_none() && !holds_private_key(text) && !may_hold_token(text) {
        return Cow::Borrowed(text);
    }
    hide_values(hide_tokens(text), b"=")
}

/// A text without the values that [`hide_credentials`] masks in the quoted lines of code that it tells of: a message may repeat a
/// password without the name that gives it away. Values of less than six bytes are masked as whole words alone.
pub fn hide_quoted_credentials<'t>(text: &'t str, quoted: &str) -> Cow<'t, str> {
    let mut hidden = Cow::Borrowed(text);
    for line in quoted.lines() {
        let mut from = 0;
        while let Some(value) = next_value(line, from, b"=: ") {
            from = value.end;
            hidden = hide_text(hidden, line[value].trim());
        }
    }
    hidden
}

/// A text with each place masked at which another one stands in it.
pub fn hide_text<'t>(text: Cow<'t, str>, value: &str) -> Cow<'t, str> {
    const TELLING: usize = 6;
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let stands = |at: usize| {
        value.len() >= TELLING || !(text[..at].ends_with(in_word) || text[at + value.len()..].starts_with(in_word))
    };
    if value.is_empty() || MASK.contains(value) {
        return text;
    }
    let places: Vec<usize> = text.match_indices(value).map(|(at, _)| at).filter(|at| stands(*at)).collect();
    if places.is_empty() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for at in places {
        out.push_str(&text[copied..at]);
        out.push_str(MASK);
        copied = at + value.len();
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// As [`hide_credentials`] for a path. A token ends with its part of the path, and what only begins as one does is a name like any
/// other (`npm_package_downloader.py`).
pub fn hide_credentials_in_path(path: &str) -> Cow<'_, str> {
    hide_values(hide_words(path, token_in_name), b"=: ")
}

/// As [`hide_credentials_in_path`] for names, versions and ids, in which a `:` is followed by more of the name.
pub fn hide_credentials_in_name(name: &str) -> Cow<'_, str> {
    if is_without_credentials(name) {
        return Cow::Borrowed(name);
    }
    hide_values(hide_words(name, token_in_name), b"=")
}

/// Whether [`hide_credentials_in_path`] has nothing to hide in a text: it holds no token, and no `@`, `=`, `:` or space, behind which a
/// password may stand. Quickly told, of names and paths that are read by the million.
pub fn is_without_credentials(text: &str) -> bool {
    let mut before = b' ';
    text.bytes().enumerate().all(|(at, byte)| {
        let starts_word = !before.is_ascii_alphanumeric();
        before = byte;
        match byte {
            b'@' | b'=' | b':' | b' ' => false,
            byte if starts_word && may_start_token(byte) && at + TOKEN_LENGTH <= text.len() => {
                token_in_name(&text[at..]).is_none()
            }
            _ => true,
        }
    })
}

/// Whether something was masked in a text: others that differ from it in that alone look like it.
pub fn is_masked(text: &str) -> bool {
    text.contains(MASK)
}

/// A line without words that begin as known tokens do, and without `user:password@`.
fn hide_tokens(line: &str) -> Cow<'_, str> {
    match without_private_keys(line) {
        Some(line) => Cow::Owned(hide_words(&line, token_in_line).into_owned()),
        None => hide_words(line, token_in_line),
    }
}

#[cfg(test)]
mod tests {
    use super::{tokens::TOKEN_STARTS, values::SECRET_KEYS, *};

    #[test]
    fn values_of_secret_keys_are_hidden() {
        for (line, hidden) in [
            ("failed token=s3cr3t-value now", "failed token=[hidden] now"),
            ("password='hunter 2' https://u:p@h/", "password='[hidden]' https://[hidden]@h/"),
            (r#"{"db_password": "hunter2", "user": "jo"}"#, r#"{"db_password": "[hidden]", "user": "jo"}"#),
            (r#"{\"apiKey\":\"hunter2\"}"#, r#"{\"apiKey\":\"[hidden]\"}"#),
            ("Authorization: Bearer abc.def, next", "Authorization: Bearer [hidden], next"),
            ("sent Bearer abcdef0123456789", "sent Bearer [hidden]"),
            ("?api_key=hunter2&page=2", "?api_key=[hidden]&page=2"),
            ("AWS_SECRET_ACCESS_KEY => hunter2", "AWS_SECRET_ACCESS_KEY => [hidden]"),
            ("PASSWD:hunter2", "PASSWD:[hidden]"),
            ("token=a token=b", "token=[hidden] token=[hidden]"),
            ("github_token: gone", "github_token: [hidden]"),
        ] {
            assert_eq!(hide_credentials(line), hidden);
            assert_eq!(hide_credentials(hidden), hidden, "twice");
        }
    }

    #[test]
    fn sentences_keep_their_words() {
        for (text, hidden) in [
            ("RUN git clone https://oauth2:hunter2@example.org/a", "RUN git clone https://[hidden]@example.org/a"),
            ("ENV DB_PASSWORD=hunter2 sets it\nin line 2", "ENV DB_PASSWORD=[hidden] sets it\nin line 2"),
            ("key AKIAIOSFODNN7EXAMPLE is in use", "key [hidden] is in use"),
            ("posts to https://hooks.slack.com/services/T01/B02/abcDEF123 now", "posts to https://[hidden] now"),
            ("AccountKey=abcdefghijklmnop==;x", "AccountKey=[hidden];x"),
            ("left sk-proj-0123456789abcdef there", "left [hidden] there"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----, see",
                "-----BEGIN RSA PRIVATE KEY-----[hidden]-----END RSA PRIVATE KEY-----, see",
            ),
            ("a -----BEGIN PRIVATE KEY----- MIIEow", "a -----BEGIN PRIVATE KEY-----[hidden]"),
        ] {
            assert_eq!(hide_credentials_in_prose(text), hidden);
            assert_eq!(hide_credentials_in_prose(hidden), hidden, "twice");
        }
        for text in ["A hardcoded password: use a vault.", "the token: it is read", "mail@example.org", "a=b"] {
            assert_eq!(hide_credentials_in_prose(text), text);
        }
    }

    #[test]
    fn what_a_line_hides_is_hidden_in_its_message() {
        for (text, line, hidden) in [
            ("hard coded hunter2", r#"password = "hunter2""#, "hard coded [hidden]"),
            ("xhunter2x and 'hunter2'", "x = 1\nTOKEN=hunter2", "x[hidden]x and '[hidden]'"),
            ("an a in a word", "pwd = 'a'", "an [hidden] in [hidden] word"),
            ("hunter2", "name = 'hunter2'", "hunter2"),
        ] {
            assert_eq!(hide_quoted_credentials(text, line), hidden);
            assert_eq!(hide_quoted_credentials(hidden, line), hidden, "twice");
        }
    }

    #[test]
    fn ordinary_reasons_stay() {
        for line in [
            "py was skipped: not on the index",
            "src/token.py was not scanned: syntax error",
            "src/auth/token: permission denied",
            "Syntax error at line 3: unexpected token: `)`",
            "invalid token: expected `,` at 3:7",
            "a bearer token is missing; password reset is off",
            "'***' in password: '***'",
            "metrics count 3 issues, results hold 1: a filter (-l, -i) left some out",
            "secrets: 3, tokens=4",
            "https://example.org/secret/path?page=2",
            "password=",
            "password: ",
        ] {
            assert_eq!(hide_credentials(line), line);
        }
    }

    /// A token of the look that GitHub's have; in two parts, so that no scanner takes it for one.
    fn token() -> String {
        ["ghp", "_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat()
    }

    #[test]
    fn names_and_paths_lose_their_tokens_alone() {
        let token = token();
        for (path, hidden) in [
            (format!("logs/{token}/a.py"), "logs/[hidden]/a.py"),
            (format!("logs/x:{token}/a.py"), "logs/x:[hidden]/a.py"),
            (format!("{token}.py"), "[hidden].py"),
            (["a/AKIA", "IOSFODNN7EXAMPLE.txt"].concat(), "a/[hidden].txt"),
        ] {
            assert_eq!(hide_credentials_in_path(&path), hidden);
            assert_eq!(hide_credentials_in_path(hidden), hidden, "twice");
        }
        for (name, hidden) in [
            (format!("git+https://bob:{token}@example.org/x.git#1"), "git+https://[hidden]@example.org/x.git#1"),
            (format!("git+https://example.org/x.git?token={token}"), "git+https://example.org/x.git?token=[hidden]"),
            (token, "[hidden]"),
        ] {
            assert_eq!(hide_credentials_in_name(&name), hidden);
        }
        for name in [
            "npm_package_downloader_v2.py",
            "ghs_report_2024_final_v1.csv",
            "ASIA_PACIFIC_REGION_SALES.csv",
            "src/npm_utils/helpers/registry/client.py",
            "npm_lifecycle_script_injection",
            "password:S2068",
            "1.2.3@sha256:0a1b",
        ] {
            assert_eq!(hide_credentials_in_name(name), name);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_token_is_seen_wherever_it_stands(before in "[a é/!\n]{0,60}", word in "[a !]{0,24}", after in "([ é][a é!]{0,60})?") {
            let line = format!("{before}glpat-{word}{after}");
            let begins = |before: &str| !before.ends_with(|c: char| c.is_ascii_alphanumeric());
            let holds = |word: &str| {
                word.len() >= TOKEN_LENGTH && word.match_indices("glpat-").any(|(at, _)| begins(&word[..at]))
            };
            let seen = may_hold_token(&line);
            proptest::prop_assert!(seen || hide_words(&format!("{line} @"), token_in_line) == format!("{line} @"), "{:?}", line);
            proptest::prop_assert!(seen || !line.split([' ', '\n', '!']).any(holds), "{:?}", line);
            proptest::prop_assert!(!seen || line.split([' ', '\n']).any(holds), "{:?}", line);
        }

        #[test]
        fn nothing_is_hidden_where_there_is_told_to_be_nothing(
            before in "[ -~é]{0,4}", start in proptest::sample::select(&TOKEN_STARTS[..]), after in "[A-Z0-9]{0,9}[a-z0-9/.]{0,30}"
        ) {
            let text = format!("{before}{start}{after}");
            proptest::prop_assert!(!is_without_credentials(&text) || hide_credentials_in_path(&text) == text, "{}", text);
        }

        #[test]
        fn no_value_of_a_secret_key_stays(
            before in "([a-z ./]{0,11} )?", prefix in "([A-Za-z]{1,6}[_-])?", key in proptest::sample::select(&SECRET_KEYS[1..]),
            separator in "[=:]|: | = |\": \"|='|=\\\\\"", value in "[a-z]{1,2}Zq[A-Za-z0-9/+._-]{3,20}", after in "|[,; '\"]{1,2}[a-z ]{0,9}"
        ) {
            let hidden = hide_credentials(&format!("{before}{prefix}{key}{separator}{value}{after}"));
            proptest::prop_assert!(!hidden.contains(&value), "{hidden}");
            proptest::prop_assert_eq!(hide_credentials(&hidden), hidden);
        }

        #[test]
        fn words_without_a_secret_key_stay(words in proptest::collection::vec("[a-z]{1,4}|[a-z]{1,3}/[a-z]{1,3}\\.py|[0-9]{1,3}|key|it is:|a=b|line 3: x|tokens|token", 0..12)) {
            let line = words.join(" ");
            proptest::prop_assert_eq!(hide_credentials(&line), line);
        }

        #[test]
        fn hiding_never_panics(line in "\\PC{0,60}", key in proptest::sample::select(&SECRET_KEYS[..]), rest in "[=:'\"\\\\ é]{0,6}\\PC{0,20}") {
            let hidden = hide_credentials(&format!("{line}{key}{rest}"));
            proptest::prop_assert_eq!(hide_credentials(&hidden), hidden);
        }
    }
}
