//! SARIF 2.1.0, of any tool: each run is a scan of its own.
//!
//! Of the fingerprints only those are read that are computed from the code around a result, and only where the result quotes no code
//! and they tell the run's results apart: some tools put e-mail addresses and commit messages there, others the same value everywhere.

mod notices;
mod paths;
mod rules;
mod secrets;
mod wire;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashSet},
};

pub(crate) use self::secrets::is_about_secrets;
use self::{
    notices::Stage,
    paths::Paths,
    rules::{Descriptors, Levels, RulesRun},
    secrets::{is_secret_scanner, is_secretive},
    wire::{
        Conversion, External, Fingerprint, Invocation, Location, Log, Message, Rule, Run, SarifResult, Suppression,
    },
};
use super::bandit;
use crate::{
    clean,
    draft::Draft,
    observe::{self, CodeParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{Entries, Kind, List, Number, Part, Record, Texts, Verdict},
};

use findings_model::{
    AdvisoryId, Clearance, CodeText, Gap, Rating, ReportFormat, ScanTarget, Severity, SeveritySource,
};

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    Claim::sure_if(outline.first_has("runs", &["tool", "results"])).or_maybe_if(
        matches!(outline.kind("runs"), Some(Kind::Array | Kind::Null))
            && (outline.has("version") || outline.has("$schema")),
    )
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let log: Log<'_> = serde_json::from_str(text)?;
    // Where it cannot be read what stands beside the runs, it may be results.
    let is_beside = log.beside.wrong().is_some()
        || log.beside.items().iter().any(|part| part.good().is_none_or(External::holds_results));
    let runs = match log.runs.required("runs") {
        Ok(runs) if runs.is_empty() => {
            return Ok(vec![Draft::failed(ReportFormat::Sarif, "the log has no run: nothing was scanned")]);
        }
        Ok(runs) => runs,
        Err(reason) => return Ok(vec![Draft::failed(ReportFormat::Sarif, reason)]),
    };
    let mut drafts: Vec<Draft> = runs.iter().filter_map(Record::good).map(|run| read_run(run, source)).collect();
    // Nothing tells whose run it was: any of the log's scans may lack what it held.
    let bad = runs.iter().find_map(|run| match run {
        Record::Good(_) => None,
        Record::Bad(kind) => Some(format!("a run of the log is {}, not an object", kind.words())),
    });
    if let Some(reason) = bad {
        if drafts.is_empty() {
            drafts.push(Draft::new(ReportFormat::Sarif));
        }
        for draft in &mut drafts {
            draft.fail(&*reason);
        }
    }
    if is_beside {
        for draft in &mut drafts {
            draft.fail("results or invocations of a run stand beside it (inlineExternalProperties)");
        }
    }
    Ok(drafts)
}

fn read_run(run: &Run<'_>, source: &Source<'_>) -> Draft {
    let mut draft = Draft::new(ReportFormat::Sarif);
    let driver = run.tool.get().and_then(|tool| tool.driver.get());
    if let Some(driver) = driver {
        if let Some(name) = clean::scanner(driver.name.or_empty()) {
            draft.scanner = name;
        }
        draft.tool_version = driver.semantic_version.get().or(driver.version.get()).and_then(clean::version);
    }
    let id = run.automation.get().and_then(|details| details.id.get());
    draft.looked_at.target = id.and_then(|id| ScanTarget::category(&clean::words(id)));
    let paths = Paths::of(run);
    let notices = Levelled::notifications(run);
    if let Some(kind) = run.invocations.wrong() {
        draft
            .fail(format!("`invocations` is {}, not an array: whether the run succeeded cannot be told", kind.words()));
    }
    let found = !run.results.items().is_empty();
    for (index, record) in run.invocations.items().iter().enumerate() {
        match record {
            Record::Good(invocation) => {
                if let Some(at) = invocation.end.get().or(invocation.start.get()) {
                    draft.observed_at = draft.observed_at.max(clean::moment(at, source.now));
                }
                take_invocation(&mut draft, (Some(index as u64), invocation), found, &notices, &paths);
            }
            Record::Bad(kind) => {
                let what = kind.words();
                draft.fail(format!("an invocation is {what}, not an object: whether the run succeeded cannot be told"));
            }
        }
    }
    take_conversion(&mut draft, &run.conversion, found, &notices, &paths);
    if is_elsewhere(&run.external) {
        draft.fail("results or invocations of the run stand in another file (externalPropertyFileReferences)");
    }
    match &run.results {
        List::Absent => draft.fail("the run has no `results`: the scan did not produce any"),
        List::Wrong(kind) => {
            draft.fail(format!("the run's `results` is {}: the scan did not produce any", kind.words()));
        }
        List::Items(results) => {
            let rules = Levelled::rules(run);
            let RulesRun { lists_all, names } = rules::were_run(run, &rules.all);
            (draft.looked_at.lists_rules, draft.looked_at.rules) = (lists_all, names);
            let fingerprints = Telling::of(results.iter().filter_map(Record::good));
            for (index, record) in results.iter().enumerate() {
                if let Some(result) = draft.open(record, "results", index) {
                    take(&mut draft, result, index, &rules, &paths, &fingerprints);
                }
            }
            if draft.scanner.as_str().eq_ignore_ascii_case("bandit")
                && let Some(properties) = run.properties.get()
            {
                bandit::take_counts(&mut draft, properties.metrics.entries(), results.len());
            }
        }
    }
    draft
}

