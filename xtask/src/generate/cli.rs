//! `docs/cli.md`: what every program says about itself, and how it ends.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use cli_support::ExitStatus;
use test_support::fixtures::workspace;

use super::{Generated, replace_block};
use crate::step;

const PAGE: &str = "docs/cli.md";

/// The heading of the options that every program has; they are shown once.
const COMMON: &str = "Common options:\n";

/// The table of exit codes.
pub(super) fn exit_codes() -> Result<Vec<Generated>> {
    let mut table = String::from("| code | meaning |\n| --- | --- |\n");
    for (status, meaning) in ExitStatus::TABLE {
        writeln!(table, "| {} | {meaning} |", status.code())?;
    }
    writeln!(table, "| 101 | a bug in the program; please report it |")?;
    replace_block(PAGE, "exit codes", &table).map(|file| vec![file])
}

/// The help of every program and of its commands; the programs are built first.
pub(super) fn help() -> Result<Vec<Generated>> {
    step::run(step::cargo().args(["build", "--quiet", "--workspace", "--bins", "--locked"]))?;
    let metadata =
        MetadataCommand::new().current_dir(workspace()).no_deps().exec().context("cannot read `cargo metadata`")?;
    let folder = metadata.target_directory.join("debug");
    let programs = metadata.workspace_packages().into_iter().filter(|p| p.manifest_path.as_str().contains("/bins/"));
    let mut names: Vec<String> = programs.map(|package| package.name.to_string()).collect();
    names.sort_unstable();
    let mut block = String::new();
    let mut common = None;
    for name in names {
        let program = folder.join(&name);
        let text = help_of(program.as_std_path(), &[])?;
        let (own, shared) = parts(&text);
        common = common.or_else(|| shared.map(str::to_owned));
        writeln!(block, "\n### {name}\n\n```text\n{own}```")?;
        for command in commands(own) {
            let text = help_of(program.as_std_path(), &[command])?;
            writeln!(block, "\n#### {name} {command}\n\n```text\n{}```", parts(&text).0)?;
        }
    }
    let common = common.context("no program has common options")?;
    let block = format!("\n### Options of every program\n\n```text\n{common}```\n{block}\n");
    replace_block(PAGE, "help", &block).map(|file| vec![file])
}

/// What `--help` prints, whatever the terminal and the environment are here.
fn help_of(program: &Path, command: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(command)
        .arg("--help")
        .env_clear()
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if !output.status.success() {
        bail!("`{} --help` ended with {}", program.display(), output.status);
    }
    let text = String::from_utf8(output.stdout).context("a help text is not UTF-8")?;
    Ok(text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect())
}

/// A help text's own part and the options that every program has.
fn parts(text: &str) -> (&str, Option<&str>) {
    match text.split_once(COMMON) {
        Some((own, common)) => (own.strip_suffix("\n").unwrap_or(own), Some(common)),
        None => (text, None),
    }
}

/// The names below `Commands:`; a description's further lines are indented more.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
}

#[cfg(test)]
mod tests {
    use super::{commands, parts};

    #[test]
    fn a_help_text_is_taken_apart() {
        let text = "Does it.\n\nCommands:\n  one   Does\n        is no command\n  two   Does\n  help  Print\n\nOptions:\n  -h\n\nCommon options:\n  -v\n";
        let (own, common) = parts(text);
        assert!(own.ends_with("\n  -h\n"), "{own}");
        assert_eq!(common, Some("  -v\n"));
        assert_eq!(commands(own).collect::<Vec<_>>(), ["one", "two"]);
    }
}
