//! Release notes in Markdown.

pub(crate) mod sample;

use change_detect::{Change, ChangeReason, ChangeSet, ChangeType, OpenFinding};
use findings_model::{CoverageState, FindingKind, Severity, text};
use minijinja::{Value, value::Serde};
use pep440_rs::Version;
use serde::Serialize;

use crate::{
    TriggerType,
    markdown::{self, Lengths, Sample},
    public::{Numbers, Told},
    words,
};

/// The longest notes in bytes. They travel as an input of a workflow, which takes 65,535 characters for all of its inputs.
pub const NOTES_LIMIT: usize = 60_000;

/// The most of them that a person's own words may be, in bytes. The rest is for what the findings have to say.
const OWN_WORDS_LIMIT: usize = 30_000;

/// The longest list in the notes. Where it takes less to stay within the limit, every list is shorter: rows go before sections.
const ROWS: usize = 50;
/// The most scans that are told about one by one.
const SCANS: usize = 20;

/// The most characters of an id, a rule, a path, a name of a package with its version.
const NAME: usize = 200;
/// The most characters of a version.
const VERSION: usize = 100;
/// The most characters of a description.
const DESCRIPTION: usize = 240;
/// The longest address that becomes a link; a longer one is left out, for a part of it leads nowhere.
const ADDRESS: usize = 500;

const TEMPLATE_NAME: &str = "release-notes.md";
const TEMPLATE: &str = include_str!("templates/release-notes.md.j2");

/// How the release notes are made.
///
/// A template of the project's own is a minijinja template. What it can speak of, and the filters and tests that it can use, are
/// listed in `docs/templates.md`. What is not known is none, and every name that is not on the list is an error. What gets too long is
/// made again with fewer rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotesOptions {
    /// A template that replaces the built-in one.
    pub template: Option<NotesTemplate>,
    /// A template that replaces the built-in one for the entry of the changelog.
    pub changelog_template: Option<NotesTemplate>,
    /// The address of the status page.
    pub status_url: Option<String>,
    /// The project's name.
    pub project: Option<String>,
}

/// A template of the project's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotesTemplate {
    /// The file that it comes from, as errors name it.
    pub file: String,
    /// Its text.
    pub text: String,
}

impl NotesTemplate {
    pub(crate) fn parts(&self) -> (&str, &str) {
        (&self.file, &self.text)
    }
}

/// Why the notes could not be written: the template's fault.
#[derive(Debug, thiserror::Error)]
#[error("the template {file} is at fault, line {line}")]
pub struct NotesError {
    /// The template's file.
    pub file: String,
    /// The line, counted from 1; 0 if it is not known.
    pub line: usize,
    #[source]
    source: minijinja::Error,
}

pub(crate) struct Facts<'a> {
    pub(crate) changes: &'a ChangeSet,
    pub(crate) trigger_type: TriggerType,
    pub(crate) justification: &'a str,
    pub(crate) explanation: &'a str,
    pub(crate) custom: Option<&'a str>,
    pub(crate) version: Option<&'a Version>,
}

/// What a template can speak of, under the names that `docs/templates.md` lists.
#[derive(Serialize)]
pub(crate) struct Context<'a> {
    project: Option<&'a str>,
    version: Option<String>,
    trigger_type: TriggerType,
    justification: &'a str,
    explanation: &'a str,
    custom_notes: Option<&'a str>,
    status_url: Option<&'a str>,
    posture_trend: &'static str,
    posture: Option<findings_model::SeverityCounts>,
    posture_words: Option<String>,
    first_scan: bool,
    lacks_a_scan: bool,
    sections: Vec<Section>,
    still_open: Section,
    incomplete: Vec<Incomplete>,
    more_incomplete: usize,
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
struct Incomplete {
    scanner: String,
    coverage: CoverageState,
    /// The coverage as the end of a sentence.
    what: &'static str,
    reason: Option<String>,
}

impl NotesError {
    pub(crate) fn new(file: &str, source: minijinja::Error) -> Self {
        Self { file: text::one_line(file), line: source.line().unwrap_or(0), source }
    }
}