/// The rules of a run or the kinds of its notifications, with the levels that its users gave them.
struct Levelled<'r> {
    all: Descriptors<'r>,
    levels: Levels<'r>,
    /// Whether some of them stand in another file.
    is_elsewhere: bool,
}

impl<'r> Levelled<'r> {
    fn rules(run: &'r Run<'r>) -> Self {
        let all = Descriptors::of(run, |component| &component.rules);
        let levels = Levels::of(run, &all, |invocation| &invocation.rule_overrides);
        Self { all, levels, is_elsewhere: run.external.get().is_some_and(External::holds_rules) }
    }

    fn notifications(run: &'r Run<'r>) -> Self {
        let all = Descriptors::of(run, |component| &component.notifications);
        let levels = Levels::of(run, &all, |invocation| &invocation.notification_overrides);
        Self { all, levels, is_elsewhere: false }
    }

    /// The level of what does not say its own: what the user gave it, else its default.
    fn level(&self, rule: Option<&'r Rule<'r>>, id: Option<&str>, invocation: Option<u64>) -> &'r str {
        let given = self.levels.given(id, invocation);
        let given = given.or_else(|| self.levels.given(rule?.id.get(), invocation));
        given.unwrap_or_else(|| self.default_level(rule))
    }

    /// The level that a rule says, else `warning`. That of one that stands in another file is not known.
    fn default_level(&self, rule: Option<&'r Rule<'r>>) -> &'r str {
        let said = rule.and_then(|rule| rule.configuration.get()?.level.get());
        said.unwrap_or(if rule.is_none() && self.is_elsewhere { "unknown" } else { "warning" })
    }
}

fn is_elsewhere(external: &Part<External>) -> bool {
    external.wrong().is_some() || external.get().is_some_and(External::holds_results)
}

/// A converter that failed may have lost results. When it ran says nothing of the scan.
fn take_conversion(
    draft: &mut Draft,
    conversion: &Part<Conversion<'_>>,
    found: bool,
    notices: &Levelled<'_>,
    paths: &Paths<'_>,
) {
    let invocation = conversion.get().map(|conversion| &conversion.invocation);
    if let Some(kind) = conversion.wrong().or_else(|| invocation?.wrong()) {
        let what = kind.words();
        draft.fail(format!("`conversion` or its `invocation` is {what}: whether it succeeded cannot be told"));
    }
    if let Some(invocation) = invocation.and_then(Part::get) {
        take_invocation(draft, (None, invocation), found, notices, paths);
    }
}

