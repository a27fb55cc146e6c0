//! Writes the flat JSON form of a finding (the keys that other people's scripts read, and the evidence beside them) without
//! copying it; `wire.rs` reads what this writes.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::{
    Attributions, ExceptedBy, Extra, Finding, ResolvedReason, Scope, Status, UnderOverride,
    day::{self, Day},
    wire::{ExceptedByWire, StatusWord},
};
use crate::{
    AdvisoryId, AdvisoryIds, Clearance, CodeText, CvssScore, CvssVector, EpssScore, FindingId, FindingKind, KevListing,
    ScanTarget, SecretMark, Severity, SeveritySource, Subject,
};

#[derive(Serialize)]
struct Written<'f> {
    finding_id: &'f str,
    aliases: Names<'f>,
    kind: FindingKind,
    ecosystem: Option<&'f str>,
    package: Option<&'f str>,
    version: Option<&'f str>,
    scope: Scope,
    rule: Option<&'f str>,
    path: Option<&'f str>,
    line: Option<u32>,
    severity: Severity,
    severity_source: SeveritySource,
    cvss_score: Option<CvssScore>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cvss_vectors: &'f [CvssVector],
    #[serde(skip_serializing_if = "Option::is_none")]
    severity_date: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kev: Option<KevListing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<EpssScore>,
    source_scanner: &'f str,
    status: StatusWord,
    #[serde(skip_serializing_if = "Option::is_none")]
    unverified_since: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_date: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_reason: Option<ResolvedReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excepted_by: Option<ExceptedByWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excepted_until: Option<Day>,
    discovered_date: Day,
    last_seen: Day,
    fix_available: bool,
    fix_version: Option<&'f str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fix_versions: &'f [SmolStr],
    description: &'f str,
    reference_url: Option<&'f str>,
    /// The id that a scanner printed last; with `printed_ids` the evidence by which a flaw is known again.
    #[serde(skip_serializing_if = "Option::is_none")]
    advisory_id: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed_ids: Option<Ids<'f>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    former_rules: &'f [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    code_digest: Option<&'f CodeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_mark: Option<&'f SecretMark>,
    scanners: &'f Attributions,
    #[serde(skip_serializing_if = "Option::is_none")]
    former_finding_ids: Option<&'f BTreeSet<FindingId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    former_aliases: Option<Ids<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    under_override: Option<UnderOverride>,
    #[serde(flatten)]
    extra: &'f Extra,
}

/// The ids of a finding, in order.
#[derive(Default)]
struct Names<'f>(SmallVec<[&'f str; 4]>);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

#[derive(Clone, Copy)]
struct Ids<'f>(&'f AdvisoryIds);

impl<'f> Ids<'f> {
    fn texts(ids: Option<Self>) -> impl Iterator<Item = &'f str> {
        ids.into_iter().flat_map(|ids| ids.0).map(AdvisoryId::as_str)
    }
}

impl Serialize for Ids<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(AdvisoryId::as_str))
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written().serialize(serializer)
    }
}

impl Finding {
    /// Adds the JSON form to a document: the bytes that the general writer gives, in a fraction of its time.
    pub fn write_json(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        self.written().write(out)
    }

