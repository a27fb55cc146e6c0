//! The distribution files of the command line.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use cli_support::{Context, ExitStatus, Failure, ResultExt as _};
use dist_check::{CheckOptions, DistKind, Distribution, Inspection, Level, Problem, check_set, inspect};
use findings_model::text;
use pypi_publish::{Content, Parcel};
use state_store::{EntryKind, StoreError, StoreErrorKind};

use crate::attest::beside;

/// The files to work on
#[derive(Debug, clap::Args)]
pub(crate) struct DistArgs {
    /// Wheels and source archives, or a folder of them
    #[arg(required = true, value_name = "DIST")]
    files: Vec<PathBuf>,
}

/// A file that was opened and checked.
pub(crate) struct Checked {
    pub(crate) inspection: Inspection,
    file: File,
}

impl DistArgs {
    /// Opens and checks every file, problems between files included.
    pub(crate) fn check(&self, options: &CheckOptions, cx: &Context) -> anyhow::Result<Vec<Checked>> {
        let mut checked = check_all(&self.paths(cx)?, options)?;
        let distributions: Vec<&Distribution> =
            checked.iter().filter_map(|file| file.inspection.distribution.as_ref()).collect();
        for (name, problem) in check_set(&distributions) {
            if let Some(file) = checked.iter_mut().rev().find(|file| file.inspection.file_name == name) {
                file.inspection.problems.push(problem);
            }
        }
        Ok(checked)
    }

    /// As [`Self::check`]; a file with an error stops here.
    pub(crate) fn publishable(&self, options: &CheckOptions, cx: &mut Context) -> anyhow::Result<Vec<Parcel>> {
        let checked = self.check(options, cx)?;
        let bad: Vec<&Checked> = checked.iter().filter(|file| !file.inspection.is_ok()).collect();
        if !bad.is_empty() {
            for file in &bad {
                for line in problem_lines(&file.inspection) {
                    cx.note(line)?;
                }
            }
            let names: Vec<String> = bad.iter().map(|file| text::one_line(&file.inspection.file_name)).collect();
            let what = match names.as_slice() {
                [name] => format!("{name} must not be published as it is"),
                names => format!("{} must not be published as they are", names.join(", ")),
            };
            let hint = "correct what `publish-pypi check` says, and build again";
            return Err(Failure::new(ExitStatus::No, what).hint(hint).into());
        }
        readable(checked)
    }

    /// As [`Self::check`]; only a file that cannot be read stops here.
    pub(crate) fn readable(&self, options: &CheckOptions, cx: &Context) -> anyhow::Result<Vec<Parcel>> {
        readable(self.check(options, cx)?)
    }

    /// The files, those of folders among them. What `attest` wrote beside them is left out: `dist/*` names it too.
    pub(crate) fn paths(&self, cx: &Context) -> anyhow::Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for given in &self.files {
            let path = cx.path(given);
            if beside::is_companion(&path) {
                continue;
            }
            if !path.is_dir() {
                paths.push(path);
                continue;
            }
            let entries = state_store::list(&path).or_fail(ExitStatus::Usage, "cannot read the folder of files")?;
            let odd = entries.iter().find(|entry| entry.kind != EntryKind::File && is_distribution(&entry.name));
            if let Some(odd) = odd {
                let what = format!("{} in {} is not a regular file", text::one_line(&odd.name), given.display());
                let hint = "name each file, or put the file itself there: a part of a release would be left out";
                return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
            }
            let found = entries.iter().filter(|entry| entry.kind == EntryKind::File && is_distribution(&entry.name));
            let before = paths.len();
            paths.extend(found.map(|entry| path.join(&entry.name)));
            if paths.len() == before {
                let what = format!("there is no wheel or source archive in {}", given.display());
                return Err(Failure::new(ExitStatus::Usage, what).hint("build first: `python -m build`").into());
            }
        }
        if paths.is_empty() {
            let what = "there is no wheel or source archive among the files, only what was written beside some";
            return Err(Failure::new(ExitStatus::Usage, what).hint("build first: `python -m build`").into());
        }
        Ok(paths)
    }
}

/// The checked files alone.
pub(crate) fn distributions(files: &[Parcel]) -> Vec<&Distribution> {
    files.iter().map(|parcel| &parcel.distribution).collect()
}

/// The files with their bytes. Wheels come first: while only a source archive is there, installers build from it.
fn readable(checked: Vec<Checked>) -> anyhow::Result<Vec<Parcel>> {
    let mut files = Vec::with_capacity(checked.len());
    for Checked { inspection, file } in checked {
        let what = || format!("the name or the metadata of {} cannot be read", text::one_line(&inspection.file_name));
        let distribution = inspection
            .distribution
            .ok_or_else(|| Failure::new(ExitStatus::No, what()).hint("see `publish-pypi check`"))?;
        files.push(Parcel::new(distribution, Content::new(file)));
    }
    files.sort_by_key(|parcel| {
        let file = &parcel.distribution;
        (file.kind() == DistKind::Sdist, file.file_name().to_owned())
    });
    Ok(files)
}

fn is_distribution(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "whl") || name.ends_with(".tar.gz")
}

/// Opens and checks every file, several at a time, in the order given.
fn check_all(paths: &[PathBuf], options: &CheckOptions) -> anyhow::Result<Vec<Checked>> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(paths.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((number, path)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, paths.get(n)?)))
        {
            done.push((number, check(path, options)));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, checked)| checked).collect()
}

fn check(path: &Path, options: &CheckOptions) -> anyhow::Result<Checked> {
    let what = || format!("cannot check {}", path.display());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = state_store::open_regular(path).map_err(|error| {
        let hint = unopened(&error);
        Failure::caused(ExitStatus::Usage, what(), error).hint(hint)
    })?;
    let inspection = inspect(&name, &mut file, options).or_fail(ExitStatus::Outside, what())?;
    Ok(Checked { inspection, file })
}

/// What to do about a file that cannot be opened.
fn unopened(error: &StoreError) -> &'static str {
    match &error.kind {
        StoreErrorKind::Missing => "build first (`python -m build`), then name the files that it wrote",
        StoreErrorKind::NotRegular(_) => "give the file itself: a link may lead to another file when it is sent",
        _ => "name the files that the build wrote, for example dist/*",
    }
}

/// A file's problems for people: a line for the file, two for each problem.
pub(crate) fn problem_lines(inspection: &Inspection) -> Vec<String> {
    let name = text::one_line(&inspection.file_name);
    let count = |level| inspection.problems.iter().filter(|problem| problem.level == level).count();
    let mut lines = vec![match (count(Level::Error), count(Level::Warning)) {
        (0, 0) => format!("{name}: ok"),
        (0, warnings) => format!("{name}: ok, {}", counted(warnings, "warning")),
        (errors, 0) => format!("{name}: {}", counted(errors, "error")),
        (errors, warnings) => format!("{name}: {}, {}", counted(errors, "error"), counted(warnings, "warning")),
    }];
    for Problem { code, level, message, index_says, hint, .. } in &inspection.problems {
        lines.push(format!("  {} {code}: {message}", level.as_str()));
        lines.extend(index_says.as_ref().map(|answer| format!("    the index: {answer}")));
        lines.push(format!("    hint: {hint}"));
    }
    lines
}

fn counted(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
