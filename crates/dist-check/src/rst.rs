//! Whether docutils would warn about a description in reStructuredText, as far as that can be told without it.
//!
//! PyPI refuses a description at the first warning. This reader follows docutils through blocks and inline markup; what it does
//! not follow (tables, option lists, …) it passes over without a verdict. So a description without a finding can still fail, but
//! what is called sure does fail.

mod blocks;
mod directives;
mod explicit;
mod inline;
mod marks;
mod names;
mod tables;
mod words;

use std::collections::{BTreeMap, BTreeSet};

/// After so many places that are surely wrong the reading stops: one is enough to be refused.
const ENOUGH: usize = 20;

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

/// Judges a description. Findings are in the order of their lines; not many more than [`ENOUGH`] are looked for.
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
    /// How many of them are sure.
    sure: usize,
    /// The text in lower case with single spaces, for crude look-ups of what could define a name.
    squeezed: String,
    /// Roles that the text defines, and whether they are raw.
    roles: BTreeMap<String, bool>,
    /// Those that are defined in front of what is being read.
    defined_roles: BTreeSet<String>,
    references: BTreeMap<String, Use>,
    substitutions: BTreeMap<String, Use>,
    /// Explicit targets with their addresses.
    targets: BTreeMap<String, String>,
    /// Targets that lead to other targets.
    indirect: BTreeMap<String, (String, usize)>,
    /// The titles of sections, and the names that references with an address define, with how often they do.
    implicit: BTreeMap<String, BTreeSet<String>>,
    /// Other names that can be referred to.
    others: BTreeSet<String>,
    defined_substitutions: BTreeSet<String>,
    anonymous_references: Vec<usize>,
    anonymous_targets: Vec<usize>,
    /// References to footnotes without a name, and such footnotes: numbered ones, then those with a symbol.
    automatic: [(Vec<usize>, usize); 2],
    /// How many blocks are being read within each other that docutils may read in another way.
    soft: usize,
    /// Whether there was such a block.
    was_soft: bool,
}

/// Where a name is used first, and whether it surely is.
#[derive(Clone, Copy)]
struct Use {
    line: usize,
    is_soft: bool,
}

impl Notes {
    fn new(text: &str) -> Self {
        let roles = text.match_indices(".. role::").map(|(at, marker)| {
            let name = text[at + marker.len()..].lines().next().unwrap_or_default();
            let (name, base) = name.split_once('(').unwrap_or((name, ""));
            (name.trim().to_lowercase(), base.trim().starts_with("raw"))
        });
        Self {
            defects: Vec::new(),
            sure: 0,
            roles: roles.collect(),
            squeezed: squeeze(text),
            defined_roles: BTreeSet::new(),
            references: BTreeMap::new(),
            substitutions: BTreeMap::new(),
            targets: BTreeMap::new(),
            indirect: BTreeMap::new(),
            implicit: BTreeMap::new(),
            others: BTreeSet::new(),
            defined_substitutions: BTreeSet::new(),
            anonymous_references: Vec::new(),
            anonymous_targets: Vec::new(),
            automatic: Default::default(),
            soft: 0,
            was_soft: false,
        }
    }

    fn add(&mut self, certainty: Certainty, line: usize, message: impl Into<String>) {
        let certainty = if self.soft > 0 { Certainty::Unsure } else { certainty };
        let defect = Defect { certainty, line, message: message.into() };
        // What is wrong more than once in a line is said once.
        if !self.defects.iter().rev().take(ENOUGH).any(|known| *known == defect) {
            self.sure += usize::from(certainty == Certainty::Sure);
            self.defects.push(defect);
        }
    }

    fn sure(&mut self, line: usize, message: impl Into<String>) {
        self.add(Certainty::Sure, line, message);
    }

    fn begin_soft(&mut self) {
        self.soft += 1;
        self.was_soft = true;
    }

    fn end_soft(&mut self) {
        self.soft -= 1;
    }

    fn softly(&mut self, read: impl FnOnce(&mut Self)) {
        self.begin_soft();
        read(self);
        self.end_soft();
    }