    fn written(&self) -> Written<'_> {
        let mut w = Written {
            finding_id: self.finding_id.as_str(),
            aliases: Names::default(),
            kind: self.kind(),
            ecosystem: None,
            package: None,
            version: None,
            scope: self.scope,
            rule: None,
            path: self.subject.path(),
            line: self.subject.line(),
            severity: self.rating.severity,
            severity_source: self.rating.source,
            cvss_score: self.rating.score,
            cvss_vectors: &self.rating.vectors,
            severity_date: self.rated_on.map(Day),
            kev: self.exploitation.kev,
            epss: self.exploitation.epss,
            source_scanner: self.source_scanner.as_str(),
            status: StatusWord::Open,
            unverified_since: None,
            resolved_date: None,
            resolved_reason: None,
            excepted_by: None,
            excepted_until: None,
            discovered_date: Day(self.discovered),
            last_seen: Day(self.last_seen),
            fix_available: false,
            fix_version: self.fix_version.as_deref(),
            fix_versions: &[],
            description: &self.description,
            reference_url: self.reference_url.as_deref(),
            advisory_id: None,
            printed_ids: None,
            former_rules: &[],
            code_digest: None,
            secret_mark: None,
            scanners: &self.scanners,
            former_finding_ids: None,
            former_aliases: None,
            under_override: None,
            extra: &self.extra,
        };
        match &self.subject {
            Subject::Vulnerability(v) => {
                // The printed id is no alias in memory, and stands where it belongs in the document.
                w.aliases.0 = v.aliases.iter().filter(|alias| **alias != v.id).map(AdvisoryId::as_str).collect();
                let at = w.aliases.0.partition_point(|alias| *alias < v.id.as_str());
                w.aliases.0.insert(at, v.id.as_str());
                w.advisory_id = Some(v.id.as_str());
                w.printed_ids = Some(Ids(&v.printed)).filter(|ids| !ids.0.is_empty());
                w.package = Some(v.package.name());
                w.ecosystem = Some(v.package.ecosystem().as_str());
                w.version = v.version.as_deref();
                w.fix_available = !v.fix_versions.is_empty();
                w.fix_versions = &v.fix_versions;
            }
            Subject::Code(c) => {
                (w.rule, w.former_rules, w.code_digest) = (Some(c.rule.as_str()), &c.former_rules, c.text.as_ref());
                w.aliases.0 = c.aliases.iter().map(AdvisoryId::as_str).collect();
            }
            Subject::Secret(s) => {
                (w.rule, w.code_digest, w.secret_mark) = (Some(s.rule.as_str()), s.text.as_ref(), s.mark.as_ref());
            }
        }
        match &self.status {
            Status::Open => {}
            Status::Unverified { since } => {
                (w.status, w.unverified_since) = (StatusWord::Unverified, Some(Day(*since)));
            }
            Status::Resolved { on, reason } => {
                (w.status, w.resolved_date, w.resolved_reason) = (StatusWord::Resolved, Some(Day(*on)), Some(*reason));
            }
            Status::Excepted { by } => {
                let (word, until) = match by {
                    ExceptedBy::Report(Clearance::Suppressed) => (ExceptedByWire::ReportSuppressed, None),
                    ExceptedBy::Report(Clearance::NotAffected) => (ExceptedByWire::ReportNotAffected, None),
                    ExceptedBy::Report(Clearance::Fixed) => (ExceptedByWire::ReportFixed, None),
                    ExceptedBy::Report(Clearance::FalsePositive) => (ExceptedByWire::ReportFalsePositive, None),
                    ExceptedBy::AcceptedRisk { until } => (ExceptedByWire::AcceptedRisk, *until),
                    ExceptedBy::FalsePositive { until } => (ExceptedByWire::FalsePositive, *until),
                    ExceptedBy::NotAffected { until } => (ExceptedByWire::NotAffected, *until),
                };
                (w.status, w.excepted_by, w.excepted_until) = (StatusWord::Excepted, Some(word), until.map(Day));
            }
        }
        if let Some(memory) = &self.memory {
            w.former_finding_ids = Some(&memory.finding_ids).filter(|ids| !ids.is_empty());
            w.former_aliases = Some(Ids(&memory.aliases)).filter(|ids| !ids.0.is_empty());
            w.under_override = memory.under_override;
        }
        w
    }
}

