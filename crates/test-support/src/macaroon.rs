//! Tokens in the layout of PyPI's, with a signature that is worth nothing.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// A token that says to be made by this index, with these caveats.
#[must_use]
pub fn token_with(location: &str, caveats: &[&str]) -> String {
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
    format!("pypi-{}", BASE64_URL_SAFE_NO_PAD.encode(&bytes))
}