/// `number` is the invocation's in its run; that of a conversion has none, and nobody gives levels for it.
fn take_invocation(
    draft: &mut Draft,
    (number, invocation): (Option<u64>, &Invocation<'_>),
    found: bool,
    notices: &Levelled<'_>,
    paths: &Paths<'_>,
) {
    // What exit codes mean is the tool's own affair; 1 beside results says that something was found.
    let code = invocation.exit_code;
    let is_good_code = code.is_absent() || code.count() == Some(0) || (code.count() == Some(1) && found);
    match invocation.successful {
        Verdict::Is(true) => {}
        Verdict::Is(false) => draft.fail("the tool says that its run did not succeed (executionSuccessful is false)"),
        Verdict::Wrong => {
            draft.fail("whether the run succeeded cannot be read (executionSuccessful is neither true nor false)");
        }
        Verdict::Absent if is_good_code => {}
        Verdict::Absent => draft.fail("the exit code of the run does not show that it succeeded (exitCode)"),
    }
    if invocation.signal.get().is_some() || !invocation.signal_number.is_absent() {
        draft.fail("a signal ended the tool (exitSignalName, exitSignalNumber)");
    }
    if invocation.start_failure.get().is_some() {
        draft.fail("the tool did not start (processStartFailureMessage)");
    }
    for (key, notifications, stage) in [
        ("toolExecutionNotifications", &invocation.execution, Stage::Execution),
        ("toolConfigurationNotifications", &invocation.configuration, Stage::Configuration),
    ] {
        if let Some(kind) = notifications.wrong() {
            draft.fail(format!("`{key}` is {}, not an array: whether the run had errors cannot be told", kind.words()));
        }
        for (index, record) in notifications.items().iter().enumerate() {
            if let Some(notification) = draft.open(record, key, index) {
                let reference = notification.descriptor.get();
                let notice = notices.all.find(None, Number::default(), reference);
                let id = reference.and_then(|r| r.id.get());
                let level = || match number {
                    Some(number) => notices.level(notice, id, Some(number)),
                    None => notices.default_level(notice),
                };
                let level = notification.level.get().unwrap_or_else(level);
                notices::take(draft, notification, (notice, level, stage), paths);
            }
        }
    }
}

fn take(
    draft: &mut Draft,
    result: &SarifResult<'_>,
    index: usize,
    rules: &Levelled<'_>,
    paths: &Paths<'_>,
    fingerprints: &Telling<'_>,
) {
    // Not findings: what was checked and is fine, and what an earlier run had and this one has not.
    if matches!(result.kind.or_empty(), "pass" | "notApplicable" | "informational")
        || result.baseline.or_empty() == "absent"
    {
        return;
    }
    if result.says_nothing() {
        return draft.bad_record(format_args!("results[{index}]"), "it has neither a rule nor a message nor a place");
    }
    let rule = rules.all.of_result(result);
    let rule_id = result.rule_id.get().or(result.rule.get().and_then(|r| r.id.get())).or(rule.and_then(|r| r.id.get()));
    if notices::is_unread_file(&draft.scanner, rule_id, result) {
        return notices::take_unread_file(draft, result, paths);
    }
    let is_named = result.rule_id.is_unreadable() || !result.rule_index.is_absent() || result.rule.get().is_some();
    if rule_id.is_none() && is_named {
        let place = format!("results[{index}]");
        draft.blurred(Gap::Unnamed(format!("the rule of {place}")), place, "its rule is not one of the run's");
    }
    // Results without a rule are told apart by what they say, whatever of it may be shown.
    let told_by = if rule_id.is_none() { message_of(result, rule, rules) } else { Cow::Borrowed("") };
    let rule_id = rule_id.unwrap_or("unspecified");
    let location = result.locations.items().iter().find_map(Record::good);
    let region = location.and_then(|l| l.physical.get()?.region.get());
    let physical = location.and_then(|l| paths.of_location(l));
    let is_given = |l: &Location<'_>| l.physical.get().is_some() || l.physical.wrong().is_some();
    let leads_nowhere = result.locations.wrong().is_some()
        || matches!(result.locations.items().first(), Some(Record::Bad(_)))
        || (physical.is_none() && location.is_some_and(|l| is_given(l) && !is_project(l)));
    if leads_nowhere {
        let place = format!("results[{index}]");
        draft.blurred(Gap::Unnamed(format!("the place of {place}")), place, "its location leads nowhere");
    }
    // A result without any place concerns the project as a whole.
    let path = physical
        .or_else(|| clean::path(paths.name_in_code(location?)?))
        .or_else(|| paths.of_artifact(result.target.get()?))
        .unwrap_or_else(|| ".".to_owned());

    let is_secret_scanner = is_secret_scanner(&draft.scanner);
    let is_secretive = is_secret_scanner || is_secretive(rule_id, rule);
    // The message of a result about a secret may hold it, quoted or not; what is said of the rule does not.
    let said = if is_secretive { Cow::Borrowed(about(rule)) } else { message_of(result, rule, rules) };
    let description = if said.trim().is_empty() { Cow::Borrowed(rule_id) } else { said };
    let snippet = snippet_of(result);
    let fingerprint = || {
        let told = fingerprints.of_result(result).filter(|_| !is_secretive)?;
        CodeText::of_fingerprint(told.name, told.value)
    };

    let mut former_rules: Vec<String> = rule.iter().flat_map(|r| r.deprecated.iter()).map(clean::rule).collect();
    former_rules.retain(|former| former != rule_id);
    let names = std::iter::once(rule_id).chain(rule.iter().flat_map(|r| r.deprecated.iter()));
    let observation = observe::code(CodeParts {
        rule: rule_id,
        former_rules,
        path,
        line: region.and_then(|r| r.line.line()),
        // A secret scanner's line is the secret, quoted or not.
        begins: None,
        text: match snippet {
            _ if is_secret_scanner => None,
            Some(quote) if is_secretive => CodeText::of(quote, true),
            // Some tools quote the line, others the region that begins or ends inside it.
            Some(quote) => CodeText::of_part(quote),
            None => fingerprint(),
        },
        quoted: region.and_then(|r| r.snippet.get()?.text.get()),
        aliases: names.filter_map(advisory_at_start).collect::<BTreeSet<_>>(),
        rating: rating_of(result, rule, rules),
        description,
        url: rule.and_then(|r| r.help.get()),
        clearance: is_suppressed(result).then_some(Clearance::Suppressed),
    });
    draft.code_told_by(observation, region.and_then(|r| r.column.line()), &told_by);
}

/// Whether a location is the project's own folder (`./`).
fn is_project(location: &Location<'_>) -> bool {
    let uri = location.physical.get().and_then(|p| p.artifact.get()?.uri.get());
    uri.is_some_and(|uri| uri.chars().all(|c| matches!(c, '.' | '/')))
}

/// The first line of what a result quotes of the code.
///
/// bandit quotes what stands around the last lines of a call, and under the first one some line of that: a region that begins before
/// its surroundings quotes another line.
fn snippet_of<'r>(result: &'r SarifResult<'_>) -> Option<&'r str> {
    let location = result.locations.items().iter().find_map(Record::good)?;
    let physical = location.physical.get()?;
    let region = physical.region.get()?;
    let around = physical.around.get().and_then(|around| around.line.line());
    if around.zip(region.line.line()).is_some_and(|(around, line)| line < around) {
        return None;
    }
    region.snippet.get()?.text.get()?.lines().find(|line| !line.trim().is_empty())
}

/// The fingerprints that tell the results of a run apart, by name.
struct Telling<'r>(BTreeSet<&'r str>);

