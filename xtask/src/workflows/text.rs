//! Workflow and action files as text: which there are, and the scripts in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use test_support::fixtures::workspace;

/// A script in a `run:`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The line of its first word, from 1.
    pub(super) line: usize,
    pub(super) script: String,
}

/// The files with this ending below a folder, sorted, relative to the workspace.
pub(super) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let full = workspace().join(&folder);
        for entry in fs::read_dir(&full).with_context(|| format!("cannot list {}", full.display()))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Every script of a file: what stands behind `run:`, on its line or in a block below it.
pub(super) fn run_blocks(contents: &str) -> Vec<Block> {
    let lines: Vec<&str> = contents.lines().collect();
    let mut blocks = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let Some(value) = bare.strip_prefix("run: ").or_else(|| bare.strip_prefix("- run: ")) else { continue };
        if !matches!(value.trim_end(), "|" | "|-" | ">" | ">-") {
            blocks.push(Block { line: at + 1, script: format!("{value}\n") });
            continue;
        }
        let column = line.len() - bare.len();
        let indent = |line: &str| line.len() - line.trim_start().len();
        let body: Vec<&str> = lines[at + 1..]
            .iter()
            .take_while(|line| line.trim().is_empty() || indent(line) > column)
            .copied()
            .collect();
        let margin = body.iter().filter(|line| !line.trim().is_empty()).map(|line| indent(line)).min().unwrap_or(0);
        let script = body.iter().flat_map(|line| [line.get(margin..).unwrap_or_default(), "\n"]).collect();
        blocks.push(Block { line: at + 2, script });
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_on_their_line_and_below_it() {
        let text =
            "steps:\n  - run: a\n  - name: b\n    run: |\n      if b; then\n        c\n      fi\n\n  - uses: d\n";
        assert_eq!(
            run_blocks(text),
            [
                Block { line: 2, script: "a\n".to_owned() },
                Block { line: 5, script: "if b; then\n  c\nfi\n\n".to_owned() },
            ]
        );
    }
}
