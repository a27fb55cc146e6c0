//! semgrep's JSON (`--json`).
//!
//! A broken rule or a missing target is an error without a file, and no result: such a scan proves nothing. Builds without a login
//! write `requires login` where the lines of code belong.

mod supply_chain;

use std::{borrow::Cow, collections::BTreeSet};

use findings_model::{Clearance, CodeText, Gap, Rating, ReportFormat, text};
use serde::Deserialize;

use self::supply_chain::{ScaInfo, SupplyChain};
use crate::{
    clean,
    draft::Draft,
    observe::{self, CodeParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{Entries, List, Number, Part, Record, Text, Texts, Truth},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    results: List<Record<Match<'a>>>,
    #[serde(borrow, default)]
    errors: List<Record<Failure<'a>>>,
    #[serde(borrow, default)]
    paths: Part<Paths<'a>>,
    #[serde(borrow, default)]
    skipped_rules: List<Record<Skipped<'a>>>,
    #[serde(borrow, default)]
    time: Part<Times<'a>>,
    /// The supply chain findings of semgrep's web API.
    #[serde(borrow, default)]
    vulns: List<Record<SupplyChain<'a>>>,
}

#[derive(Deserialize)]
struct Match<'a> {
    #[serde(borrow, default)]
    check_id: Text<'a>,
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default)]
    start: Part<Position<'a>>,
    #[serde(borrow, default)]
    extra: Part<Extra<'a>>,
}

#[derive(Deserialize)]
struct Position<'a> {
    #[serde(borrow, default)]
    line: Number<'a>,
    #[serde(borrow, default)]
    col: Number<'a>,
}

#[derive(Deserialize)]
struct Extra<'a> {
    #[serde(borrow, default)]
    message: Text<'a>,
    #[serde(borrow, default)]
    severity: Text<'a>,
    #[serde(borrow, default)]
    lines: Text<'a>,
    #[serde(default)]
    is_ignored: Truth,
    #[serde(borrow, default)]
    metadata: Part<RuleMetadata<'a>>,
    #[serde(borrow, default)]
    sca_info: Part<ScaInfo<'a>>,
    /// What the variables of the rule's pattern stand for.
    #[serde(borrow, default, rename = "metavars")]
    variables: Entries<'a, Part<Variable<'a>>>,
}

#[derive(Deserialize)]
struct Variable<'a> {
    #[serde(borrow, default, rename = "abstract_content")]
    content: Text<'a>,
}

#[derive(Deserialize)]
struct RuleMetadata<'a> {
    #[serde(borrow, default)]
    cwe: Texts<'a>,
    #[serde(borrow, default)]
    source: Text<'a>,
    #[serde(borrow, default, rename = "sca-vuln-database-identifier")]
    advisory: Texts<'a>,
    #[serde(borrow, default)]
    ghsa: Texts<'a>,
    #[serde(borrow, default)]
    cve: Texts<'a>,
    /// A version of each package that mends it: `[{"requests": "2.20.0"}]`.
    #[serde(borrow, default, rename = "sca-fix-versions")]
    fixes: List<Entries<'a, Text<'a>>>,
}

#[derive(Deserialize)]
struct Failure<'a> {
    /// A word, or a list of a word and what belongs to it.
    #[serde(borrow, default, rename = "type")]
    kind: Texts<'a>,
    #[serde(borrow, default)]
    level: Text<'a>,
    #[serde(borrow, default)]
    message: Text<'a>,
    /// In the place of the message where a rule is wrong.
    #[serde(borrow, default)]
    short_msg: Text<'a>,
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default)]
    spans: List<Record<Span<'a>>>,
}

#[derive(Deserialize)]
struct Span<'a> {
    #[serde(borrow, default)]
    file: Text<'a>,
}

#[derive(Deserialize)]
struct Paths<'a> {
    #[serde(borrow, default)]
    scanned: List<Text<'a>>,
    #[serde(borrow, default)]
    skipped: List<Record<Skipped<'a>>>,
}

#[derive(Deserialize)]
struct Times<'a> {
    /// Every rule that was run, with `--time`; otherwise none.
    #[serde(borrow, default)]
    rules: List<Text<'a>>,
}

#[derive(Deserialize)]
struct Skipped<'a> {
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default)]
    reason: Text<'a>,
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let matches = outline.first_has("results", &["check_id"]);
    let errors =
        outline.has("results") && outline.has("errors") && !outline.has("metrics") && !outline.has("plugins_used");
    let supply_chain = outline.first_has("vulns", &["advisory", "dependencyFileLocation"]);
    Claim::sure_if(matches || supply_chain || errors && outline.has("paths"))
        .or_maybe_if(errors && outline.is_empty_list("results"))
        .or_if_named(errors)
}

