//! The step that turns reports into the ledger and its documents.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    path::{Path, PathBuf},
};

use findings_ledger::{
    DocumentInput, Exception, Intake, PlanFile, PlansError, PlansSynced, Required, Retention, ScanArchive, Taken,
    archive_date, changelog_to_append, events_to_append, expired, findings_document, is_event_expired, retain_events,
};
use findings_model::{
    Finding, PackageName, ReportFormat, Scan, ScanSummary, ScannerName, SchemaVersion, SeverityCounts, SlaDays, Status,
    Timestamp, date_text,
};
use scanner_reports::FingerprintKey;
use serde::Serialize;
use state_store::StoreError;
use time::Date;

use crate::{
    advice::{self, Feed, LookUp},
    by_name::ByName,
    documents::{self, DocumentError},
    gather::{self, Reading, Tree},
    paths,
    project::Project,
    source_lines::SourceLines,
    told_lines, unlisted,
};

/// The most that the first line of the events is looked for in, in bytes.
const FIRST_LINE: u64 = 16 * 1024;

/// What a run of `update-findings` works with.
#[derive(Debug)]
pub struct FindingsRequest {
    /// The project's name.
    pub project: PackageName,
    /// Folders whose files are all reports.
    pub folders: Vec<PathBuf>,
    /// Reports whose format the caller declares.
    pub declared: Vec<(ReportFormat, PathBuf)>,
    /// Folders, zip archives or files of OSV records.
    pub advisories: Vec<PathBuf>,
    /// Asks a service for the records that those lack; none asks nobody.
    pub look_up: Option<LookUp>,
    /// The catalogue of known exploited vulnerabilities, if it is used.
    pub kev: Option<Feed>,
    /// The scores of how likely attacks are, if they are used.
    pub epss: Option<Feed>,
    /// Which scanners a run cannot do without; none for every one that ever gave a usable report.
    pub required: Option<BTreeSet<ScannerName>>,
    /// Scanners that are no longer used.
    pub retired: BTreeSet<ScannerName>,
    /// How many reports of a scanner a run has; as many as the run before where nothing is said.
    pub reports: BTreeMap<ScannerName, usize>,
    /// Scanners whose empty report is believed after one with content.
    pub trust_empty: BTreeSet<ScannerName>,
    /// What the configuration excepts.
    pub exceptions: Vec<Exception>,
    /// Days to the due date, by severity.
    pub sla: SlaDays,
    /// Days that archived scans and events are kept.
    pub retention: Retention,
    /// The key for the marks of secrets.
    pub key: Option<FingerprintKey>,
    /// Whether documents are written.
    pub writing: Writing,
    /// The time of the run.
    pub now: Timestamp,
}

/// Whether a step writes its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// Write.
    Write,
    /// Only say what would be written.
    DryRun,
}

