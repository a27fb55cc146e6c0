//! Words that begin as the tokens of known services do, and passwords in addresses.

use std::borrow::Cow;

use super::MASK;

/// Beginnings of words that are credentials: PyPI tokens (macaroons, so `Ag` comes first), tokens of GitHub, GitLab, AWS, Slack,
/// npm, Stripe, Google, Hugging Face, DigitalOcean, SendGrid, OpenAI and Anthropic, JSON web tokens, and addresses of Slack that
/// whoever knows them can write to.
pub(super) const TOKEN_STARTS: [&str; 23] = [
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
pub(super) const TOKEN_LENGTH: usize = 20;

/// How long the token is that a text starts with, if it is one: a long word that begins as one does.
pub(super) fn token_in_line(text: &str) -> Option<usize> {
    TOKEN_STARTS.iter().find(|start| text.starts_with(**start))?;
    let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~');
    Some(text.find(|c: char| !in_token(c)).unwrap_or(text.len())).filter(|end| *end >= TOKEN_LENGTH)
}

/// The same in a name or path, of whose words many may begin so: it must look like a token behind its beginning too.
pub(super) fn token_in_name(text: &str) -> Option<usize> {
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
pub(super) fn hide_words(line: &str, token: fn(&str) -> Option<usize>) -> Cow<'_, str> {
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
pub(super) fn may_hold_token(line: &str) -> bool {
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
pub(super) fn may_start_token(byte: u8) -> bool {
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
