//! Keeps the plan file in step with the ledger, block by block.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use findings_model::{AdvisoryId, Finding, Status, Timestamp, date_text, text};
use serde_json::Value;

use super::{
    Plan, PlanProblem, PlanStatus, Plans, PlansError, Priority, default,
    layout::{
        ARCHIVED_DATE, ARCHIVED_NOTE, ARCHIVED_STATUS, Entry, Layout, Section, indent, is_blank, is_comment, key_of,
    },
};
use crate::Ledger;

const HEADER: &str = "\
# What will be done about each finding. Edit freely: text, comments and keys of your own are kept.
# status: new, in_progress, awaiting_upstream, completed, deferred, accepted_risk, false_positive
# accepted_risk and false_positive except a finding; give expires (a date), reason and owner with them.
";
const NOTE: &str = "Finding resolved - auto-marked as completed";

/// The plan file after a run, and what was changed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlansSynced {
    /// The file's text; the same as before where nothing had to change.
    pub text: String,
    /// The plans in it.
    pub plans: Plans,
    /// Plans that were made for findings without one.
    pub added: usize,
    /// Untouched plans that went with their findings.
    pub removed: usize,
    /// Plans that stayed as they are.
    pub preserved: usize,
    /// Edited plans that went to the archive.
    pub archived: usize,
    /// Plans that came back from the archive with their findings.
    pub restored: usize,
    /// Exceptions that no finding has ever matched: a slip in the id, perhaps.
    pub unused: Vec<String>,
}

/// Brings the plan file (none where there is none yet) in step with the ledger: every finding that is not resolved has a plan.
///
/// A finding without one gets the default plan. When a finding is resolved, a plan that nobody edited goes, and an edited one
/// moves to the archive as it is; it comes back as it was when the finding does. Plans are found by id or by any alias.
/// Nothing else in the file is touched, and the same ledger a second time changes nothing at all. A file that is YAML but not
/// written one plan below the other is left as it is, with a problem that says so.
pub fn sync_plans(existing: Option<&str>, ledger: &Ledger, now: Timestamp) -> Result<PlansSynced, PlansError> {
    let content = existing.unwrap_or_default();
    let layout = Layout::read(content)?;
    let before = Plans::of_layout(&layout);
    let owners = Owners::new(ledger);
    let step = Step::plan(&layout, &before, &owners, ledger);
    let (text, plans) = if content.trim().is_empty() {
        let text = fresh(&step, now);
        let plans = Plans::from_yaml(text.as_bytes())?;
        (text, plans)
    } else if step.is_empty() {
        (content.to_owned(), before)
    } else {
        let written = layout.editable.map(|()| write(&layout, &step, now));
        match written.and_then(|text| verify(&layout, &step, &text).map(|plans| (text, plans))) {
            Ok(changed) => changed,
            Err(why) => {
                let mut plans = before;
                plans.problems.push(PlanProblem::Layout(why));
                let preserved = layout.findings.as_ref().map_or(0, |s| s.entries.len());
                return Ok(PlansSynced { preserved, ..PlansSynced::unchanged(content, plans, step.unused) });
            }
        }
    };
    let kept = layout.findings.as_ref().map_or(0, |s| s.entries.len()) - step.remove.len() - step.archive.len();
    Ok(PlansSynced {
        text,
        plans,
        added: step.add.len(),
        removed: step.remove.len(),
        preserved: kept,
        archived: step.archive.len(),
        restored: step.restore.len(),
        unused: step.unused,
    })
}

/// Which finding a plan's key speaks about.
struct Owners<'a> {
    by_id: HashMap<String, &'a Finding>,
    by_alias: HashMap<&'a str, Vec<&'a Finding>>,
}

impl<'a> Owners<'a> {
    fn new(ledger: &'a Ledger) -> Self {
        let mut by_alias: HashMap<&'a str, Vec<&'a Finding>> = HashMap::new();
        for finding in &ledger.findings {
            for id in finding.subject.advisory_ids() {
                by_alias.entry(id.as_str()).or_default().push(finding);
            }
        }
        let by_id = ledger.findings.iter().map(|f| (canonical(f.finding_id.as_str()), f)).collect();
        Self { by_id, by_alias }
    }

