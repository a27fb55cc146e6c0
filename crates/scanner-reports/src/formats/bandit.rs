//! bandit's JSON (`-f json`).
//!
//! It exits 0 on a path that does not exist (`loc` is 0 then), and its `metrics` count the issues before `-l`, `-i` and `-b` filter
//! them, so that more issues in `metrics` than in `results` tell a filtered run.

use std::{borrow::Cow, fmt};

use findings_model::{CodeText, Gap, Rating, ReportFormat, Severity, SeveritySource};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use smol_str::SmolStr;

use crate::{
    clean,
    draft::Draft,
    observe::{self, CodeParts},
    outline::{Claim, Outline},
    source::Source,
    stream::{Each, Streamed},
    wire::{Entries, Kind, List, Number, Part, Record, Text, next_key},
};

/// All of a document but its results, and what stands where they belong.
#[derive(Default)]
struct Document<'a> {
    errors: Option<List<Record<Failure<'a>>>>,
    generated_at: Option<Text<'a>>,
    metrics: Option<Entries<'a, Part<Metrics<'a>>>>,
    results: Option<Streamed>,
}

#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(borrow, default)]
    filename: Text<'a>,
    #[serde(borrow, default)]
    reason: Text<'a>,
}

/// The counts of a file, or of all of them.
#[derive(Deserialize)]
pub(super) struct Metrics<'a> {
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
    /// Issues that a bare `# nosec` suppressed.
    #[serde(borrow, default)]
    nosec: Number<'a>,
    /// Issues that a `# nosec` with test ids suppressed.
    #[serde(borrow, default)]
    skipped_tests: Number<'a>,
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
    /// The lines of the call or statement, `line_number` among them.
    #[serde(borrow, default)]
    line_range: List<Number<'a>>,
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

/// Tests that took over from each other: MD5 and SHA-1 moved from the blacklist to a test of their own with bandit 1.7.3.
const MOVED: [(&str, &[&str]); 2] = [("B324", &["B303"]), ("B303", &["B324"])];

/// Reads a document into its wire types and drops it behind `done`: what the benchmark measures against.
#[cfg(feature = "bench")]
pub(super) fn deserialise(bytes: &[u8], done: &mut dyn FnMut()) -> Result<(), serde_json::Error> {
    #[derive(Deserialize)]
    struct Whole<'a> {
        #[expect(dead_code, reason = "only made")]
        #[serde(borrow, default)]
        errors: List<Record<Failure<'a>>>,
        #[expect(dead_code, reason = "only made")]
        #[serde(borrow, default)]
        generated_at: Text<'a>,
        #[expect(dead_code, reason = "only made")]
        #[serde(borrow, default)]
        metrics: Entries<'a, Part<Metrics<'a>>>,
        #[expect(dead_code, reason = "only made")]
        #[serde(borrow, default)]
        results: List<Record<Issue<'a>>>,
    }

    let _document: Whole<'_> = serde_json::from_slice(bytes)?;
    done();
    Ok(())
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let issues = outline.first_has("results", &["test_id", "issue_severity"]);
    let metrics = outline.kind("metrics") == Some(Kind::Object);
    let dated = outline.has("errors") && outline.has("generated_at");
    Claim::sure_if(issues || metrics && dated)
        .or_maybe_if(metrics && outline.has("results") && outline.has("errors"))
        .or_if_named(outline.has("metrics"))
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let mut draft = Draft::of_text(ReportFormat::Bandit, text);
    let mut unusable = Vec::new();
    let mut version = None;
    let mut take_issue = |index, record: Record<Issue<'_>>| {
        let taken = match &record {
            Record::Good(issue) => {
                version = version.take().or_else(|| version_in(issue.more_info.get()?));
                take(&mut draft, issue)
            }
            Record::Bad(kind) => Err(Unusable::NotAnObject(*kind)),
        };
        if let Err(why) = taken {
            unusable.push((index, why));
        }
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let document = deserializer.deserialize_map(Keys { issues: Each::to(&mut take_issue) })?;
    deserializer.end()?;

    draft.tool_version = version;
    draft.observed_at = document.generated_at.and_then(|at| clean::moment(at.get()?, source.now));
    let results = document.results.unwrap_or(Streamed::Absent).required("results").unwrap_or_else(|reason| {
        draft.fail(reason);
        0
    });
    take_metrics(&mut draft, document.metrics.unwrap_or_default(), results);
    take_errors(&mut draft, &document.errors.unwrap_or_default());
    for (index, why) in unusable {
        let place = format_args!("results[{index}]");
        match why {
            Unusable::NotAnObject(kind) => {
                draft.bad_record(place, format_args!("it is {}, not an object", kind.words()));
            }
            Unusable::NoFile => draft.bad_record(place, "it names no file"),
            Unusable::NoTest(path) => draft.bad_record_in(Gap::File(path), place, "it names no test"),
        }
    }
    Ok(vec![draft])
}