pub(crate) fn render(facts: &Facts<'_>, options: &NotesOptions) -> Result<String, NotesError> {
    let (file, source) = options.template.as_ref().map_or((TEMPLATE_NAME, TEMPLATE), NotesTemplate::parts);
    let lengths = Lengths { whole: NOTES_LIMIT, own_words: OWN_WORDS_LIMIT, rows: ROWS };
    markdown::render_within(file, source, lengths, &|rows| Value::from(Serde(context(facts, options, rows))))
        .map_err(|error| NotesError::new(file, error))
}

/// Looks for faults in a template of the project's own before there is anything to write with it.
pub(crate) fn check(template: Option<&NotesTemplate>) -> Result<(), NotesError> {
    check_on(template, OWN_WORDS_LIMIT, &|sample| Value::from(Serde(sample::context(sample))))
}

/// Tries a template on samples of what it can speak of.
pub(crate) fn check_on(
    template: Option<&NotesTemplate>,
    own_words: usize,
    context: &dyn Fn(Sample) -> Value,
) -> Result<(), NotesError> {
    let Some((file, source)) = template.map(NotesTemplate::parts) else { return Ok(()) };
    markdown::check(file, source, own_words, context).map_err(|error| NotesError::new(file, error))
}

fn context<'a>(facts: &Facts<'a>, options: &'a NotesOptions, most: usize) -> Context<'a> {
    let mut numbers = Vec::new();
    let sections = ChangeType::ALL
        .into_iter()
        .map(|change_type| {
            let total = facts.changes.of_type(change_type).count();
            let has_flaws = facts.changes.of_type(change_type).any(|change| change.kind == FindingKind::Vulnerability);
            let title = title(change_type, has_flaws);
            Section {
                title,
                rows: facts
                    .changes
                    .of_type(change_type)
                    .take(most)
                    .map(|change| Row::of_change(change, &mut numbers))
                    .collect(),
                more: total.saturating_sub(most),
            }
        })
        .filter(|section| !section.rows.is_empty() || section.more > 0)
        .collect();
    let posture = facts.changes.posture.map(|p| p.current);
    let unchanged = facts.changes.open_but_unchanged();
    let rows: Vec<_> =
        facts.changes.still_open.iter().take(most).map(|finding| Row::of_open(finding, &mut numbers)).collect();
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
        posture_words: posture.map(counts),
        first_scan: facts.changes.first_scan,
        lacks_a_scan: facts.changes.lacks_a_scan(),
        sections,
        still_open: Section { title: "Still Open", more: unchanged.saturating_sub(rows.len()), rows },
        incomplete: facts
            .changes
            .incomplete
            .iter()
            .take(SCANS)
            .map(|scan| Incomplete {
                scanner: short(scan.scanner.as_str(), NAME),
                coverage: scan.coverage,
                what: words::how_it_went(scan),
                reason: scan.reasons.first().map(|reason| short(reason, NAME)),
            })
            .collect(),
        more_incomplete: facts.changes.incomplete.len().saturating_sub(SCANS),
    }
}

/// The title of a section of changes.
fn title(change_type: ChangeType, has_flaws: bool) -> &'static str {
    match change_type {
        ChangeType::NewVulnerability if has_flaws => "New Vulnerabilities",
        ChangeType::NewVulnerability => "New Findings",
        ChangeType::Reopened if has_flaws => "Reopened Vulnerabilities",
        ChangeType::Reopened => "Reopened Findings",
        ChangeType::SeverityChange => "Severity Changes",
        ChangeType::Resolved if has_flaws => "Vulnerabilities Resolved",
        ChangeType::Resolved => "Findings Resolved",
        ChangeType::Withdrawn => "Advisories Withdrawn",
        ChangeType::Updated => "Updates to Open Findings",
        ChangeType::Excepted => "Exceptions",
        ChangeType::ExceptionExpired => "Exceptions Expired",
    }
}

/// The counts that are not 0, the worst first.
fn counts(posture: findings_model::SeverityCounts) -> String {
    let mut severities = Severity::ALL;
    severities.sort_by_key(|severity| severity.list_order());
    let there = severities.into_iter().filter(|severity| posture.of(*severity) > 0);
    let parts: Vec<String> = there
        .map(|severity| match severity {
            Severity::Unknown => format!("{} of unknown severity", posture.of(severity)),
            _ => format!("{} {severity}", posture.of(severity)),
        })
        .collect();
    parts.join(", ")
}

