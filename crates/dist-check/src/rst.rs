//! Whether docutils would warn about a description in reStructuredText, as far as that can be told without it.
//!
//! PyPI refuses a description at the first warning. This reader follows docutils through blocks and inline markup; what it does
//! not follow (tables, option lists, …) it passes over without a verdict. So a description without a finding can still fail, but
//! what is called sure does fail.

mod blocks;
mod inline;
mod marks;
mod words;

use std::collections::{BTreeMap, BTreeSet};

/// How sure a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Certainty {
    /// Only docutils can tell.
    Unsure,
    Likely,
    /// docutils warns, and PyPI refuses the file.
    Sure,
}

/// One place that docutils would warn about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Defect {
    pub(crate) certainty: Certainty,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// Judges a description. Findings are in the order of their lines.
pub(crate) fn check(text: &str) -> Vec<Defect> {
    let lines: Vec<Line> =
        text.split('\n').enumerate().map(|(index, line)| Line { number: index + 1, text: expand(line) }).collect();
    let mut notes = Notes::new(text);
    blocks::Blocks::new(&mut notes).document(&lines);
    notes.finish()
}

/// A line without white space at its end, tabs expanded as docutils does.
#[derive(Clone, Debug)]
struct Line {
    number: usize,
    text: String,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start_matches(' ').len()
    }

    fn is_indented(&self) -> bool {
        self.text.starts_with(' ')
    }
}

fn expand(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut column = 0;
    for c in line.chars() {
        match c {
            '\t' => {
                let width = 8 - column % 8;
                text.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            '\x0b' | '\x0c' => {
                text.push(' ');
                column += 1;
            }
            c => {
                text.push(c);
                column += 1;
            }
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// What was found, and the names that are looked up at the end.
struct Notes {
    defects: Vec<Defect>,
    /// The text in lower case with single spaces, for crude look-ups of what could define a name.
    squeezed: String,
    roles: BTreeSet<String>,
    references: BTreeMap<String, usize>,
    substitutions: BTreeMap<String, usize>,
    /// Explicit targets with their addresses.
    targets: BTreeMap<String, String>,
    defined_substitutions: BTreeSet<String>,
    anonymous_references: Vec<usize>,
}

impl Notes {
    fn new(text: &str) -> Self {
        let squeezed = squeeze(text);
        let roles = text.match_indices(".. role::").map(|(at, marker)| {
            let name = text[at + marker.len()..].lines().next().unwrap_or_default();
            name.split('(').next().unwrap_or_default().trim().to_lowercase()
        });
        Self {
            defects: Vec::new(),
            roles: roles.collect(),
            squeezed,
            references: BTreeMap::new(),
            substitutions: BTreeMap::new(),
            targets: BTreeMap::new(),
            defined_substitutions: BTreeSet::new(),
            anonymous_references: Vec::new(),
        }
    }

    fn add(&mut self, certainty: Certainty, line: usize, message: impl Into<String>) {
        self.defects.push(Defect { certainty, line, message: message.into() });
    }

    fn sure(&mut self, line: usize, message: impl Into<String>) {
        self.add(Certainty::Sure, line, message);
    }

    fn role(&mut self, role: &str, line: usize) {
        let role = role.to_lowercase();
        if role == "raw" || self.squeezed.contains("default-role::") {
            return;
        }
        if !words::ROLES.contains(&role.as_str()) && !self.roles.contains(&role) {
            self.sure(line, format!("unknown interpreted text role {role:?}"));
        }
    }

    fn reference(&mut self, name: &str, line: usize) {
        let name = squeeze(name);
        if !name.is_empty() {
            self.references.entry(name).or_insert(line);
        }
    }

    fn target(&mut self, name: &str, address: &str, line: usize) {
        let (name, address) = (squeeze(name), address.split_whitespace().collect::<String>());
        match self.targets.get(&name) {
            Some(known) if *known != address => self.sure(line, format!("duplicate explicit target name {name:?}")),
            Some(_) => {}
            None => drop(self.targets.insert(name, address)),
        }
    }

    /// Whether anything in the text could define a name that a reference asks for. Rather too much than too little.
    fn could_define(&self, name: &str) -> bool {
        let forms = [
            format!("_{name}:"),
            format!("_`{name}`"),
            format!("`{name} <"),
            format!("[{name}]"),
            format!("[#{name}]"),
            format!(":name: {name}"),
        ];
        // A section's title defines its name, however it is marked up.
        let plain = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect() };
        let wanted = plain(name);
        forms.iter().any(|form| self.squeezed.contains(form.as_str()))
            || self.squeezed.replace('\\', "").contains(&format!("_{name}:"))
            || self.titles().any(|title| plain(title).trim() == wanted.trim())
    }

    /// Everything that could be the title of a section or a term: the squeezed text between line ends.
    fn titles(&self) -> impl Iterator<Item = &str> {
        self.squeezed.split('\u{1}').map(str::trim)
    }

    fn finish(mut self) -> Vec<Defect> {
        let unknown: Vec<(String, usize)> = self
            .references
            .iter()
            .filter(|(name, _)| !self.could_define(name))
            .map(|(name, line)| (name.clone(), *line))
            .collect();
        for (name, line) in unknown {
            self.sure(line, format!("unknown target name {name:?}"));
        }
        let undefined: Vec<(String, usize)> = self
            .substitutions
            .iter()
            .filter(|(name, _)| !self.squeezed.contains(&format!(".. |{name}|")))
            .map(|(name, line)| (name.clone(), *line))
            .collect();
        for (name, line) in undefined {
            self.sure(line, format!("undefined substitution {name:?}"));
        }
        // An anonymous target anywhere may be what a reference leads to.
        let has_target = self.squeezed.contains("__ ") || self.squeezed.contains("__:");
        if let Some(line) = self.anonymous_references.first().copied().filter(|_| !has_target) {
            self.sure(line, "anonymous hyperlink mismatch: a reference without a target");
        }
        self.defects.sort_by(|a, b| a.line.cmp(&b.line).then(b.certainty.cmp(&a.certainty)));
        self.defects.dedup();
        self.defects
    }
}

/// Lower case, one space for white space, and a control character for the end of a line.
fn squeeze(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()).collect();
    if lines.len() > 1 { lines.join(" \u{1} ") } else { lines.concat() }
}

#[cfg(test)]
mod tests;
