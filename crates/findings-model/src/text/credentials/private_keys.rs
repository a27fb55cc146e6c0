//! Private keys as PEM writes them (RFC 7468).

use super::MASK;

/// What the first line of a private key ends with (PEM, RFC 7468).
const KEY_BEGINS: &str = " PRIVATE KEY-----";

/// Whether the first line of a private key ends in a text. Few sentences have a large K, which is quickly looked for.
pub(super) fn holds_private_key(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'K', bytes).any(|at| {
        let begin = at.checked_sub(KEY_BEGINS.len() - "KEY-----".len());
        begin.is_some_and(|begin| bytes[begin..].starts_with(KEY_BEGINS.as_bytes()))
    })
}

/// A text without the private keys in it (PEM, RFC 7468), each up to its end or the text's; none where there is no such key.
pub(super) fn without_private_keys(text: &str) -> Option<String> {
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
