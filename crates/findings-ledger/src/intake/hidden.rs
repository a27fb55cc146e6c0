//! Whether a scanner's reports show that it looked for code or a secret that they do not hold.

use std::collections::{BTreeSet, HashSet};

use findings_model::{Observation, Subject};

use super::group::Group;

/// Why a scanner may be silent about something that is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hiding {
    /// It was used otherwise than when it reported it, as these words say.
    Said(String),
    /// Its reports name the rules that were run, and this one is not among them.
    RuleLeftOut(String),
    /// Nothing shows that this rule was run.
    RuleUntold(String),
    /// Nothing shows that the file was looked at.
    FileUntold,
    /// The file is as it was when the scanner, which looks at each file alone, reported it.
    FileUnchanged,
}

impl Hiding {
    pub(super) fn said(words: impl Into<String>) -> Self {
        Self::Said(words.into())
    }
}

/// Which rules and files the findings of a scanner tell of.
#[derive(Default)]
pub(super) struct Told<'a> {
    rules: HashSet<&'a str>,
    /// What those rules were called earlier.
    former: HashSet<&'a str>,
    files: HashSet<&'a str>,
}

impl<'a> Told<'a> {
    fn by(found: &[&'a [Observation]]) -> Self {
        let mut told = Self::default();
        for subject in found.iter().copied().flatten().map(|observation| &observation.subject) {
            let mut names = rule_names(subject);
            told.rules.extend(names.next());
            told.former.extend(names);
            told.files.extend(subject.path());
        }
        told
    }
}

/// The reports name the rules that were run, and none of the names of the finding's rule is among them.
pub(super) fn by_other_rules(group: &Group<'_>, subject: &Subject) -> Option<Hiding> {
    (group.lists_rules && !shows_rule(group, subject)).then(|| Hiding::RuleLeftOut(rule(subject)))
}

/// What nothing in the reports shows of a look for a finding: that its rule was run, that its file was looked at.
pub(super) fn by_silence(group: &Group<'_>, subject: &Subject) -> Option<Hiding> {
    if !shows_rule(group, subject) {
        return Some(Hiding::RuleUntold(rule(subject)));
    }
    let path = subject.path().unwrap_or_default();
    let is_shown = group.lists_files || has_record_in(group, path);
    (!is_shown).then_some(Hiding::FileUntold)
}

/// Whether the reports hold anything about a file.
pub(super) fn has_record_in(group: &Group<'_>, path: &str) -> bool {
    told(group).files.contains(path)
}

fn shows_rule(group: &Group<'_>, subject: &Subject) -> bool {
    let is_named =
        |name: &str| group.looked_at.iter().any(|looked_at| fronts(name).any(|n| looked_at.rules.contains(n)));
    let is_on = |name: &str| group.used.rules.as_ref().is_some_and(|rules| rules.may_report(name));
    // An earlier name that two rules share says nothing: of semgrep's rules it is the last part of the id.
    let told = told(group);
    rule_names(subject).any(|name| told.rules.contains(name) || is_named(name) || is_on(name))
        || rule_names(subject).next().is_some_and(|rule| told.former.contains(rule))
}

fn told<'g, 'a>(group: &'g Group<'a>) -> &'g Told<'a> {
    group.told.get_or_init(|| Told::by(&group.found))
}

fn rule(subject: &Subject) -> String {
    rule_names(subject).next().unwrap_or_default().to_owned()
}

/// The rule, and what it was called earlier.
fn rule_names(subject: &Subject) -> impl Iterator<Item = &str> {
    let (rule, former) = match subject {
        Subject::Code(spot) => (Some(&spot.rule), &spot.former_rules[..]),
        Subject::Secret(spot) => (Some(&spot.rule), &[][..]),
        Subject::Vulnerability(_) => (None, &[][..]),
    };
    rule.into_iter().chain(former).map(String::as_str)
}

/// A name and what it is a kind of: in SARIF `A/B` is a kind of `A`.
fn fronts(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.rsplit_once('/').map(|(front, _)| front))
}

/// What is told of a scanner that may have looked for less than before: a line for each sort of reason.
pub(super) fn in_words(hidings: &[&Hiding]) -> Vec<String> {
    let (mut said, mut left_out, mut untold) = (Vec::new(), Vec::new(), Vec::new());
    let (mut files, mut unchanged) = (0, 0);
    for hiding in hidings {
        match hiding {
            Hiding::Said(words) => said.push(words.as_str()),
            Hiding::RuleLeftOut(rule) => left_out.push(rule.as_str()),
            Hiding::RuleUntold(rule) => untold.push(rule.as_str()),
            Hiding::FileUntold => files += 1,
            Hiding::FileUnchanged => unchanged += 1,
        }
    }
    let mut lines = Vec::new();
    if let Some(first) = said.iter().min() {
        let what = findings(said.len());
        lines.push(format!("the scan looked for less than an earlier one, which may hide {what}: {first}"));
    }
    if !left_out.is_empty() {
        lines.push(format!(
            "the report names the rules that were run, without {}, which may hide {} (where that is meant, add an exception)",
            names(&left_out),
            findings(left_out.len())
        ));
    }
    if !untold.is_empty() {
        lines.push(format!(
            "nothing in the report shows a run of {}, which may hide {} whose code is as it was ({WAYS_OUT})",
            names(&untold),
            findings(untold.len())
        ));
    }
    if files > 0 {
        lines.push(format!(
            "the report does not list the files that were looked at and finds nothing in those of {}, whose code is as it was ({WAYS_OUT})",
            findings(files)
        ));
    }
    if unchanged > 0 {
        lines.push(format!(
            "the report leaves out {} in files that are as they were when they were found: a rule may have been switched off there ({WAYS_OUT})",
            findings(unchanged)
        ));
    }
    lines
}

const WAYS_OUT: &str = "change the code, or add an exception";

fn findings(count: usize) -> String {
    if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") }
}

/// Rules, each once, the first ones by name.
fn names(rules: &[&str]) -> String {
    const NAMED: usize = 5;
    let rules: BTreeSet<&str> = rules.iter().copied().collect();
    let mut names: Vec<String> = rules.iter().take(NAMED).map(|rule| (*rule).to_owned()).collect();
    if rules.len() > NAMED {
        names.push(format!("{} more", rules.len() - NAMED));
    }
    let what = if rules.len() == 1 { "the rule" } else { "the rules" };
    format!("{what} {}", names.join(", "))
}