fn short(said: &str, limit: usize) -> String {
    text::shorten(&text::one_line(said), limit).into_owned()
}

fn address(url: Option<&String>) -> Option<String> {
    url.filter(|url| url.len() <= ADDRESS).cloned()
}

/// The package with its version, or the file.
fn place(package: Option<&str>, version: Option<&str>, path: Option<&str>) -> Option<String> {
    let place = match (package, version) {
        (Some(package), Some(version)) => Some(format!("{package} {}", short(version, VERSION))),
        (package, _) => package.or(path).map(str::to_owned),
    };
    place.map(|place| short(&place, NAME))
}

impl Row {
    fn of_change<'a>(change: &'a Change, numbers: &mut Numbers<'a>) -> Self {
        let told = Told::change(change);
        let tells_more = matches!(
            change.change_type,
            ChangeType::NewVulnerability | ChangeType::Reopened | ChangeType::SeverityChange
        );
        Self {
            id: short(&told.name(numbers), NAME),
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
            rule: change.rule.as_deref().map(|rule| short(rule, NAME)),
            place: place(change.package.as_deref(), change.version.as_deref(), change.path.as_deref())
                .filter(|_| told.placeless.is_none()),
            fix_version: change
                .fix_version
                .as_deref()
                .filter(|_| tells_fix(change))
                .map(|version| short(version, VERSION)),
            reference_url: address(change.reference_url.as_ref()),
            description: Some(short(&change.description, DESCRIPTION))
                .filter(|d| tells_more && told.placeless.is_none() && !d.is_empty()),
            remark: remark(change),
            development: change.scope == findings_model::Scope::Development,
        }
    }

    fn of_open<'a>(finding: &'a OpenFinding, numbers: &mut Numbers<'a>) -> Self {
        let told = Told::open(finding);
        Self {
            id: short(&told.name(numbers), NAME),
            aliases: Vec::new(),
            kind: finding.kind,
            severity: finding.severity,
            cvss_score: None,
            rule: finding.rule.as_deref().map(|rule| short(rule, NAME)),
            place: place(finding.package.as_deref(), finding.version.as_deref(), finding.path.as_deref())
                .filter(|_| told.placeless.is_none()),
            fix_version: finding.fix_version.as_deref().map(|version| short(version, VERSION)),
            reference_url: address(finding.reference_url.as_ref()),
            description: None,
            remark: finding.unverified.then(|| "not confirmed by the newest scan".to_owned()),
            development: finding.scope == findings_model::Scope::Development,
        }
    }
}

/// Whether the version that fixes a flaw is of use to who reads of the change.
fn tells_fix(change: &Change) -> bool {
    match change.change_type {
        ChangeType::Resolved => !matches!(change.reason, Some(ChangeReason::Removed | ChangeReason::CodeChanged)),
        _ => change.new_state.severity().is_some(),
    }
}

pub(crate) fn remark(change: &Change) -> Option<String> {
    let words = match (change.change_type, change.reason) {
        (ChangeType::SeverityChange, _) => {
            return change.old_severity.map(|old| format!("{old} before"));
        }
        (_, Some(ChangeReason::Upgraded)) => "upgraded to a version that is not affected",
        (_, Some(ChangeReason::Removed)) => "removed",
        (_, Some(ChangeReason::CodeChanged)) => "the code was changed",
        (_, Some(ChangeReason::NoLongerReported)) => "no longer reported",
        (_, Some(ChangeReason::FixAvailable)) => "a fix is available now",
        (_, Some(ChangeReason::ScopeChanged)) => "needed at run time now",
        (_, Some(ChangeReason::VersionChanged)) => "another version, affected too",
        (_, Some(ChangeReason::AcceptedRisk)) => "the risk was accepted",
        (_, Some(ChangeReason::FalsePositive)) => "a false positive",
        (_, Some(ChangeReason::Suppressed)) => "suppressed in the source",
        (_, Some(ChangeReason::NotAffected)) => "not affected",
        (_, Some(ChangeReason::DeclaredFixed)) => "declared fixed",
        (_, None) => return None,
    };
    Some(words.to_owned())
}
