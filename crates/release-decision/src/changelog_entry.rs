//! What a changelog's entry says of a release.

pub(crate) mod sample;

use change_detect::{Change, ChangeReason, ChangeSet, ChangeType};
use findings_model::{FindingKind, Severity};
use minijinja::{Value, value::Serde};
use serde::Serialize;

use crate::{
    NotesError, NotesOptions, NotesTemplate, TriggerType,
    markdown::{self, Lengths},
    notes,
    public::{Numbers, Told},
};

/// The longest entry, in bytes.
pub const CHANGELOG_ENTRY_LIMIT: usize = 20_000;

/// The most of it that a person's own words may be, in bytes.
const OWN_WORDS_LIMIT: usize = 10_000;

/// The longest list of changes.
const ROWS: usize = 50;
/// How many open findings are named.
const OPEN_ROWS: usize = 10;

const TEMPLATE_NAME: &str = "changelog-entry.md";
const TEMPLATE: &str = include_str!("templates/changelog-entry.md.j2");

/// What a template can speak of, under the names that `docs/templates.md` lists.
#[derive(Serialize)]
pub(crate) struct Context<'a> {
    project: Option<&'a str>,
    version: Option<String>,
    trigger_type: TriggerType,
    justification: &'a str,
    custom_notes: Option<&'a str>,
    status_url: Option<&'a str>,
    changes: Vec<Row<'a>>,
    more: usize,
    still_open: StillOpen,
}

#[derive(Serialize)]
struct Row<'a> {
    what: &'static str,
    id: String,
    aliases: Vec<String>,
    kind: FindingKind,
    severity: Severity,
    cvss_score: Option<String>,
    package: Option<&'a str>,
    version: Option<&'a str>,
    fix_version: Option<&'a str>,
    rule: Option<&'a str>,
    path: Option<&'a str>,
    reference_url: Option<&'a str>,
    remark: Option<String>,
}

#[derive(Serialize)]
struct StillOpen {
    total: usize,
    ids: Vec<String>,
    more: usize,
}

pub(crate) fn render(facts: &notes::Facts<'_>, options: &NotesOptions) -> Result<String, NotesError> {
    let (file, source) = options.changelog_template.as_ref().map_or((TEMPLATE_NAME, TEMPLATE), NotesTemplate::parts);
    let lengths = Lengths { whole: CHANGELOG_ENTRY_LIMIT, own_words: OWN_WORDS_LIMIT, rows: ROWS };
    let entry =
        markdown::render_within(file, source, lengths, &|rows| Value::from(Serde(context(facts, options, rows))))
            .map_err(|error| NotesError::new(file, error))?;
    Ok(if entry.trim().is_empty() { String::new() } else { entry })
}

/// Looks for faults in a template of the project's own before there is anything to write with it.
pub(crate) fn check(template: Option<&NotesTemplate>) -> Result<(), NotesError> {
    notes::check_on(template, OWN_WORDS_LIMIT, &|sample| Value::from(Serde(sample::context(sample))))
}

fn context<'a>(facts: &notes::Facts<'a>, options: &'a NotesOptions, most: usize) -> Context<'a> {
    let told: Vec<(&'static str, &Change)> =
        facts.changes.changes.iter().filter_map(|change| Some((word(change.change_type)?, change))).collect();
    let mut numbers = Numbers::new();
    Context {
        project: options.project.as_deref(),
        version: facts.version.map(ToString::to_string),
        trigger_type: facts.trigger_type,
        justification: facts.justification,
        custom_notes: facts.custom,
        status_url: options.status_url.as_deref(),
        more: told.len().saturating_sub(most),
        changes: told.into_iter().take(most).map(|(what, change)| Row::new(what, change, &mut numbers)).collect(),
        still_open: still_open(facts.changes, &mut numbers),
    }
}

/// What a change is called; none for one that does not concern who uses the package.
fn word(change_type: ChangeType) -> Option<&'static str> {
    Some(match change_type {
        ChangeType::Resolved => "Resolved",
        ChangeType::NewVulnerability => "Newly known",
        ChangeType::Reopened => "Known again",
        ChangeType::SeverityChange => "Severity changed",
        ChangeType::Withdrawn => "Withdrawn",
        ChangeType::Updated => "Updated",
        ChangeType::ExceptionExpired => "No longer excepted",
        ChangeType::Excepted => return None,
    })
}

/// The beginning of a line of the built-in template on a change, up to its finding: ``- Resolved: `GHSA-…` ``.
pub(crate) fn head(line: &str) -> Option<&str> {
    let (what, rest) = line.strip_prefix("- ")?.split_once(": `")?;
    ChangeType::ALL.into_iter().filter_map(word).find(|word| *word == what)?;
    let id = rest.split('`').next()?;
    line.get(.."- ".len() + what.len() + ": `".len() + id.len())
}

/// Whether a line is the one of the built-in template on what is still open.
pub(crate) fn is_still_open(line: &str) -> bool {
    let count = line.strip_prefix("- Still open: ").and_then(|rest| rest.split_once(" finding"));
    count.is_some_and(|(count, _)| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether the way leads from the package's version to the one that fixes the flaw: not where the package is gone, or the flaw is none.
fn leads_to_fix(change: &Change) -> bool {
    match change.change_type {
        ChangeType::Resolved => change.reason == Some(ChangeReason::Upgraded),
        ChangeType::Withdrawn => false,
        _ => true,
    }
}

fn still_open<'a>(changes: &'a ChangeSet, numbers: &mut Numbers<'a>) -> StillOpen {
    let total = changes.open_but_unchanged();
    let ids: Vec<String> = changes.still_open.iter().take(OPEN_ROWS).map(|f| Told::open(f).name(numbers)).collect();
    StillOpen { total, more: total.saturating_sub(ids.len()), ids }
}

impl<'a> Row<'a> {
    fn new(what: &'static str, change: &'a Change, numbers: &mut Numbers<'a>) -> Self {
        let told = Told::change(change);
        let id = change.finding_id.as_str();
        Self {
            what,
            id: told.name(numbers),
            aliases: change.aliases.iter().map(ToString::to_string).filter(|alias| alias != id).take(5).collect(),
            kind: change.kind,
            severity: change.impact_level,
            cvss_score: change.cvss_score.map(|score| score.to_string()),
            package: change.package.as_deref(),
            version: change.version.as_deref(),
            fix_version: change.fix_version.as_deref().filter(|_| leads_to_fix(change)),
            rule: change.rule.as_deref(),
            path: change.path.as_deref().filter(|_| told.placeless.is_none()),
            reference_url: change.reference_url.as_deref(),
            remark: notes::remark(change),
        }
    }
}