/// Why findings could not be updated.
#[derive(Debug, thiserror::Error)]
pub enum FindingsError {
    /// A document of ours is unusable.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The plan file cannot be used; it was left as it is.
    #[error("{} cannot be used", paths::PLANS)]
    Plans {
        /// Why.
        #[source]
        source: PlansError,
    },
    /// What the caller gave as advisory records cannot be read.
    #[error("the advisory records cannot be read")]
    Advisories(#[source] StoreError),
    /// The document for people could not be made.
    #[error(transparent)]
    Render(#[from] findings_ledger::RenderError),
    /// A folder or file could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a run found and did: the document that `update-findings` prints.
#[derive(Debug, Serialize)]
pub struct FindingsReport {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// Every report that was looked at, and every required scanner without one.
    pub scans: Vec<ScanSummary>,
    /// Open and unverified findings, by severity.
    pub summary: Summary,
    /// Open, unverified and excepted findings, in the order of their ids.
    pub findings: Vec<Finding>,
    /// What changed in the plan file.
    pub sync_results: SyncResults,
    /// What could not be used and did no harm, a line each.
    pub warnings: Vec<String>,
    /// Files that were written, below the project.
    pub written: Vec<String>,
    /// Whether a required scanner failed or is missing.
    #[serde(skip)]
    pub required_incomplete: bool,
}

/// What a run changed in the plan file, which has one plan for each finding that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SyncResults {
    /// Plans that were put in for findings without one, or brought back from the archive.
    pub added: usize,
    /// Untouched plans that went with their findings.
    pub removed: usize,
    /// Plans that stayed, in place or, with a person's words in them, in the archive.
    pub preserved: usize,
    /// Plans that cannot be used.
    pub errors: usize,
}

impl SyncResults {
    fn of(synced: &PlansSynced) -> Self {
        Self {
            added: synced.added + synced.restored,
            removed: synced.removed,
            preserved: synced.preserved + synced.archived,
            errors: synced.problems().len(),
        }
    }
}

/// Counts of open and unverified findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// By severity.
    #[serde(flatten)]
    pub counts: SeverityCounts,
    /// Those that the newest scans could not confirm; they are counted by severity, too.
    pub unverified: usize,
}

impl Summary {
    /// Counts the findings that are open or unverified.
    pub fn of(findings: &[Finding]) -> Self {
        let present = || findings.iter().filter(|f| f.is_open());
        Self {
            counts: SeverityCounts::count(present().map(|f| f.rating.severity)),
            unverified: present().filter(|f| f.status != Status::Open).count(),
        }
    }
}

/// Reads the reports, brings them into the ledger and writes its documents.
///
/// A report that cannot be used is a failed scan and ends nothing; the rest counts. The ledger is written last: a run that is
/// killed before is simply made again.
pub fn update_findings(project: &Project, request: &FindingsRequest) -> Result<FindingsReport, FindingsError> {
    let _held = match request.writing {
        Writing::Write => Some(project.lock(paths::FINDINGS)?),
        Writing::DryRun => None,
    };
    let ledger = documents::ledger_or_empty(project, &request.project, request.now)?;
    documents::refuse_ahead(ledger.updated, request.now)?;
    let plan_error = |source| FindingsError::Plans { source };
    let plan_bytes = project.document(Path::new(paths::PLANS))?.unwrap_or_default();
    let decisions = PlanFile::read(&plan_bytes).map_err(plan_error)?.into_decisions();
    // Read again before it is written: look-ups may take half a minute, and what a person saves meanwhile must not be lost.
    drop(plan_bytes);
    let mut warnings = Vec::new();
    let mut scans = scans(project, request, &mut warnings)?;
    unlisted::doubt(project, &request.trust_empty, &mut scans);
    warnings.extend(gather::leave_out_own_state(&mut scans));
    if scans.is_empty() {
        warnings.push(format!("there is no report in {}; nothing is known from this run", folders_of(request)));
    }
    told_lines::tell(project, &mut scans, &ledger.findings);
    let store = advice::store(project, request, &scans, &ledger, &mut warnings).map_err(FindingsError::Advisories)?;
    store.enrich(&mut scans);
    gather::speak_of_parts(project, &request.project, &mut scans, &ledger.findings);

    let scopes = project.scopes();
    let lines = SourceLines::of(|path: &str| project.source(path));
    let files = ByName::of(|| project.files());
    let mut taken = findings_ledger::take_in(
        ledger,
        &Intake {
            scans: &scans,
            required: &request.required.clone().map_or(Required::Default, Required::Named),
            retired: &request.retired,
            reports: &request.reports,
            trust_empty: &request.trust_empty,
            file_exists: &|path| project.has_file(path),
            still_in: &|path, subject| lines.still_say(path, subject),
            in_part: &|path, subject| lines.say_in_part(path, subject),
            suppressed_in: &|path, scanner, subject| lines.suppress(path, scanner, subject),
            may_suppress_in: &|path, scanner, subject| lines.may_suppress(path, scanner, subject),
            digest_of: &|path, line| lines.digest(path, line),
            namesakes: &|path| files.namesakes(path).to_vec(),
            advisory: &|vulnerability| store.verdict(vulnerability),
            advised: &|vulnerability| store.has_all_of(vulnerability),
            advisory_rating: &|vulnerability| store.rating(vulnerability),
            plans: &decisions,
            exceptions: &request.exceptions,
            declares: &|package| scopes.declares(package),
            scope_of: &|package| scopes.of(package),
            now: request.now,
        },
    );
    advice::tell_attacks(project, request, &mut taken.ledger.findings, &mut warnings)
        .map_err(FindingsError::Advisories)?;
    let mut written = Vec::new();
    if request.writing == Writing::Write && !scans.is_empty() {
        let archive = ScanArchive::new(&request.project, &scans, &taken.scans, request.now);
        let path = format!("{}/{}", paths::SCANS, archive.file_name());
        put(project, &path, &mut written, &|out| archive.write_json(out))?;
    }
    // From here on the ledger has everything; the reports are the greater part of a run's memory.
    drop(scans);
    let plan_bytes = project.document(Path::new(paths::PLANS))?.unwrap_or_default();
    let synced =
        PlanFile::read(&plan_bytes).and_then(|file| file.sync(&taken.ledger, request.now)).map_err(plan_error)?;
    let (new_plans, synced) = synced.into_change();
    drop(plan_bytes);
    warnings.extend(synced.problems().iter().map(ToString::to_string));
    warnings
        .extend(synced.unused.iter().map(|id| format!("the exception of {id} in {} matches no finding", paths::PLANS)));
    warnings.extend(taken.notices.iter().map(ToString::to_string));
    for scan in &taken.scans {
        let (scanner, file, coverage) = (&scan.scanner, &scan.file, scan.coverage.as_str());
        tracing::info!("{scanner} ({file}): {coverage}, {} findings", scan.findings);
    }
    for event in &taken.events {
        tracing::debug!("{event:?}");
    }
    if request.writing == Writing::Write {
        write(project, request, &taken, &synced, new_plans, &mut written, &mut warnings)?;
    }
    tracing::info!("{} events, {} documents written", taken.events.len(), written.len());
    let there = |f: &Finding| !matches!(f.status, Status::Resolved { .. });
    Ok(FindingsReport {
        schema_version: SchemaVersion::new(1, 0),
        summary: Summary::of(&taken.ledger.findings),
        findings: taken.ledger.findings.into_iter().filter(there).collect(),
        scans: taken.scans,
        sync_results: SyncResults::of(&synced),
        warnings,
        written,
        required_incomplete: taken.required_incomplete,
    })
}

/// Every report of the folders and every declared one, each file once: a declared format goes before what content and name say.
fn scans(project: &Project, request: &FindingsRequest, warnings: &mut Vec<String>) -> Result<Vec<Scan>, StoreError> {
    let tree = Tree::of(project);
    let key = request.key.as_ref();
    let reading = Reading { own_project: Some(&request.project), key, now: request.now, tree: Some(&tree) };
    let declared: Vec<(ReportFormat, PathBuf)> =
        request.declared.iter().map(|(format, path)| (*format, project.path(path))).collect();
    let mut seen: BTreeSet<PathBuf> = declared.iter().map(|(_, path)| place(path)).collect();
    let mut scans = Vec::new();
    for folder in &request.folders {
        let folder = project.path(folder);
        let mut skip = |path: &Path| !seen.insert(place(path));
        scans.extend(gather::scans_of_folder(project, &folder, &reading, &mut skip, warnings)?);
    }
    let mut seen = BTreeSet::new();
    for (format, path) in declared.iter().filter(|(_, path)| seen.insert(place(path))) {
        scans.extend(gather::scans_of_file(project, path, Some(*format), &reading));
    }
    Ok(scans)
}

/// A file under the name of its folder that has no links in it: one that is given twice is one.
fn place(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(|folder| state_store::absolute_names(folder).pop());
    folder.zip(path.file_name()).map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name))
}

