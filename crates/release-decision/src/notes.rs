//! Release notes in Markdown.

use change_detect::{Change, ChangeReason, ChangeSet, ChangeType, OpenFinding};
use findings_model::{CoverageState, FindingKind, Severity, text};
use pep440_rs::Version;
use serde::Serialize;

use crate::{TriggerType, markdown, words};

/// The longest notes in bytes. They travel as an input of a workflow, which takes 65,535 characters for all of its inputs.
pub const NOTES_LIMIT: usize = 60_000;

/// The longest list in the notes.
const ROWS: usize = 50;

const TEMPLATE_NAME: &str = "release-notes.md";
const TEMPLATE: &str = include_str!("templates/release-notes.md.j2");

/// How the release notes are made.
///
/// A template of the project's own is a minijinja template that can speak of `project`, `version`, `trigger_type`
/// (`security_auto` or `manual`), `justification`, `explanation`, `custom_notes`, `status_url`, `posture_trend`, `first_scan`, `posture`
/// (`total` and a count per severity), `incomplete` (each with `scanner`, `coverage`, `what`, `reason`), `sections` (a `title`,
/// `rows` and how many `more` there are) and `still_open` (the same). A row has `id`, `aliases`, `kind`, `severity`, `cvss_score`,
/// `rule`, `place`, `fix_version`, `reference_url`, `description`, `remark` and `development`. What is not known is none. The
/// filters `code`, `link` and `own_words` (for `custom_notes`) print a value in another form than escaped text. Of minijinja's own
/// filters there are `default` (`d`), `first`, `join`, `last`, `length` (`count`), `lower`, `map`, `rejectattr`, `replace`, `selectattr`,
/// `trim` and `upper`, of its tests `defined`, `undefined`, `none`, `eq`, `ne` and `in`.
///
/// The template of the changelog's entry can speak of `project`, `version`, `trigger_type`, `justification`, `custom_notes`,
/// `status_url`, `changes` (each with `what` happened, `id`, `aliases`, `kind`, `severity`, `cvss_score`, `package`, `version`, `fix_version`,
/// `rule`, `path`, `reference_url`, `remark`), how many `more` there are, and `still_open` (`total`, some `ids`, how many `more`). It
/// gives groups below headings of the third level; the filter `below_heading` is for `custom_notes` there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotesOptions {
    /// The text of a template that replaces the built-in one.
    pub template: Option<String>,
    /// The text of a template that replaces the built-in one for the entry of the changelog.
    pub changelog_template: Option<String>,
    /// The address of the status page.
    pub status_url: Option<String>,
    /// The project's name.
    pub project: Option<String>,
}

/// Why the notes could not be written: the template's fault.
#[derive(Debug, thiserror::Error)]
#[error("the template is at fault, line {line}")]
pub struct NotesError {
    /// The line, counted from 1; 0 if it is not known.
    pub line: usize,
    #[source]
    source: minijinja::Error,
}

impl From<minijinja::Error> for NotesError {
    fn from(source: minijinja::Error) -> Self {
        Self { line: source.line().unwrap_or(0), source }
    }
}

pub(crate) struct Facts<'a> {
    pub(crate) changes: &'a ChangeSet,
    pub(crate) trigger_type: TriggerType,
    pub(crate) justification: &'a str,
    pub(crate) explanation: &'a str,
    pub(crate) custom: Option<&'a str>,
    pub(crate) version: Option<&'a Version>,
}

/// What a template can speak of, under the names that [`NotesOptions`] documents.
#[derive(Serialize)]
struct Context<'a> {
    project: Option<&'a str>,
    version: Option<String>,
    trigger_type: TriggerType,
    justification: &'a str,
    explanation: &'a str,
    custom_notes: Option<&'a str>,
    status_url: Option<&'a str>,
    posture_trend: &'static str,
    posture: Option<findings_model::SeverityCounts>,
    first_scan: bool,
    sections: Vec<Section>,
    still_open: Section,
    incomplete: Vec<Incomplete<'a>>,
}

#[derive(Serialize)]
struct Section {
    title: &'static str,
    rows: Vec<Row>,
    /// How many rows were left out.
    more: usize,
}

#[derive(Serialize)]
struct Row {
    id: String,
    aliases: Vec<String>,
    kind: FindingKind,
    severity: Severity,
    cvss_score: Option<String>,
    /// The rule of a code or secret finding.
    rule: Option<String>,
    /// Package and version, or the file.
    place: Option<String>,
    fix_version: Option<String>,
    reference_url: Option<String>,
    description: Option<String>,
    /// What is to be said beside it, in words of this program.
    remark: Option<String>,
    development: bool,
}

#[derive(Serialize)]
struct Incomplete<'a> {
    scanner: &'a str,
    coverage: CoverageState,
    /// The coverage as the end of a sentence.
    what: &'static str,
    reason: Option<String>,
}

pub(crate) fn render(facts: &Facts<'_>, options: &NotesOptions) -> Result<String, NotesError> {
    let template = options.template.as_deref().unwrap_or(TEMPLATE);
    let notes = markdown::render(TEMPLATE_NAME, template, context(facts, options))?;
    Ok(markdown::limit(notes, NOTES_LIMIT, "(These notes were shortened.)"))
}

