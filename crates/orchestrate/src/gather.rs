//! The reports and advisory records that a run looks at.

use std::{
    collections::BTreeSet,
    io::{BufReader, Read as _},
    path::{Path, PathBuf},
};

use advisories::{ArchiveLimits, RECORD_BYTES, Unread, Wanted, records_of_archive};
use findings_model::{Finding, PackageName, ReportFormat, Scan, Timestamp, text};
use git_command::{CommitId, FolderEntry, GitError, Repository};
use scanner_reports::{FingerprintKey, Places, Source, Whole};
use sha2::{Digest as _, Sha256};
use state_store::{EntryKind, REPORT_LIMIT, StoreError};

use crate::{by_name::ByName, paths, project::Project, version};

/// How deep an advisory folder is looked into.
const RECORD_DEPTH: usize = 8;
/// Links and other entries among the records that are named, each on a line of its own.
const NAMED_ENTRIES: usize = 10;
/// How much of an archive is read at once, in bytes.
const ARCHIVE_BUFFER: usize = 64 * 1024;
/// Files that keep an otherwise empty folder in git; they are no reports.
const KEEPERS: [&str; 2] = [".gitkeep", ".gitignore"];

/// What every report of a run is read with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    /// The project's own name, whose skip is no gap.
    pub(crate) own_project: Option<&'a PackageName>,
    /// The key for the marks of secrets, if the project has one.
    pub(crate) key: Option<&'a FingerprintKey>,
    /// The time of the run.
    pub(crate) now: Timestamp,
    /// The files of the project, for paths of reports that were made in another folder; none for reports of another commit.
    pub(crate) tree: Option<&'a Tree<'a>>,
}

/// The project's files, listed when they are asked for.
#[derive(Debug)]
pub(crate) struct Tree<'p> {
    project: &'p Project,
    roots: Vec<String>,
    files: ByName<'p>,
}

impl<'p> Tree<'p> {
    pub(crate) fn of(project: &'p Project) -> Self {
        let names = state_store::absolute_names(project.root());
        let roots = names.iter().filter_map(|name| name.to_str()).map(|name| name.trim_end_matches('/').to_owned());
        Self { project, roots: roots.filter(|root| !root.is_empty()).collect(), files: ByName::of(|| project.files()) }
    }

    /// The project's files whose path ends with these parts and has more of them.
    fn ending_with(&self, path: &str) -> Vec<String> {
        let is_below = |file: &&String| file.strip_suffix(path).is_some_and(|folder| folder.ends_with('/'));
        self.files.namesakes(path).iter().filter(is_below).cloned().collect()
    }
}

/// Reads every report of a folder, by name, without those to `skip`. A folder that is not there has none. What is not looked into
/// is told in `warnings`.
pub(crate) fn scans_of_folder(
    project: &Project,
    folder: &Path,
    reading: &Reading<'_>,
    skip: &mut dyn FnMut(&Path) -> bool,
    warnings: &mut Vec<String>,
) -> Result<Vec<Scan>, StoreError> {
    let mut scans = Vec::new();
    for entry in state_store::list(folder)? {
        let path = folder.join(&entry.file_name);
        if !counts_as_report(&entry.name, entry.kind) {
            if entry.kind == EntryKind::Folder && !is_empty(&path) {
                warnings.push(not_looked_into(&project.label(&path)));
            }
        } else if !skip(&path) {
            scans.extend(scans_of_file(project, &path, None, reading));
        }
    }
    Ok(scans)
}

/// Whether a folder holds nothing but what keeps it in git; one that cannot be listed may hold anything.
fn is_empty(folder: &Path) -> bool {
    state_store::list(folder).is_ok_and(|entries| entries.iter().all(|entry| KEEPERS.contains(&entry.name.as_str())))
}

/// A folder inside the reports folder is only looked at where a report should stand.
fn counts_as_report(name: &str, kind: EntryKind) -> bool {
    match kind {
        EntryKind::File => !KEEPERS.contains(&name),
        EntryKind::Folder => scanner_reports::format_by_name(name).is_some(),
        EntryKind::Other => true,
    }
}

fn not_looked_into(label: &str) -> String {
    format!(
        "{label} is a folder among the reports and was not looked into; if there are reports in it, give it with --reports as well"
    )
}