impl Written<'_> {
    /// What the general writer makes of it, key by key.
    fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let mut line = Line(out);
        line.text("{\"finding_id\":", self.finding_id)?;
        line.list(",\"aliases\":", self.aliases.0.iter().copied())?;
        line.word(",\"kind\":", self.kind.as_str());
        line.text_or_null(",\"ecosystem\":", self.ecosystem)?;
        line.text_or_null(",\"package\":", self.package)?;
        line.text_or_null(",\"version\":", self.version)?;
        line.word(",\"scope\":", self.scope.as_str());
        line.text_or_null(",\"rule\":", self.rule)?;
        line.text_or_null(",\"path\":", self.path)?;
        line.value(",\"line\":", &self.line)?;
        line.word(",\"severity\":", self.severity.as_str());
        line.word(",\"severity_source\":", self.severity_source.as_str());
        line.value(",\"cvss_score\":", &self.cvss_score)?;
        line.list_if_any(",\"cvss_vectors\":", self.cvss_vectors.iter().map(CvssVector::as_str))?;
        line.day(",\"severity_date\":", self.severity_date)?;
        line.maybe(",\"kev\":", self.kev.as_ref())?;
        line.maybe(",\"epss\":", self.epss.as_ref())?;
        line.text(",\"source_scanner\":", self.source_scanner)?;
        line.word(",\"status\":", self.status.as_str());
        line.day(",\"unverified_since\":", self.unverified_since)?;
        line.day(",\"resolved_date\":", self.resolved_date)?;
        line.maybe(",\"resolved_reason\":", self.resolved_reason.as_ref())?;
        line.maybe(",\"excepted_by\":", self.excepted_by.as_ref())?;
        line.day(",\"excepted_until\":", self.excepted_until)?;
        line.day(",\"discovered_date\":", Some(self.discovered_date))?;
        line.day(",\"last_seen\":", Some(self.last_seen))?;
        line.raw(if self.fix_available { ",\"fix_available\":true" } else { ",\"fix_available\":false" });
        line.text_or_null(",\"fix_version\":", self.fix_version)?;
        line.list_if_any(",\"fix_versions\":", self.fix_versions.iter().map(SmolStr::as_str))?;
        line.text(",\"description\":", self.description)?;
        line.text_or_null(",\"reference_url\":", self.reference_url)?;
        if let Some(id) = self.advisory_id {
            line.text(",\"advisory_id\":", id)?;
        }
        line.list_if_any(",\"printed_ids\":", Ids::texts(self.printed_ids))?;
        line.list_if_any(",\"former_rules\":", self.former_rules.iter().map(String::as_str))?;
        if let Some(digest) = self.code_digest {
            line.text(",\"code_digest\":", digest.as_str())?;
        }
        if let Some(mark) = self.secret_mark {
            line.text(",\"secret_mark\":", mark.as_str())?;
        }
        line.scanners(",\"scanners\":", self.scanners)?;
        line.maybe(",\"former_finding_ids\":", self.former_finding_ids)?;
        line.list_if_any(",\"former_aliases\":", Ids::texts(self.former_aliases))?;
        line.maybe(",\"under_override\":", self.under_override.as_ref())?;
        for (key, value) in self.extra {
            line.text(",", key)?;
            line.value(":", value)?;
        }
        line.raw("}");
        Ok(())
    }
}

/// Whether a text stands in JSON as it is: no quote, backslash or control character in it.
pub(super) fn is_bare(text: &str) -> bool {
    // Eight bytes at once, as long as a word goes: programs that are optimised for size have no wider instructions for it.
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    words.iter().all(|word| !holds_special(u64::from_le_bytes(*word)))
        && rest.iter().all(|byte| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=0xff))
}

/// Whether one of eight bytes is a quote, a backslash or a control character.
fn holds_special(word: u64) -> bool {
    const EACH: u64 = u64::MAX / 0xff;
    // The highest bit of a byte below 0x80 is borrowed where the byte is smaller than what is taken away; below a byte that borrows
    // all is found already.
    let below = |word: u64, least: u64| word.wrapping_sub(EACH * least) & !word;
    let is = |byte: u64| below(word ^ (EACH * byte), 1);
    (below(word, 0x20) | is(b'"'.into()) | is(b'\\'.into())) & (EACH * 0x80) != 0
}