/// Why an issue cannot be used.
enum Unusable {
    NotAnObject(Kind),
    NoFile,
    /// In this file.
    NoTest(String),
}

/// The keys of a document, with the results taken one by one.
struct Keys<'f, 'a, F> {
    issues: Each<'f, Record<Issue<'a>>, F>,
}

impl<'de, F: FnMut(usize, Record<Issue<'de>>)> Visitor<'de> for Keys<'_, 'de, F> {
    type Value = Document<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Document<'de>, A::Error> {
        let mut document = Document::default();
        let mut issues = Some(self.issues);
        while let Some(key) = next_key(&mut entries)? {
            match key.as_ref() {
                "errors" => set(&mut document.errors, "errors", entries.next_value()?)?,
                "generated_at" => set(&mut document.generated_at, "generated_at", entries.next_value()?)?,
                "metrics" => set(&mut document.metrics, "metrics", entries.next_value()?)?,
                "results" => {
                    let issues = issues.take().ok_or_else(|| A::Error::duplicate_field("results"))?;
                    document.results = Some(entries.next_value_seed(issues)?);
                }
                _ => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(document)
    }
}

fn set<T, E: Error>(place: &mut Option<T>, key: &'static str, value: T) -> Result<(), E> {
    if place.replace(value).is_some() { Err(E::duplicate_field(key)) } else { Ok(()) }
}

/// Whether a line is the progress that bandit writes before a report to its standard output where there are many files.
pub(super) fn is_progress(line: &str) -> bool {
    line.starts_with("Working...")
}

fn take_metrics(draft: &mut Draft, metrics: Entries<'_, Part<Metrics<'_>>>, results: usize) {
    match metrics.required("metrics") {
        Ok(metrics) if take_counts(draft, &metrics, results) => {}
        Ok(_) => uncounted(draft, "`metrics` has no `_totals`"),
        Err(reason) => uncounted(draft, &reason),
    }
}

/// How much was read is not told. Issues show that something was, and not that all was.
fn uncounted(draft: &mut Draft, why: &str) {
    if draft.found_nothing() {
        draft.fail(format!("{why}: nothing shows that a line was read"));
    } else {
        draft.gap(
            Gap::Unnamed("what bandit did not read".to_owned()),
            format!("{why}: how much was read cannot be told"),
        );
    }
}