/// Reads one report. What cannot be read is a failed scan, never an error: the other reports count.
pub(crate) fn scans_of_file(
    project: &Project,
    path: &Path,
    declared: Option<ReportFormat>,
    reading: &Reading<'_>,
) -> Vec<Scan> {
    let bytes = state_store::read(path, REPORT_LIMIT).map_err(|error| error.kind.to_string());
    let mut scans = scans_of_bytes(&project.label(path), declared, bytes, reading);
    let written_at = state_store::modified(path).and_then(Timestamp::from_unix);
    for scan in &mut scans {
        scan.written_at = written_at;
    }
    scans
}

/// Takes out what scanners found in this program's own files and in the reports of the run. Says how many of each report, a line each.
pub(crate) fn leave_out_own_state(scans: &mut [Scan]) -> Vec<String> {
    let reports: BTreeSet<String> = scans.iter().map(|scan| scan.file.clone()).collect();
    let mut told = Vec::new();
    for scan in scans {
        let before = scan.observations.len();
        scan.observations.retain(|observation| {
            !observation.subject.path().is_some_and(|path| paths::is_own_state(path) || reports.contains(path))
        });
        let count = before - scan.observations.len();
        if count > 0 {
            let what = if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
            told.push(format!(
                "{} ({}): {what} in this program's own files ({}, {}, {}, {}) left out; let the scanner leave those folders out",
                scan.scanner,
                scan.file,
                paths::FINDINGS,
                paths::STATUS,
                paths::METRICS,
                paths::ALL_REPORTS
            ));
        }
    }
    told
}

/// Lets what VEX documents say of the project as a whole speak of its parts.
pub(crate) fn speak_of_parts(project: &Project, name: &PackageName, scans: &mut [Scan], known: &[Finding]) {
    let version = || version::written_version(project).map(|version| version.to_string());
    scanner_reports::speak_of_parts(scans, &Whole { name, version: &version, known });
}

/// Reads one report that was read already, or could not be, and why.
fn scans_of_bytes(
    label: &str,
    declared: Option<ReportFormat>,
    bytes: Result<Vec<u8>, String>,
    reading: &Reading<'_>,
) -> Vec<Scan> {
    let source = Source { file: label, declared, own_project: reading.own_project, key: reading.key, now: reading.now };
    match bytes {
        Ok(bytes) => {
            let digest = text::hex(&Sha256::digest(&bytes));
            let mut scans = match reading.tree {
                Some(tree) => {
                    let places = Places {
                        roots: &tree.roots,
                        has: &|path| tree.project.has_file(path),
                        ending_with: &|path| tree.ending_with(path),
                    };
                    scanner_reports::read_in(&bytes, &source, &places)
                }
                None => scanner_reports::read(&bytes, &source),
            };
            for scan in &mut scans {
                scan.report_digest = Some(digest.clone());
            }
            scans
        }
        Err(why) => vec![scanner_reports::unreadable(&source, &why)],
    }
}

/// Reads every report of a folder as it was at a commit, and takes what lies in it for what [`scans_of_folder`] does.
pub(crate) fn scans_of_commit(
    repository: &Repository,
    commit: &CommitId,
    folder: &Path,
    reading: &Reading<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Scan>, GitError> {
    let reading = &Reading { tree: None, ..*reading };
    let mut scans = Vec::new();
    for entry in repository.entries(commit, folder)? {
        let path = folder.join(&entry.name);
        let kind = kind_on_disk(entry.kind);
        if !counts_as_report(&entry.name.to_string_lossy(), kind) {
            if kind == EntryKind::Folder && !is_empty_at(repository, commit, &path) {
                warnings.push(not_looked_into(&path.to_string_lossy()));
            }
            continue;
        }
        let bytes = match repository.read(commit, &path, REPORT_LIMIT) {
            Ok(bytes) => bytes.ok_or_else(|| "it is not there".to_owned()),
            Err(error) => Err(crate::causes(&error)),
        };
        scans.extend(scans_of_bytes(&path.to_string_lossy(), None, bytes, reading));
    }
    Ok(scans)
}

/// What an entry of a commit is in the work tree.
fn kind_on_disk(kind: git_command::EntryKind) -> EntryKind {
    match kind {
        git_command::EntryKind::File => EntryKind::File,
        git_command::EntryKind::Folder | git_command::EntryKind::Submodule => EntryKind::Folder,
        git_command::EntryKind::Link => EntryKind::Other,
    }
}

/// As [`is_empty`], at a commit.
fn is_empty_at(repository: &Repository, commit: &CommitId, folder: &Path) -> bool {
    let is_keeper = |entry: &FolderEntry| KEEPERS.iter().any(|keeper| entry.name == *keeper);
    repository.entries(commit, folder).is_ok_and(|entries| entries.iter().all(is_keeper))
}

/// Advisory records: the label of each file and its bytes, and what could not be read, a line each.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Label and bytes of each record file, by path.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// What could not be read.
    pub(crate) warnings: Vec<String>,
    /// What that may be about.
    pub(crate) unread: Unread,
}

