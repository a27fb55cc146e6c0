//! Paths of reports that were made in another folder than the project's.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use findings_model::{Gap, ReportFormat, Scan, Subject, text};

use crate::clean;

/// The most parts of a path outside the project that are shown.
const SHOWN: usize = 4;

/// How many of a report's relative paths are looked for.
const ASKED: usize = 1000;

/// Where the project is and which files it has.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    /// The absolute paths under which its folder is known, without a slash at the end.
    pub roots: &'a [String],
    /// Whether a path below it is a file of the project.
    pub has: &'a dyn Fn(&str) -> bool,
    /// Its files whose path ends with these parts, without those that have no more than them.
    pub ending_with: &'a dyn Fn(&str) -> Vec<String>,
}

impl fmt::Debug for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").field("roots", &self.roots).finish_non_exhaustive()
    }
}

/// Makes every path of a scan one below the project.
///
/// An absolute path loses the project's folder, or else everything before the longest part of it that is a file of the project; of
/// one that leads elsewhere only the last parts are kept. Where none of the relative paths is there, the scan was made in a folder of
/// the project: they are taken for the files that end like them, if there is one folder for all of them, or one file. Where one is not
/// there and a single folder of the project has all of them, they are that folder's.
///
/// Without `places` an absolute path only loses its leading slash.
pub(crate) fn settle(scan: &mut Scan, places: Option<&Places<'_>>) {
    let mut told = Told::default();
    let given: BTreeSet<&str> = paths(scan).filter(|path| path.starts_with('/')).collect();
    for path in given {
        let settled = places.map_or_else(|| path[1..].to_owned(), |places| absolute(path, places));
        told.0.insert(path.to_owned(), settled);
    }
    if let Some(places) = places {
        relative(scan, places, &mut told);
    }
    let roots = places.map_or(&[][..], |places| places.roots);
    for reason in &mut scan.coverage.reasons {
        *reason = clean::line(&without_machine(reason, roots), 400);
    }
    for gap in &mut scan.coverage.gaps {
        if let Gap::Unnamed(what) = gap {
            *what = without_machine(what, roots);
        }
    }
    if told.0.is_empty() {
        return;
    }
    for observation in &mut scan.observations {
        let (path, is_secret) = match &mut observation.subject {
            Subject::Code(spot) => (&mut spot.path, false),
            Subject::Secret(spot) => (&mut spot.path, true),
            Subject::Vulnerability(_) => continue,
        };
        let Some(settled) = told.0.get(path.as_str()) else { continue };
        // What is said of a secret is its detector and its file.
        if is_secret {
            observation.description = clean::description(&observation.description.replace(path.as_str(), settled));
        }
        path.clone_from(settled);
    }
    for gap in &mut scan.coverage.gaps {
        if let Gap::File(path) = gap {
            told.apply(path);
        }
    }
    let looked_at = &mut scan.coverage.looked_at;
    looked_at.files = std::mem::take(&mut looked_at.files).into_iter().map(|path| told.of(path)).collect();
    for (path, count) in std::mem::take(&mut looked_at.suppressed) {
        let sum = looked_at.suppressed.entry(told.of(path)).or_default();
        *sum = sum.saturating_add(count);
    }
    scan.coverage.gaps.sort_unstable();
    scan.coverage.gaps.dedup();
}

/// What becomes of paths.
#[derive(Default)]
struct Told(HashMap<String, String>);

impl Told {
    fn of(&self, path: String) -> String {
        self.0.get(&path).cloned().unwrap_or(path)
    }

    fn apply(&self, path: &mut String) {
        if let Some(settled) = self.0.get(path.as_str()) {
            path.clone_from(settled);
        }
    }
}

/// Every path of a scan.
fn paths(scan: &Scan) -> impl Iterator<Item = &str> {
    let found = scan.observations.iter().filter_map(|o| o.subject.path());
    let gaps = scan.coverage.gaps.iter().filter_map(|gap| match gap {
        Gap::File(path) => Some(path.as_str()),
        Gap::Package(_) | Gap::Unnamed(_) => None,
    });
    let looked_at = &scan.coverage.looked_at;
    let counted = looked_at.suppressed.keys().map(String::as_str);
    found.chain(gaps).chain(looked_at.files.iter().map(String::as_str)).chain(counted)
}

/// An absolute path as one below the project.
fn absolute(path: &str, places: &Places<'_>) -> String {
    if let Some(below) = places.roots.iter().find_map(|root| below(path, root)) {
        return if below.is_empty() { ".".to_owned() } else { below.to_owned() };
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is_project = |name: &str| places.roots.iter().any(|root| root.rsplit('/').next() == Some(name));
    for at in 1..parts.len() {
        // One name alone is in many places: it is the project's where the folder above has the name of the project's.
        let tail = parts[at..].join("/");
        if (parts.len() - at > 1 || is_project(parts[at - 1])) && (places.has)(&tail) {
            return tail;
        }
    }
    let personal = match parts.as_slice() {
        ["home" | "Users", _, rest @ ..] if !rest.is_empty() => 2,
        _ => 0,
    };
    parts[personal.max(parts.len().saturating_sub(SHOWN))..].join("/")
}

fn below<'p>(path: &'p str, root: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(root)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Finds the files that relative paths mean, where the scan was made in a folder of the project.
fn relative(scan: &Scan, places: &Places<'_>, told: &mut Told) {
    // These look at commits, where a file may be that is no longer there.
    if matches!(scan.format, Some(ReportFormat::Gitleaks | ReportFormat::Trufflehog)) {
        return;
    }
    let given = || paths(scan).filter(|path| !path.starts_with('/') && *path != ".");
    // A report may have a hundred thousand, and most often all of them are there.
    let Some(missing) = given().take(ASKED).find(|path| !(places.has)(path)) else { return };
    let given: BTreeSet<&str> = given().collect();
    if given.iter().any(|path| (places.has)(path)) {
        // Some of them have a namesake at the top. The folder that was scanned has all of them.
        let has_all = |folder: &&str| given.iter().all(|path| (places.has)(&format!("{folder}{path}")));
        let ends = (places.ending_with)(missing);
        let folders: BTreeSet<&str> =
            ends.iter().filter_map(|file| file.strip_suffix(missing)).filter(has_all).collect();
        if let (Some(folder), 1) = (folders.first(), folders.len()) {
            told.0.extend(given.iter().map(|path| ((*path).to_owned(), format!("{folder}{path}"))));
        }
        return;
    }
    let candidates: Vec<(&str, Vec<String>)> = given
        .into_iter()
        .map(|path| (path, (places.ending_with)(path)))
        .filter(|(_, files)| !files.is_empty())
        .collect();
    let folders = |(path, files): &(&str, Vec<String>)| -> BTreeSet<String> {
        files.iter().filter_map(|file| file.strip_suffix(path)).map(str::to_owned).collect()
    };
    let mut common = candidates.iter().map(folders);
    let common = common.next().map(|first| common.fold(first, |all, next| &all & &next)).unwrap_or_default();
    let only = common.first().filter(|_| common.len() == 1);
    for (path, files) in &candidates {
        let file = match (only, files.as_slice()) {
            (Some(folder), _) => format!("{folder}{path}"),
            (None, [file]) => file.clone(),
            (None, _) => continue,
        };
        told.0.insert((*path).to_owned(), file);
    }
}

/// A text of the report without what it tells of the machine.
fn without_machine(said: &str, roots: &[String]) -> String {
    let mut said = said.to_owned();
    for root in roots {
        said = said.replace(&format!("{root}/"), "");
    }
    text::without_absolute_paths(&said)
}
