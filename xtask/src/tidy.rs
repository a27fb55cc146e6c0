//! What the compiler does not check: layers, manifests, licences, links, dates of review, recordings, the length of files.

mod fixtures;
mod layers;
mod links;
mod manifests;
mod packages;
mod reviews;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;
use test_support::fixtures::workspace;

/// Folders that hold nothing of ours.
const FOREIGN_FOLDERS: [&str; 5] = [".git", ".venv", "__pycache__", "node_modules", "target"];

/// Runs every check and prints what each found.
pub(crate) fn run() -> Result<ExitCode> {
    let problems = problems(&workspace())?;
    for problem in &problems {
        println!("{problem}");
    }
    println!("tidy: {} problems", problems.len());
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn problems(root: &Path) -> Result<Vec<String>> {
    let files = Files::list(root)?;
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cannot read `cargo metadata`")?;
    let mut problems = layers::problems(&metadata)?;
    problems.extend(packages::problems(&files, &metadata)?);
    problems.extend(manifests::problems(&files)?);
    problems.extend(sources::problems(&files)?);
    problems.extend(links::problems(&files)?);
    problems.extend(reviews::problems(&files)?);
    problems.extend(fixtures::problems(&files)?);
    Ok(problems)
}

/// The workspace's own files.
struct Files {
    root: PathBuf,
    /// Relative to the root, sorted.
    paths: Vec<PathBuf>,
}

impl Files {
    fn list(root: &Path) -> Result<Self> {
        let mut paths = Vec::new();
        collect(root, Path::new(""), &mut paths)?;
        paths.sort();
        Ok(Self { root: root.to_path_buf(), paths })
    }

    /// Those whose name ends so.
    fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = &'a Path> {
        let paths = self.paths.iter().map(PathBuf::as_path);
        paths.filter(move |path| path.to_string_lossy().ends_with(end))
    }

    fn text(&self, path: &Path) -> Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| format!("cannot read {}", path.display()))
    }
}

fn collect(root: &Path, folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let full = root.join(folder);
    for entry in fs::read_dir(&full).with_context(|| format!("cannot list {}", full.display()))? {
        let entry = entry.with_context(|| format!("cannot list {}", full.display()))?;
        let path = folder.join(entry.file_name());
        let kind = entry.file_type().with_context(|| format!("cannot look at {}", path.display()))?;
        if kind.is_file() {
            paths.push(path);
        } else if kind.is_dir() && !FOREIGN_FOLDERS.iter().any(|name| entry.file_name() == *name) {
            collect(root, &path, paths)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use test_support::fixtures::workspace;

    #[test]
    fn the_workspace_keeps_its_own_rules() {
        let problems = super::problems(&workspace()).unwrap();
        assert!(problems.is_empty(), "{problems:#?}");
    }
}
