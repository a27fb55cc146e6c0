//! Every shell command that the pages show: run in a project that has lived a while, or marked with the reason why it cannot be.
//!
//! A fence of `sh` runs as it stands. Words behind the language say what is special about it; readers never see them:
//!
//! - `needs=aws,github`: the block is not run, because it needs what [`REASONS`] names. Its commands are still read: each
//!   program must be known, and each of ours must have the command and the flags shown.
//! - `exit=1`: the commands of ours that end with something else than 0 end with this.

mod commands;
mod page;
mod project;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use commands::Programs;
use page::{Fence, Page};
use project::Lived;
use test_support::Binary;
use test_support::fixtures::workspace;

/// Why a block cannot run here.
const REASONS: [(&str, &str); 8] = [
    ("aws", "an account at AWS"),
    ("github", "a repository on GitHub, and somebody signed in there"),
    ("network", "a public service: a package index, an advisory database, a status page"),
    ("runner", "a job of GitHub Actions with an identity token"),
    ("repository", "this repository instead of a project; its gates run these commands"),
    ("terraform", "Terraform and its provider"),
    ("backup", "a copy that somebody made earlier"),
    ("values", "values of the reader's own, such as a version or a commit"),
];

/// A built program: they lie beside the folder of the tests. `cargo build --workspace` makes them.
pub(crate) fn binary(name: &str) -> Binary {
    let tests = std::env::current_exe().unwrap();
    Binary::at(tests.ancestors().nth(2).unwrap().join(name))
}

/// The pages: every Markdown file of the repository but those that belong to recordings.
fn pages() -> Vec<Page> {
    let root = workspace();
    let mut paths = Vec::new();
    markdown(&root, Path::new(""), &mut paths);
    paths.sort();
    paths.into_iter().map(|path| Page::read(&root, &path)).collect()
}

fn markdown(root: &Path, folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        let foreign = ["target", "node_modules", ".git", ".venv"].iter().any(|name| entry.file_name() == *name);
        if kind.is_dir() && !foreign && path != Path::new("fixtures/sample-project") {
            markdown(root, &path, paths);
        } else if kind.is_file() && path.extension().is_some_and(|end| end == "md") {
            paths.push(path);
        }
    }
}

#[test]
fn every_mark_of_a_fence_is_a_known_one() {
    let mut problems = Vec::new();
    for page in pages() {
        for fence in &page.fences {
            let at = fence.place(&page);
            problems.extend(fence.unknown.iter().map(|word| format!("{at}: `{word}` is no mark of a fence")));
            let unknown = fence.needs.iter().filter(|need| !REASONS.iter().any(|(known, _)| known == need));
            problems.extend(unknown.map(|need| format!("{at}: `{need}` is no reason not to run")));
        }
        problems.extend(page.unlabelled.iter().map(|(line, first)| {
            format!("{}:{line}: `{first}` looks like a command; say `sh` behind the fence", page.path.display())
        }));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_command_of_ours_that_a_page_shows_exists_with_its_flags() {
    let programs = Programs::ask();
    let mut problems = BTreeSet::new();
    for page in pages() {
        for fence in &page.fences {
            for (line, command) in fence.commands() {
                let found = programs.problem_of(&command, commands::Where::Fence);
                problems.extend(found.map(|why| format!("{}:{line}: {why}", page.path.display())));
            }
        }
        for (line, span) in &page.spans {
            let found = programs.problem_of(span, commands::Where::Prose);
            problems.extend(found.map(|why| format!("{}:{line}: {why}", page.path.display())));
        }
    }
    assert!(problems.is_empty(), "{}", Vec::from_iter(problems).join("\n"));
}

#[test]
fn every_fence_that_can_run_does() {
    let mut problems = Vec::new();
    let (mut run, mut marked) = (0, 0);
    for page in pages() {
        let (runnable, others): (Vec<&Fence>, Vec<&Fence>) =
            page.fences.iter().partition(|fence| fence.needs.is_empty());
        marked += others.len();
        if runnable.is_empty() {
            continue;
        }
        let project = Lived::for_page(&page.path);
        for fence in runnable {
            run += 1;
            problems.extend(project.run(fence).into_iter().map(|why| format!("{}: {why}", fence.place(&page))));
        }
    }
    println!("{run} blocks run, {marked} marked with what they need");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(run > 0);
}
