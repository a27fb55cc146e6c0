//! Reads a finding where it stands as `written.rs` writes it: every key at its place, so that none is looked for.
//!
//! It takes about half the time of the general reader, and a ledger is read on every run. What stands there in any other way (white
//! space, another order, a key of a newer writer) is left to the general reader, which also says what is wrong.

use std::borrow::Cow;

use memchr::memchr2;
use serde::{
    Deserialize,
    de::value::{BorrowedStrDeserializer, Error},
};

use super::{
    Attribution, Attributions, Extra,
    day::Day,
    wire::{FindingWire, Said},
    written::is_bare,
};
use crate::time_format::plain_date;

/// The bytes of a text that is short.
const SHORT: usize = 32;

/// The finding of a JSON text; none where it is written in another way.
pub(super) fn read(text: &str) -> Option<FindingWire<'_>> {
    let mut rest = Rest(text);
    let wire = FindingWire {
        finding_id: rest.at("{\"finding_id\":")?.word()?,
        aliases: rest.at(",\"aliases\":")?.list(Rest::word)?,
        kind: rest.at(",\"kind\":")?.word()?,
        ecosystem: rest.at(",\"ecosystem\":")?.or_null(Rest::said)?,
        package: rest.at(",\"package\":")?.or_null(Rest::said)?,
        version: rest.at(",\"version\":")?.or_null(Rest::said)?,
        scope: rest.at(",\"scope\":")?.word()?,
        rule: rest.at(",\"rule\":")?.or_null(Rest::said)?,
        path: rest.at(",\"path\":")?.or_null(Rest::said)?,
        line: rest.at(",\"line\":")?.or_null(Rest::value)?,
        severity: rest.at(",\"severity\":")?.word()?,
        severity_source: rest.at(",\"severity_source\":")?.word()?,
        cvss_score: rest.at(",\"cvss_score\":")?.or_null(Rest::value)?,
        cvss_vectors: rest.maybe(",\"cvss_vectors\":", |rest| rest.list(Rest::value))?.unwrap_or_default(),
        severity_date: rest.maybe(",\"severity_date\":", Rest::day)?,
        kev: rest.maybe(",\"kev\":", Rest::value)?,
        epss: rest.maybe(",\"epss\":", Rest::value)?,
        source_scanner: rest.at(",\"source_scanner\":")?.word()?,
        status: rest.at(",\"status\":")?.word()?,
        unverified_since: rest.maybe(",\"unverified_since\":", Rest::day)?,
        resolved_date: rest.maybe(",\"resolved_date\":", Rest::day)?,
        resolved_reason: rest.maybe(",\"resolved_reason\":", Rest::word)?,
        excepted_by: rest.maybe(",\"excepted_by\":", Rest::word)?,
        excepted_until: rest.maybe(",\"excepted_until\":", Rest::day)?,
        discovered_date: rest.at(",\"discovered_date\":")?.day()?,
        last_seen: rest.at(",\"last_seen\":")?.day()?,
        fix_available: rest.at(",\"fix_available\":")?.truth()?,
        fix_version: rest.at(",\"fix_version\":")?.or_null(Rest::said)?,
        fix_versions: rest.maybe(",\"fix_versions\":", |rest| rest.list(Rest::said))?.unwrap_or_default(),
        description: rest.at(",\"description\":")?.said()?,
        reference_url: rest.at(",\"reference_url\":")?.or_null(Rest::said)?,
        advisory_id: rest.maybe(",\"advisory_id\":", Rest::word)?,
        printed_ids: rest.maybe(",\"printed_ids\":", |rest| rest.list(Rest::word))?.unwrap_or_default(),
        former_rules: rest.maybe(",\"former_rules\":", |rest| rest.list(Rest::value))?.unwrap_or_default(),
        code_digest: rest.maybe(",\"code_digest\":", Rest::word)?,
        secret_mark: rest.maybe(",\"secret_mark\":", Rest::word)?,
        scanners: rest.at(",\"scanners\":")?.scanners()?,
        former_finding_ids: rest.maybe(",\"former_finding_ids\":", |rest| rest.list(Rest::word))?.unwrap_or_default(),
        former_aliases: rest.maybe(",\"former_aliases\":", |rest| rest.list(Rest::word))?.unwrap_or_default(),
        under_override: rest.maybe(",\"under_override\":", Rest::value)?,
        extra: Extra::new(),
    };
    (rest.0 == "}").then_some(wire)
}

