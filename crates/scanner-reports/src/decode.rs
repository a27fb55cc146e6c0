//! The bytes of a report as text: UTF-8, or UTF-16 with a byte order mark (PowerShell's `>` writes it).

use std::borrow::Cow;

/// Why bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    /// Not UTF-8, and no byte order mark says otherwise.
    #[error("it is not UTF-8 text: invalid UTF-8 at offset {0} (counted from 0)")]
    Utf8(usize),
    /// A UTF-16 text with half a character in it.
    #[error("it starts as UTF-16 text, but there is invalid UTF-16 at byte {0} (counted from 0)")]
    Utf16(usize),
}

/// Decodes a text and drops its byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        _ => {
            let (skipped, rest) = match bytes {
                [0xef, 0xbb, 0xbf, rest @ ..] => (3, rest),
                rest => (0, rest),
            };
            std::str::from_utf8(rest).map(Cow::Borrowed).map_err(|e| DecodeError::Utf8(skipped + e.valid_up_to()))
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, DecodeError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(DecodeError::Utf16(2 + bytes.len() - 1));
    }
    let mut text = String::with_capacity(bytes.len());
    let mut at = 2;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let c = decoded.map_err(|_| DecodeError::Utf16(at))?;
        at += c.len_utf16() * 2;
        text.push(c);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_understood() {
        assert_eq!(decode(b"\xef\xbb\xbf[]").unwrap(), "[]");
        assert_eq!(decode(b"\xff\xfe[\0]\0").unwrap(), "[]");
        assert_eq!(decode(b"\xfe\xff\0[\0]").unwrap(), "[]");
    }

    #[test]
    fn half_a_character_is_named_by_its_place() {
        assert_eq!(decode(b"ab\xff"), Err(DecodeError::Utf8(2)));
        assert_eq!(decode(b"\xff\xfe[\0]"), Err(DecodeError::Utf16(4)));
        assert_eq!(decode(b"\xff\xfe[\0\0\xd8"), Err(DecodeError::Utf16(4)));
    }
}