/// Reads the OSV records (`.json`, `.yaml`, `.yml`) of a folder and the folders below it, the wanted ones of a zip archive (also of
/// those in the folder, `.zip`), or one record file.
pub(crate) fn records_of(
    project: &Project,
    path: &Path,
    wanted: &Wanted,
    records: &mut Records,
) -> Result<(), StoreError> {
    if path.is_dir() {
        let mut passed = PassedOver::default();
        records_of_folder(project, path, RECORD_DEPTH, wanted, records, &mut passed)?;
        for link in &passed.irregular {
            records.unread.note_name(&project.label(link));
        }
        records.warnings.extend(passed.warnings(project, path));
        return Ok(());
    }
    if is_archive(path)? {
        return records_of_zip(project, path, wanted, records);
    }
    records.files.push((project.label(path), state_store::read(path, RECORD_BYTES)?));
    Ok(())
}

/// Whether a file is a zip archive, by its name or its first bytes.
fn is_archive(path: &Path) -> Result<bool, StoreError> {
    let mut first = [0; 4];
    let mut file = state_store::open_regular(path)?;
    Ok(is_named_zip(path) || (file.read_exact(&mut first).is_ok() && first == *b"PK\x03\x04"))
}

fn is_named_zip(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("zip"))
}

/// Takes the wanted records out of an archive. One that is damaged gives none and a warning.
fn records_of_zip(project: &Project, path: &Path, wanted: &Wanted, records: &mut Records) -> Result<(), StoreError> {
    let label = project.label(path);
    let file = BufReader::with_capacity(ARCHIVE_BUFFER, state_store::open_regular(path)?);
    match records_of_archive(file, wanted, ArchiveLimits::default()) {
        Ok(found) => {
            records.files.extend(found.records.into_iter().map(|(name, bytes)| (format!("{label}:{name}"), bytes)));
            records.unread.add(found.unread);
            if let Some(first) = found.first_unreadable {
                let count = found.unreadable;
                let what = if count == 1 { "record" } else { "records" };
                records.warnings.push(format!("{count} {what} of {label} cannot be read; the first is {first}"));
            }
        }
        Err(error) => {
            records.unread.note_source();
            records.warnings.push(format!("the advisory records of {label}: {}", crate::causes(&error)));
        }
    }
    Ok(())
}

/// What may hold records in a folder and was not looked into.
#[derive(Debug, Default)]
struct PassedOver {
    /// Folders that lie too deep.
    too_deep: Vec<PathBuf>,
    /// Links to folders, and what is named like a record and is neither a file nor a folder.
    irregular: Vec<PathBuf>,
}

impl PassedOver {
    fn warnings(&self, project: &Project, root: &Path) -> Vec<String> {
        let named = self.irregular.iter().take(NAMED_ENTRIES);
        let mut warnings: Vec<String> = named
            .map(|path| {
                let label = project.label(path);
                format!("advisory records: {label} was not read: only regular files and folders are, and no link is followed")
            })
            .collect();
        let label = project.label(root);
        let unnamed = self.irregular.len().saturating_sub(NAMED_ENTRIES);
        if unnamed > 0 {
            warnings.push(format!(
                "advisory records: {unnamed} more links or other special files below {label} were not read"
            ));
        }
        if let Some(first) = self.too_deep.first() {
            warnings.push(format!(
                "folders more than {RECORD_DEPTH} deep below {label} were not looked into for advisory records: {}, the first is {}",
                self.too_deep.len(),
                project.label(first)
            ));
        }
        warnings
    }
}

