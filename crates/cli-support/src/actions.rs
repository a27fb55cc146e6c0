//! GitHub Actions: step outputs, the step summary and annotations, in the runner's own formats.
//!
//! Outside Actions every call does nothing. Values are data: a value of several lines goes behind a delimiter that
//! it cannot contain, an annotation's text is escaped.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Context as _;
use findings_model::text;

use crate::{Context, ExitStatus, ResultExt as _, hidden};

/// Annotations of one step that GitHub shows, of each kind.
const MOST_ANNOTATIONS: usize = 10;
/// How many of them are kept for what ends the run.
const LAST_WORDS: usize = 1;
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

    /// Writes the step's outputs to `GITHUB_OUTPUT`, all in one append, on lines of their own whatever an earlier writer left.
    pub fn outputs<'v>(&mut self, outputs: impl IntoIterator<Item = (&'v str, &'v str)>) -> anyhow::Result<()> {
        let Some(path) = self.context.var("GITHUB_OUTPUT").map(str::to_owned) else {
            return Ok(());
        };
        let nonce = text::hex(&self.context.nonce());
        let mut lines = String::new();
        for (key, value) in outputs {
            output(&mut lines, key, value, &nonce).context("cannot format an output")?;
        }
        state_store::append_lines(path.as_ref(), hidden::shown(&lines).as_bytes())
            .or_fail(ExitStatus::Outside, "cannot write the step's outputs")
            .map_err(Into::into)
    }

    /// Adds Markdown to the step summary (`GITHUB_STEP_SUMMARY`), within GitHub's limit.
    pub fn summary(&mut self, markdown: &str) -> anyhow::Result<()> {
        let Some(path) = self.context.var("GITHUB_STEP_SUMMARY").map(str::to_owned) else {
            return Ok(());
        };
        let shown = hidden::shown(markdown);
        let mut block = text::shorten_bytes(&text::harmless(&text::clean(&shown)), SUMMARY_LIMIT).into_owned();
        block.push('\n');
        state_store::append_lines(path.as_ref(), block.as_bytes())
            .or_fail(ExitStatus::Outside, "cannot write the step summary")
            .map_err(Into::into)
    }

    /// An error annotation of one line.
    pub fn error(&mut self, message: &str) {
        self.annotate(Kind::Error, message);
    }

    /// A warning annotation of one line.
    pub fn warning(&mut self, message: &str) {
        self.annotate(Kind::Warning, message);
    }

    /// A notice annotation of one line.
    pub fn notice(&mut self, message: &str) {
        self.annotate(Kind::Notice, message);
    }

    /// The error annotation of what ends the run: it is shown whatever came before.
    pub(crate) fn last_word(&mut self, message: &str) {
        self.close();
        if self.is_there() {
            self.context.command(&annotation(Kind::Error, message));
        }
    }

    /// Shows what stands for the annotations that GitHub would not show.
    pub(crate) fn close(&mut self) {
        for (kind, rest) in self.context.annotations.close() {
            self.context.command(&annotation(kind, &rest));
        }
    }

    fn annotate(&mut self, kind: Kind, message: &str) {
        if self.is_there()
            && let Some(message) = self.context.annotations.take(kind, message)
        {
            self.context.command(&annotation(kind, message));
        }
    }

    fn is_there(&self) -> bool {
        self.context.var("GITHUB_ACTIONS").is_some()
    }
}

/// What an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    /// How many of this kind may be shown, the last word aside.
    fn most(self) -> usize {
        match self {
            Self::Error => MOST_ANNOTATIONS - LAST_WORDS,
            Self::Warning | Self::Notice => MOST_ANNOTATIONS,
        }
    }
}

/// The annotations of this run, of each kind: GitHub shows the first ten of a step and drops the others unsaid. The tenth is kept
/// back: at the end it is shown, or says how many there are beside.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    kinds: BTreeMap<Kind, Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    shown: usize,
    /// The first that is kept back.
    kept: Option<String>,
    /// How many came after it.
    more: usize,
}

impl Annotations {
    /// Gives a message back that is to be shown now.
    fn take<'m>(&mut self, kind: Kind, message: &'m str) -> Option<&'m str> {
        let taken = self.kinds.entry(kind).or_default();
        if taken.shown + 1 < kind.most() {
            taken.shown += 1;
            return Some(message);
        }
        match taken.kept {
            None => taken.kept = Some(message.to_owned()),
            Some(_) => taken.more += 1,
        }
        None
    }

    /// What is to be shown at last; nothing more is kept then.
    fn close(&mut self) -> Vec<(Kind, String)> {
        let ends = std::mem::take(&mut self.kinds).into_iter().filter_map(|(kind, taken)| {
            let kept = taken.kept?;
            let rest = match taken.more {
                0 => kept,
                more => {
                    format!("{} more {}s are not shown here; the step's log has them all", more + 1, kind.as_str())
                }
            };
            Some((kind, rest))
        });
        ends.collect()
    }
}

fn output(lines: &mut String, key: &str, value: &str, nonce: &str) -> std::fmt::Result {
    let value = text::clean(value);
    // A later step may print it.
    let value = text::harmless(&value);
    if !value.contains(['\n', '\r']) && !value.contains("<<") {
        return writeln!(lines, "{key}={value}");
    }
    let mut delimiter = format!("relwarden_{nonce}");
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    writeln!(lines, "{key}<<{delimiter}\n{value}\n{delimiter}")
}

fn annotation(kind: Kind, message: &str) -> String {
    // GitHub cuts an annotation's text at 64 KiB; four are plenty to read.
    let line = text::one_line(message);
    let escaped = text::shorten_bytes(&line, 4096).replace('%', "%25");
    format!("::{}::{escaped}", kind.as_str())
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
        assert_eq!(annotation(Kind::Error, "50 %\n::set-output x"), "::error::50 %25 ::set-output x");
        assert_eq!(annotation(Kind::Notice, "##[add-mask]true"), "::notice::## [add-mask]true");
    }

    #[test]
    fn what_github_would_drop_is_told_in_numbers() {
        for (kind, given, shown, last) in [
            (Kind::Warning, 9, 9, None),
            (Kind::Warning, 10, 9, Some("w9")),
            (Kind::Warning, 11, 9, Some("2 more warnings are not shown here; the step's log has them all")),
            (Kind::Error, 8, 8, None),
            (Kind::Error, 9, 8, Some("w8")),
            (Kind::Error, 12, 8, Some("4 more errors are not shown here; the step's log has them all")),
        ] {
            let mut annotations = Annotations::default();
            let at_once = (0..given).filter(|n| annotations.take(kind, &format!("w{n}")).is_some()).count();
            assert_eq!(at_once, shown, "{given} of {kind:?}");
            assert_eq!(annotations.take(Kind::Notice, "n"), Some("n"), "each kind is counted by itself");
            let ends = annotations.close();
            assert_eq!(ends.first().map(|(_, text)| text.as_str()), last, "{given} of {kind:?}");
            assert!(annotations.close().is_empty());
        }
    }
}
