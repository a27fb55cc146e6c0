//! The step that turns reports into the ledger and its documents.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use advisories::AdvisoryStore;
use findings_ledger::{
    DocumentInput, Intake, Plans, PlansError, PlansSynced, Required, Retention, ScanArchive, Taken, archive_date,
    changelog_to_append, events_to_append, expired, findings_document, retain_events, sync_plans,
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
    documents::{self, DocumentError},
    gather::{self, Reading, Records},
    paths,
    project::Project,
};

/// What a run of `update-findings` works with.
#[derive(Debug)]
pub struct FindingsRequest {
    /// The project's name.
    pub project: PackageName,
    /// Folders whose files are all reports.
    pub folders: Vec<PathBuf>,
    /// Reports whose format the caller declares.
    pub declared: Vec<(ReportFormat, PathBuf)>,
    /// Folders or files of OSV records.
    pub advisories: Vec<PathBuf>,
    /// Which scanners a run cannot do without; none for every one that ever gave a usable report.
    pub required: Option<BTreeSet<ScannerName>>,
    /// Scanners that are no longer used.
    pub retired: BTreeSet<ScannerName>,
    /// How many reports of a scanner a run has; as many as the run before where nothing is said.
    pub reports: BTreeMap<ScannerName, usize>,
    /// Scanners whose empty report is believed after one with content.
    pub trust_empty: BTreeSet<ScannerName>,
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
    /// Open, unverified and excepted findings.
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
        Writing::Write => Some(state_store::lock(&project.path(paths::FINDINGS))?),
        Writing::DryRun => None,
    };
    let ledger = documents::ledger_or_empty(project, &request.project, request.now)?;
    let plans_text = project.document(Path::new(paths::PLANS))?;
    let plans = match &plans_text {
        Some(bytes) => Plans::from_yaml(bytes).map_err(|source| FindingsError::Plans { source })?,
        None => Plans::empty(),
    };
    let (store, mut warnings) = advisory_store(project, request)?;
    let mut scans = scans(project, request)?;
    store.enrich(&mut scans);

    let scopes = project.scopes();
    let taken = findings_ledger::take_in(
        ledger,
        &Intake {
            scans: &scans,
            required: &request.required.clone().map_or(Required::Default, Required::Named),
            retired: &request.retired,
            reports: &request.reports,
            trust_empty: &request.trust_empty,
            file_exists: &|path| project.has_file(path),
            advisory: &|vulnerability| store.verdict(vulnerability),
            plans: &plans,
            scope_of: &|package| scopes.of(package),
            now: request.now,
        },
    );
    let plans_text = plans_text.as_deref().map(String::from_utf8_lossy);
    let synced = sync_plans(plans_text.as_deref(), &taken.ledger, request.now)
        .map_err(|source| FindingsError::Plans { source })?;
    warnings.extend(synced.problems().iter().map(ToString::to_string));
    warnings
        .extend(synced.unused.iter().map(|id| format!("the exception of {id} in {} matches no finding", paths::PLANS)));
    for scan in &taken.scans {
        let (scanner, file, coverage) = (&scan.scanner, &scan.file, scan.coverage.as_str());
        tracing::info!("{scanner} ({file}): {coverage}, {} findings", scan.findings);
    }
    for event in &taken.events {
        tracing::debug!("{event:?}");
    }
    let written = match request.writing {
        Writing::Write => write(project, request, &scans, &taken, &synced, &mut warnings)?,
        Writing::DryRun => Vec::new(),
    };
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
fn scans(project: &Project, request: &FindingsRequest) -> Result<Vec<Scan>, StoreError> {
    let reading = Reading { own_project: Some(&request.project), key: request.key.as_ref(), now: request.now };
    let declared: Vec<(ReportFormat, PathBuf)> =
        request.declared.iter().map(|(format, path)| (*format, project.path(path))).collect();
    let mut scans = Vec::new();
    for folder in &request.folders {
        let folder = project.path(folder);
        scans.extend(gather::scans_of_folder(project, &folder, &reading, &|path| {
            declared.iter().any(|(_, declared)| declared == path)
        })?);
    }
    for (format, path) in &declared {
        scans.extend(gather::scans_of_file(project, path, Some(*format), &reading));
    }
    Ok(scans)
}

fn advisory_store(project: &Project, request: &FindingsRequest) -> Result<(AdvisoryStore, Vec<String>), FindingsError> {
    let mut records = Records::default();
    for path in &request.advisories {
        gather::records_of(project, &project.path(path), &mut records).map_err(FindingsError::Advisories)?;
    }
    let files = records.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let (store, errors) = AdvisoryStore::from_records(files);
    let mut warnings = records.warnings;
    warnings.extend(errors.iter().map(|e| crate::causes(e)));
    Ok((store, warnings))
}

/// Writes every document that changed, the ledger last. Gives the files that were written.
fn write(
    project: &Project,
    request: &FindingsRequest,
    scans: &[Scan],
    taken: &Taken,
    synced: &PlansSynced,
    warnings: &mut Vec<String>,
) -> Result<Vec<String>, FindingsError> {
    let mut written = Vec::new();
    let mut put = |path: &str, bytes: &[u8]| -> Result<(), StoreError> {
        if project.write(path, bytes)? {
            written.push(path.to_owned());
        }
        Ok(())
    };
    if !scans.is_empty() {
        let archive = ScanArchive::new(&request.project, scans, &taken.scans, request.now);
        put(&format!("{}/{}", paths::SCANS, archive.file_name()), &archive.to_json())?;
    }
    let today = request.now.date();
    let mut events = history(project, paths::EVENTS, today, warnings, is_event)?;
    events.push_str(&events_to_append(&events, &taken.events));
    if let Some(kept) = retain_events(&events, today, request.retention.event_days) {
        events = kept;
    }
    if !events.is_empty() {
        put(paths::EVENTS, events.as_bytes())?;
    }
    let mut changelog = history(project, paths::CHANGELOG, today, warnings, |_| true)?;
    changelog.push_str(&changelog_to_append(&changelog, &taken.events));
    if !changelog.is_empty() {
        put(paths::CHANGELOG, changelog.as_bytes())?;
    }
    put(paths::PLANS, synced.text.as_bytes())?;
    let input = DocumentInput { ledger: &taken.ledger, plans: &synced.plans, sla: request.sla, now: request.now };
    put(paths::FINDINGS_DOCUMENT, findings_document(&input)?.as_bytes())?;
    put(paths::LEDGER, &taken.ledger.to_json())?;
    remove_old_scans(project, request)?;
    Ok(written)
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
    let mut whole = String::with_capacity(bytes.len());
    let mut damaged = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match std::str::from_utf8(line) {
            Ok(line) if is_line(line) => whole.push_str(line),
            _ => damaged += 1,
        }
    }
    if damaged > 0 {
        let kept = format!("{path}.corrupt-{}", date_text(today));
        project.write(&kept, &bytes)?;
        warnings.push(format!("{damaged} lines of {path} cannot be read; the file as it was is kept as {kept}"));
    }
    Ok(whole)
}

fn is_event(line: &str) -> bool {
    line.ends_with('\n') && serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()
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
