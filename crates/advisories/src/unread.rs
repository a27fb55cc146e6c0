use std::collections::BTreeSet;

use findings_model::{AdvisoryId, Vulnerability};

/// Advisory records that are there and cannot be read: nobody knows what they say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// The ids that such a record may be about.
    ids: BTreeSet<AdvisoryId>,
    /// Whether a source of them cannot be read at all: its records may be about any flaw.
    any: bool,
}

impl Unread {
    /// Notes a record by the name of its file: `GHSA-….json` holds the record with that id.
    pub fn note_name(&mut self, path: &str) {
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        self.ids.extend(AdvisoryId::parse(stem));
    }

    /// Notes a source of which no record can be read.
    pub fn note_source(&mut self) {
        self.any = true;
    }

    /// Notes a damaged record by its name and by everything in it that looks like an advisory's id: where its own id and its
    /// aliases stood cannot be told any more.
    pub(crate) fn note_record(&mut self, path: &str, bytes: &[u8]) {
        self.note_name(path);
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
        let words = bytes.split(|byte| !is_part(byte)).filter(|word| word.contains(&b'-'));
        let words = words.filter_map(|word| std::str::from_utf8(word).ok());
        self.ids.extend(words.filter_map(|word| AdvisoryId::parse(word.trim_matches(['.', ':'])).ok()));
    }

    /// Takes in what else cannot be read.
    pub fn add(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.any |= other.any;
    }

    /// Forgets an id whose record was read elsewhere, as it is now.
    pub(crate) fn settle(&mut self, id: &AdvisoryId) {
        self.ids.remove(id);
    }

    /// Whether one of them may be about a flaw, of which other records name these ids as well.
    pub(crate) fn may_be_about<'i>(&self, v: &Vulnerability, mut ids: impl Iterator<Item = &'i AdvisoryId>) -> bool {
        let is_unread = |id: &AdvisoryId| self.ids.contains(id);
        self.any || v.all_ids().into_iter().chain(&v.printed).any(is_unread) || ids.any(is_unread)
    }
}