pub(super) fn read(text: &str, _source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let mut draft = Draft::new(ReportFormat::Semgrep);
    draft.tool_version = document.version.get().and_then(clean::version);
    if !document.vulns.items().is_empty() {
        for (index, record) in document.vulns.items().iter().enumerate() {
            if let Some(found) = draft.open(record, "vulns", index) {
                supply_chain::take_listed(&mut draft, found, index);
            }
        }
        return Ok(vec![draft]);
    }
    let results = document.results.required("results").unwrap_or_else(|reason| {
        draft.fail(reason);
        Vec::new()
    });
    if let Some(paths) = document.paths.get() {
        let scanned = paths.scanned.checked(&mut draft, || what_was_looked_at("scanned"), "paths.scanned");
        draft.looked_at.files = scanned.iter().filter_map(|p| clean::path(p.get()?)).collect();
        draft.looked_at.lists_files = !scanned.is_empty();
        if results.is_empty() && matches!(&paths.scanned, List::Items(scanned) if scanned.is_empty()) {
            draft.fail("no file was scanned (`paths.scanned` is empty)");
        }
        let skipped = paths.skipped.checked(&mut draft, || what_was_looked_at("skipped"), "paths.skipped");
        for (index, record) in skipped.iter().enumerate() {
            if let Some(skipped) = draft.open(record, "paths.skipped", index) {
                take_skipped(&mut draft, skipped);
            }
        }
    } else if let Some(kind) = document.paths.wrong() {
        draft.bad_record("paths", format_args!("it is {}, not an object", kind.words()));
    }
    if let Some(names) = rules_run(&document.time) {
        (draft.looked_at.lists_rules, draft.looked_at.rules) = (true, names);
    }
    draft.blank = results.is_empty() && draft.looked_at.files.is_empty();
    let skipped_by = || Gap::Unnamed("what the skipped rules look for".to_owned());
    let skipped_rules = document.skipped_rules.checked(&mut draft, skipped_by, "skipped_rules");
    if !skipped_rules.is_empty() {
        draft.gap(skipped_by(), format!("{} rules were skipped", skipped_rules.len()));
    }
    let errors =
        document.errors.checked(&mut draft, || Gap::Unnamed("what semgrep's errors concern".to_owned()), "errors");
    for (index, record) in errors.iter().enumerate() {
        if let Some(error) = draft.open(record, "errors", index) {
            take_error(&mut draft, error);
        }
    }
    for (index, record) in results.iter().enumerate() {
        if let Some(found) = draft.open(record, "results", index) {
            take(&mut draft, found, index);
        }
    }
    Ok(vec![draft])
}

/// All rules that were run, where the report names any and each can be read.
fn rules_run(times: &Part<Times<'_>>) -> Option<BTreeSet<String>> {
    let rules = times.get()?.rules.items();
    let names: Option<BTreeSet<String>> = rules.iter().map(|rule| rule.get().map(clean::rule)).collect();
    names.filter(|names| !names.is_empty())
}

fn what_was_looked_at(key: &str) -> Gap {
    Gap::Unnamed(format!("the files of `paths.{key}`"))
}

/// Parts of the reasons for which semgrep gave up on a file.
const GAVE_UP: [&str; 6] = [
    "analysis_failed",
    "exceeded_size_limit",
    "too_big",
    // A rule matched so often that semgrep dropped it for this file.
    "too_many_matches",
    "insufficient_permissions",
    "nonexistent",
];

/// Files that the project or the command line leaves out are a choice; files that semgrep gave up on are a gap.
fn take_skipped(draft: &mut Draft, skipped: &Skipped<'_>) {
    let reason = skipped.reason.or_empty();
    if !GAVE_UP.iter().any(|word| reason.contains(word)) {
        return;
    }
    match skipped.path.get().and_then(clean::path) {
        Some(path) => {
            let reason = format!("{} was skipped: {}", clean::words(&path), clean::words(reason));
            draft.gap(Gap::File(path), reason);
        }
        None => draft.gap(
            Gap::Unnamed("a file without a name".to_owned()),
            format!("a file was skipped: {}", clean::words(reason)),
        ),
    }
}

