//! What a rule answers: one [`Check`] per rule and place.

use std::fmt;

use findings_model::text;
use serde::{Serialize, Serializer};

/// Longest message, in characters.
const MESSAGE_CHARACTERS: usize = 400;

/// Which subcommand a check belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Workflows, identity, credentials, policies.
    Security,
    /// Response and run times.
    Performance,
}

impl Group {
    /// The word used in documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Performance => "performance",
        }
    }
}

/// What a check is about, inside its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// How a publishing job proves who it is.
    OidcConfiguration,
    /// Who may publish, from which events, behind which gate.
    PublishingAuthorisation,
    /// How workflows handle text, actions and failures.
    WorkflowHygiene,
    /// Credentials lying in files.
    Credentials,
    /// Trust and permission policies of the role.
    Policies,
    /// Time that the status page takes to answer.
    ResponseTime,
    /// Time that a workflow run takes.
    RunTime,
}

impl Topic {
    /// The group that the topic belongs to.
    pub fn group(self) -> Group {
        match self {
            Self::OidcConfiguration
            | Self::PublishingAuthorisation
            | Self::WorkflowHygiene
            | Self::Credentials
            | Self::Policies => Group::Security,
            Self::ResponseTime | Self::RunTime => Group::Performance,
        }
    }
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// A rule of severity error is broken here.
    Fail,
    /// A rule of a lower severity is broken here.
    Warn,
    /// Whether the rule holds cannot be told; the message says why.
    Unknown,
    /// The rule holds.
    Pass,
}

impl CheckStatus {
    /// The word used in documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Pass => "pass",
        }
    }
}

/// How much a broken rule weighs: only `error` makes a validation fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckSeverity {
    /// Someone else could publish, or a secret is lost, or a target is missed.
    Error,
    /// A defence is missing.
    Warning,
    /// Worth knowing.
    Info,
}

impl CheckSeverity {
    /// The word used in documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A file, or a line of it. Serialised and shown as `file:line`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    file: String,
    line: Option<usize>,
}

impl Place {
    /// A whole file, named by its path below the project.
    pub fn file(path: &str) -> Self {
        Self { file: text::one_line(path), line: None }
    }

    /// A line of a file, counted from 1; 0 means that the line is not known.
    pub fn line(path: &str, line: usize) -> Self {
        Self { file: text::one_line(path), line: (line > 0).then_some(line) }
    }

    /// The file's path below the project.
    pub fn path(&self) -> &str {
        &self.file
    }

    /// The line, from 1.
    pub fn line_number(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The answer of one rule about one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The rule's name, such as `WP-02`; stable.
    pub id: &'static str,
    /// `security` or `performance`.
    pub group: Group,
    /// What it is about, inside the group.
    pub topic: Topic,
    /// How it came out.
    pub status: CheckStatus,
    /// How much it weighs.
    pub severity: CheckSeverity,
    /// The rule in words, the same for each of its checks.
    pub title: &'static str,
    /// What was found, in one line without control characters and without any secret.
    pub message: String,
    /// Where, if the answer is about a place.
    #[serde(rename = "where")]
    pub place: Option<Place>,
    /// What to do about it.
    pub help: &'static str,
}

/// A rule: a row that names and explains; the function that answers stands beside it in its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The name, such as `WP-02`; stable.
    pub id: &'static str,
    /// What it is about.
    pub topic: Topic,
    /// The weight of a break.
    pub severity: CheckSeverity,
    /// What must hold.
    pub title: &'static str,
    /// What to do when it does not.
    pub help: &'static str,
}

impl Rule {
    /// The rule holds.
    pub(crate) fn pass(&self, message: &str) -> Check {
        self.check(CheckStatus::Pass, self.severity, None, message)
    }

    /// The rule is broken at a place.
    pub(crate) fn hit(&self, place: impl Into<Option<Place>>, message: &str) -> Check {
        self.hit_as(self.severity, place, message)
    }

    /// The rule is broken at a place, where that weighs differently from the row.
    pub(crate) fn hit_as(&self, severity: CheckSeverity, place: impl Into<Option<Place>>, message: &str) -> Check {
        let status = match severity {
            CheckSeverity::Error => CheckStatus::Fail,
            CheckSeverity::Warning | CheckSeverity::Info => CheckStatus::Warn,
        };
        self.check(status, severity, place.into(), message)
    }

    /// Whether the rule holds cannot be told.
    pub(crate) fn unknown(&self, place: impl Into<Option<Place>>, message: &str) -> Check {
        self.check(CheckStatus::Unknown, self.severity, place.into(), message)
    }

    /// The hits, at most [`MAX_HITS`] of them and a line for the rest; without hits, `otherwise`.
    pub(crate) fn conclude(&self, mut hits: Vec<Check>, otherwise: impl FnOnce() -> Check) -> Vec<Check> {
        if hits.is_empty() {
            return vec![otherwise()];
        }
        hits.sort_by(|a, b| {
            (a.status, a.severity, &a.place, &a.message).cmp(&(b.status, b.severity, &b.place, &b.message))
        });
        hits.dedup();
        if hits.len() > MAX_HITS {
            let more = hits.len() - MAX_HITS;
            let (status, severity) = (hits[MAX_HITS].status, hits[MAX_HITS].severity);
            hits.truncate(MAX_HITS);
            hits.push(self.check(status, severity, None, &format!("and {more} more places")));
        }
        hits
    }

    fn check(&self, status: CheckStatus, severity: CheckSeverity, place: Option<Place>, message: &str) -> Check {
        Check {
            id: self.id,
            group: self.topic.group(),
            topic: self.topic,
            status,
            severity,
            title: self.title,
            message: text::shorten(&text::one_line(message), MESSAGE_CHARACTERS).into_owned(),
            place,
            help: self.help,
        }
    }
}

/// Most places that one rule lists.
pub(crate) const MAX_HITS: usize = 30;