    /// The finding under this id, else those that carry it as an alias.
    fn of(&self, key: &str) -> Vec<&'a Finding> {
        let key = canonical(key);
        match self.by_id.get(&key) {
            Some(finding) => vec![*finding],
            None => self.by_alias.get(key.as_str()).cloned().unwrap_or_default(),
        }
    }
}

fn canonical(id: &str) -> String {
    AdvisoryId::parse(id).map_or_else(|_| id.to_owned(), |id| id.as_str().to_owned())
}

fn is_present(finding: &Finding) -> bool {
    !matches!(finding.status, Status::Resolved { .. })
}

/// What has to change: positions of entries, and ids of findings that need a plan.
#[derive(Default)]
struct Step {
    add: BTreeSet<String>,
    remove: BTreeSet<usize>,
    archive: BTreeSet<usize>,
    restore: BTreeSet<usize>,
    unused: Vec<String>,
}

impl Step {
    fn plan(layout: &Layout<'_>, plans: &Plans, owners: &Owners<'_>, ledger: &Ledger) -> Self {
        let mut step = Self::default();
        let mut planned: HashSet<&str> = HashSet::new();
        let usable: HashMap<&str, &Plan> =
            plans.plans.iter().filter(|p| !p.archived).map(|p| (p.key.as_str(), p)).collect();
        let archived: HashSet<&str> = layout.archive.iter().flat_map(|s| &s.entries).map(|e| e.key.as_str()).collect();
        for (at, entry) in layout.findings.iter().flat_map(|s| &s.entries).enumerate() {
            let found = owners.of(&entry.key);
            planned.extend(found.iter().map(|f| f.finding_id.as_str()));
            if found.iter().any(|f| is_present(f)) {
                continue;
            }
            // A plan that cannot be read is told as a problem and left where a person will look for it.
            let Some(plan) = usable.get(entry.key.as_str()) else { continue };
            let is_exception = matches!(plan.status, PlanStatus::AcceptedRisk | PlanStatus::FalsePositive);
            if !plan.edited {
                step.remove.insert(at);
            } else if found.is_empty() && is_exception {
                step.unused.push(entry.key.clone());
            } else if !archived.contains(entry.key.as_str()) {
                step.archive.insert(at);
            }
        }
        for (at, entry) in layout.archive.iter().flat_map(|s| &s.entries).enumerate() {
            let found = owners.of(&entry.key);
            let back: Vec<&Finding> =
                found.into_iter().filter(|f| is_present(f) && !planned.contains(f.finding_id.as_str())).collect();
            if !back.is_empty() {
                planned.extend(back.iter().map(|f| f.finding_id.as_str()));
                step.restore.insert(at);
            }
        }
        step.add = ledger
            .findings
            .iter()
            .filter(|f| is_present(f) && !planned.contains(f.finding_id.as_str()))
            .map(|f| f.finding_id.as_str().to_owned())
            .collect();
        step
    }

    fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty() && self.archive.is_empty() && self.restore.is_empty()
    }
}

/// A file for the first findings.
fn fresh(step: &Step, now: Timestamp) -> String {
    let mut out =
        format!("{HEADER}metadata:\n  version: \"1.0\"\n  created: \"{now}\"\n  last_updated: \"{now}\"\nfindings:");
    if step.add.is_empty() {
        out.push_str(" {}\n");
    } else {
        out.push('\n');
        for id in &step.add {
            out.push_str(&default_plan(id, 2, "\n", now));
        }
    }
    out
}

