//! Tokens in the layout of PyPI's, with a signature that is worth nothing.

/// A token that says to be made by this index, with these caveats.
pub(crate) fn token_with(location: &str, caveats: &[&str]) -> String {
    let field = |bytes: &mut Vec<u8>, kind: u8, data: &[u8]| {
        bytes.extend([kind, u8::try_from(data.len()).unwrap_or(u8::MAX)]);
        bytes.extend_from_slice(data);
    };
    let mut bytes = vec![2];
    field(&mut bytes, 1, location.as_bytes());
    field(&mut bytes, 2, b"00000000-0000-4000-8000-000000000000");
    bytes.push(0);
    for caveat in caveats {
        field(&mut bytes, 2, caveat.as_bytes());
        bytes.push(0);
    }
    bytes.push(0);
    field(&mut bytes, 6, &[9; 32]);
    format!("pypi-{}", base64url(&bytes))
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=chunk.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text
}
