//! semgrep's JSON (`--json`).
//!
//! A broken rule or a missing target is an error without a file, and no result: such a scan proves nothing. Builds without a login
//! write `requires login` where the lines of code belong.

use findings_model::{AdvisoryId, Clearance, CodeText, Gap, Package, ReportFormat};
use serde::Deserialize;

use crate::{
    clean,
    draft::Draft,
    observe::{self, CodeParts, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{List, Number, Part, Record, Text, Texts, Truth},
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
    /// The supply chain findings of semgrep's web API.
    #[serde(borrow, default)]
    vulns: List<Record<SupplyChain<'a>>>,
}

#[derive(Deserialize)]
struct SupplyChain<'a> {
    #[serde(borrow, default)]
    title: Text<'a>,
    #[serde(borrow, default)]
    advisory: Part<Advisory<'a>>,
    #[serde(borrow, default, rename = "matchedDependency")]
    dependency: Part<Dependency<'a>>,
    #[serde(borrow, default, rename = "closestSafeDependency")]
    safe: Part<Dependency<'a>>,
}

#[derive(Deserialize)]
struct Advisory<'a> {
    #[serde(borrow, default, rename = "ruleId")]
    rule: Text<'a>,
    #[serde(borrow, default)]
    ecosystem: Text<'a>,
    #[serde(borrow, default)]
    severity: Text<'a>,
    #[serde(borrow, default)]
    description: Text<'a>,
    #[serde(borrow, default)]
    references: Part<AdvisoryReferences<'a>>,
}

#[derive(Deserialize)]
struct AdvisoryReferences<'a> {
    #[serde(borrow, default, rename = "cveIds")]
    cves: Texts<'a>,
}

#[derive(Deserialize)]
struct Dependency<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default, rename = "versionSpecifier")]
    version: Text<'a>,
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
}

#[derive(Deserialize)]
struct RuleMetadata<'a> {
    #[serde(borrow, default)]
    cwe: Texts<'a>,
    #[serde(borrow, default)]
    source: Text<'a>,
}

#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(borrow, default)]
    level: Text<'a>,
    #[serde(borrow, default)]
    message: Text<'a>,
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
    Claim::sure_if(matches || supply_chain || errors && outline.has("paths")).or_maybe_if(errors)
}

pub(super) fn read(text: &str, _source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let document: Document<'_> = serde_json::from_str(text)?;
    let mut draft = Draft::new(ReportFormat::Semgrep);
    draft.tool_version = document.version.get().and_then(clean::version);
    if !document.vulns.items().is_empty() {
        for (index, record) in document.vulns.items().iter().enumerate() {
            if let Some(found) = draft.open(record, "vulns", index) {
                take_dependency(&mut draft, found, index);
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
        clean::words(&clean::mask_literals(error.message.get().unwrap_or("an error without a message")))
    );
    let of_spans = || error.spans.items().iter().find_map(|span| span.good()?.file.get());
    match error.path.get().or_else(of_spans).and_then(clean::path) {
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
    let secretive = observe::is_secretive(rule) || metadata.is_some_and(|m| m.cwe.iter().any(observe::is_secretive));
    let said = extra
        .lines
        .get()
        .filter(|lines| *lines != "requires login")
        .and_then(|lines| lines.lines().find(|line| !line.trim().is_empty()));
    // What semgrep finds as a secret need not stand in quotes.
    let is_secret = rule.contains("secrets.") || rule.contains("detected-");
    let start = found.start.get();
    let rating = match extra.severity.or_empty() {
        "INFO" => observe::rated_by_word("low"),
        "EXPERIMENT" | "INVENTORY" => observe::rated_by_word("info"),
        word => observe::rated_by_word(word),
    };
    let observation = observe::code(CodeParts {
        rule,
        // The front of a rule's id is the path of the configuration it came from, which changes without the rule.
        former_rules: rule.rsplit_once('.').map(|(_, last)| clean::rule(last)).into_iter().collect(),
        path,
        line: start.and_then(|s| s.line.line()),
        text: said.filter(|_| !is_secret).and_then(|line| CodeText::of(line, secretive)),
        aliases: std::collections::BTreeSet::default(),
        rating,
        // What a rule found stands in its message, quoted or not: of a rule about secrets its name alone is told.
        description: if secretive || is_secret { rule.into() } else { extra.message.or_empty().into() },
        url: metadata.and_then(|m| m.source.get()),
        clearance: (extra.is_ignored.0 == Some(true)).then_some(Clearance::Suppressed),
    });
    draft.code(observation, start.and_then(|s| s.col.line()));
}

fn take_dependency(draft: &mut Draft, found: &SupplyChain<'_>, index: usize) {
    let Some(advisory) = found.advisory.get() else {
        return draft.bad_record(format_args!("vulns[{index}]"), "it has no `advisory`");
    };
    let dependency = found.dependency.get();
    let ecosystem = observe::ecosystem(advisory.ecosystem.or_empty());
    let package = match Package::new(ecosystem, dependency.and_then(|d| d.name.get()).unwrap_or("unknown")) {
        Ok(package) => package,
        Err(error) => return draft.bad_record(format_args!("vulns[{index}]"), error),
    };
    let ids: Vec<&str> =
        advisory.references.get().iter().flat_map(|r| r.cves.iter()).chain(advisory.rule.get()).collect();
    let id = ids.first().copied().or(found.title.get()).unwrap_or_default();
    let id = match AdvisoryId::parse(id) {
        Ok(id) => id,
        Err(error) => {
            return draft.bad_record_in(Gap::Package(package), format_args!("vulns[{index}]"), error);
        }
    };
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        package,
        version: dependency.and_then(|d| d.version.get()),
        id,
        aliases: observe::aliases(ids.iter().skip(1).copied()),
        fix_versions: found.safe.get().and_then(|d| clean::version(d.version.get()?)).into_iter().collect(),
        rating: observe::rated_by_word(advisory.severity.or_empty()),
        description: advisory.description.get().or(found.title.get()).unwrap_or_default(),
        url: None,
        clearance: None,
    }));
}
