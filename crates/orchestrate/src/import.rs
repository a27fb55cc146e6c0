//! The step that takes over the files of the Python system: its plans, its dates, its history.
//!
//! Everything is read and judged before anything is written, and the ledger is written last. The folder that is read is never
//! changed; what cannot be used is named, and a copy of it is set aside (apart from raw reports, which may hold secrets and stay
//! where they are). Importing the same files again changes nothing.

mod places;
mod reports;

use std::path::{Path, PathBuf};

use findings_ledger::{
    Ledger, Plans, PlansError,
    import::{
        Sighting, SourcePlans, Timeline, apply_sightings, merge_plans, rebuilt, scrubbed_copy, sightings_of_changelog,
        sightings_of_document,
    },
};
use findings_model::{PackageName, SchemaVersion, Timestamp, text};
use serde::Serialize;
use sha2::{Digest, Sha256};
use state_store::StoreError;

use crate::{
    documents::{self, DocumentError},
    findings::Writing,
    paths,
    project::Project,
};
use places::{Found, Original};

/// The folder of what was taken over.
const IMPORTED: &str = "security/findings/history/imported";
/// The most that one of the old files may hold: 64 MiB.
const FILE_LIMIT: u64 = 64 * 1024 * 1024;
/// Faults of one file that its reason names.
const NAMED_FAULTS: usize = 5;

/// What to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// The project's name.
    pub project: PackageName,
    /// The old system's `security` folder, the project folder around it, or the `findings` folder in it.
    pub folder: PathBuf,
    /// Whether anything is written.
    pub writing: Writing,
    /// The time of the run.
    pub now: Timestamp,
}

/// Why nothing could be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The folder holds none of the old system's files.
    #[error("{folder} holds nothing of the Python system")]
    Nothing {
        /// The folder, as it was given.
        folder: String,
    },
    /// A document of ours is unusable.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Our plan file cannot be used; it was left as it is.
    #[error("{} cannot be used", paths::PLANS)]
    Plans {
        /// Why.
        #[source]
        source: PlansError,
    },
    /// A folder or file could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was imported: the document that `update-findings import` prints.
#[derive(Debug, Serialize)]
pub struct ImportReport {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// Every file that was looked at.
    pub imported: Vec<ImportedFile>,
    /// The sums.
    pub counts: ImportCounts,
    /// What a person should know, a line each.
    pub warnings: Vec<String>,
    /// Files that were written (with a dry run: would be), below the project.
    pub written: Vec<String>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportedFile {
    /// Its path below the folder that was given.
    pub file: String,
    /// What it is.
    pub kind: FileKind,
    /// How much of it is in our documents now: plans, events, entries, findings or records.
    pub taken: usize,
    /// Where a copy of it lies because not all of it could be used; null where none was needed or allowed.
    pub set_aside: Option<String>,
    /// What was not used of it, and why; null where everything was.
    pub reason: Option<String>,
}

/// The old system's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// `remediation-plans.yml`.
    Plans,
    /// `history/remediation-timeline.yml`.
    Timeline,
    /// `history/findings-changelog.md`.
    Changelog,
    /// `SECURITY_FINDINGS.md`.
    Document,
    /// A report below `reports/archived`.
    Report,
    /// Anything else; it is named and left where it is.
    Other,
}

/// The sums of an import.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ImportCounts {
    /// Files that were looked at.
    pub files: usize,
    /// Plans that are in our plan file now.
    pub plans: usize,
    /// Events that are in the imported history now.
    pub events: usize,
    /// Archived reports whose normalised form is kept now.
    pub reports: usize,
    /// Findings whose first day was moved back.
    pub dates: usize,
    /// Files of which a copy was set aside.
    pub set_aside: usize,
    /// Files of which something was not used.
    pub not_used: usize,
}

