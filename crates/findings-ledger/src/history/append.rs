use std::collections::{BTreeMap, HashMap};

use findings_model::date_text;
use serde_json::{Map, Value};

use crate::{Event, Happening, inline_markdown as md};

/// The lines to append to `history/events.ndjson`, empty where it holds all of them.
///
/// An earlier run may have written some or all of them and died before it wrote the ledger; those are not written again,
/// although they carry another time. A last line without an end, from a write that was cut off, is ended first.
pub fn events_to_append(existing: &str, events: &[Event]) -> String {
    let fresh: Vec<(Track, Map<String, Value>, String)> = events
        .iter()
        .filter_map(|event| {
            let line = serde_json::to_string(event).ok()?;
            let (track, said) = said(&line)?;
            Some((track, said, line))
        })
        .collect();
    let mut told: HashMap<&Track, Vec<Map<String, Value>>> =
        fresh.iter().map(|(track, ..)| (track, Vec::new())).collect();
    for line in existing.lines() {
        if let Some((track, said)) = said(line)
            && let Some(list) = told.get_mut(&track)
        {
            list.push(said);
        }
    }
    let mut batches: BTreeMap<&Track, Vec<&Map<String, Value>>> = BTreeMap::new();
    for (track, said, _) in &fresh {
        batches.entry(track).or_default().push(said);
    }
    let mut to_skip: BTreeMap<&Track, usize> = BTreeMap::new();
    for (track, batch) in &batches {
        let told = &told[*track];
        // The longest beginning of the batch that the history ends with.
        let known = (1..=batch.len().min(told.len()))
            .rev()
            .find(|n| told[told.len() - n..].iter().eq(batch[..*n].iter().copied()));
        to_skip.insert(*track, known.unwrap_or(0));
    }
    let mut out = String::new();
    for (track, _, line) in &fresh {
        if let Some(skip) = to_skip.get_mut(track)
            && *skip > 0
        {
            *skip -= 1;
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    if !out.is_empty() && !existing.is_empty() && !existing.ends_with('\n') {
        out.insert(0, '\n');
    }
    out
}

/// A finding's events about its severity, or those about its life: two histories, each in order.
type Track = (String, bool);

/// What an event's line says, apart from when.
fn said(line: &str) -> Option<(Track, Map<String, Value>)> {
    let mut map: Map<String, Value> = serde_json::from_str(line).ok()?;
    map.remove("timestamp");
    map.remove("schema_version");
    let finding = map.get("finding_id")?.as_str()?.to_owned();
    let is_severity = map.get("event")?.as_str()? == "severity_changed";
    Some(((finding, is_severity), map))
}

/// The entry to append to `history/findings-changelog.md`, empty where nothing happened or the last entry says the same.
pub fn changelog_to_append(existing: &str, events: &[Event]) -> String {
    let Some(first) = events.first() else { return String::new() };
    let body: String = events.iter().map(bullet).collect();
    let last = existing.rfind("\n## ").map(|at| &existing[at + 1..]);
    if last.is_some_and(|entry| entry.split_once("\n\n").is_some_and(|(_, said)| said.trim_end() == body.trim_end())) {
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
    };
    format!("- {what}\n")
}
