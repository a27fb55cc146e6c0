use findings_model::{SchemaVersion, Timestamp, parse_date};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Sighting, fault, scrubbed, yaml};

/// Characters of an event's note that are kept.
const NOTE: usize = 500;

/// What `remediation-timeline.yml` says, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// Every event, by time.
    pub events: Vec<ImportedEvent>,
    /// When findings were there.
    pub sightings: Vec<Sighting>,
    /// What cannot be used, a line each; empty for a sound file.
    pub faults: Vec<String>,
}

/// An event of the old system: a line of `history/imported/events.ndjson`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ImportedEvent {
    /// When it happened, as the file says.
    pub timestamp: Timestamp,
    /// The id that the finding had there.
    pub finding_id: String,
    /// Always `imported`: what the old system thought, not what a scan of ours showed.
    pub event: &'static str,
    /// Its own word: `discovered`, `resolved`, `status_changed`, …
    pub event_type: String,
    /// Who wrote it: `scanner`, a person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The package, or the file, that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The version that was installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The severity in its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The scanner that told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner: Option<String>,
    /// A plan's status before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_status: Option<String>,
    /// A plan's status after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_status: Option<String>,
    /// What was written beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The version of the line's schema.
    pub schema_version: SchemaVersion,
}

impl ImportedEvent {
    /// The version that this program writes.
    pub const SCHEMA: SchemaVersion = SchemaVersion::new(1, 0);

    /// The event's line, without a line feed.
    #[expect(clippy::expect_used, reason = "every field is text, so nothing in an event can fail to serialise")]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("an event serialises")
    }
}

impl Timeline {
    /// Reads the file. What is torn or of another shape is left out and named.
    pub fn read(bytes: &[u8]) -> Self {
        let sections = yaml::read(bytes);
        let mut timeline = Self { faults: sections.faults, ..Self::default() };
        let mut known = false;
        for entry in sections.entries {
            if !matches!(entry.section.as_str(), "findings" | "remediation") {
                continue;
            }
            known = true;
            match entry.value.as_object() {
                Some(body) => timeline.take(&entry.key, body),
                None => timeline.faults.push(fault(&format!("{}: it is not a mapping of keys to values", entry.key))),
            }
        }
        if !known && timeline.faults.is_empty() {
            timeline.faults.push("it has neither findings nor remediation".to_owned());
        }
        timeline.events.sort();
        timeline.events.dedup();
        timeline
    }

    fn take(&mut self, key: &str, body: &Map<String, Value>) {
        let id = text(body.get("finding_id")).unwrap_or_else(|| scrubbed(key));
        let mut package = None;
        for (at, event) in body.get("events").and_then(Value::as_array).into_iter().flatten().enumerate() {
            match event_of(&id, event) {
                Ok((event, of)) => {
                    let is_sight = matches!(event.event_type.as_str(), "discovered" | "updated" | "severity_changed");
                    if is_sight {
                        let sighting = Sighting { id: id.clone(), package: of.clone(), on: event.timestamp.date() };
                        self.sightings.push(sighting);
                    }
                    package = package.or(of);
                    self.events.push(event);
                }
                Err(why) => self.faults.push(fault(&format!("{key}, event {}: {why}", at + 1))),
            }
        }
        match body.get("events") {
            None | Some(Value::Null | Value::Array(_)) => {}
            Some(_) => self.faults.push(fault(&format!("{key}: its events are not a list"))),
        }
        if let Some(first) = body.get("first_discovered").filter(|v| !v.is_null()) {
            match text(Some(first)).as_deref().and_then(day) {
                Some(on) => self.sightings.push(Sighting { id, package, on }),
                None => self.faults.push(fault(&format!("{key}: first_discovered is not a date"))),
            }
        }
    }
}

fn event_of(id: &str, event: &Value) -> Result<(ImportedEvent, Option<String>), &'static str> {
    let event = event.as_object().ok_or("it is not a mapping of keys to values")?;
    let at = text(event.get("timestamp")).ok_or("it has no timestamp")?;
    let timestamp = moment(&at).ok_or("its timestamp is not a valid time")?;
    let data = event.get("new_data").or(event.get("old_data")).and_then(Value::as_object);
    let said = |key: &str| data.and_then(|data| text(data.get(key)));
    let place = said("package");
    let scanner = said("source_scanner");
    // The old system wrote a code finding's file as its package.
    let package = place.clone().filter(|_| scanner.as_deref() == Some("pip-audit"));
    let event = ImportedEvent {
        timestamp,
        finding_id: id.to_owned(),
        event: "imported",
        event_type: text(event.get("event_type")).ok_or("it has no event_type")?,
        source: text(event.get("source").or(event.get("user"))),
        place,
        version: said("version"),
        severity: said("severity"),
        scanner,
        old_status: text(event.get("old_status")),
        new_status: text(event.get("new_status")),
        notes: text(event.get("notes")).map(|notes| findings_model::text::shorten(&notes, NOTE).into_owned()),
        schema_version: ImportedEvent::SCHEMA,
    };
    Ok((event, package))
}

/// One line of text, from a word or a number; none for nothing.
fn text(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let line = findings_model::text::one_line(&scrubbed(&text));
    (!line.is_empty()).then_some(line)
}

/// A moment as that system writes it: RFC 3339, with a space in place of the `T`, without an offset, or a day alone.
fn moment(text: &str) -> Option<Timestamp> {
    let with_t = text.replacen(' ', "T", 1);
    let candidates = [with_t.clone(), format!("{with_t}Z"), format!("{with_t}T00:00:00Z")];
    candidates.iter().find_map(|candidate| candidate.parse().ok())
}

fn day(text: &str) -> Option<time::Date> {
    moment(text).map(Timestamp::date).or_else(|| parse_date(text))
}
