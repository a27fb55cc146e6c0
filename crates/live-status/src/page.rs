//! `index.html`: one file without script, fonts or other requests.

use base64::Engine as _;
use findings_model::{FindingKind, Severity, Timestamp, text};
use minijinja::{Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use time::Date;

use crate::{
    EntryStatus, ExceptionWord, Grade, GradeRule, History, RenderError, ScannerStatus, Standing, State, StatusDocument,
    StatusFinding, phrase,
};

mod strip;

use strip::Strip;

const TEMPLATE: &str = include_str!("page/page.html");
/// The one style sheet; its digest stands in the page's content security policy.
pub(crate) const STYLE: &str = include_str!("page/page.css");

/// The most findings in the page's table; `index.json` always has all.
const MOST_FINDINGS: usize = 500;
/// The most characters of a description in the page.
const DESCRIPTION_CHARACTERS: usize = 200;

/// Renders the page.
pub(crate) fn html(document: &StatusDocument, history: &History) -> Result<String, RenderError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    env.set_syntax(syntax.map_err(RenderError::Page)?);
    // Templates by a name that ends in .html escape everything they print.
    env.add_template("page.html", TEMPLATE).map_err(RenderError::Page)?;
    let template = env.get_template("page.html").map_err(RenderError::Page)?;
    template.render(Serde(View::of(document, history))).map_err(RenderError::Page)
}

/// The digest by which the policy knows the style sheet.
pub(crate) fn style_digest() -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes()))
}

/// Everything the template prints, already in words.
#[derive(Serialize)]
struct View<'a> {
    style: &'static str,
    style_digest: String,
    project: &'a str,
    version: Option<String>,
    repository_url: Option<&'a str>,
    state: &'static str,
    stale: bool,
    grade: Option<&'static str>,
    verdict: String,
    why: String,
    reasons: Vec<String>,
    updated: Moment,
    data_as_of: Option<Moment>,
    next_expected_at: Option<Moment>,
    stale_after: Option<Moment>,
    valid_until: Option<Moment>,
    figures: Figures,
    strip: Strip,
    findings: Vec<Row>,
    findings_total: u64,
    not_shown: usize,
    unverified: u64,
    excepted: Vec<Row>,
    scanners: Vec<ScannerRow>,
    rules: Vec<Rule<'a>>,
    generator: String,
}

/// A point in time, for machines and for people.
#[derive(Serialize)]
struct Moment {
    iso: String,
    text: String,
}

impl Moment {
    fn at(at: Timestamp) -> Self {
        Self { iso: at.to_string(), text: phrase::moment(at) }
    }

    fn day(day: Date) -> Self {
        Self { iso: findings_model::date_text(day), text: phrase::day(day) }
    }
}

/// The figures at the top.
#[derive(Serialize)]
struct Figures {
    severities: Vec<Count>,
    oldest: Option<i64>,
    overdue: u64,
    usable_scans: usize,
    all_scans: usize,
    newest: Option<i64>,
    without: Option<i64>,
}

/// A row of the ladder.
#[derive(Serialize)]
struct Rule<'a> {
    grade: &'static str,
    when: &'a str,
    /// Whether this row gave the grade.
    holds: bool,
}

#[derive(Serialize)]
struct Count {
    severity: &'static str,
    number: u64,
}

/// One finding of a table.
#[derive(Serialize)]
struct Row {
    id: String,
    url: Option<String>,
    aliases: String,
    severity: &'static str,
    score: Option<String>,
    kind: &'static str,
    subject: String,
    version: Option<String>,
    description: String,
    found: Moment,
    age: String,
    due: Moment,
    overdue: bool,
    fix: String,
    unverified: Option<Moment>,
    decision: &'static str,
    until: Option<Moment>,
}

#[derive(Serialize)]
struct ScannerRow {
    name: String,
    required: bool,
    standing: &'static str,
    tone: &'static str,
    last_complete: Option<Moment>,
    last_usable: Option<Moment>,
    age: Option<String>,
    notes: Vec<String>,
}

impl<'a> View<'a> {
    fn of(document: &'a StatusDocument, history: &History) -> Self {
        let today = document.last_updated.date();
        let shown = document.findings.iter().take(MOST_FINDINGS);
        let used = || document.scanners.iter().filter(|s| s.standing != Standing::Retired);
        Self {
            style: STYLE,
            style_digest: style_digest(),
            project: document.project.as_str(),
            version: document.version.as_deref().map(text::one_line),
            repository_url: document.repository_url.as_deref().filter(|url| text::is_linkable(url)),
            state: document.state.as_str(),
            stale: document.stale,
            grade: document.security_grade.map(Grade::as_str),
            verdict: text::one_line(&document.verdict),
            why: text::one_line(&document.grade_reason),
            reasons: document
                .reasons
                .iter()
                .map(|r| text::one_line(r))
                .filter(|r| !document.grade_reason.contains(r.as_str()))
                .map(|r| phrase::sentence(&r))
                .collect(),
            updated: Moment::at(document.last_updated),
            data_as_of: document.data_as_of.map(Moment::at),
            next_expected_at: document.next_expected_at.map(Moment::at),
            stale_after: document.stale_after.map(Moment::at),
            valid_until: document.valid_until.map(Moment::at),
            figures: Figures {
                severities: by_list_order()
                    .map(|s| Count { severity: s.as_str(), number: document.vulnerability_summary.of(s) })
                    .filter(|count| count.number > 0)
                    .collect(),
                oldest: document.oldest_open_days,
                overdue: document.overdue_findings,
                usable_scans: used().filter(|s| vouches(s)).count(),
                all_scans: used().count(),
                newest: document.days_since_last_vulnerability,
                without: document.days_without_open_findings,
            },
            strip: Strip::ending(today, history),
            findings: shown.map(row).collect(),
            findings_total: document.vulnerability_summary.total(),
            not_shown: document.findings.len().saturating_sub(MOST_FINDINGS),
            unverified: document.unverified_findings,
            excepted: document.excepted_findings.iter().take(MOST_FINDINGS).map(row).collect(),
            scanners: document.scanners.iter().map(scanner_row).collect(),
            rules: rules(document),
            generator: text::one_line(&document.generator),
        }
    }
}