fn take_error(draft: &mut Draft, error: &Failure<'_>) {
    let said = format!(
        "semgrep reported: {}",
        clean::words(&clean::mask_literals(
            error.message.get().or(error.short_msg.get()).unwrap_or("an error without a message")
        ))
    );
    let of_spans = || error.spans.items().iter().find_map(|span| span.good()?.file.get());
    // A rule that is wrong looked at no file at all; what such an error names is where the rule stands.
    let is_about_a_rule = error.kind.iter().any(|kind| kind.contains("Rule") || kind.contains("Pattern"));
    match error.path.get().or_else(of_spans).filter(|_| !is_about_a_rule).and_then(clean::path) {
        // A lock file that could not be read hides flaws of the dependencies that it names, which stand in no file.
        Some(path) if error.kind.iter().any(|kind| kind.contains("Dependency") || kind.contains("SCA")) => {
            draft.gap(Gap::Unnamed(format!("the dependencies of {path}")), said);
        }
        Some(path) => {
            draft.gap(Gap::File(path), said);
        }
        None if error.level.or_empty().eq_ignore_ascii_case("error") => draft.fail(said),
        None => draft.gap(Gap::Unnamed("what semgrep's own warning concerns".to_owned()), said),
    }
}

fn take(draft: &mut Draft, found: &Match<'_>, index: usize) {
    let Some(path) = found.path.get().and_then(clean::path) else {
        return draft.bad_record(format_args!("results[{index}]"), "it names no file");
    };
    let (Some(rule), Some(extra)) = (found.check_id.get(), found.extra.get()) else {
        return draft.bad_record_in(
            Gap::File(path),
            format_args!("results[{index}]"),
            "it has no `check_id` or no `extra`",
        );
    };
    let metadata = extra.metadata.get();
    if let Some(dependency) = extra.sca_info.get().and_then(ScaInfo::dependency) {
        return supply_chain::take_found(draft, (rule, extra), dependency, index);
    }
    let secretive = findings_model::is_about_secrets(rule)
        || metadata.is_some_and(|m| m.cwe.iter().any(findings_model::is_about_secrets));
    let lines = extra.lines.get().filter(|lines| *lines != "requires login");
    let said = lines.and_then(|lines| lines.lines().find(|line| !line.trim().is_empty()));
    // What semgrep finds as a secret need not stand in quotes.
    let is_secret = rule.contains("secrets.") || rule.contains("detected-");
    let start = found.start.get();
    let observation = observe::code(CodeParts {
        rule,
        // The front of a rule's id is the path of the configuration it came from, which changes without the rule.
        former_rules: rule.rsplit_once('.').map(|(_, last)| clean::rule(last)).into_iter().collect(),
        path,
        line: start.and_then(|s| s.line.line()),
        begins: None,
        text: said.filter(|_| !is_secret).and_then(|line| CodeText::of(line, secretive)),
        quoted: lines,
        aliases: BTreeSet::default(),
        rating: rating_of(extra),
        // What a rule found stands in its message, quoted or not: of a rule about secrets its name alone is told.
        description: if secretive || is_secret { rule.into() } else { message_of(extra, rule, lines) },
        url: metadata.and_then(|m| m.source.get()),
        clearance: (extra.is_ignored.0 == Some(true)).then_some(Clearance::Suppressed),
    });
    draft.code(observation, start.and_then(|s| s.col.line()));
}

/// What a match says of itself. The code that tells a password in it may be left out of the report: what is hard-coded is then not told
/// either, and in a message about secrets nothing that the rule's variables matched.
fn message_of<'r>(extra: &'r Extra<'_>, rule: &'r str, lines: Option<&str>) -> Cow<'r, str> {
    let message = extra.message.or_empty();
    let lower = message.to_ascii_lowercase();
    if lines.is_none() && ["hardcod", "hard-cod", "hard cod"].iter().any(|sign| lower.contains(sign)) {
        return rule.into();
    }
    if !findings_model::is_about_secrets(message) {
        return message.into();
    }
    let matched = extra.variables.entries().iter().filter_map(|(_, variable)| variable.get()?.content.get());
    matched.fold(message.into(), |message, value| text::hide_text(message, value.trim_matches(['"', '\'', '`'])))
}

fn rating_of(extra: &Extra<'_>) -> Rating {
    match extra.severity.or_empty() {
        "INFO" => observe::rated_by_word("low"),
        "EXPERIMENT" | "INVENTORY" => observe::rated_by_word("info"),
        word => observe::rated_by_word(word),
    }
}
