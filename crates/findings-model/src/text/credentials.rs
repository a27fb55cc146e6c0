use std::{borrow::Cow, ops::Range};

/// Beginnings of words that are credentials: PyPI tokens (macaroons, so `Ag` comes first), tokens of GitHub, GitLab, AWS, Slack,
/// npm, Stripe, Google, Hugging Face, DigitalOcean, SendGrid, OpenAI and Anthropic, JSON web tokens, and addresses of Slack that
/// whoever knows them can write to.
const TOKEN_STARTS: [&str; 23] = [
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
    "hf_",
    "dop_v1_",
    "SG.",
    "sk-proj-",
    "sk-ant-",
    "hooks.slack.com/services/",
];

/// The shortest word with such a beginning that is taken for a credential.
const TOKEN_LENGTH: usize = 20;

/// What the first line of a private key ends with (PEM, RFC 7468).
const KEY_BEGINS: &str = " PRIVATE KEY-----";

/// What stands in for a credential.
const MASK: &str = "[hidden]";

/// Ends of the names of settings whose values are credentials, in lower case.
const SECRET_KEYS: [&str; 24] = [
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
    "account_key",
    "accountkey",
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

/// A line with the values of secret keys masked that stand behind one of the separators.
fn hide_values<'l>(line: Cow<'l, str>, separators: &[u8]) -> Cow<'l, str> {
    let mut out = String::new();
    let mut copied = 0;
    while let Some(found) = next_value(&line, copied, separators) {
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
fn next_value(line: &str, from: usize, separators: &[u8]) -> Option<Range<usize>> {
    let places = line.as_bytes()[from..].iter().enumerate().filter(|(_, byte)| separators.contains(byte));
    places.map(|(at, separator)| (from + at, *separator)).find_map(|(at, separator)| {
        if separator == b' ' {
            // `Bearer …` has no separator; without the look of a token it is a word of a sentence.
            let is_bearer = line[from..at].trim_end_matches(' ').ends_with(['r', 'R'])
                && key_before(&line[from..at])?.eq_ignore_ascii_case("bearer");
            let value = is_bearer.then(|| value_at(line, at + 1)).flatten()?;
            return looks_random(&line[value.clone()]).then_some(value);
        }
        let key = key_before(&line[from..at])?;
        let is_in_path = line[..at].ends_with(key) && line[..at - key.len()].ends_with(['/', '\\']);
        if separator == b':' && (is_in_path || line[at..].starts_with("://")) {
            return None;
        }
        let start = at + line[at..].find(|c| !matches!(c, '=' | ':' | '>' | ' '))?;
        let value = value_at(line, start)?;
        // Compilers complain of an `unexpected token: …`.
        let is_grammar = separator == b':' && key.eq_ignore_ascii_case("token");
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
    match without_private_keys(line) {
        Some(line) => Cow::Owned(hide_words(&line, token_in_line).into_owned()),
        None => hide_words(line, token_in_line),
    }
}

/// Whether the first line of a private key ends in a text. Few sentences have a large K, which is quickly looked for.
fn holds_private_key(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'K', bytes).any(|at| {
        let begin = at.checked_sub(KEY_BEGINS.len() - "KEY-----".len());
        begin.is_some_and(|begin| bytes[begin..].starts_with(KEY_BEGINS.as_bytes()))
    })
}

/// A text without the private keys in it (PEM, RFC 7468), each up to its end or the text's; none where there is no such key.
fn without_private_keys(text: &str) -> Option<String> {
    if !holds_private_key(text) {
        return None;
    }
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(KEY_BEGINS) {
        let (head, key) = rest.split_at(at + KEY_BEGINS.len());
        out.push_str(head);
        let is_end = head.rfind("-----END").is_some_and(|end| !head[end..].contains("-----BEGIN"));
        rest = if is_end { key } else { &key[key.find("-----END").unwrap_or(key.len())..] };
        if !is_end && (rest.len() < key.len()) {
            out.push_str(MASK);
        }
    }
    (!out.is_empty()).then(|| out + rest)
}

/// How long the token is that a text starts with, if it is one: a long word that begins as one does.
fn token_in_line(text: &str) -> Option<usize> {
    TOKEN_STARTS.iter().find(|start| text.starts_with(**start))?;
    let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~');
    Some(text.find(|c: char| !in_token(c)).unwrap_or(text.len())).filter(|end| *end >= TOKEN_LENGTH)
}

/// The same in a name or path, of whose words many may begin so: it must look like a token behind its beginning too.
fn token_in_name(text: &str) -> Option<usize> {
    let start = TOKEN_STARTS.iter().find(|start| text.starts_with(**start))?;
    // The parts of a JSON web token have dots between them, and so have SendGrid's.
    let has_dots = matches!(*start, "eyJ" | "SG.");
    let in_token = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_') || (b == b'.' && has_dots);
    let end = text.bytes().position(|b| !in_token(b)).unwrap_or(text.len());
    let body = text.as_bytes().get(start.len()..end)?;
    let unbroken = body.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let has = |is: fn(&u8) -> bool| body.iter().any(is);
    let has_digit = has(u8::is_ascii_digit);
    let looks_it = match *start {
        "AKIA" | "ASIA" => unbroken >= 16 && !has(u8::is_ascii_lowercase),
        "npm_" | "hf_" | "dop_v1_" | "ghp_" | "gho_" | "ghu_" | "ghs_" | "ghr_" => {
            let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
            has_digit && (unbroken >= 30 || (unbroken >= 12 && is_mixed))
        }
        _ => has_digit,
    };
    (looks_it && end >= TOKEN_LENGTH).then_some(end)
}

/// A line without the tokens that are found so, and without `user:password@`.
fn hide_words(line: &str, token: fn(&str) -> Option<usize>) -> Cow<'_, str> {
    if !line.contains('@') && !may_hold_token(line) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let mid_word = out.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
        if let Some(after) = rest.strip_prefix("://")
            && let Some(password_end) = credentials_end(after)
        {
            out.push_str("://");
            out.push_str(MASK);
            rest = &after[password_end..];
        } else if !mid_word && let Some(end) = token(rest) {
            out.push_str(MASK);
            rest = &rest[end..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Cow::Owned(out)
}

/// Whether a word that is as long as a token holds what one begins with. Quickly told, of descriptions that are read by the million:
/// behind the last space of as many bytes as a token has is where the next such word may begin.
fn may_hold_token(line: &str) -> bool {
    let bytes = line.as_bytes();
    let mut from = 0;
    while let Some(next) = bytes.get(from..).and_then(|rest| rest.first_chunk()) {
        if let Some(space) = last_space(next) {
            from += space + 1;
            continue;
        }
        let end = bytes[from..].iter().position(u8::is_ascii_whitespace).map_or(bytes.len(), |length| from + length);
        if holds_token_start(&bytes[from..end]) {
            return true;
        }
        from = end;
    }
    false
}

/// Whether a token begins in a word, behind anything but a letter or digit.
fn holds_token_start(word: &[u8]) -> bool {
    let mut before = b' ';
    word.iter().enumerate().any(|(at, byte)| {
        let starts = !before.is_ascii_alphanumeric() && may_start_token(*byte);
        before = *byte;
        starts && TOKEN_STARTS.iter().any(|start| word[at..].starts_with(start.as_bytes()))
    })
}

/// Whether a token of a known kind begins with this byte.
fn may_start_token(byte: u8) -> bool {
    matches!(byte, b'p' | b'g' | b'A' | b'e' | b'x' | b'n' | b's' | b'r' | b'h' | b'd' | b'S')
}

/// Where the last byte stands that is no more than a space, or a `!` behind one: nothing that a token has. Eight bytes at a time: a byte
/// from which 0x21 cannot be taken away leaves its highest bit set, which it did not have.
fn last_space(bytes: &[u8; TOKEN_LENGTH]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    [TOKEN_LENGTH - 8, TOKEN_LENGTH - 16, 0].into_iter().find_map(|at| {
        let word = u64::from_le_bytes(*bytes[at..].first_chunk()?);
        let spaces = word.wrapping_sub(0x21 * ONES) & !word & (0x80 * ONES);
        (spaces != 0).then(|| at + 7 - spaces.leading_zeros() as usize / 8)
    })
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
