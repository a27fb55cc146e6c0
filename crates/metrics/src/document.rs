//! How the documents of this crate are written.

use serde::Serialize;

/// Two spaces of indent, a line feed at the end.
#[expect(
    clippy::expect_used,
    reason = "only maps whose keys are no text fail, and every key of these documents is text"
)]
pub(crate) fn to_json(document: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(document).expect("all keys are text");
    bytes.push(b'\n');
    bytes
}

/// One line with its line feed.
#[expect(
    clippy::expect_used,
    reason = "only maps whose keys are no text fail, and every key of these documents is text"
)]
pub(crate) fn to_json_line(document: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(document).expect("all keys are text");
    bytes.push(b'\n');
    bytes
}