impl<'r> Telling<'r> {
    /// A name tells them apart if it has as many values as there are places that it stands at.
    fn of(results: impl Iterator<Item = &'r SarifResult<'r>>) -> Self {
        type Places<'r> = HashSet<(&'r str, Option<&'r str>, Option<u64>, Option<u32>, Option<u32>)>;
        type Values<'r> = HashSet<(&'r str, &'r str)>;
        let mut by_name: BTreeMap<&str, (Places<'r>, Values<'r>)> = BTreeMap::new();
        for result in results.filter(|result| snippet_of(result).is_none()) {
            let Some(fingerprint) = result.fingerprint() else { continue };
            let rule = result.rule_id.get().or(result.rule.get().and_then(|r| r.id.get())).unwrap_or_default();
            let physical = result.locations.items().iter().find_map(Record::good).and_then(|l| l.physical.get());
            let artifact = physical.and_then(|p| p.artifact.get());
            let region = physical.and_then(|p| p.region.get());
            let (places, values) = by_name.entry(fingerprint.name).or_default();
            places.insert((
                rule,
                artifact.and_then(|a| a.uri.get()),
                artifact.and_then(|a| a.index.count()),
                region.and_then(|r| r.line.line()),
                region.and_then(|r| r.column.line()),
            ));
            values.insert((rule, fingerprint.value));
        }
        let telling = by_name.into_iter().filter(|(_, (places, values))| values.len() >= places.len());
        Self(telling.map(|(name, _)| name).collect())
    }

    fn of_result<'f>(&self, result: &'f SarifResult<'_>) -> Option<Fingerprint<'f>> {
        result.fingerprint().filter(|fingerprint| self.0.contains(fingerprint.name))
    }
}

/// Suppressed when there is a suppression and none of them is still under review or was rejected.
fn is_suppressed(result: &SarifResult<'_>) -> bool {
    let all = result.suppressions.items();
    let accepted = |s: &Record<Suppression<'_>>| {
        s.good().is_some_and(|s| matches!(s.status.get().or(s.state.get()).unwrap_or("accepted"), "accepted"))
    };
    !all.is_empty() && all.iter().all(accepted)
}

