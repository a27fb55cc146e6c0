//! One header block of a tar archive, read as `TarInfo.frombuf` of Python's `tarfile` reads it.

pub(super) const BLOCK: usize = 512;

pub(super) const LONG_NAME: u8 = b'L';
pub(super) const LONG_LINK: u8 = b'K';
pub(super) const SPARSE: u8 = b'S';
pub(super) const PAX: u8 = b'x';
pub(super) const PAX_SOLARIS: u8 = b'X';
pub(super) const PAX_GLOBAL: u8 = b'g';
pub(super) const FOLDER: u8 = b'5';

/// What a block of 512 bytes is.
pub(super) enum Block {
    Zeros,
    Header(Header),
    /// Python takes it for no header, for the sake of this field.
    Invalid(&'static str),
}

/// The fields that decide which members there are and what they hold.
pub(super) struct Header {
    /// With the prefix in front of it.
    pub(super) name: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) size: u64,
    pub(super) kind: u8,
    /// Whether only the slash at the end of the name says that it is a folder.
    pub(super) is_folder_by_name: bool,
    /// Whether it has a prefix in a format in which only Python reads one.
    pub(super) has_odd_prefix: bool,
    /// Why readers other than Python see another member.
    pub(super) ambiguity: Option<&'static str>,
}

/// Whether data follows a header of this kind. Python passes over the data of kinds that it does not know, and not over that
/// of links, folders and devices.
pub(super) fn has_data(kind: u8) -> bool {
    !matches!(kind, b'1'..=b'6')
}

impl Block {
    pub(super) fn parse(block: &[u8; BLOCK]) -> Self {
        if block.iter().all(|byte| *byte == 0) {
            return Self::Zeros;
        }
        Header::parse(block).map_or_else(Self::Invalid, Self::Header)
    }
}

impl Header {
    /// The error names the first field that is no number.
    fn parse(block: &[u8; BLOCK]) -> Result<Self, &'static str> {
        let sum = number(&block[148..156]).ok_or("checksum")?;
        if !checksums(block).contains(&sum.value) {
            return Err("checksum");
        }
        let unused = [("mode", 100), ("owner", 108), ("group", 116), ("device number", 329), ("device number", 337)];
        for (field, start) in unused {
            number(&block[start..start + 8]).ok_or(field)?;
        }
        number(&block[136..148]).ok_or("time")?;
        let size = number(&block[124..136]).ok_or("size")?;
        let mut kind = block[156];
        if kind == SPARSE {
            number(&block[483..495]).ok_or("size")?;
        }
        if size.value < 0 {
            // Older versions of Python go back to where they were.
            return Err("size");
        }
        let mut name = until_nul(&block[..100]);
        let ambiguity = (!size.is_plain).then_some("its size is written as only Python reads it");
        let is_folder_by_name = kind == 0 && name.ends_with(b"/");
        if is_folder_by_name {
            kind = FOLDER;
        }
        if kind == FOLDER {
            name = without_slashes(name);
        }
        let prefix = until_nul(&block[345..500]);
        let mut whole = name.to_vec();
        if !prefix.is_empty() && !matches!(kind, LONG_NAME | LONG_LINK | SPARSE) {
            whole = [prefix, b"/", name].concat();
        }
        let has_odd_prefix = !prefix.is_empty() && block[257..263] != *b"ustar\0";
        Ok(Self {
            name: whole,
            link: until_nul(&block[157..257]).to_vec(),
            size: u64::try_from(size.value).unwrap_or(u64::MAX),
            kind,
            is_folder_by_name,
            has_odd_prefix,
            ambiguity,
        })
    }
}

/// What stands in front of the first zero.
pub(super) fn until_nul(field: &[u8]) -> &[u8] {
    &field[..field.iter().position(|byte| *byte == 0).unwrap_or(field.len())]
}

pub(super) fn without_slashes(name: &[u8]) -> &[u8] {
    &name[..name.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1)]
}

/// The sums of a header's bytes, taken without and with their signs, with blanks for the checksum itself.
fn checksums(block: &[u8; BLOCK]) -> [i128; 2] {
    let counted = block[..148].iter().chain(&block[156..]);
    let blanks = 8 * i128::from(b' ');
    let unsigned: i128 = counted.clone().map(|byte| i128::from(*byte)).sum();
    let signed: i128 = counted.map(|byte| i128::from(byte.cast_signed())).sum();
    [unsigned + blanks, signed + blanks]
}

struct Number {
    value: i128,
    /// Whether every reader reads it so: octal digits, or binary and not negative.
    is_plain: bool,
}

/// A field with a number, as `nti` of Python's `tarfile` reads it.
fn number(field: &[u8]) -> Option<Number> {
    let (first, rest) = field.split_first()?;
    if matches!(first, 0x80 | 0xff) {
        let value = rest.iter().fold(0, |value: i128, byte| value << 8 | i128::from(*byte));
        let value = if *first == 0xff { value - (1 << (8 * rest.len())) } else { value };
        return Some(Number { value, is_plain: *first == 0x80 });
    }
    let text = std::str::from_utf8(until_nul(field)).ok().filter(|text| text.is_ascii())?;
    let digits = text.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r' | '\x1c'..='\x1f'));
    if digits.bytes().all(|byte| matches!(byte, b'0'..=b'7')) {
        let value = if digits.is_empty() { 0 } else { i128::from_str_radix(digits, 8).ok()? };
        return Some(Number { value, is_plain: true });
    }
    python_octal(digits).map(|value| Number { value, is_plain: false })
}

/// `int(text, 8)` of Python beyond plain digits: a sign, `0o`, underscores between digits.
fn python_octal(text: &str) -> Option<i128> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match unsigned.strip_prefix("0o").or_else(|| unsigned.strip_prefix("0O")) {
        Some(rest) => rest.strip_prefix('_').unwrap_or(rest),
        None => unsigned,
    };
    let mut value = 0;
    for group in digits.split('_') {
        if group.is_empty() {
            return None;
        }
        for digit in group.chars() {
            value = value * 8 + i128::from(digit.to_digit(8)?);
        }
    }
    Some(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_python() {
        let read = |field: &[u8]| number(field).map(|number| (number.value, number.is_plain));
        for (field, value) in [
            (&b"0000644\0"[..], Some((0o644, true))),
            (b"   644 \0", Some((0o644, true))),
            (b"\0\0\0\0\0\0\0\0", Some((0, true))),
            (b"7\0junk!!", Some((7, true))),
            (b"\x80\0\0\0\0\0\x01\0", Some((256, true))),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", Some((-1, false))),
            (b"+7\0\0\0\0\0\0", Some((7, false))),
            (b"-0o1_7\0\0", Some((-0o17, false))),
            (b"1__7\0\0\0\0", None),
            (b"12 34\0\0\0", None),
            (b"8\0\0\0\0\0\0\0", None),
            (b"\x81\0\0\0\0\0\0\0", None),
        ] {
            assert_eq!(read(field), value, "{field:?}");
        }
    }
}