fn records_of_folder(
    project: &Project,
    folder: &Path,
    depth: usize,
    wanted: &Wanted,
    records: &mut Records,
    passed: &mut PassedOver,
) -> Result<(), StoreError> {
    for entry in state_store::list(folder)? {
        let path: PathBuf = folder.join(&entry.file_name);
        match entry.kind {
            EntryKind::Folder if depth > 0 => records_of_folder(project, &path, depth - 1, wanted, records, passed)?,
            EntryKind::Folder if !is_empty(&path) => passed.too_deep.push(path),
            EntryKind::File if is_record(&entry.name) => match state_store::read(&path, RECORD_BYTES) {
                Ok(bytes) => records.files.push((project.label(&path), bytes)),
                Err(error) => {
                    let label = project.label(&path);
                    records.unread.note_name(&label);
                    records.warnings.push(format!("advisory record {label}: {}", error.kind));
                }
            },
            EntryKind::File if is_named_zip(&path) => {
                if let Err(error) = records_of_zip(project, &path, wanted, records) {
                    records.unread.note_source();
                    records.warnings.push(format!("the advisory records of {}: {}", project.label(&path), error.kind));
                }
            }
            EntryKind::Other if is_record(&entry.name) || is_named_zip(&path) || path.is_dir() => {
                passed.irregular.push(path);
            }
            EntryKind::Folder | EntryKind::File | EntryKind::Other => {}
        }
    }
    Ok(())
}

fn is_record(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|e| ["json", "yaml", "yml"].iter().any(|known| e.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_lie_too_deep_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let folder = |depth: usize| format!("records/{}", "d/".repeat(depth));
        for place in [folder(0), folder(RECORD_DEPTH), folder(RECORD_DEPTH + 1), folder(RECORD_DEPTH + 3)] {
            state_store::replace(&dir.path().join(format!("{place}r.json")), b"{}").unwrap();
        }
        let mut records = Records::default();
        let project = Project::at(dir.path());
        records_of(&project, &dir.path().join("records"), &Wanted::default(), &mut records).unwrap();
        assert_eq!(records.files.len(), 2);
        let first = folder(RECORD_DEPTH + 1);
        let first = first.trim_end_matches('/');
        let told = format!(
            "folders more than 8 deep below records were not looked into for advisory records: 1, the first is {first}"
        );
        assert_eq!(records.warnings, [told]);
    }

    #[test]
    fn a_damaged_archive_in_a_folder_is_told_and_may_be_about_anything() {
        let dir = tempfile::tempdir().unwrap();
        state_store::replace(&dir.path().join("records/sub/all.ZIP"), b"PK").unwrap();
        let mut records = Records::default();
        records_of(&Project::at(dir.path()), &dir.path().join("records"), &Wanted::default(), &mut records).unwrap();
        let told = &records.warnings[0];
        assert!(told.starts_with("the advisory records of records/sub/all.ZIP: it cannot be read as a zip"), "{told}");
        let mut about = Unread::default();
        about.note_source();
        assert_eq!(records.unread, about);
    }

    #[test]
    fn a_record_that_cannot_be_opened_is_told_with_what_it_may_be_about() {
        let dir = tempfile::tempdir().unwrap();
        let large = vec![b' '; usize::try_from(RECORD_BYTES).unwrap() + 1];
        state_store::replace(&dir.path().join("records/GHSA-1.json"), &large).unwrap();
        let mut records = Records::default();
        records_of(&Project::at(dir.path()), &dir.path().join("records"), &Wanted::default(), &mut records).unwrap();
        assert_eq!(records.warnings.len(), 1);
        let mut about = Unread::default();
        about.note_name("GHSA-1.json");
        assert_eq!(records.unread, about);
    }

    #[cfg(unix)]
    #[test]
    fn links_among_records_are_told_and_not_followed() {
        use std::os::unix::{fs::symlink, net::UnixListener};

        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        state_store::replace(&root.join("records/r.json"), b"{}").unwrap();
        state_store::replace(&root.join("elsewhere/r.json"), b"{}").unwrap();
        symlink("../elsewhere/r.json", root.join("records/link.json")).unwrap();
        symlink("../elsewhere", root.join("records/sub")).unwrap();
        symlink("nowhere", root.join("records/README")).unwrap();
        let _socket = UnixListener::bind(root.join("records/socket.yml")).unwrap();
        let read = || {
            let mut records = Records::default();
            records_of(&Project::at(root), &root.join("records"), &Wanted::default(), &mut records).unwrap();
            records
        };
        let records = read();
        assert_eq!(records.files.len(), 1);
        let told = |name: &str| {
            format!(
                "advisory records: records/{name} was not read: only regular files and folders are, and no link is followed"
            )
        };
        assert_eq!(records.warnings, ["link.json", "socket.yml", "sub"].map(told));

        for count in 0..NAMED_ENTRIES {
            symlink("nowhere", root.join(format!("records/a{count}.json"))).unwrap();
        }
        let warnings = read().warnings;
        assert_eq!(warnings.len(), NAMED_ENTRIES + 1);
        let rest = "advisory records: 3 more links or other special files below records were not read";
        assert_eq!(warnings.last().map(String::as_str), Some(rest));
    }
}