/// What was read, and how many issues were found before filters, by the metrics that bandit puts into its SARIF too. Whether they
/// have totals.
pub(super) fn take_counts(draft: &mut Draft, metrics: &[(Cow<'_, str>, Part<Metrics<'_>>)], results: usize) -> bool {
    let Some(totals) = metrics.iter().find(|(file, _)| file == "_totals").and_then(|(_, totals)| totals.get()) else {
        return false;
    };
    match totals.loc.count() {
        Some(0) => draft.fail("no line of code was read (metrics._totals.loc is 0)"),
        Some(_) => {}
        None => uncounted(draft, "metrics._totals does not say how many lines were read"),
    }
    let counts = [totals.high, totals.medium, totals.low, totals.undefined];
    if counts.iter().any(|count| count.is_no_count()) {
        draft.filtered(
            "a count of issues in metrics._totals cannot be read: whether a filter left some out cannot be told",
        );
    }
    let issues = counts.iter().filter_map(|n| n.count()).fold(0_u64, u64::saturating_add);
    if issues > results as u64 {
        draft.filtered(format!(
            "metrics count {issues} issues, results hold {results}: a filter (-l, -i) or a baseline (-b) left some out"
        ));
    }
    for (file, metrics) in metrics.iter().filter(|(file, _)| file != "_totals") {
        let Some(path) = clean::path(file) else { continue };
        let counts = metrics.get().map_or([Number::default(); 2], |m| [m.nosec, m.skipped_tests]);
        if counts.iter().any(|count| count.is_no_count()) {
            let place = format_args!("metrics[{}]", clean::words(file));
            draft.bad_record_in(
                Gap::File(path.clone()),
                place,
                "the count of issues that comments suppressed is not a number",
            );
        }
        let suppressed = counts.iter().filter_map(|count| count.count()).fold(0, u64::saturating_add);
        if suppressed > 0 {
            draft.looked_at.suppressed.insert(path.clone(), u32::try_from(suppressed).unwrap_or(u32::MAX));
        }
        draft.looked_at.files.insert(path);
        draft.looked_at.lists_files = true;
    }
    true
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

fn take(draft: &mut Draft, issue: &Issue<'_>) -> Result<(), Unusable> {
    let path = issue.filename.get().and_then(clean::path).ok_or(Unusable::NoFile)?;
    let Some(test) = issue.test_id.get().map(str::trim) else {
        return Err(Unusable::NoTest(path));
    };
    let line = issue.line_number.line();
    let secretive = findings_model::is_about_secrets(test);
    let said = line.and_then(|line| line_of(issue.code.or_empty(), line));
    let issue_text = issue.text.or_empty();
    let issue_text = if secretive { Cow::Owned(clean::cut_at_literal(issue_text)) } else { Cow::Borrowed(issue_text) };
    let description = match issue.test_name.get() {
        Some(name) => Cow::Owned([name, ": ", &issue_text].concat()),
        None => issue_text,
    };
    // A severity that says nothing counts as medium, as it always has for bandit.
    let rating = Severity::from_word(issue.severity.or_empty()).map_or_else(
        || Rating::word(Severity::Medium, SeveritySource::Policy),
        |severity| Rating::word(severity, SeveritySource::Scanner),
    );
    let former = MOVED.iter().find(|(rule, _)| *rule == test).map_or(&[][..], |(_, former)| former);
    let observation = observe::code(CodeParts {
        rule: test,
        former_rules: former.iter().map(|&rule| rule.to_owned()).collect(),
        path,
        line,
        begins: issue.line_range.items().first().and_then(|first| first.line()),
        text: said.and_then(|said| CodeText::of(said, secretive)),
        quoted: said,
        aliases: std::collections::BTreeSet::default(),
        rating,
        description,
        url: issue.more_info.get(),
        clearance: None,
    });
    draft.code(observation, issue.col_offset.count().and_then(|column| u32::try_from(column).ok()));
    Ok(())
}

/// The text of one line in bandit's excerpt, whose lines each start with their number and a space or tab.
fn line_of(code: &str, number: u32) -> Option<&str> {
    code.lines().find_map(|line| {
        let (digits, said) = line.split_once([' ', '\t'])?;
        (digits.parse() == Ok(number)).then_some(said)
    })
}

/// The version in the address of a test's page: `…/en/1.9.4/plugins/…`.
fn version_in(url: &str) -> Option<SmolStr> {
    let (_, rest) = url.split_once("/en/")?;
    let (version, _) = rest.split_once('/')?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| clean::version(version))?
}
