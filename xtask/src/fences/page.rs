//! A Markdown page as its fences of shell commands and its spans of code.

use std::path::{Path, PathBuf};

use test_support::PROGRAMS;

use super::commands::split;

/// Words behind a fence's first one that make it a block of shell commands.
const SHELLS: [&str; 4] = ["bash", "console", "sh", "shell"];

pub(super) struct Page {
    pub(super) path: PathBuf,
    pub(super) fences: Vec<Fence>,
    /// Spans of code in prose that begin with a program of ours, each with its line.
    pub(super) spans: Vec<(usize, String)>,
    /// Fences without a language that begin with a command, each with its line and that.
    pub(super) unlabelled: Vec<(usize, String)>,
}

pub(super) struct Fence {
    /// The line of the first command.
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) needs: Vec<String>,
    /// How commands of ours end that do not end with 0.
    pub(super) exit: i32,
    pub(super) unknown: Vec<String>,
}

impl Fence {
    fn new(line: usize, marks: &str) -> Self {
        let mut fence = Self { line, text: String::new(), needs: Vec::new(), exit: 0, unknown: Vec::new() };
        for mark in marks.split_whitespace() {
            match mark.split_once('=') {
                Some(("needs", reasons)) => fence.needs.extend(reasons.split(',').map(str::to_owned)),
                Some(("exit", code)) if code.parse::<i32>().is_ok() => fence.exit = code.parse().unwrap(),
                _ => fence.unknown.push(mark.to_owned()),
            }
        }
        fence
    }

    pub(super) fn place(&self, page: &Page) -> String {
        format!("{}:{}", page.path.display(), self.line)
    }

    /// The simple commands, each with its line.
    pub(super) fn commands(&self) -> Vec<(usize, String)> {
        split(&self.text).into_iter().map(|(line, command)| (self.line + line, command)).collect()
    }
}

impl Page {
    pub(super) fn read(root: &Path, path: &Path) -> Self {
        let text = std::fs::read_to_string(root.join(path)).unwrap();
        let mut page = Self { path: path.to_owned(), fences: Vec::new(), spans: Vec::new(), unlabelled: Vec::new() };
        let mut open: Option<Open> = None;
        for (index, line) in text.lines().enumerate() {
            let trimmed = line.trim_start();
            match (&mut open, trimmed.strip_prefix("```")) {
                (None, Some(info)) => open = Some(Open::new(index + 2, line.len() - trimmed.len(), info)),
                (Some(_), Some(_)) => page.close(open.take()),
                (Some(open), None) => open.push(line),
                (None, None) => page.prose(index + 1, line),
            }
        }
        page
    }

    fn close(&mut self, open: Option<Open>) {
        match open {
            Some(Open { kind: Kind::Shell(fence), .. }) => self.fences.push(fence),
            Some(Open { kind: Kind::Plain(line, Some(first)), .. }) => self.unlabelled.push((line, first)),
            _ => {}
        }
    }

    fn prose(&mut self, line: usize, text: &str) {
        let spans = text.split('`').skip(1).step_by(2);
        let ours = spans.filter(|span| span.split_once(' ').is_some_and(|(program, _)| PROGRAMS.contains(&program)));
        self.spans.extend(ours.map(|span| (line, span.to_owned())));
    }
}

struct Open {
    indent: usize,
    kind: Kind,
}

enum Kind {
    Shell(Fence),
    /// A fence without a language, with its first line if that is a command.
    Plain(usize, Option<String>),
    Other,
}

impl Open {
    fn new(line: usize, indent: usize, info: &str) -> Self {
        let (language, marks) = info.trim().split_once(' ').unwrap_or((info.trim(), ""));
        let kind = if SHELLS.contains(&language) {
            Kind::Shell(Fence::new(line, marks))
        } else if language.is_empty() {
            Kind::Plain(line, None)
        } else {
            Kind::Other
        };
        Self { indent, kind }
    }

    fn push(&mut self, line: &str) {
        let blanks = line.len() - line.trim_start().len();
        let line = &line[self.indent.min(blanks)..];
        match &mut self.kind {
            Kind::Shell(fence) => {
                fence.text.push_str(line);
                fence.text.push('\n');
            }
            // The first line tells.
            Kind::Plain(at, None) => {
                let program = line.split_whitespace().next().unwrap_or_default();
                let command = program == "$" || program == "cargo" || PROGRAMS.contains(&program);
                self.kind = if command { Kind::Plain(*at, Some(line.to_owned())) } else { Kind::Other };
            }
            Kind::Plain(..) | Kind::Other => {}
        }
    }
}
