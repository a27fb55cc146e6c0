//! The files of the Python system that this one replaces: what they say, read as far as they can be read.
//!
//! [`SourcePlans`], [`Timeline`], [`sightings_of_document`] and [`sightings_of_changelog`] read one file each and name what
//! cannot be used. [`merge_plans`]
//! brings plans into ours, where a person's edited plan always stays; [`apply_sightings`] moves a finding's first day back where
//! the old files prove that it was there before. Nothing here changes a finding's status: that system called a finding resolved
//! whenever a scan failed, so its word on endings is history and no more.

mod changelog;
mod document;
mod plans;
mod sightings;
#[cfg(test)]
mod tests;
mod timeline;
mod yaml;

pub use changelog::sightings_of_changelog;
pub use document::sightings_of_document;
pub use plans::{MergedPlans, SourcePlan, SourcePlans, merge_plans, rebuilt};
pub use sightings::{Sighting, apply_sightings};
pub use timeline::{ImportedEvent, Timeline};

use findings_model::text;

/// Text of the old files as it is kept: without control characters, and without what looks like a credential.
pub fn scrubbed(foreign: &str) -> String {
    text::hide_credentials(&text::clean(&foreign.replace('\r', "")))
}

/// The bytes of an old file as a copy of it is kept: every line that is text is [`scrubbed`] of what looks like a credential.
pub fn scrubbed_copy(bytes: &[u8]) -> Vec<u8> {
    let mut copy = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match std::str::from_utf8(line) {
            Ok(line) => copy.extend_from_slice(text::hide_credentials(line).as_bytes()),
            Err(_) => copy.extend_from_slice(line),
        }
    }
    copy
}

/// Why something of an old file was not used, in one line.
fn fault(words: &str) -> String {
    text::shorten(&text::one_line(words), 300).into_owned()
}
