//! Changes the plan file as text: blocks come, go and move, and every other line stays as it is.

use std::{collections::BTreeSet, ops::Range};

use findings_model::{Timestamp, date_text};
use serde_json::Value;

use super::{
    PlanStatus,
    layout::{
        ARCHIVED_DATE, ARCHIVED_NOTE, ARCHIVED_STATUS, Entry, Layout, Said, Section, indent, is_blank, is_comment,
        key_of, nothing,
    },
    untouched::Form,
};

const HEADER: &str = "\
# What will be done about each finding. Edit freely: text, comments and keys of your own are kept.
# status: new, in_progress, awaiting_upstream, completed, deferred, accepted_risk, false_positive, not_affected
# The last three except a finding; give expires (a date), reason and owner with them.
";
const NOTE: &str = "Finding resolved - auto-marked as completed";
/// Bytes that a plan takes, roughly.
const PLAN_BYTES: usize = 400;

/// What has to change: positions of entries, and ids of findings that need a plan.
#[derive(Debug, Default)]
pub(super) struct Step<'l> {
    pub(super) add: BTreeSet<&'l str>,
    pub(super) remove: BTreeSet<usize>,
    pub(super) archive: BTreeSet<usize>,
    pub(super) restore: BTreeSet<usize>,
    pub(super) unused: Vec<String>,
}

impl Step<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty() && self.archive.is_empty() && self.restore.is_empty()
    }
}

/// A file for the first findings.
pub(super) fn fresh(step: &Step<'_>, now: Timestamp) -> String {
    let head =
        format!("{HEADER}metadata:\n  version: \"1.0\"\n  created: \"{now}\"\n  last_updated: \"{now}\"\nfindings:");
    let mut out = String::with_capacity(head.len() + step.add.len() * PLAN_BYTES);
    out.push_str(&head);
    if step.add.is_empty() {
        out.push_str(" {}\n");
    } else {
        out.push('\n');
        let today = date_text(now.date());
        let form = Form::new(2, "\n");
        for id in &step.add {
            form.write(&mut out, id, &today);
        }
    }
    out
}

/// A span of the file and what comes in its place; an empty one is an insertion.
struct Edit {
    span: Range<usize>,
    text: String,
}

/// The file after a step.
pub(super) fn write(layout: &Layout<'_>, step: &Step<'_>, now: Timestamp) -> String {
    let none = Section { end: layout.content.len(), indent: 2, ..Section::default() };
    let findings = layout.findings.as_ref().unwrap_or(&none);
    let archive = layout.archive.as_ref().unwrap_or(&none);
    let mut edits: Vec<Edit> = Vec::new();
    let mut gone = |entry: &Entry<'_>| edits.push(Edit { span: entry.span.clone(), text: String::new() });

    let today = date_text(now.date());
    let mut to_findings: Vec<(&str, String)> = Vec::with_capacity(step.add.len() + step.restore.len());
    let form = Form::new(findings.indent, layout.eol);
    for id in &step.add {
        let mut block = String::with_capacity(PLAN_BYTES);
        form.write(&mut block, id, &today);
        to_findings.push((id, block));
    }
    for at in &step.restore {
        let entry = &archive.entries[*at];
        gone(entry);
        to_findings.push((&entry.key, moved(layout, entry, findings.indent, Move::Back)));
    }
    let mut to_archive: Vec<(&str, String)> = Vec::with_capacity(step.archive.len());
    for at in &step.archive {
        let entry = &findings.entries[*at];
        gone(entry);
        to_archive.push((&entry.key, moved(layout, entry, archive.indent, Move::Away { now })));
    }
    for at in &step.remove {
        gone(&findings.entries[*at]);
    }

    let mut new_sections = Vec::new();
    for (name, section, is_there, leaving, mut coming) in [
        ("findings", findings, layout.findings.is_some(), step.remove.len() + step.archive.len(), to_findings),
        ("archive", archive, layout.archive.is_some(), step.restore.len(), to_archive),
    ] {
        coming.sort();
        if is_there {
            let is_empty = section.entries.len() + coming.len() == leaving;
            let line = header(&layout.content[section.header.clone()], is_empty, !coming.is_empty());
            edits.push(Edit { span: section.header.clone(), text: line });
            place(section, coming, &mut edits);
        } else if !coming.is_empty() {
            new_sections.push((name, coming));
        }
    }
    if let Some(span) = &layout.last_updated {
        edits.push(Edit { span: span.clone(), text: dated(&layout.content[span.clone()], now) });
    }
    // What comes in before a line goes before what becomes of that line; the sort is stable.
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));

    let mut out =
        Out { text: String::with_capacity(layout.content.len() + step.add.len() * PLAN_BYTES), eol: layout.eol };
    let mut at = 0;
    for edit in edits {
        out.push(&layout.content[at..edit.span.start]);
        out.push(&edit.text);
        at = edit.span.end;
    }
    out.push(&layout.content[at..]);
    for (name, blocks) in new_sections {
        out.push(&format!("{name}:{}", layout.eol));
        for (_, block) in blocks {
            out.push(&block);
        }
    }
    out.text
}

/// Puts each block before the first plan with a greater id, else behind the last.
fn place(section: &Section<'_>, blocks: Vec<(&str, String)>, edits: &mut Vec<Edit>) {
    let mut greatest = "";
    let greatest_so_far: Vec<&str> = section
        .entries
        .iter()
        .map(|entry| {
            greatest = greatest.max(&entry.key);
            greatest
        })
        .collect();
    for (key, text) in blocks {
        let next = greatest_so_far.partition_point(|greatest| *greatest <= key);
        let at = section.entries.get(next).map_or(section.end, |entry| entry.span.start);
        edits.push(Edit { span: at..at, text });
    }
}