/// The end of a document to which a finding is added. Each key comes with what stands around it.
struct Line<'o>(&'o mut Vec<u8>);

impl Line<'_> {
    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// A word of ours.
    fn word(&mut self, key: &str, word: &str) {
        self.raw(key);
        self.0.push(b'"');
        self.raw(word);
        self.0.push(b'"');
    }

    fn text(&mut self, key: &str, text: &str) -> Result<(), serde_json::Error> {
        if is_bare(text) {
            self.word(key, text);
            return Ok(());
        }
        self.value(key, text)
    }

    fn text_or_null(&mut self, key: &str, text: Option<&str>) -> Result<(), serde_json::Error> {
        if let Some(text) = text {
            return self.text(key, text);
        }
        self.raw(key);
        self.raw("null");
        Ok(())
    }

    fn list<'t>(&mut self, key: &str, texts: impl Iterator<Item = &'t str>) -> Result<(), serde_json::Error> {
        self.raw(key);
        self.0.push(b'[');
        for (at, text) in texts.enumerate() {
            self.text(if at == 0 { "" } else { "," }, text)?;
        }
        self.0.push(b']');
        Ok(())
    }

    fn list_if_any<'t>(&mut self, key: &str, texts: impl Iterator<Item = &'t str>) -> Result<(), serde_json::Error> {
        let mut texts = texts.peekable();
        if texts.peek().is_some() { self.list(key, texts) } else { Ok(()) }
    }

    /// A day, if there is one.
    fn day(&mut self, key: &str, day: Option<Day>) -> Result<(), serde_json::Error> {
        let Some(day) = day else { return Ok(()) };
        match day::text(day.0) {
            Some(text) => {
                self.raw(key);
                self.0.push(b'"');
                self.0.extend_from_slice(&text);
                self.0.push(b'"');
                Ok(())
            }
            None => self.value(key, &day),
        }
    }

    fn scanners(&mut self, key: &str, scanners: &Attributions) -> Result<(), serde_json::Error> {
        self.raw(key);
        self.0.push(b'{');
        for (at, (name, attribution)) in scanners.iter().enumerate() {
            self.text(if at == 0 { "" } else { "," }, name.as_str())?;
            self.day(":{\"first_seen\":", Some(Day(attribution.first_seen)))?;
            self.day(",\"last_seen\":", Some(Day(attribution.last_seen)))?;
            self.day(",\"ended\":", attribution.ended.map(Day))?;
            self.maybe(",\"reason\":", attribution.reason.as_ref())?;
            self.list_if_any(",\"seen_in\":", attribution.seen_in.iter().map(ScanTarget::as_str))?;
            self.0.push(b'}');
        }
        self.0.push(b'}');
        Ok(())
    }

    fn maybe(&mut self, key: &str, value: Option<&impl Serialize>) -> Result<(), serde_json::Error> {
        value.map_or(Ok(()), |value| self.value(key, value))
    }

    /// A value as the general writer writes it.
    fn value(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), serde_json::Error> {
        self.raw(key);
        serde_json::to_writer(&mut *self.0, value)
    }
}

#[cfg(test)]
mod tests {
    use super::is_bare;

    #[test]
    fn what_json_escapes_is_seen_at_any_place_and_beside_any_character() {
        for (character, beside) in
            (0..=0xff_u8).flat_map(|c| [0x20, 0x21, 0x5b, 0x5d, 0x7f].map(|b| (char::from(c), b)))
        {
            for place in 0..17 {
                let mut text = char::from(beside).to_string().repeat(17);
                text.replace_range(place..=place, character.encode_utf8(&mut [0; 4]));
                let written = serde_json::to_string(&text).unwrap();
                assert_eq!(is_bare(&text), written == format!("\"{text}\""), "{text:?}");
            }
        }
    }
}
