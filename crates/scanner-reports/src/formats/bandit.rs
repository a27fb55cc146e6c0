//! bandit's JSON (`-f json`).
//!
//! It exits 0 on a path that does not exist (`loc` is 0 then), and its `metrics` count the issues before `-l`, `-i` and `-b` filter
//! them, so that more issues in `metrics` than in `results` tell a filtered run.

use findings_model::{CodeText, Gap, Rating, ReportFormat, Severity, SeveritySource};
use serde::Deserialize;

use crate::{
    clean,
    draft::Draft,
    observe::{self, CodeParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{Entries, List, Number, Part, Record, Text},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    errors: List<Record<Failure<'a>>>,
    #[serde(borrow, default)]
    generated_at: Text<'a>,
    #[serde(borrow, default)]
    metrics: Entries<'a, Part<Metrics<'a>>>,
    #[serde(borrow, default)]
    results: List<Record<Issue<'a>>>,
}

#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(borrow, default)]
    filename: Text<'a>,
    #[serde(borrow, default)]
    reason: Text<'a>,
}

#[derive(Deserialize)]
struct Metrics<'a> {
    #[serde(borrow, default)]
    loc: Number<'a>,
    #[serde(borrow, default, rename = "SEVERITY.HIGH")]
    high: Number<'a>,
    #[serde(borrow, default, rename = "SEVERITY.MEDIUM")]
    medium: Number<'a>,
    #[serde(borrow, default, rename = "SEVERITY.LOW")]
    low: Number<'a>,
    #[serde(borrow, default, rename = "SEVERITY.UNDEFINED")]
    undefined: Number<'a>,
}

#[derive(Deserialize)]
struct Issue<'a> {
    #[serde(borrow, default)]
    test_id: Text<'a>,
    #[serde(borrow, default)]
    test_name: Text<'a>,
    #[serde(borrow, default)]
    filename: Text<'a>,
    #[serde(borrow, default)]
    line_number: Number<'a>,
    #[serde(borrow, default)]
    col_offset: Number<'a>,
    #[serde(borrow, default, rename = "issue_severity")]
    severity: Text<'a>,
    #[serde(borrow, default, rename = "issue_text")]
    text: Text<'a>,
    #[serde(borrow, default)]
    code: Text<'a>,
    #[serde(borrow, default)]
    more_info: Text<'a>,
}

/// Rules that print a hard-coded password, and stand on its line.
const SECRETIVE: [&str; 3] = ["B105", "B106", "B107"];

/// Tests that took over from each other: MD5 and SHA-1 moved from the blacklist to a test of their own with bandit 1.7.3.
const MOVED: [(&str, &[&str]); 2] = [("B324", &["B303"]), ("B303", &["B324"])];

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let issues = outline.first_has("results", &["test_id", "issue_severity"]);
    let metrics =
        outline.has("metrics") && (outline.has("results") || outline.has("generated_at") || outline.has("errors"));
    Claim::sure_if(issues || metrics)
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let mut draft = Draft::new(ReportFormat::Bandit);
    draft.observed_at = document.generated_at.get().and_then(|at| clean::moment(at, source.now));
    let results = document.results.required("results").unwrap_or_else(|reason| {
        draft.fail(reason);
        Vec::new()
    });
    take_metrics(&mut draft, document.metrics, results.len());
    take_errors(&mut draft, &document.errors);
    for (index, record) in results.iter().enumerate() {
        let Some(issue) = draft.open(record, "results", index) else {
            continue;
        };
        take(&mut draft, issue, index);
    }
    draft.tool_version = results.iter().find_map(|r| version_in(r.good()?.more_info.get()?));
    Ok(vec![draft])
}

