//! The look-ups at the end of a description: whether every name that is used is defined.

use std::collections::{BTreeMap, BTreeSet};

use super::{Certainty, Defect, Notes, Use, squeeze};

/// How many bytes are looked through, at most, for what could define names that nothing surely defines.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// What defines names, made for many look-ups.
struct Defined {
    /// The titles without the markup in them.
    plain_titles: BTreeSet<String>,
    /// The highest number that a footnote which numbers itself can have got; none if there is no such footnote.
    highest_number: Option<usize>,
    substitutions: BTreeSet<String>,
    /// The text in lower case with single spaces, and the same without its backslashes.
    squeezed: String,
    unescaped: String,
    /// How many bytes may still be looked through.
    left: usize,
}

impl Notes {
    pub(super) fn finish(mut self) -> Vec<Defect> {
        // What is used may be defined where nothing was read any more.
        if !self.is_enough() {
            let mut defined = Defined::by(&mut self);
            self.references(&mut defined);
            self.circles();
            self.substitutions(&mut defined);
            self.count();
        }
        self.defects.sort_by(|a, b| a.line.cmp(&b.line).then(b.certainty.cmp(&a.certainty)));
        self.defects.dedup();
        self.defects
    }

    fn references(&mut self, defined: &mut Defined) {
        for (name, Use { line, is_soft }) in by_line(std::mem::take(&mut self.references)) {
            if self.is_enough() {
                return;
            }
            let is_ambiguous = self.implicit.get(&name).is_some_and(|whats| whats.len() > 1);
            let is_known = self.targets.contains_key(&name) || self.others.contains(&name);
            if is_ambiguous && !is_known {
                let message = format!("duplicate target name, cannot be used as a unique reference: {name:?}");
                self.add(if is_soft { Certainty::Unsure } else { Certainty::Likely }, line, message);
            } else if !is_known
                && !self.implicit.contains_key(&name)
                && !defined.as_title(&name)
                && !defined.numbers(&name)
            {
                let unsure = is_soft || defined.could_be_target(&name);
                let certainty = if unsure { Certainty::Unsure } else { Certainty::Sure };
                self.add(certainty, line, format!("unknown target name {name:?}"));
            }
        }
    }

    /// Notes the targets that lead to other targets and so on without an end.
    fn circles(&mut self) {
        let mut ends: BTreeMap<&str, bool> = BTreeMap::new();
        let mut circular = Vec::new();
        for (name, (_, line)) in &self.indirect {
            let mut path = Vec::new();
            let mut at = name.as_str();
            let does_end = loop {
                if let Some(known) = ends.get(at) {
                    break *known;
                }
                let Some((next, _)) = self.indirect.get(at) else { break true };
                // Whoever comes by here again, before an end is found, goes round.
                ends.insert(at, false);
                path.push(at);
                at = next;
            };
            ends.extend(path.into_iter().map(|at| (at, does_end)));
            if !does_end {
                circular.push((*line, format!("indirect hyperlink target {name:?} forms a circular reference")));
            }
        }
        for (line, message) in circular {
            self.defects.push(Defect { certainty: Certainty::Likely, line, message });
        }
    }

    fn substitutions(&mut self, defined: &mut Defined) {
        for (name, Use { line, is_soft }) in by_line(std::mem::take(&mut self.substitutions)) {
            if self.is_enough() {
                return;
            }
            if !defined.substitutions.contains(&name) {
                let unsure = is_soft || defined.could_be_substitution(&name);
                let certainty = if unsure { Certainty::Unsure } else { Certainty::Sure };
                self.add(certainty, line, format!("undefined substitution {name:?}"));
            }
        }
    }

    /// Holds references without a name against what they can lead to.
    fn count(&mut self) {
        let certainty = if self.was_soft { Certainty::Unsure } else { Certainty::Sure };
        let (references, targets) = (self.anonymous_references.len(), self.anonymous_targets.len());
        if references != targets {
            let line = self.anonymous_references.first().or(self.anonymous_targets.first()).copied().unwrap_or(1);
            let message = format!("anonymous hyperlink mismatch: {references} references but {targets} targets");
            self.add(certainty, line, message);
        }
        for (number, kind) in ["autonumbered", "symbol"].into_iter().enumerate() {
            let (references, notes) = &self.automatic[number];
            if let Some(line) = references.get(*notes).copied() {
                self.add(certainty, line, format!("too many {kind} footnote references"));
            }
        }
    }
}

impl Defined {
    fn by(notes: &mut Notes) -> Self {
        let explicit = notes.targets.keys().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).count();
        let numbered = notes.automatic[0].1;
        let squeezed = std::mem::take(&mut notes.squeezed);
        Self {
            plain_titles: notes.implicit.keys().map(|title| plain(title)).collect(),
            highest_number: (numbered > 0).then_some(numbered + explicit),
            substitutions: notes.defined_substitutions.iter().map(|name| squeeze(name)).collect(),
            unescaped: squeezed.replace('\\', ""),
            squeezed,
            left: MOST_BYTES,
        }
    }

    /// Whether a title defines a name: it does so without the markup in it.
    fn as_title(&self, name: &str) -> bool {
        self.plain_titles.contains(&plain(name))
    }

    /// Whether a footnote that numbers itself can have got this number.
    fn numbers(&self, label: &str) -> bool {
        let highest = self.highest_number;
        highest.is_some_and(|highest| label.parse().is_ok_and(|number: usize| (1..=highest).contains(&number)))
    }

    /// Whether anything in the text could define a name that a reference asks for. Rather too much than too little.
    fn could_be_target(&mut self, name: &str) -> bool {
        let forms = [
            format!("_{name}:"),
            format!("_`{name}`"),
            format!("`{name} <"),
            format!(".. [{name}]"),
            format!(".. [#{name}]"),
            format!(":name: {name}"),
        ];
        self.stands_in_text(&forms) || self.unescaped.contains(&forms[0])
    }

    fn could_be_substitution(&mut self, name: &str) -> bool {
        self.stands_in_text(&[format!(".. |{name}|")])
    }

    /// Whether the text holds one of these; what it costs too much to look for could be there.
    fn stands_in_text(&mut self, forms: &[String]) -> bool {
        match self.left.checked_sub(self.squeezed.len()) {
            Some(left) => {
                self.left = left;
                forms.iter().any(|form| self.squeezed.contains(form.as_str()))
            }
            None => true,
        }
    }
}

fn plain(text: &str) -> String {
    let plain: String = text.chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
    plain.trim().to_owned()
}

/// Names in the order in which they are used first.
fn by_line(names: BTreeMap<String, Use>) -> Vec<(String, Use)> {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_by_key(|(_, used)| used.line);
    names
}
