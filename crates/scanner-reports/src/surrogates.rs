//! Halves of characters in JSON: Python writes a byte of a file's name that is no UTF-8 as `\udc80` to `\udcff`, which no other
//! reader of JSON takes.

/// A JSON text with each such byte written as `%E9` is, so that names stay different. None where there is none. Other halves are errors
/// of the writer and stay.
pub(crate) fn mended(text: &str) -> Option<String> {
    replaced(text, |byte| format!("%{byte:02X}"))
}

/// The same with another character in place of each such byte, so that everything stands where it did.
pub(crate) fn in_place(text: &str) -> Option<String> {
    replaced(text, |byte| format!("\\u{byte:04x}"))
}

fn replaced(text: &str, written: impl Fn(u8) -> String) -> Option<String> {
    let mut mended = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        let start = at + found;
        let Some(unit) = unit_at(text, start) else {
            // Whatever is escaped is no half of a character.
            at = start + 1 + text[start + 1..].chars().next().map_or(0, char::len_utf8);
            continue;
        };
        let is_pair = (0xd800..0xdc00).contains(&unit)
            && unit_at(text, start + ESCAPE).is_some_and(|second| (0xdc00..0xe000).contains(&second));
        at = start + if is_pair { 2 * ESCAPE } else { ESCAPE };
        let [high, byte] = unit.to_be_bytes();
        if !is_pair && high == 0xdc && byte >= 0x80 {
            mended.push_str(&text[kept..start]);
            mended.push_str(&written(byte));
            kept = at;
        }
    }
    (kept > 0).then(|| mended + &text[kept..])
}

/// The bytes of an escape: a backslash, `u` and four digits.
const ESCAPE: usize = 6;

/// The number that is escaped at a place.
fn unit_at(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix("\\u")?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::{in_place, mended};

    #[test]
    fn only_halves_of_characters_are_mended() {
        for (text, wanted) in [
            (r#""caf\udce9.py""#, Some(r#""caf%E9.py""#)),
            (r#""\uDCFF\udc80x""#, Some(r#""%FF%80x""#)),
            (r#""a\ud83d""#, None),
            (r#""a\udce9\ud83d\u0041""#, Some(r#""a%E9\ud83d\u0041""#)),
            (r#""a\ud83d\ude00""#, None),
            (r#""a\\udce9""#, None),
            (r#""a\\\udce9""#, Some(r#""a\\%E9""#)),
            (r#""\u00e9 \udx""#, None),
            ("\"\\", None),
            ("\"\\ü\\ud8ü", None),
            ("\"\\udce9", Some("\"%E9")),
        ] {
            assert_eq!(mended(text).as_deref(), wanted, "{text}");
            assert_eq!(in_place(text).map(|other| other.len()), wanted.map(|_| text.len()), "{text}");
        }
    }
}