fn take_metrics(draft: &mut Draft, metrics: Entries<'_, Part<Metrics<'_>>>, results: usize) {
    let metrics = match metrics.required("metrics") {
        Ok(metrics) => metrics,
        Err(reason) => return draft.fail(format!("{reason}: nothing shows that a line was read")),
    };
    let Some(totals) = metrics.iter().find(|(file, _)| file == "_totals").and_then(|(_, totals)| totals.get()) else {
        return draft.fail("`metrics` has no `_totals`: nothing shows that a line was read");
    };
    match totals.loc.count() {
        Some(0) => draft.fail("no line of code was read (metrics._totals.loc is 0)"),
        Some(_) => {}
        None => draft.fail("metrics._totals does not say how many lines were read"),
    }
    let counts = [totals.high, totals.medium, totals.low, totals.undefined];
    let issues = counts.iter().filter_map(|n| n.count()).fold(0_u64, u64::saturating_add);
    if issues > results as u64 {
        draft.filtered(format!(
            "metrics count {issues} issues, results hold {results}: a filter (-l, -i) or a baseline (-b) left some out"
        ));
    }
    draft.looked_at.files =
        metrics.iter().filter(|(file, _)| file != "_totals").filter_map(|(file, _)| clean::path(file)).collect();
}

fn take_errors(draft: &mut Draft, errors: &List<Record<Failure<'_>>>) {
    if let List::Wrong(kind) = errors {
        draft.bad_record("errors", format_args!("it is {}, not an array", kind.words()));
    }
    for (index, record) in errors.items().iter().enumerate() {
        let Some(error) = draft.open(record, "errors", index) else {
            continue;
        };
        let why = clean::words(error.reason.get().unwrap_or("no reason given"));
        match error.filename.get().and_then(clean::path) {
            Some(path) => {
                let reason = format!("{} was not scanned: {why}", clean::words(&path));
                draft.gap(Gap::File(path), reason);
            }
            None => {
                draft.gap(Gap::Unnamed("a file without a name".to_owned()), format!("a file was not scanned: {why}"));
            }
        }
    }
}

fn take(draft: &mut Draft, issue: &Issue<'_>, index: usize) {
    let Some(path) = issue.filename.get().and_then(clean::path) else {
        return draft.bad_record(format_args!("results[{index}]"), "it names no file");
    };
    let Some(test) = issue.test_id.get().map(str::trim) else {
        return draft.bad_record_in(Gap::File(path), format_args!("results[{index}]"), "it names no test");
    };
    let line = issue.line_number.line();
    let secretive = SECRETIVE.contains(&test);
    let said = line.and_then(|line| line_of(issue.code.or_empty(), line));
    let issue_text = issue.text.or_empty();
    let issue_text = if secretive { clean::cut_at_literal(issue_text) } else { issue_text.to_owned() };
    let description = match issue.test_name.get() {
        Some(name) => format!("{name}: {issue_text}"),
        None => issue_text,
    };
    // A severity that says nothing counts as medium, as it always has for bandit.
    let severity = Severity::from_word(issue.severity.or_empty()).unwrap_or(Severity::Medium);
    let former = MOVED.iter().find(|(rule, _)| *rule == test).map_or(&[][..], |(_, former)| former);
    let observation = observe::code(CodeParts {
        rule: test,
        former_rules: former.iter().map(|&rule| rule.to_owned()).collect(),
        path,
        line,
        text: said.and_then(|said| CodeText::of(said, secretive)),
        aliases: std::collections::BTreeSet::default(),
        rating: Rating::word(severity, SeveritySource::Scanner),
        description: &description,
        url: issue.more_info.get(),
        clearance: None,
    });
    draft.code(observation, issue.col_offset.count().and_then(|column| u32::try_from(column).ok()));
}

/// The text of one line in bandit's excerpt, whose lines each start with their number and a space or tab.
fn line_of(code: &str, number: u32) -> Option<&str> {
    code.lines().find_map(|line| {
        let (digits, said) = line.split_once([' ', '\t'])?;
        (digits.parse() == Ok(number)).then_some(said)
    })
}

/// The version in the address of a test's page: `…/en/1.9.4/plugins/…`.
fn version_in(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("/en/")?;
    let (version, _) = rest.split_once('/')?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| clean::version(version))?
}
