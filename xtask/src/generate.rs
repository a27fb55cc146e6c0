//! Parts of the documentation that are written from what they describe.
//!
//! A generator is a function that returns whole files; adding one is a line in [`GENERATORS`].

mod cli;
mod config;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use test_support::fixtures::{WEEKS, workspace};

use crate::infrastructure;
use crate::weeks::Week;
use crate::workflows::permissions;

/// A file as it ought to be.
pub(crate) struct Generated {
    /// Relative to the workspace.
    pub(crate) path: PathBuf,
    pub(crate) contents: String,
}

const GENERATORS: [fn() -> Result<Vec<Generated>>; 9] = [
    weeks,
    checks,
    permissions,
    infrastructure::stack,
    infrastructure::policies,
    config::schema_file,
    config::tables,
    cli::exit_codes,
    cli::help,
];

/// Writes what is out of date; with `check` only names it, and fails if there is any.
pub(crate) fn run(check: bool) -> Result<ExitCode> {
    let mut stale = 0;
    for generator in GENERATORS {
        for file in generator()? {
            let path = workspace().join(&file.path);
            if fs::read_to_string(&path).is_ok_and(|found| found == file.contents) {
                continue;
            }
            stale += 1;
            if check {
                println!("{} is out of date", file.path.display());
            } else {
                path.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::write(&path, &file.contents).with_context(|| format!("cannot write {}", path.display()))?;
                println!("wrote {}", file.path.display());
            }
        }
    }
    Ok(if check && stale > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The table of recorded weeks, from the RECORDED.toml of each.
fn weeks() -> Result<Vec<Generated>> {
    let mut table = String::from("| week | what happened | decision | exit code |\n| --- | --- | --- | --- |\n");
    for name in WEEKS {
        let week = Week::read(name)?;
        let decision = week.decision_word();
        let Week { date, story, because, exit_code, .. } = week;
        writeln!(table, "| {date} | {story} | {decision}: {because} | {exit_code} |")?;
    }
    replace_block("fixtures/README.md", "weeks", &table).map(|file| vec![file])
}

/// The rules that distributions are checked by: a table for the crate's own page, a section each for the users' page.
fn checks() -> Result<Vec<Generated>> {
    let table = Generated { path: "crates/dist-check/src/rules.md".into(), contents: dist_check::rules::table() };
    let page = replace_block("docs/checks.md", "checks", &format!("\n{}", dist_check::rules::sections()))?;
    Ok(vec![table, page])
}

/// The permissions of every job of every workflow, each with the step that it is for.
fn permissions() -> Result<Vec<Generated>> {
    let mut table = String::from("| workflow | job | permission | step that uses it |\n| --- | --- | --- | --- |\n");
    for row in permissions::rows()? {
        let permissions::Row { workflow, job, permission, access, step } = row;
        writeln!(table, "| `{workflow}` | {job} | `{permission}: {access}` | {step} |")?;
    }
    replace_block(".github/workflows/README.md", "permissions", &table).map(|file| vec![file])
}

/// A Markdown file with the lines between `<!-- generated: NAME -->` and `<!-- end -->` replaced.
fn replace_block(path: &str, name: &str, block: &str) -> Result<Generated> {
    let file = workspace().join(path);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let contents = replaced(&text, name, block).with_context(|| format!("{path} has no block `generated: {name}`"))?;
    Ok(Generated { path: path.into(), contents })
}

fn replaced(text: &str, name: &str, block: &str) -> Option<String> {
    let (before, rest) = text.split_once(&format!("<!-- generated: {name} -->\n"))?;
    let (_, after) = rest.split_once("<!-- end -->\n")?;
    Some(format!("{before}<!-- generated: {name} -->\n{block}<!-- end -->\n{after}"))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_the_named_block_is_replaced() {
        let text = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n<!-- generated: y -->\nkept\n<!-- end -->\n";
        let wanted = "a\n<!-- generated: x -->\nnew\n<!-- end -->\nb\n<!-- generated: y -->\nkept\n<!-- end -->\n";
        assert_eq!(replaced(text, "x", "new\n").as_deref(), Some(wanted));
        assert_eq!(replaced(text, "z", "new\n"), None);
    }
}
