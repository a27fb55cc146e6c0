//! As much of DER (X.690) as certificates need. Parts go in encoded, an encoded whole comes out.

pub(super) const ECDSA_SHA256: &[u64] = &[1, 2, 840, 10045, 4, 3, 2];
const EC_PUBLIC_KEY: &[u64] = &[1, 2, 840, 10045, 2, 1];
const P256: &[u64] = &[1, 2, 840, 10045, 3, 1, 7];

pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        Ok(byte) => out.extend([0x81, byte]),
        Err(_) => {
            out.push(0x82);
            out.extend(u16::try_from(length).expect("no part has 64 KiB").to_be_bytes());
        }
    }
    out.extend(content);
    out
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(0x30, &parts.concat())
}

/// A set of one.
pub(super) fn set(part: &[u8]) -> Vec<u8> {
    tagged(0x31, part)
}

pub(super) fn oid(numbers: &[u64]) -> Vec<u8> {
    let (&[first, second], rest) = numbers.split_first_chunk::<2>().expect("an object identifier has two numbers");
    let mut content = Vec::new();
    for number in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
        let groups = (64 - number.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let bits = u8::try_from((number >> (7 * group)) & 0x7f).expect("seven bits");
            content.push(if group == 0 { bits } else { bits | 0x80 });
        }
    }
    tagged(6, &content)
}

/// A number that is not negative, from its bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut content = bytes.to_vec();
    if content.first().is_none_or(|byte| *byte >= 0x80) {
        content.insert(0, 0);
    }
    tagged(2, &content)
}

pub(super) fn boolean_true() -> Vec<u8> {
    tagged(1, &[0xff])
}

pub(super) fn bits(bytes: &[u8], unused: u8) -> Vec<u8> {
    tagged(3, &[&[unused], bytes].concat())
}

pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    tagged(4, bytes)
}

pub(super) fn utf8(text: &str) -> Vec<u8> {
    tagged(12, text.as_bytes())
}

/// A time before 2050, of seconds since 1970.
pub(super) fn utc_time(seconds: i64) -> Vec<u8> {
    let format = time::macros::format_description!("[year repr:last_two][month][day][hour][minute][second]Z");
    let time = time::OffsetDateTime::from_unix_timestamp(seconds).expect("a time of our days");
    tagged(23, time.format(format).expect("every part is in the time").as_bytes())
}

pub(super) fn name(common_name: &str) -> Vec<u8> {
    let part = |kind: u64, text: &str| set(&sequence(&[oid(&[2, 5, 4, kind]), utf8(text)]));
    sequence(&[part(10, "loopback"), part(3, common_name)])
}

pub(super) fn extension(id: &[u64], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { boolean_true() } else { Vec::new() };
    sequence(&[oid(id), critical, octets(value)])
}

/// A public key of P-256, from its uncompressed point.
pub(super) fn public_key(point: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid(EC_PUBLIC_KEY), oid(P256)]), bits(point, 0)])
}

/// What goes before the bytes of a certificate in text form, in lines of 64 characters with LF.
pub(super) fn pem(der: &[u8]) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let encoded = BASE64_STANDARD.encode(der);
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in encoded.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

/// The bytes within a text form, whatever its line ends.
pub(super) fn from_pem(text: &str) -> Option<Vec<u8>> {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("-----"));
    BASE64_STANDARD.decode(lines.collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_encodings() {
        assert_eq!(oid(&[1, 2, 840, 10045, 2, 1]), [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
        assert_eq!(oid(&[2, 5, 29, 15]), [6, 3, 0x55, 0x1d, 0x0f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(utc_time(0), [&[23, 13][..], b"700101000000Z"].concat());
        assert_eq!(tagged(4, &[7; 200])[..3], [4, 0x81, 200]);
        assert_eq!(tagged(4, &[7; 300])[..4], [4, 0x82, 1, 44]);
        assert_eq!(from_pem(&pem(&[9; 100])).unwrap(), [9; 100]);
    }
}
