//! GitHub Actions: step outputs, the step summary and annotations, in the runner's own formats.
//!
//! Outside Actions every call does nothing. Values are data: a value of several lines goes behind a delimiter that
//! it cannot contain, an annotation's text is escaped.

use std::fmt::Write as _;

use anyhow::Context as _;
use findings_model::text;

use crate::{Context, ExitStatus, ResultExt as _};

/// Annotations of one step that GitHub shows, of each kind.
const MOST_ANNOTATIONS: usize = 10;
/// The size of one step's summary that GitHub takes, in bytes, less room for what follows.
const SUMMARY_LIMIT: usize = 1024 * 1024 - 4096;

/// The Actions runner around this run.
#[derive(Debug)]
pub struct Actions<'a> {
    context: &'a mut Context,
}

impl<'a> Actions<'a> {
    pub(crate) fn new(context: &'a mut Context) -> Self {
        Self { context }
    }

    /// Writes the step's outputs to `GITHUB_OUTPUT`, all in one append.
    pub fn outputs<'v>(&mut self, outputs: impl IntoIterator<Item = (&'v str, &'v str)>) -> anyhow::Result<()> {
        let Some(path) = self.context.var("GITHUB_OUTPUT").map(str::to_owned) else {
            return Ok(());
        };
        let nonce = text::hex(&self.context.nonce());
        let mut lines = String::new();
        for (key, value) in outputs {
            output(&mut lines, key, value, &nonce).context("cannot format an output")?;
        }
        state_store::append(path.as_ref(), lines.as_bytes())
            .or_fail(ExitStatus::Outside, "cannot write the step's outputs")
            .map_err(Into::into)
    }

    /// Adds Markdown to the step summary (`GITHUB_STEP_SUMMARY`), within GitHub's limit.
    pub fn summary(&mut self, markdown: &str) -> anyhow::Result<()> {
        let Some(path) = self.context.var("GITHUB_STEP_SUMMARY").map(str::to_owned) else {
            return Ok(());
        };
        let mut block = text::shorten_bytes(&text::clean(markdown), SUMMARY_LIMIT).into_owned();
        block.push('\n');
        state_store::append(path.as_ref(), block.as_bytes())
            .or_fail(ExitStatus::Outside, "cannot write the step summary")
            .map_err(Into::into)
    }

    /// An error annotation of one line.
    pub fn error(&mut self, message: &str) {
        self.annotate("error", message);
    }

    /// A warning annotation of one line.
    pub fn warning(&mut self, message: &str) {
        self.annotate("warning", message);
    }

    /// A notice annotation of one line.
    pub fn notice(&mut self, message: &str) {
        self.annotate("notice", message);
    }

    fn annotate(&mut self, kind: &str, message: &str) {
        if self.context.var("GITHUB_ACTIONS").is_some() && self.context.count_annotation() <= MOST_ANNOTATIONS {
            let line = annotation(kind, message);
            self.context.complain(&line);
        }
    }
}

fn output(lines: &mut String, key: &str, value: &str, nonce: &str) -> std::fmt::Result {
    let value = text::clean(value);
    if !value.contains(['\n', '\r']) && !value.contains("<<") {
        return writeln!(lines, "{key}={value}");
    }
    let mut delimiter = format!("relwarden_{nonce}");
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    writeln!(lines, "{key}<<{delimiter}\n{value}\n{delimiter}")
}

fn annotation(kind: &str, message: &str) -> String {
    // GitHub cuts an annotation's text at 64 KiB; four are plenty to read.
    let line = text::one_line(message);
    let escaped = text::shorten_bytes(&line, 4096).replace('%', "%25");
    format!("::{kind}::{escaped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_add_a_key() {
        let mut lines = String::new();
        output(&mut lines, "notes", "a\nEOF\nshould_release=true", "00ff").unwrap();
        output(&mut lines, "release_type", "none", "00ff").unwrap();
        assert_eq!(lines, "notes<<relwarden_00ff\na\nEOF\nshould_release=true\nrelwarden_00ff\nrelease_type=none\n");
    }

    #[test]
    fn a_value_cannot_end_its_own_block() {
        let mut lines = String::new();
        output(&mut lines, "notes", "x\nrelwarden_00\ny", "00").unwrap();
        assert!(lines.starts_with("notes<<relwarden_00_\n"), "{lines}");
    }

    #[test]
    fn an_annotation_is_one_escaped_line() {
        assert_eq!(annotation("error", "50 %\n::set-output x"), "::error::50 %25 ::set-output x");
    }
}