/// What is left of the text.
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    /// Steps over a text that must stand here.
    fn at(&mut self, text: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(text)?;
        Some(self)
    }

    /// Reads what stands behind a key that may be missing. None where it is there and cannot be read.
    #[expect(
        clippy::option_option,
        reason = "the outer one is for what cannot be read here, as everywhere in this file"
    )]
    fn maybe<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.at(key) {
            Some(rest) => read(rest).map(Some),
            None => Some(None),
        }
    }

    /// Reads a value in whose place there may be null.
    #[expect(
        clippy::option_option,
        reason = "the outer one is for what cannot be read here, as everywhere in this file"
    )]
    fn or_null<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.at("null").is_some() { Some(None) } else { read(self).map(Some) }
    }

    fn said(&mut self) -> Option<Said<'t>> {
        let inner = self.0.strip_prefix('"')?;
        let bytes = inner.as_bytes();
        // Most texts are short, and found to the end byte by byte sooner than in wide steps.
        let special = |b: &u8| *b < b' ' || *b == b'"' || *b == b'\\';
        let (end, is_bare) = if let Some(end) = bytes.iter().take(SHORT).position(special) {
            (end, true)
        } else {
            let start = SHORT.min(bytes.len());
            let end = start + memchr2(b'"', b'\\', &bytes[start..])?;
            (end, is_bare(&inner[..end]))
        };
        match bytes[end] {
            b'"' if is_bare => {
                self.0 = &inner[end + 1..];
                Some(Said(Cow::Borrowed(&inner[..end])))
            }
            b'\\' => self.value(),
            _ => None,
        }
    }

    /// A text that its own type reads.
    fn word<T: Deserialize<'t>>(&mut self) -> Option<T> {
        match self.said()?.0 {
            Cow::Borrowed(text) => T::deserialize(BorrowedStrDeserializer::<Error>::new(text)).ok(),
            Cow::Owned(_) => None,
        }
    }

    fn day(&mut self) -> Option<Day> {
        let (text, rest) = self.0.strip_prefix('"')?.split_at_checked(10)?;
        self.0 = rest.strip_prefix('"')?;
        plain_date(text.as_bytes()).map(Day)
    }

    fn truth(&mut self) -> Option<bool> {
        if self.at("true").is_some() { Some(true) } else { self.at("false").map(|_| false) }
    }

    /// A value of any kind.
    fn value<T: Deserialize<'t>>(&mut self) -> Option<T> {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter();
        let value = values.next()?.ok()?;
        self.0 = &self.0[values.byte_offset()..];
        Some(value)
    }

    fn list<T, L: Default + Extend<T>>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<L> {
        let mut list = L::default();
        self.at("[")?;
        if self.at("]").is_some() {
            return Some(list);
        }
        loop {
            list.extend([read(self)?]);
            if self.at("]").is_some() {
                return Some(list);
            }
            self.at(",")?;
        }
    }

    fn scanners(&mut self) -> Option<Attributions> {
        let mut scanners = Attributions::new();
        self.at("{")?;
        if self.at("}").is_some() {
            return Some(scanners);
        }
        loop {
            let name = self.word()?;
            let attribution = Attribution {
                first_seen: self.at(":{\"first_seen\":")?.day()?.0,
                last_seen: self.at(",\"last_seen\":")?.day()?.0,
                ended: self.maybe(",\"ended\":", Self::day)?.map(|day| day.0),
                reason: self.maybe(",\"reason\":", Self::word)?,
                seen_in: self.maybe(",\"seen_in\":", |rest| rest.list(Rest::word))?.unwrap_or_default(),
            };
            scanners.extend([(name, attribution)]);
            if self.at("}}").is_some() {
                return Some(scanners);
            }
            self.at("},")?;
        }
    }
}

#[cfg(test)]
mod tests;