/// Takes over what the files of the Python system say.
pub fn import_original(project: &Project, request: &ImportRequest) -> Result<ImportReport, ImportError> {
    let folder = project.path(&request.folder);
    let Some(original) = Original::find(&folder)? else {
        return Err(ImportError::Nothing { folder: request.folder.display().to_string() });
    };
    let _held = match request.writing {
        Writing::Write => Some(project.lock(paths::FINDINGS)?),
        Writing::DryRun => None,
    };
    let mut ledger = documents::ledger(project)?;
    let mut run = Run { project, request, original: &original, out: Out::default() };
    let empty = Ledger::empty(&request.project, request.now);
    for found in &original.files {
        run.file(found, ledger.as_ref().unwrap_or(&empty))?;
    }
    if original.beyond > 0 {
        let (beyond, taken) = (original.beyond, original.reports.len());
        run.warn(&format!("{beyond} archived reports were not looked at: there are more than {taken}"));
    }
    let reports = reports::read(project, request, &original);
    for (name, bytes) in reports.archives {
        run.out.put(format!("{IMPORTED}/scans/{name}"), bytes);
    }
    run.out.files.extend(reports.files);
    run.out.sightings.extend(reports.sightings);
    run.events()?;
    let Run { mut out, .. } = run;
    let mut counts = out.counts();
    match &mut ledger {
        Some(ledger) => {
            counts.dates = apply_sightings(ledger, &out.sightings, request.now.date());
            if counts.dates > 0 {
                out.put(paths::LEDGER.to_owned(), ledger.to_json());
            }
        }
        None if !out.sightings.is_empty() => out.warnings.push(format!(
            "there is no {} yet: run update-findings, then import again, so that findings get the days on which they were first seen",
            paths::LEDGER
        )),
        None => {}
    }
    let written = write(project, request.writing, &out)?;
    Ok(ImportReport {
        schema_version: SchemaVersion::new(1, 0),
        imported: out.files,
        counts,
        warnings: out.warnings,
        written,
    })
}

/// Writes in order. The copies come first, because one of them may be of the plan file that is about to be written anew: where a copy
/// cannot be kept, nothing is overwritten. The ledger comes last: a run that is killed before is simply made again.
fn write(project: &Project, writing: Writing, out: &Out) -> Result<Vec<String>, StoreError> {
    let mut written = Vec::new();
    for (path, bytes) in out.copies.iter().chain(&out.documents) {
        let changed = match writing {
            Writing::Write => project.write(path, bytes)?,
            Writing::DryRun => project.document(Path::new(path))?.as_deref() != Some(bytes.as_slice()),
        };
        if changed {
            written.push(path.clone());
        }
    }
    Ok(written)
}

/// What an import has found so far.
#[derive(Default)]
struct Out {
    files: Vec<ImportedFile>,
    /// Copies of files that could not be used whole: path below the project, and content.
    copies: Vec<(String, Vec<u8>)>,
    /// Path below the project, and content.
    documents: Vec<(String, Vec<u8>)>,
    sightings: Vec<Sighting>,
    /// Lines of the imported history.
    events: Vec<String>,
    warnings: Vec<String>,
}

impl Out {
    fn put(&mut self, path: String, bytes: Vec<u8>) {
        if !self.documents.iter().any(|(known, _)| *known == path) {
            self.documents.push((path, bytes));
        }
    }

    fn counts(&self) -> ImportCounts {
        let taken = |kind| self.files.iter().filter(|f| f.kind == kind).map(|f| f.taken).sum();
        ImportCounts {
            files: self.files.len(),
            plans: taken(FileKind::Plans),
            events: taken(FileKind::Timeline),
            reports: self.files.iter().filter(|f| f.kind == FileKind::Report && f.reason.is_none()).count(),
            dates: 0,
            set_aside: self.files.iter().filter(|f| f.set_aside.is_some()).count(),
            not_used: self.files.iter().filter(|f| f.reason.is_some()).count(),
        }
    }
}

struct Run<'a> {
    project: &'a Project,
    request: &'a ImportRequest,
    original: &'a Original,
    out: Out,
}