fn rules(document: &StatusDocument) -> Vec<Rule<'_>> {
    let (earned, row) = Grade::of(&document.vulnerability_summary);
    let decided = document.security_grade == Some(earned);
    let published = document.grade_rules.iter();
    published
        .map(|GradeRule { grade, when }| Rule {
            grade: grade.as_str(),
            when,
            holds: decided && *grade == earned && when == row,
        })
        .collect()
}

fn by_list_order() -> impl Iterator<Item = Severity> {
    let mut severities = Severity::ALL;
    severities.sort_by_key(|s| s.list_order());
    severities.into_iter()
}

fn vouches(scanner: &ScannerStatus) -> bool {
    matches!(scanner.standing, Standing::Complete | Standing::Gaps | Standing::Stale)
}

fn row(finding: &StatusFinding) -> Row {
    let others = finding.aliases.iter().map(ToString::to_string);
    let others: Vec<String> = others.filter(|a| *a != finding.finding_id).collect();
    let subject = match (finding.kind, &finding.rule) {
        (FindingKind::Vulnerability, _) | (_, None) => text::one_line(&finding.package),
        (_, Some(rule)) => text::one_line(rule),
    };
    Row {
        id: text::one_line(&finding.finding_id),
        url: finding.reference_url.clone().filter(|url| text::is_linkable(url)),
        aliases: others.join(", "),
        severity: finding.severity.as_str(),
        score: finding.cvss_score.map(|score| format!("{score:.1}")),
        kind: match finding.kind {
            FindingKind::Vulnerability => "dependency",
            FindingKind::Code => "own code",
            FindingKind::Secret => "secret",
        },
        subject,
        version: finding.version.as_deref().filter(|_| finding.kind == FindingKind::Vulnerability).map(text::one_line),
        description: shorten(&finding.description),
        found: Moment::day(finding.discovered_date),
        age: match finding.days_since_discovery {
            0 => "today".to_owned(),
            days => phrase::days(days),
        },
        due: Moment::day(finding.due_date),
        overdue: finding.overdue,
        fix: match (&finding.fix_version, finding.fix_available) {
            (Some(version), _) => text::one_line(version),
            (None, true) => "available".to_owned(),
            (None, false) if finding.kind == FindingKind::Vulnerability => "none yet".to_owned(),
            (None, false) => "\u{2013}".to_owned(),
        },
        unverified: finding.unverified_since.filter(|_| finding.status == EntryStatus::Unverified).map(Moment::day),
        decision: match finding.excepted_by {
            Some(ExceptionWord::AcceptedRisk) => "risk accepted",
            Some(ExceptionWord::FalsePositive) => "false positive",
            Some(ExceptionWord::NotAffected) => "not affected",
            None => "",
        },
        until: finding.excepted_until.map(Moment::day),
    }
}

/// The description in one line, cut between words.
fn shorten(description: &str) -> String {
    let line = text::one_line(description);
    match line.char_indices().nth(DESCRIPTION_CHARACTERS) {
        None => line,
        Some((end, _)) => {
            let cut = line.get(..end).unwrap_or_default();
            let cut = cut.rsplit_once(' ').map_or(cut, |(words, _)| words);
            format!("{} \u{2026}", cut.trim_end_matches([',', ';', ':', '.']))
        }
    }
}

fn scanner_row(scanner: &ScannerStatus) -> ScannerRow {
    let mut notes: Vec<String> = scanner.reasons.iter().map(|r| text::one_line(r)).collect();
    if !scanner.not_covered.is_empty() {
        let named: Vec<String> = scanner.not_covered.iter().map(|g| text::one_line(g)).collect();
        let more = scanner.not_covered_total.saturating_sub(named.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        notes.push(format!("not looked at: {}{more}", named.join(", ")));
    }
    ScannerRow {
        name: scanner.name.to_string(),
        required: scanner.required,
        standing: scanner.standing.as_str(),
        tone: tone(scanner.standing).as_str(),
        last_complete: scanner.last_complete.map(Moment::at),
        last_usable: scanner.last_usable.map(Moment::at),
        age: scanner.age_days.map(phrase::days_ago),
        notes,
    }
}

/// The colour and mark that go with a scanner's standing.
fn tone(standing: Standing) -> State {
    match standing {
        Standing::Complete => State::Ok,
        Standing::Gaps | Standing::Stale => State::Attention,
        Standing::Failed
        | Standing::Missing
        | Standing::TooOld
        | Standing::Ahead
        | Standing::Never
        | Standing::Retired => State::Unknown,
    }
}

#[cfg(test)]
mod tests;