/// The folders that reports are looked for in, in words.
fn folders_of(request: &FindingsRequest) -> String {
    let folders: Vec<String> = request.folders.iter().map(|folder| folder.display().to_string()).collect();
    folders.join(", ")
}

/// Writes every document that changed, the ledger last.
fn write(
    project: &Project,
    request: &FindingsRequest,
    taken: &Taken,
    synced: &PlansSynced<'_>,
    new_plans: Option<String>,
    written: &mut Vec<String>,
    warnings: &mut Vec<String>,
) -> Result<(), FindingsError> {
    let mut put = |path: &str, content: &dyn Fn(&mut dyn Write) -> io::Result<()>| put(project, path, written, content);
    if let Some(events) = events(project, request, taken, warnings)? {
        put(paths::EVENTS, &|out| events.iter().try_for_each(|part| out.write_all(part.as_bytes())))?;
    }
    if !taken.events.is_empty() {
        let changelog = history(project, paths::CHANGELOG, request.now.date(), warnings, |_| true)?;
        let entry = changelog_to_append(&changelog, &taken.events);
        put(paths::CHANGELOG, &|out| {
            [&changelog, &entry].into_iter().try_for_each(|part| out.write_all(part.as_bytes()))
        })?;
    }
    if let Some(plans) = new_plans {
        put(paths::PLANS, &|out| out.write_all(plans.as_bytes()))?;
    }
    let input = DocumentInput { ledger: &taken.ledger, plans: &synced.plans, sla: request.sla, now: request.now };
    let document = findings_document(&input)?;
    put(paths::FINDINGS_DOCUMENT, &|out| out.write_all(document.as_bytes()))?;
    if taken.ledger.migrated_from.is_some()
        && let Some(before) = project.document(Path::new(paths::LEDGER))?
    {
        put(paths::LEDGER_BACKUP, &|out| out.write_all(&before))?;
    }
    put(paths::LEDGER, &|out| taken.ledger.write_json(out))?;
    remove_old_scans(project, request)?;
    Ok(())
}