/// `security-severity` of the result or its rule, as a number or a word, goes before the level. What is no failure, only open or to
/// be looked at by somebody, has no level unless it says one.
fn rating_of<'r>(result: &SarifResult<'_>, rule: Option<&'r Rule<'r>>, rules: &Levelled<'r>) -> Rating {
    let own = result.properties.get().and_then(|p| p.severity.get());
    let of_rule = rule.and_then(|r| r.properties.get()?.severity.get());
    // Trivy writes 0.0 where its source has no score of version 3, beside the level that it does know.
    let is_bad = result.level.get().is_some_and(|level| matches!(level, "error" | "warning"));
    for said in [own, of_rule].into_iter().flatten() {
        let rating = said.trim().parse().ok().and_then(observe::rated_by_score);
        if let Some(rating) = rating.filter(|rating| !is_bad || rating.severity != Severity::Info) {
            return rating;
        }
        if let Some(severity) = Severity::from_word(said) {
            return Rating::word(severity, SeveritySource::Scanner);
        }
    }
    let level = result.level.get().unwrap_or_else(|| {
        if result.kind.get().is_some_and(|kind| kind != "fail") {
            return "none";
        }
        let id = result.rule_id.get().or(result.rule.get().and_then(|r| r.id.get()));
        rules.level(rule, id, result.provenance.get().and_then(|p| p.invocation.count()))
    });
    observe::rated_by_word(level)
}

fn message_of<'r>(result: &'r SarifResult<'_>, rule: Option<&'r Rule<'_>>, rules: &Levelled<'r>) -> Cow<'r, str> {
    let Some(message) = result.message.get() else {
        return Cow::Borrowed(about(rule));
    };
    if let Some(text) = message.text.get() {
        return fill(text, &message.arguments);
    }
    let Some(id) = message.id.get() else {
        return Cow::Borrowed(about(rule));
    };
    let named = |strings: &'r Entries<'_, Part<Message<'_>>>| {
        strings.entries().iter().find(|(key, _)| key == id).and_then(|(_, m)| m.get()?.text.get())
    };
    match rule.and_then(|r| named(&r.messages)).or_else(|| rules.all.driver().and_then(|d| named(&d.messages))) {
        Some(text) => fill(text, &message.arguments),
        None => Cow::Borrowed(about(rule)),
    }
}

/// What the rule is about, for a result that does not say.
fn about<'r>(rule: Option<&'r Rule<'_>>) -> &'r str {
    let text = |part: &'r Part<Message<'_>>| part.get().and_then(|m| m.text.get());
    rule.and_then(|r| text(&r.short).or_else(|| text(&r.full)).or_else(|| r.name.get())).unwrap_or_default()
}

/// How far a message is filled: what goes beyond is not shown, and placeholders may repeat a long argument without end.
const FILLED: usize = 4096;

/// Puts the arguments in the place of `{0}`, `{1}`, …
fn fill<'t>(text: &'t str, arguments: &Texts<'_>) -> Cow<'t, str> {
    let arguments: Vec<&str> = arguments.iter().collect();
    if arguments.is_empty() || !text.contains('{') {
        return Cow::Borrowed(text);
    }
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        if filled.len() > FILLED {
            return Cow::Owned(filled);
        }
        let argument = after
            .split_once('}')
            .and_then(|(number, behind)| Some((arguments.get(number.parse::<usize>().ok()?)?, behind)));
        if let Some((argument, behind)) = argument {
            // One byte more than is shown, so that the cut is seen.
            filled.push_str(&argument[..argument.ceil_char_boundary(FILLED + 1)]);
            rest = behind;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    Cow::Owned(filled)
}

/// The advisory id that a rule's id is or starts with: grype appends the package (`CVE-2021-33574-libc6`).
fn advisory_at_start(rule: &str) -> Option<AdvisoryId> {
    let parts: Vec<&str> = rule.trim().split('-').collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let block = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let taken = match *parts.first()? {
        "CVE" | "PYSEC" | "RUSTSEC" | "OSV" | "GO" | "MAL"
            if parts.len() >= 3 && digits(parts[1]) && digits(parts[2]) =>
        {
            3
        }
        "GHSA" if parts.len() >= 4 && parts[1..4].iter().all(|part| block(part)) => 4,
        _ => return None,
    };
    AdvisoryId::parse(&parts[..taken].join("-")).ok()
}