/// Where a block moves to.
#[derive(Clone, Copy)]
enum Move {
    Away { now: Timestamp },
    Back,
}

/// A plan's lines as they are, at another margin where the other section has one.
///
/// In the archive, work that was not closed counts as completed; the marks say so, with the status that it had, and go again
/// when the plan comes back.
fn moved(layout: &Layout<'_>, entry: &Entry<'_>, margin: usize, way: Move) -> String {
    let lines: Vec<&str> = layout.content[entry.span.clone()].split_inclusive('\n').collect();
    let head = lines.iter().position(|l| !is_blank(l) && !is_comment(l)).unwrap_or(0);
    let from = lines.get(head).map_or(margin, |l| indent(l));
    let shift = |line: &str| -> String {
        if is_blank(line) || from == margin {
            return line.to_owned();
        }
        let spaces = (indent(line) + margin).saturating_sub(from);
        format!("{}{}", " ".repeat(spaces), line.trim_start_matches(' '))
    };
    let fields = lines.iter().skip(head + 1).find(|l| !is_blank(l) && !is_comment(l)).map(|l| indent(l));
    let field = |name: &str| {
        lines
            .iter()
            .position(|l| Some(indent(l)) == fields && key_of(l.trim_start()).is_some_and(|(key, _)| key == name))
    };
    let status = field("status").and_then(|at| scalar(lines[at]).map(|value| (at, value)));
    let archived_status = field(ARCHIVED_STATUS).and_then(|at| scalar(lines[at]));
    let is_open = match &entry.said {
        Said::Untouched { .. } => true,
        Said::Yaml(value) => value.get("status").and_then(Value::as_str).is_some_and(|word| {
            PlanStatus::ALL.into_iter().any(|s| s.as_str() == word.trim().to_ascii_lowercase() && !s.is_closed())
        }),
    };
    let marks = [field(ARCHIVED_DATE), field(ARCHIVED_NOTE), field(ARCHIVED_STATUS)];
    let last = lines.iter().rposition(|l| !is_blank(l)).unwrap_or(0);
    let mut out = Out { text: String::new(), eol: layout.eol };
    // Blank lines behind a plan part it from the next one, which stays.
    for (at, line) in lines.iter().enumerate().take(last + 1) {
        match (way, status, archived_status) {
            (Move::Away { .. }, Some((line_of, value)), _) if at == line_of && is_open => {
                out.push(&shift(&with_value(line, value, PlanStatus::Completed.as_str())));
            }
            (Move::Back, Some((line_of, value)), Some(former)) if at == line_of => {
                out.push(&shift(&with_value(line, value, former)));
            }
            _ if marks.contains(&Some(at)) => {}
            _ => out.push(&shift(line)),
        }
        if let (Move::Away { now }, Some(fields), true) = (way, fields, at == last) {
            let pad = " ".repeat((fields + margin).saturating_sub(from));
            out.push(&format!("{pad}{ARCHIVED_DATE}: \"{}\"{}", date_text(now.date()), layout.eol));
            out.push(&format!("{pad}{ARCHIVED_NOTE}: {NOTE}{}", layout.eol));
            if let Some((_, former)) = status.filter(|_| is_open) {
                out.push(&format!("{pad}{ARCHIVED_STATUS}: {former}{}", layout.eol));
            }
        }
    }
    out.text
}

/// The value that stands on a key's own line, as it is written.
fn scalar(line: &str) -> Option<&str> {
    let at = line.find(": ")? + 2;
    let rest = line[at..].trim_end_matches(['\r', '\n']);
    let value = rest.split(" #").next().unwrap_or_default().trim();
    (!value.is_empty() && !value.starts_with('#')).then_some(value)
}

/// The line with another value in place of `value`, a part of it.
fn with_value(line: &str, value: &str, new: &str) -> String {
    match line.find(": ").and_then(|colon| line[colon..].find(value).map(|at| colon + at)) {
        Some(at) => format!("{}{new}{}", &line[..at], &line[at + value.len()..]),
        None => line.to_owned(),
    }
}

/// A section's header line: with `{}` where no plan is left, without it (or any other word for nothing) where the first one comes.
pub(crate) fn header(line: &str, is_empty: bool, has_new: bool) -> String {
    let body = line.trim_end_matches(['\r', '\n']);
    let ending = &line[body.len()..];
    let Some((_, rest)) = key_of(line) else { return line.to_owned() };
    let key = &body[..body.len() - rest.len()];
    let bare = nothing(rest);
    match (bare, is_empty, has_new) {
        (None, true, _) => format!("{key} {{}}{rest}{ending}"),
        (Some(after), _, true) => format!("{key}{after}{ending}"),
        _ => line.to_owned(),
    }
}

/// A line `last_updated: …` with another moment and its comment kept.
fn dated(line: &str, now: Timestamp) -> String {
    let body = line.trim_end_matches(['\r', '\n']);
    let pad = &line[..indent(line)];
    let comment = body.find(" #").map_or("", |at| &body[at..]);
    format!("{pad}last_updated: \"{now}\"{comment}{}", &line[body.len()..])
}

struct Out {
    text: String,
    eol: &'static str,
}

impl Out {
    /// Whole lines; a line before them that has no end yet is ended first.
    fn push(&mut self, lines: &str) {
        if lines.is_empty() {
            return;
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push_str(self.eol);
        }
        self.text.push_str(lines);
    }
}