/// Writes a document if it differs from what is there, and notes that it did.
fn put(
    project: &Project,
    path: &str,
    written: &mut Vec<String>,
    content: &dyn Fn(&mut dyn Write) -> io::Result<()>,
) -> Result<(), StoreError> {
    if state_store::replace_if_changed_with(&project.path(path), content)? {
        written.push(path.to_owned());
    }
    Ok(())
}

/// The events that are there and those to append; none where nothing happened and nothing is too old to be kept.
fn events(
    project: &Project,
    request: &FindingsRequest,
    taken: &Taken,
    warnings: &mut Vec<String>,
) -> Result<Option<[String; 2]>, StoreError> {
    let (today, days) = (request.now.date(), request.retention.event_days);
    if taken.events.is_empty() {
        // Events are appended, so the first is the oldest.
        let start = state_store::read_start(&project.path(paths::EVENTS), FIRST_LINE)?.unwrap_or_default();
        let start = String::from_utf8_lossy(&start);
        if !start.lines().next().is_some_and(|line| is_event_expired(line, today, days)) {
            return Ok(None);
        }
    }
    let mut events = history(project, paths::EVENTS, today, warnings, is_event)?;
    let more = events_to_append(&events, &taken.events);
    if is_event_expired(events.lines().next().unwrap_or_default(), today, days) {
        events.push_str(&more);
        let kept = retain_events(&events, today, days).unwrap_or(events);
        return Ok(Some([kept, String::new()]));
    }
    Ok(Some([events, more]).filter(|parts| parts.iter().any(|part| !part.is_empty())))
}

/// A file of the history. Lines that cannot be read are left out, after the damaged file was kept beside under another name.
fn history(
    project: &Project,
    path: &str,
    today: Date,
    warnings: &mut Vec<String>,
    is_line: fn(&str) -> bool,
) -> Result<String, StoreError> {
    let bytes = project.document(Path::new(path))?.unwrap_or_default();
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if text.split_inclusive('\n').all(is_line) => return Ok(text),
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let mut whole = String::with_capacity(bytes.len());
    let mut damaged = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match std::str::from_utf8(line) {
            Ok(line) if is_line(line) => whole.push_str(line),
            _ => damaged += 1,
        }
    }
    let kept = state_store::keep_aside(&project.path(path), &format!("corrupt-{}", date_text(today)), &bytes)?;
    let kept = project.label(&kept);
    let lines = if damaged == 1 { "line" } else { "lines" };
    warnings.push(format!("{damaged} {lines} of {path} cannot be read; the file as it was is kept as {kept}"));
    Ok(whole)
}

/// Whether a line is an event, by its form: what a merge or an editor leaves in the file is not. A checkout may write other ends of
/// lines.
fn is_event(line: &str) -> bool {
    line.starts_with("{\"") && (line.ends_with("}\n") || line.ends_with("}\r\n"))
}

fn remove_old_scans(project: &Project, request: &FindingsRequest) -> Result<(), StoreError> {
    let folder = project.path(paths::SCANS);
    let entries = state_store::list(&folder)?;
    let dated = entries.iter().filter_map(|entry| Some((entry.name.as_str(), archive_date(&entry.name)?)));
    for name in expired(dated, request.now.date(), request.retention.scan_days) {
        state_store::remove(&folder.join(name))?;
    }
    Ok(())
}