    /// A role and the text that it is for.
    fn role(&mut self, role: &str, text: &str, line: usize) {
        let role = role.to_lowercase();
        let number = |text: &str| text.trim().parse::<u32>();
        match role.as_str() {
            own if self.roles.contains_key(own) => {
                if self.roles[own] && !text.is_empty() {
                    self.sure(line, "raw (and derived) roles disabled");
                } else if !self.defined_roles.contains(own) {
                    self.add(Certainty::Unsure, line, format!("interpreted text role {own:?} is defined elsewhere"));
                }
            }
            "raw" => self.sure(line, "raw (and derived) roles disabled"),
            "pep" | "pep-reference" if !text.is_empty() => {
                if !number(text).is_ok_and(|number| number <= 9999) {
                    self.sure(line, format!("PEP number must be a number from 0 to 9999; {text:?} is invalid"));
                }
            }
            "rfc" | "rfc-reference" if !text.is_empty() => {
                let digits = text.split('#').next().unwrap_or_default().trim();
                let is_number = digits.starts_with(|c: char| c.is_numeric() || c == '+')
                    && digits.chars().skip(1).all(|c| c.is_numeric() || c == '_');
                if !is_number || number(digits) == Ok(0) {
                    self.sure(
                        line,
                        format!("RFC number must be a number greater than or equal to 1; {text:?} is invalid"),
                    );
                }
            }
            known if words::ROLES.contains(&known) => {}
            unknown => self.sure(line, format!("unknown interpreted text role {unknown:?}")),
        }
    }

    fn reference(&mut self, name: &str, line: usize) {
        let is_soft = self.soft > 0;
        let name = squeeze(name);
        if !name.is_empty() {
            let known = self.references.entry(name).or_insert(Use { line, is_soft });
            if known.is_soft && !is_soft {
                *known = Use { line, is_soft };
            }
        }
    }

    fn substitution(&mut self, name: &str, line: usize) {
        let is_soft = self.soft > 0;
        self.substitutions.entry(name.to_owned()).or_insert(Use { line, is_soft });
    }

    /// A reference to a footnote or citation.
    fn footnote_reference(&mut self, label: &str, line: usize) {
        match label {
            "#" => self.automatic[0].0.push(line),
            "*" => self.automatic[1].0.push(line),
            label => self.reference(label.trim_start_matches('#'), line),
        }
    }

    /// A footnote or citation.
    fn footnote(&mut self, label: &str, line: usize) {
        match label {
            "#" => self.automatic[0].1 += 1,
            "*" => self.automatic[1].1 += 1,
            label => {
                if label.starts_with('#') {
                    // One with a name can be meant by a reference without one.
                    self.automatic[0].1 += 1;
                }
                self.target(label.trim_start_matches('#'), &format!("[{line}]"), line);
            }
        }
    }

    fn target(&mut self, name: &str, address: &str, line: usize) {
        let (name, address) = (squeeze(name), address.split_whitespace().collect::<Vec<_>>().join(" "));
        if let Some(other) = indirect(&address) {
            let other = squeeze(other);
            self.reference(&other, line);
            self.indirect.insert(name.clone(), (other, line));
        }
        let address = address.replace(' ', "");
        match self.targets.get(&name) {
            Some(known) if *known != address || known.is_empty() => {
                self.sure(line, format!("duplicate explicit target name {name:?}"));
            }
            Some(_) => {}
            None => drop(self.targets.insert(name, address)),
        }
    }

    fn anonymous_target(&mut self, address: &str, line: usize) {
        if let Some(other) = indirect(address) {
            self.reference(other, line);
        }
        self.anonymous_targets.push(line);
    }

    /// A name that can be referred to.
    fn define(&mut self, name: &str) {
        self.others.insert(squeeze(name));
    }

    /// A name that a title or a reference with an address defines; `what` tells two of them apart.
    fn imply(&mut self, name: &str, what: &str) {
        self.implicit.entry(squeeze(name)).or_default().insert(what.to_owned());
    }

    /// Whether so much is surely wrong that nothing more need be found.
    fn is_enough(&self) -> bool {
        self.sure >= ENOUGH
    }
}

/// The name of the target that an address leads to instead of to the web: `name_` or `` `a name`_ ``.
fn indirect(address: &str) -> Option<&str> {
    let name = address.strip_suffix('_').filter(|name| !name.ends_with(['\\', '_']))?;
    let quoted = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
    let is_simple = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-._+".contains(c));
    quoted.or(Some(name).filter(|_| is_simple))
}

/// Lower case, one space for white space, and a control character for the end of a line.
fn squeeze(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()).collect();
    if lines.len() > 1 { lines.join(" \u{1} ") } else { lines.concat() }
}

#[cfg(test)]
mod tests;