fn context<'a>(facts: &Facts<'a>, options: &'a NotesOptions) -> Context<'a> {
    let sections = [
        ("New Vulnerabilities", ChangeType::NewVulnerability),
        ("Reopened Vulnerabilities", ChangeType::Reopened),
        ("Severity Changes", ChangeType::SeverityChange),
        ("Vulnerabilities Resolved", ChangeType::Resolved),
        ("Advisories Withdrawn", ChangeType::Withdrawn),
        ("Updates to Open Findings", ChangeType::Updated),
        ("Exceptions", ChangeType::Excepted),
        ("Exceptions Expired", ChangeType::ExceptionExpired),
    ]
    .into_iter()
    .map(|(title, change_type)| {
        let total = facts.changes.of_type(change_type).count();
        Section {
            title,
            rows: facts.changes.of_type(change_type).take(ROWS).map(Row::of_change).collect(),
            more: total.saturating_sub(ROWS),
        }
    })
    .filter(|section| !section.rows.is_empty())
    .collect();
    let posture = facts.changes.posture.map(|p| p.current);
    let unchanged = facts.changes.open_but_unchanged();
    let rows: Vec<_> = facts.changes.still_open.iter().take(ROWS).map(Row::of_open).collect();
    Context {
        project: options.project.as_deref(),
        version: facts.version.map(ToString::to_string),
        trigger_type: facts.trigger_type,
        justification: facts.justification,
        explanation: facts.explanation,
        custom_notes: facts.custom,
        status_url: options.status_url.as_deref(),
        posture_trend: facts.changes.posture_trend.as_str(),
        posture,
        first_scan: facts.changes.first_scan,
        sections,
        still_open: Section { title: "Still Open", more: unchanged.saturating_sub(rows.len()), rows },
        incomplete: facts
            .changes
            .incomplete
            .iter()
            .take(ROWS)
            .map(|scan| Incomplete {
                scanner: scan.scanner.as_str(),
                coverage: scan.coverage,
                what: words::coverage(scan.coverage),
                reason: scan.reasons.first().map(|r| text::shorten(r, 200).into_owned()),
            })
            .collect(),
    }
}

/// The package with its version, or the file.
fn place(package: Option<&str>, version: Option<&str>, path: Option<&str>) -> Option<String> {
    match (package, version) {
        (Some(package), Some(version)) => Some(format!("{package} {version}")),
        (package, _) => package.or(path).map(str::to_owned),
    }
}

impl Row {
    fn of_change(change: &Change) -> Self {
        let tells_more = matches!(
            change.change_type,
            ChangeType::NewVulnerability | ChangeType::Reopened | ChangeType::SeverityChange
        );
        Self {
            id: change.finding_id.to_string(),
            aliases: change
                .aliases
                .iter()
                .map(ToString::to_string)
                .filter(|a| a != change.finding_id.as_str())
                .take(5)
                .collect(),
            kind: change.kind,
            severity: change.impact_level,
            cvss_score: change.cvss_score.map(|s| s.to_string()),
            rule: change.rule.clone(),
            place: place(change.package.as_deref(), change.version.as_deref(), change.path.as_deref()),
            fix_version: change.fix_version.clone().filter(|_| change.new_state.severity().is_some()),
            reference_url: change.reference_url.clone(),
            description: Some(change.description.clone()).filter(|d| tells_more && !d.is_empty()),
            remark: remark(change),
            development: change.scope == findings_model::Scope::Development,
        }
    }

    fn of_open(finding: &OpenFinding) -> Self {
        Self {
            id: finding.finding_id.to_string(),
            aliases: Vec::new(),
            kind: finding.kind,
            severity: finding.severity,
            cvss_score: None,
            rule: finding.rule.clone(),
            place: place(finding.package.as_deref(), finding.version.as_deref(), finding.path.as_deref()),
            fix_version: finding.fix_version.clone(),
            reference_url: finding.reference_url.clone(),
            description: None,
            remark: finding.unverified.then(|| "not confirmed by the newest scan".to_owned()),
            development: finding.scope == findings_model::Scope::Development,
        }
    }
}

pub(crate) fn remark(change: &Change) -> Option<String> {
    let words = match (change.change_type, change.reason) {
        (ChangeType::SeverityChange, _) => {
            return change.old_severity.map(|old| format!("before: {old}"));
        }
        (_, Some(ChangeReason::Upgraded)) => "upgraded to a version that is not affected",
        (_, Some(ChangeReason::Removed)) => "removed",
        (_, Some(ChangeReason::CodeChanged)) => "the code was changed",
        (_, Some(ChangeReason::NoLongerReported)) => "no longer reported",
        (_, Some(ChangeReason::FixAvailable)) => "a fix is available now",
        (_, Some(ChangeReason::VersionChanged)) => "another version, affected too",
        (_, Some(ChangeReason::ScopeChanged)) => "needed at run time now",
        (_, Some(ChangeReason::AcceptedRisk)) => "the risk was accepted",
        (_, Some(ChangeReason::FalsePositive)) => "a false positive",
        (_, Some(ChangeReason::Suppressed)) => "suppressed in the source",
        (_, Some(ChangeReason::NotAffected)) => "not affected",
        (_, Some(ChangeReason::DeclaredFixed)) => "declared fixed",
        (_, None) => return None,
    };
    Some(words.to_owned())
}