impl Run<'_> {
    fn file(&mut self, found: &Found, ledger: &Ledger) -> Result<(), ImportError> {
        if found.kind == FileKind::Other {
            self.told(
                found,
                0,
                None,
                &["it is not one of the files that are taken over; it stays where it is".to_owned()],
            );
            return Ok(());
        }
        let bytes = match state_store::read(&found.path, FILE_LIMIT) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.told(found, 0, None, &[format!("it cannot be read and stays where it is: {}", error.kind)]);
                return Ok(());
            }
        };
        match found.kind {
            FileKind::Plans => self.plans(found, &bytes, ledger)?,
            FileKind::Timeline => self.timeline(found, &bytes),
            FileKind::Changelog => self.changelog(found, &bytes)?,
            FileKind::Document => self.document(found, &bytes),
            FileKind::Report | FileKind::Other => {}
        }
        Ok(())
    }

    fn plans(&mut self, found: &Found, bytes: &[u8], ledger: &Ledger) -> Result<(), ImportError> {
        let source = SourcePlans::read(bytes);
        self.out.sightings.extend(source.sightings());
        let now = self.request.now;
        let is_ours = self.is_ours(found, paths::PLANS);
        if is_ours && Plans::from_yaml(bytes).is_ok() {
            self.told(found, source.plans.len(), None, &source.faults);
            return Ok(());
        }
        let plans_error = |source| ImportError::Plans { source };
        let mut reasons = source.faults.clone();
        let taken = if is_ours {
            // The file that both systems use is damaged: what can be read of it is written anew beside a copy of the whole.
            let text = rebuilt(&source, ledger, now).map_err(plans_error)?;
            self.out.put(paths::PLANS.to_owned(), text.into_bytes());
            source.plans.len()
        } else {
            let existing = self.project.document(Path::new(paths::PLANS))?;
            let existing = match &existing {
                Some(bytes) => {
                    Plans::from_yaml(bytes).map_err(plans_error)?;
                    Some(String::from_utf8_lossy(bytes).into_owned())
                }
                None => None,
            };
            let merged = merge_plans(existing.as_deref(), &source, ledger, now).map_err(plans_error)?;
            reasons.extend(merged.refused.map(str::to_owned));
            reasons.extend(
                merged
                    .kept_ours
                    .iter()
                    .map(|key| format!("plan {key}: ours was edited and says something else; it stays")),
            );
            for key in &merged.exceptions {
                self.warn(&format!("the imported plan of {key} excepts its finding from now on; give it a reason and a day on which it expires"));
            }
            if !merged.text.is_empty() {
                self.out.put(paths::PLANS.to_owned(), merged.text.into_bytes());
            }
            merged.taken
        };
        for note in source.notes {
            self.warn(&note);
        }
        let copy = (!reasons.is_empty()).then(|| self.set_aside(found, bytes));
        self.told(found, taken, copy, &reasons);
        Ok(())
    }

    fn timeline(&mut self, found: &Found, bytes: &[u8]) {
        let timeline = Timeline::read(bytes);
        self.out.events.extend(timeline.events.iter().map(findings_ledger::import::ImportedEvent::to_line));
        self.out.sightings.extend(timeline.sightings);
        let copy = (!timeline.faults.is_empty()).then(|| self.set_aside(found, bytes));
        self.told(found, timeline.events.len(), copy, &timeline.faults);
    }

    fn changelog(&mut self, found: &Found, bytes: &[u8]) -> Result<(), StoreError> {
        let Some((entries, sightings)) = sightings_of_changelog(bytes) else {
            if !self.is_ours(found, paths::CHANGELOG) {
                let copy = self.set_aside(found, bytes);
                self.told(found, 0, Some(copy), &["it has no entry of the Python system's changelog".to_owned()]);
            }
            return Ok(());
        };
        self.out.sightings.extend(sightings);
        let copy = scrubbed_copy(bytes);
        if !self.is_kept(&copy)? {
            self.out.put(format!("{IMPORTED}/{}", named("findings-changelog.md", &copy)), copy);
        }
        let faults = std::str::from_utf8(bytes)
            .err()
            .map(|error| format!("it is not UTF-8 text (byte {}); it is kept as it is", error.valid_up_to()));
        self.told(found, entries, None, faults.as_slice());
        Ok(())
    }

    /// Whether a text, or one that it continues, is among the imported changelogs: ours goes on in the same file.
    fn is_kept(&self, text: &[u8]) -> Result<bool, StoreError> {
        let folder = self.project.path(IMPORTED);
        for entry in state_store::list(&folder)? {
            let is_changelog = entry.name.starts_with("findings-changelog-");
            if is_changelog && text.starts_with(&state_store::read(&folder.join(&entry.name), FILE_LIMIT)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn document(&mut self, found: &Found, bytes: &[u8]) {
        match sightings_of_document(bytes) {
            Some(sightings) => {
                let listed = sightings.len();
                self.out.sightings.extend(sightings);
                let copy = scrubbed_copy(bytes);
                self.out.put(format!("{IMPORTED}/{}", named("SECURITY_FINDINGS.md", &copy)), copy);
                self.told(found, listed, None, &[]);
            }
            None if self.is_ours(found, paths::FINDINGS_DOCUMENT) => {}
            None => {
                let copy = self.set_aside(found, bytes);
                self.told(found, 0, Some(copy), &["it is not a findings document of the Python system".to_owned()]);
            }
        }
    }

    /// Puts the events into the imported history, each line once, by time.
    fn events(&mut self) -> Result<(), StoreError> {
        if self.out.events.is_empty() {
            return Ok(());
        }
        let path = format!("{IMPORTED}/events.ndjson");
        let before = self.project.document(Path::new(&path))?.unwrap_or_default();
        let mut lines: Vec<String> = String::from_utf8_lossy(&before).lines().map(str::to_owned).collect();
        lines.append(&mut self.out.events);
        // A line begins with its time.
        lines.sort();
        lines.dedup();
        let mut text = lines.join("\n");
        text.push('\n');
        self.out.put(path, text.into_bytes());
        Ok(())
    }

    /// Keeps a copy of a file that could not be used whole. Gives the copy's path.
    fn set_aside(&mut self, found: &Found, bytes: &[u8]) -> String {
        let copy = scrubbed_copy(bytes);
        let name = found.path.file_name().unwrap_or_default().to_string_lossy();
        let path = format!("{IMPORTED}/set-aside/{}", named(&name, &copy));
        self.out.copies.push((path.clone(), copy));
        path
    }

    /// Whether this is the file that we use ourselves.
    fn is_ours(&self, found: &Found, path: &str) -> bool {
        let plain = |path: &Path| path.components().collect::<PathBuf>();
        plain(&found.path) == plain(&self.project.path(path))
    }

    fn told(&mut self, found: &Found, taken: usize, set_aside: Option<String>, reasons: &[String]) {
        self.out.files.push(ImportedFile {
            file: self.original.label(&found.path),
            kind: found.kind,
            taken,
            set_aside,
            reason: reason(reasons),
        });
    }

    fn warn(&mut self, line: &str) {
        self.out.warnings.push(text::one_line(line));
    }
}

/// Several reasons as one line.
fn reason(reasons: &[String]) -> Option<String> {
    let more = reasons.len().saturating_sub(NAMED_FAULTS);
    let mut named: Vec<String> = reasons.iter().take(NAMED_FAULTS).cloned().collect();
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    let line = named.join("; ");
    (!reasons.is_empty()).then(|| text::one_line(&line))
}

/// A file's name with a digest of its content: the same content has one name, another content another.
fn named(name: &str, bytes: &[u8]) -> String {
    let digest = &text::hex(&Sha256::digest(bytes))[..8];
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-{digest}.{ending}"),
        None => format!("{name}-{digest}"),
    }
}
