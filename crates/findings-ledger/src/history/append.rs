use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use findings_model::date_text;
use serde::Deserialize;
use serde_json::{Map, Value};

use findings_model::text::markdown_inline as md;

use crate::{Event, Happening};

/// The most events that one entry of the changelog lists.
const LISTED: usize = 200;

/// The lines to append to `history/events.ndjson`, empty where it holds all of them.
///
/// An earlier run may have written some or all of them and died before it wrote the ledger; those are not written again,
/// although they carry another time. A last line without an end, from a write that was cut off, is ended first.
pub fn events_to_append(existing: &str, events: &[Event]) -> String {
    let mut out = String::with_capacity(events.len() * 200);
    let mut to_skip = already_told(existing, events);
    for event in events {
        let (finding, track) = track_of(event);
        if let Some(skip) = to_skip.get_mut(finding).map(|tracks| &mut tracks[track]).filter(|skip| **skip > 0) {
            *skip -= 1;
            continue;
        }
        let Ok(line) = serde_json::to_string(event) else { continue };
        out.push_str(&line);
        out.push('\n');
    }
    if !out.is_empty() && !existing.is_empty() && !existing.ends_with('\n') {
        out.insert(0, '\n');
    }
    out
}

/// How many events of each finding's tracks the history holds already: the longest beginning of the new ones that it ends with.
fn already_told<'e>(existing: &str, events: &'e [Event]) -> HashMap<&'e str, [usize; 2]> {
    if existing.is_empty() {
        return HashMap::new();
    }
    let mut told: HashMap<&'e str, [Said; 2]> =
        events.iter().map(|event| (event.finding_id.as_str(), <[Said; 2]>::default())).collect();
    for line in existing.lines() {
        // Most lines are about other findings, and are only looked at.
        let Ok(head) = serde_json::from_str::<LineHead<'_>>(line) else { continue };
        if let Some(tracks) = told.get_mut(head.finding_id.as_ref()) {
            tracks[track(head.event == "severity_changed")].extend(said(line));
        }
    }
    told.retain(|_, tracks| tracks.iter().any(|track| !track.is_empty()));
    let mut batches: HashMap<&'e str, [Said; 2]> = HashMap::new();
    for event in events {
        let (finding, track) = track_of(event);
        if told.contains_key(finding) {
            let line = serde_json::to_string(event).unwrap_or_default();
            batches.entry(finding).or_default()[track].extend(said(&line));
        }
    }
    let known = |told: &Said, batch: &Said| {
        (1..=batch.len().min(told.len())).rev().find(|n| told[told.len() - n..] == batch[..*n]).unwrap_or(0)
    };
    batches
        .into_iter()
        .map(|(finding, batch)| (finding, [0, 1].map(|track| known(&told[finding][track], &batch[track]))))
        .collect()
}

/// What events say, in order.
type Said = Vec<Map<String, Value>>;

/// A finding has two histories, each in order: the events about its life, and those about its severity.
fn track(is_severity: bool) -> usize {
    usize::from(is_severity)
}

fn track_of(event: &Event) -> (&str, usize) {
    (event.finding_id.as_str(), track(matches!(event.what, Happening::SeverityChanged { .. })))
}

/// What tells whose event a line is.
#[derive(Deserialize)]
struct LineHead<'l> {
    #[serde(borrow)]
    finding_id: Cow<'l, str>,
    #[serde(borrow)]
    event: Cow<'l, str>,
}

/// What an event's line says, apart from when.
fn said(line: &str) -> Option<Map<String, Value>> {
    let mut map: Map<String, Value> = serde_json::from_str(line).ok()?;
    map.remove("timestamp");
    map.remove("schema_version");
    Some(map)
}

/// The entry to append to `history/findings-changelog.md`, empty where nothing happened or the last entry says the same.
///
/// An entry lists 200 events at most; of more it gives the numbers, and the events themselves are in `history/events.ndjson`.
pub fn changelog_to_append(existing: &str, events: &[Event]) -> String {
    let Some(first) = events.first() else { return String::new() };
    let mut body = String::new();
    if events.len() > LISTED {
        body = format!(
            "{}. The first {LISTED} follow; `events.ndjson` beside this file has all {}.\n\n",
            numbers(events),
            events.len()
        );
    }
    body.extend(events.iter().take(LISTED).map(bullet));
    let last = existing.rfind("\n## ").map(|at| &existing[at + 1..]);
    // Without the heading, whatever its lines end with.
    if last.is_some_and(|entry| {
        entry.lines().skip(1).filter(|line| !line.is_empty()).eq(body.lines().filter(|line| !line.is_empty()))
    }) {
        return String::new();
    }
    let head = if existing.trim().is_empty() {
        "# Changelog of security findings\n"
    } else if existing.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{head}\n## {}\n\n{body}", first.timestamp)
}

/// How many events of each kind there are, in words.
fn numbers(events: &[Event]) -> String {
    let mut counts: BTreeMap<u8, (&str, usize)> = BTreeMap::new();
    for event in events {
        let (order, word) = match event.what {
            Happening::FirstSeen => (0, "new"),
            Happening::Reopened => (1, "reopened"),
            Happening::Resolved { .. } => (2, "resolved"),
            Happening::SeverityChanged { .. } => (3, "with another severity"),
            Happening::Unverified { .. } => (4, "not verified"),
            Happening::Confirmed => (5, "confirmed"),
            Happening::Excepted { .. } => (6, "excepted"),
            Happening::ExceptionEnded => (7, "no longer excepted"),
            Happening::Merged { .. } => (8, "merged"),
        };
        counts.entry(order).or_insert((word, 0)).1 += 1;
    }
    let parts: Vec<String> = counts.into_values().map(|(word, count)| format!("{count} {word}")).collect();
    parts.join(", ")
}

fn bullet(event: &Event) -> String {
    let id = md(event.finding_id.as_str());
    let place = if event.place.is_empty() { String::new() } else { format!(" in {}", md(&event.place)) };
    let scanner = md(event.scanner.as_str());
    let severity = event.severity;
    let what = match &event.what {
        Happening::FirstSeen => format!("New: {id}{place} ({severity}, {scanner})"),
        Happening::Reopened => format!("Reopened: {id}{place} ({severity}, {scanner})"),
        Happening::Unverified { since } => {
            format!("Not verified: {id}{place} ({severity}), last reported on {}", date_text(*since))
        }
        Happening::Confirmed => format!("Confirmed: {id}{place} ({severity}, {scanner})"),
        Happening::Resolved { reason } => {
            format!("Resolved: {id}{place} ({severity}), {}", reason.as_str().replace('_', " "))
        }
        Happening::SeverityChanged { from, to, .. } => format!("Severity: {id}{place} from {from} to {to}"),
        Happening::Excepted { by, until } => {
            let until = until.map(|day| format!(" until {}", date_text(day))).unwrap_or_default();
            format!("Excepted: {id}{place} ({severity}), {}{until}", by.replace('_', " "))
        }
        Happening::ExceptionEnded => format!("Exception ended: {id}{place} ({severity})"),
        Happening::Merged { into } => format!("Merged: {id}{place} is {} ({severity})", md(into.as_str())),
    };
    format!("- {what}\n")
}
