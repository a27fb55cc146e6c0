//! The subject of a trust policy, judged by what it can match.
//!
//! An organisation or a repository can choose the claims that its subjects are made of
//! (`repository_owner:octo:environment:pypi`), and so can whoever wants in: only a claim without wildcard that names
//! owner and repository keeps others out.

use super::super::Findings;
use super::super::statement::{Condition, Policy};
use super::{
    ANY_CONTEXT, ANY_OWNER, ANY_REPOSITORY, ANY_SUBJECT, LITERAL_WILDCARD, NO_REPOSITORY, NOT_ENVIRONMENT, OF_SUBJECT,
    OTHER_REPOSITORY, PULL_REQUEST, base, is_positive,
};
use crate::check::Place;

pub(super) fn check(policy: &Policy, condition: &Condition, repository: Option<&str>, findings: &mut Findings) {
    if !is_positive(condition) {
        return;
    }
    let like = base(&condition.operator) == "StringLike";
    if !condition.values.is_resolved() {
        let place = Place::line(&policy.file, condition.line);
        unresolved(&place, findings);
    }
    for (value, line) in &condition.values.known {
        let place = Place::line(&policy.file, *line);
        if !like && has_wildcard(value) {
            findings.hit(&LITERAL_WILDCARD, place, &format!("{value} is compared letter by letter"));
            continue;
        }
        Subject { value, like, place }.judge(repository, findings);
    }
}

/// Nothing can be told of a subject.
pub(super) fn unresolved(place: &Place, findings: &mut Findings) {
    for rule in OF_SUBJECT {
        findings.unknown(rule, place.clone(), "a subject is an expression that is not evaluated");
    }
}

struct Subject<'a> {
    value: &'a str,
    /// Whether wildcards count.
    like: bool,
    place: Place,
}

/// What the claims of a subject tie it to.
#[derive(Default)]
struct Ties {
    owner: bool,
    repository: bool,
    environment: bool,
    /// It may match more than one kind of run, or that cannot be told.
    wide: bool,
}

impl Subject<'_> {
    fn judge(&self, repository: Option<&str>, findings: &mut Findings) {
        if self.value.starts_with(['*', '?']) {
            return self.hit(&ANY_SUBJECT, "matches subjects of any repository", findings);
        }
        if self.value.starts_with("${") {
            return unresolved(&self.place, findings);
        }
        let mut ties = Ties::default();
        let mut loose = false;
        for (name, value) in claims(self.value) {
            let wild = self.like && (has_wildcard(name) || value.is_some_and(has_wildcard));
            match (name, value) {
                ("repo" | "repository", Some(full)) => {
                    if !self.repository(full, repository, &mut ties, findings) {
                        return;
                    }
                    if loose {
                        self.behind_a_wildcard(findings);
                    }
                }
                ("repository_owner" | "repository_owner_id" | "repository_id", Some(_)) if wild => {
                    return self.hit(&ANY_OWNER, "matches owners that strangers can register", findings);
                }
                ("repository_owner" | "repository_owner_id", Some(_)) => ties.owner = true,
                ("repository_id", Some(_)) => {
                    if loose {
                        self.behind_a_wildcard(findings);
                    }
                    ties.repository = true;
                    self.unknown(&OTHER_REPOSITORY, "names the repository by its id alone", findings);
                }
                ("pull_request", None) | ("event_name", Some("pull_request" | "pull_request_target")) => {
                    ties.wide = true;
                    self.hit(&PULL_REQUEST, "lets pull requests in", findings);
                }
                _ if wild => {
                    loose = true;
                    ties.wide = true;
                    if ties.repository {
                        let message = "matches more than the publishing job, pull requests perhaps among it";
                        self.hit(&ANY_CONTEXT, message, findings);
                    }
                }
                (name, _) if name.starts_with("${") => {
                    ties.wide = true;
                    for rule in [&ANY_CONTEXT, &PULL_REQUEST, &NOT_ENVIRONMENT] {
                        self.unknown(rule, "has a part that is not evaluated", findings);
                    }
                }
                ("environment", Some(_)) => ties.environment = true,
                _ => {}
            }
        }
        self.conclude(&ties, loose, findings);
    }

    /// Judges `OWNER/NAME`; false when nothing more can be said of the subject.
    fn repository(&self, full: &str, own: Option<&str>, ties: &mut Ties, findings: &mut Findings) -> bool {
        let (owner, name) = split_outside_braces(full, '/');
        if self.like && has_wildcard(owner) {
            self.hit(&ANY_OWNER, "matches owners that strangers can register", findings);
            return false;
        }
        if self.like && full.contains("${") {
            for rule in [&ANY_OWNER, &ANY_REPOSITORY, &OTHER_REPOSITORY] {
                self.unknown(rule, "takes its repository from a value that may hold a wildcard", findings);
            }
        }
        ties.owner = true;
        let Some(name) = name.or_else(|| full.contains("${").then_some(full)) else {
            return true;
        };
        ties.repository = true;
        if has_wildcard(name) {
            ties.wide = true;
            self.hit(&ANY_REPOSITORY, "matches other repositories of the owner", findings);
        } else if let Some(own) = own.filter(|_| !full.contains("${"))
            && !format!("{}/{}", without_id(owner), without_id(name)).eq_ignore_ascii_case(own)
        {
            self.hit(&OTHER_REPOSITORY, &format!("is not of {own}"), findings);
        }
        true
    }

    fn conclude(&self, ties: &Ties, loose: bool, findings: &mut Findings) {
        if !ties.repository {
            if ties.owner && loose {
                self.hit(&ANY_REPOSITORY, "matches every repository of the owner", findings);
            } else {
                self.hit(&NO_REPOSITORY, "names no repository", findings);
            }
        } else if !ties.environment && !ties.wide {
            self.hit(&NOT_ENVIRONMENT, "names no environment", findings);
            if !self.value.contains(":ref:") {
                self.unknown(&PULL_REQUEST, "does not say which runs of the repository it means", findings);
            }
        }
    }

    fn behind_a_wildcard(&self, findings: &mut Findings) {
        for rule in [&ANY_OWNER, &ANY_REPOSITORY, &NO_REPOSITORY] {
            self.unknown(
                rule,
                "has a wildcard in front of the repository, which may match more than it says",
                findings,
            );
        }
    }

    fn hit(&self, rule: &crate::check::Rule, what: &str, findings: &mut Findings) {
        findings.hit(rule, self.place.clone(), &format!("{} {what}", self.value));
    }

    fn unknown(&self, rule: &crate::check::Rule, what: &str, findings: &mut Findings) {
        findings.unknown(rule, self.place.clone(), &format!("{} {what}", self.value));
    }
}

/// A subject's claims in their order; `pull_request` stands alone, every other name has its value behind it.
fn claims(subject: &str) -> Vec<(&str, Option<&str>)> {
    let mut found = Vec::new();
    let mut rest = Some(subject);
    while let Some(text) = rest {
        let (name, behind) = split_outside_braces(text, ':');
        if name == "pull_request" {
            found.push((name, None));
            rest = behind;
        } else {
            let split = behind.map(|behind| split_outside_braces(behind, ':'));
            found.push((name, split.map(|(value, _)| value)));
            rest = split.and_then(|(_, rest)| rest);
        }
    }
    found
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// `name@123` without its id.
fn without_id(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

/// A text cut at the first separator that does not stand inside `${…}`.
fn split_outside_braces(text: &str, separator: char) -> (&str, Option<&str>) {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => return (&text[..at], Some(&text[at + 1..])),
            _ => {}
        }
    }
    (text, None)
}
