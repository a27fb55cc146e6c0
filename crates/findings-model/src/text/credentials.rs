use std::{borrow::Cow, ops::Range};

/// Beginnings of words that are credentials: PyPI tokens (macaroons, so `Ag` comes first), tokens of GitHub, GitLab, AWS, Slack,
/// npm, Stripe and Google, and JSON web tokens.
const TOKEN_STARTS: [&str; 17] = [
    "pypi-Ag",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "AKIA",
    "ASIA",
    "eyJ",
    "xoxb-",
    "xoxp-",
    "npm_",
    "sk_live_",
    "rk_live_",
    "AIza",
];

/// The shortest word with such a beginning that is taken for a credential.
const TOKEN_LENGTH: usize = 20;

/// What stands in for a credential.
const MASK: &str = "[hidden]";

/// Ends of the names of settings whose values are credentials, in lower case.
const SECRET_KEYS: [&str; 22] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "access-key",
    "accesskey",
    "secret_key",
    "secret-key",
    "secretkey",
    "private_key",
    "private-key",
    "privatekey",
    "authorization",
    "credential",
    "credentials",
    "bearer",
];

/// A line without what looks like a credential: words with the beginning of a known kind of token, `user:password@` in addresses, and
/// the values of keys such as `password` (`DB_PASSWORD=…`, `"api_key": "…"`, `Authorization: Bearer …`).
///
/// A net below the rule that nobody passes a secret here, not a promise to find every secret.
pub fn hide_credentials(line: &str) -> String {
    hide_values(hide_tokens(line), &['=', ':', ' ']).into_owned()
}

/// As [`hide_credentials`] for sentences, in which `password: ` is followed by a word of the sentence: of the values of keys only those
/// behind a `=`.
pub fn hide_credentials_in_prose(text: &str) -> Cow<'_, str> {
    hide_values(hide_tokens(text), &['='])
}

/// A line with the values of secret keys masked that stand behind one of the separators.
fn hide_values<'l>(line: Cow<'l, str>, separators: &[char]) -> Cow<'l, str> {
    let mut out = String::new();
    let mut copied = 0;
    while let Some(found) = line[copied..].find(separators).and_then(|_| next_value(&line, copied, separators)) {
        out.push_str(&line[copied..found.start]);
        out.push_str(MASK);
        copied = found.end;
    }
    if copied == 0 {
        return line;
    }
    out.push_str(&line[copied..]);
    Cow::Owned(out)
}

/// Where the next value of a secret key stands, from an offset on.
fn next_value(line: &str, from: usize, separators: &[char]) -> Option<Range<usize>> {
    line[from..].match_indices(separators).map(|(at, separator)| (from + at, separator)).find_map(|(at, separator)| {
        if separator == " " {
            // `Bearer …` has no separator; without the look of a token it is a word of a sentence.
            let is_bearer = line[from..at].trim_end_matches(' ').ends_with(['r', 'R'])
                && key_before(&line[from..at])?.eq_ignore_ascii_case("bearer");
            let value = is_bearer.then(|| value_at(line, at + 1)).flatten()?;
            return looks_random(&line[value.clone()]).then_some(value);
        }
        let key = key_before(&line[from..at])?;
        let is_in_path = line[..at].ends_with(key) && line[..at - key.len()].ends_with(['/', '\\']);
        if separator == ":" && (is_in_path || line[at..].starts_with("://")) {
            return None;
        }
        let start = at + line[at..].find(|c| !matches!(c, '=' | ':' | '>' | ' '))?;
        let value = value_at(line, start)?;
        // Compilers complain of an `unexpected token: …`.
        let is_grammar = separator == ":" && key.eq_ignore_ascii_case("token");
        (!is_grammar || looks_random(&line[value.clone()])).then_some(value)
    })
}

/// The key whose separator follows, if it is a secret one; the key may be quoted.
fn key_before(before: &str) -> Option<&str> {
    let before = before.trim_end_matches(' ').trim_end_matches(['"', '\'', '`', '\\']);
    let start = before
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
        .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
    let key = &before[start..];
    let ends_in = |end: &&str| {
        key.len().checked_sub(end.len()).and_then(|at| key.get(at..)).is_some_and(|own| own.eq_ignore_ascii_case(end))
    };
    SECRET_KEYS.iter().any(ends_in).then_some(key)
}

/// The value that starts at an offset: what stands between quotes, or a word, behind the name of a scheme (`Bearer`). None for one that is masked.
fn value_at(line: &str, start: usize) -> Option<Range<usize>> {
    let rest = line.get(start..)?;
    let unescaped = rest.trim_start_matches('\\');
    let start = start + (rest.len() - unescaped.len());
    let quote = unescaped.chars().next()?;
    let value = if matches!(quote, '"' | '\'' | '`') {
        let inside = &unescaped[1..];
        let length = inside.find(quote).unwrap_or(inside.len());
        start + 1..start + 1 + inside[..length].trim_end_matches('\\').len()
    } else {
        let is_end =
            |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&' | '"' | '\'' | '`' | '<' | '>' | ')' | '}');
        let length = unescaped.find(is_end).unwrap_or(unescaped.len());
        let word = &unescaped[..length];
        if ["bearer", "basic", "digest", "token"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) {
            return value_at(line, start + length + 1);
        }
        start..start + length
    };
    let said = &line[value.clone()];
    (!said.starts_with(MASK) && said.chars().any(|c| c != '*')).then_some(value)
}

/// Whether a word looks like a token and not like a word of a sentence.
fn looks_random(word: &str) -> bool {
    word.len() >= 20 || (word.len() >= 8 && word.bytes().any(|b| b.is_ascii_digit()))
}

/// A line without words that begin as known tokens do, and without `user:password@`.
fn hide_tokens(line: &str) -> Cow<'_, str> {
    if !line.contains('@') && !TOKEN_STARTS.iter().any(|start| line.contains(start)) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~');
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| !in_token(c)).unwrap_or(rest.len());
        let mid_word = out.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
        if let Some(after) = rest.strip_prefix("://")
            && let Some(password_end) = credentials_end(after)
        {
            out.push_str("://");
            out.push_str(MASK);
            rest = &after[password_end..];
        } else if !mid_word && end >= TOKEN_LENGTH && TOKEN_STARTS.iter().any(|start| rest.starts_with(start)) {
            out.push_str(MASK);
            rest = &rest[end..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Cow::Owned(out)
}

/// Where the `user:password` part of an address ends, if it has one: the place of its `@`.
fn credentials_end(after_scheme: &str) -> Option<usize> {
    let host_end = after_scheme.find(['/', '?', '#', ' ']).unwrap_or(after_scheme.len());
    after_scheme[..host_end].rfind('@')
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(hide_credentials_in_prose(text), hidden);
            assert_eq!(hide_credentials_in_prose(hidden), hidden, "twice");
        }
        for text in ["A hardcoded password: use a vault.", "the token: it is read", "mail@example.org", "a=b"] {
            assert_eq!(hide_credentials_in_prose(text), text);
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

    proptest::proptest! {
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