/// The block of a finding that nobody has thought about yet.
fn default_plan(id: &str, margin: usize, eol: &str, now: Timestamp) -> String {
    let today = date_text(now.date());
    let id = quoted(id);
    let fields = [
        ("finding_id", id.clone()),
        ("status", PlanStatus::New.as_str().to_owned()),
        ("planned_action", default::ACTION.to_owned()),
        ("assigned_to", default::ASSIGNED.to_owned()),
        ("notes", default::NOTES.to_owned()),
        ("workaround", default::WORKAROUND.to_owned()),
        ("target_date", "null".to_owned()),
        ("priority", Priority::Medium.as_str().to_owned()),
        ("business_impact", default::IMPACT.to_owned()),
        ("created_date", format!("\"{today}\"")),
        ("updated_date", format!("\"{today}\"")),
    ];
    let pad = " ".repeat(margin);
    let head = format!("{pad}{id}:{eol}");
    let lines = fields.into_iter().map(|(key, value)| format!("{pad}  {key}: {value}{eol}"));
    std::iter::once(head).chain(lines).collect::<Vec<_>>().concat()
}

/// An id as a YAML scalar: plain where every reader takes it for text, else in double quotes.
fn quoted(id: &str) -> String {
    let plain = id.contains(|c: char| c.is_ascii_alphabetic())
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.contains('-')
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@' | b'~' | b'/'));
    if plain {
        return id.to_owned();
    }
    let mut out = String::with_capacity(id.len() + 2);
    out.push('"');
    for c in text::one_line(id).chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

fn write(layout: &Layout<'_>, step: &Step, now: Timestamp) -> String {
    let mut gone: HashSet<usize> = HashSet::new();
    let mut inserts: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
    let none = Section { header: 0, end: layout.lines.len(), indent: 2, entries: Vec::new() };
    let findings = layout.findings.as_ref().unwrap_or(&none);
    let archive = layout.archive.as_ref().unwrap_or(&none);

    let mut to_findings: Vec<(String, String)> =
        step.add.iter().map(|id| (id.clone(), default_plan(id, findings.indent, layout.eol, now))).collect();
    for at in &step.restore {
        let entry = &archive.entries[*at];
        gone.extend(entry.lines.clone());
        to_findings.push((entry.key.clone(), moved(layout, entry, findings.indent, Move::Back)));
    }
    let mut to_archive = Vec::new();
    for at in &step.archive {
        let entry = &findings.entries[*at];
        gone.extend(entry.lines.clone());
        to_archive.push((entry.key.clone(), moved(layout, entry, archive.indent, Move::Away { now })));
    }
    gone.extend(step.remove.iter().flat_map(|at| findings.entries[*at].lines.clone()));
    let mut new_sections = Vec::new();
    for (name, section, is_new, blocks) in [
        ("findings", findings, layout.findings.is_none(), to_findings),
        ("archive", archive, layout.archive.is_none(), to_archive),
    ] {
        if is_new {
            new_sections.push((name, blocks));
        } else {
            place(section, blocks, &mut inserts);
        }
    }

    let empties =
        |section: &Section, leaving: usize, coming: usize| (section.entries.len() + coming == leaving, coming > 0);
    let findings_state = empties(findings, step.remove.len() + step.archive.len(), step.add.len() + step.restore.len());
    let archive_state = empties(archive, step.restore.len(), step.archive.len());
    let mut headers: HashMap<usize, (bool, bool)> = HashMap::new();
    if layout.findings.is_some() {
        headers.insert(findings.header, findings_state);
    }
    if layout.archive.is_some() {
        headers.insert(archive.header, archive_state);
    }

    let mut out = Out { text: String::new(), eol: layout.eol };
    for (at, line) in layout.lines.iter().enumerate() {
        out.blocks(inserts.remove(&at).unwrap_or_default());
        if gone.contains(&at) {
            continue;
        }
        if let Some((is_empty, has_new)) = headers.get(&at) {
            out.push(&header(line, *is_empty, *has_new));
        } else if layout.last_updated == Some(at) {
            out.push(&dated(line, now));
        } else {
            out.push(line);
        }
    }
    out.blocks(inserts.into_values().flatten());
    for (name, blocks) in new_sections {
        out.section(name, blocks);
    }
    out.text
}

/// Where blocks go: before the first plan with a greater id that stays in order, else behind the last.
fn place(section: &Section, mut blocks: Vec<(String, String)>, inserts: &mut BTreeMap<usize, Vec<(String, String)>>) {
    blocks.sort();
    for (key, block) in blocks {
        let next = section.entries.iter().find(|e| e.key > key).map_or(section.end, |e| e.lines.start);
        inserts.entry(next).or_default().push((key, block));
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
fn moved(layout: &Layout<'_>, entry: &Entry, margin: usize, way: Move) -> String {
    let lines: Vec<&str> = entry.lines.clone().map(|at| layout.lines[at]).collect();
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
    let is_open = entry.value.get("status").and_then(Value::as_str).is_some_and(|word| {
        PlanStatus::ALL.into_iter().any(|s| s.as_str() == word.trim().to_ascii_lowercase() && !s.is_closed())
    });
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

/// A section's header line: with `{}` where no plan is left, without it where the first one comes.
fn header(line: &str, is_empty: bool, has_new: bool) -> String {
    let body = line.trim_end_matches(['\r', '\n']);
    let ending = &line[body.len()..];
    let Some((_, rest)) = key_of(line) else { return line.to_owned() };
    let key = &body[..body.len() - rest.len()];
    let bare = rest.trim_start().strip_prefix("{}");
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
    /// A line; one that has no end yet is ended first.
    fn push(&mut self, line: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push_str(self.eol);
        }
        self.text.push_str(line);
    }

    fn blocks(&mut self, blocks: impl IntoIterator<Item = (String, String)>) {
        for (_, block) in blocks {
            self.push(&block);
        }
    }

    fn section(&mut self, name: &str, mut blocks: Vec<(String, String)>) {
        blocks.sort();
        if !blocks.is_empty() {
            self.push(&format!("{name}:{}", self.eol));
            self.blocks(blocks);
        }
    }
}

/// What came out must hold every plan that was to stay, unchanged in what it says. Gives the plans of the new text.
fn verify(before: &Layout<'_>, step: &Step, text: &str) -> Result<Plans, &'static str> {
    const LOST: &str = "a plan would not have stayed what it is";
    let after = Layout::read(text).map_err(|_| LOST)?;
    let values = |section: &Option<Section>| -> BTreeMap<String, Value> {
        section.iter().flat_map(|s| &s.entries).map(|e| (e.key.clone(), bare(&e.value))).collect()
    };
    let mut findings = values(&before.findings);
    let mut archive = values(&before.archive);
    let keys = |section: &Option<Section>, which: &BTreeSet<usize>| -> Vec<String> {
        section.iter().flat_map(|s| which.iter().map(|at| s.entries[*at].key.clone())).collect()
    };
    for key in keys(&before.findings, &step.remove) {
        findings.remove(&key);
    }
    let away: Vec<_> =
        keys(&before.findings, &step.archive).into_iter().filter_map(|k| findings.remove_entry(&k)).collect();
    let back: Vec<_> =
        keys(&before.archive, &step.restore).into_iter().filter_map(|k| archive.remove_entry(&k)).collect();
    findings.extend(back);
    archive.extend(away);
    let mut now = values(&after.findings);
    now.retain(|key, _| !step.add.contains(key));
    let same = now == findings && values(&after.archive) == archive && after.editable.is_ok();
    if same { Ok(Plans::of_layout(&after)) } else { Err(LOST) }
}

/// A plan's values as they are outside the archive.
fn bare(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        map.remove(ARCHIVED_DATE);
        map.remove(ARCHIVED_NOTE);
        if let Some(status) = map.remove(ARCHIVED_STATUS) {
            map.insert("status".to_owned(), status);
        }
    }
    value
}

impl PlansSynced {
    fn unchanged(text: &str, plans: Plans, unused: Vec<String>) -> Self {
        Self { text: text.to_owned(), plans, added: 0, removed: 0, preserved: 0, archived: 0, restored: 0, unused }
    }

    /// What is wrong with single plans, or with the file.
    pub fn problems(&self) -> &[PlanProblem] {
        self.plans.problems()
    }
}
