use std::fmt::Write as _;

use change_detect::{Change, ChangeSet, IncompleteScan, PostureTrend};
use findings_model::{SchemaVersion, Timestamp};
use pep440_rs::Version;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    FirstScanRule, NextVersion, NotesError, NotesOptions, Policy, Reason, VersionError, Versions, changelog_entry,
    justification,
    matrix::{self, Effect},
    notes, words,
};

/// What asks for a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The matrix alone, or a person.
    pub trigger: Trigger,
    /// The person's own words for the release notes, in Markdown.
    pub notes: Option<String>,
    /// What tells two requests of a person apart: the run's id.
    pub request_id: Option<String>,
    /// How the release notes are made.
    pub presentation: NotesOptions,
}

/// Who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// The matrix decides.
    #[default]
    Auto,
    /// A person forces the security-driven workflow.
    Forced,
    /// A person asks for a release of the code.
    Manual,
}

impl Request {
    /// The matrix decides.
    pub fn auto() -> Self {
        Self::default()
    }

    /// A person forces a release.
    pub fn forced() -> Self {
        Self { trigger: Trigger::Forced, ..Self::default() }
    }

    /// A person asks for a release.
    pub fn manual() -> Self {
        Self { trigger: Trigger::Manual, ..Self::default() }
    }

    /// With a person's own words.
    #[must_use]
    pub fn with_notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = Some(notes.into()).filter(|notes| !notes.trim().is_empty());
        self
    }

    /// With the run's id.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// With a template, a link to the status page and the project's name.
    #[must_use]
    pub fn with_presentation(mut self, presentation: NotesOptions) -> Self {
        self.presentation = presentation;
        self
    }
}

/// Whether to release, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The schema's version.
    pub schema_version: SchemaVersion,
    /// The verdict.
    pub should_release: bool,
    /// What kind of release it is.
    pub trigger_type: TriggerType,
    /// The verdict's reason, on one line.
    pub justification: String,
    /// The same in plain words, a paragraph of text.
    pub explanation: String,
    /// The notes in Markdown; empty without a release.
    pub release_notes: String,
    /// What the changelog's entry says of the release, in Markdown; empty without one.
    #[serde(default)]
    pub changelog_entry: String,
    /// How many changes there are.
    pub security_changes_count: usize,
    /// Every change, whether it releases or not.
    pub security_changes: Vec<Change>,
    /// What each change and the request mean.
    pub reasons: Vec<Reason>,
    /// The scans that do not tell everything.
    pub incomplete: Vec<IncompleteScan>,
    /// Which way it went.
    pub posture_trend: PostureTrend,
    /// The project's version; null where it is not written down.
    pub current_version: Option<Version>,
    /// The version to release; null without a release, or where nothing tells it.
    pub next_version: Option<Version>,
    /// How the next version came about, or why there is none.
    pub version_reason: Option<String>,
    /// A digest of what was decided on: the same inputs give the same id.
    pub decision_id: String,
    /// A digest of the released baseline that was compared with; none for a first scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<String>,
    /// When it was decided.
    pub decided_at: Timestamp,
}

/// The three kinds of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerType {
    /// The security findings changed.
    SecurityAuto,
    /// A person asked.
    Manual,
    /// No release.
    None,
}

impl TriggerType {
    /// The word: `security_auto`, `manual` or `none`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecurityAuto => "security_auto",
            Self::Manual => "manual",
            Self::None => "none",
        }
    }
}

/// Why no decision could be made.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no version to release under.
    #[error("the next version cannot be had")]
    Version(#[source] VersionError),
    /// The notes could not be written.
    #[error("the release notes cannot be written")]
    Notes(#[source] NotesError),
    /// The changelog's entry could not be written.
    #[error("the entry of the changelog cannot be written")]
    Changelog(#[source] NotesError),
}

impl Decision {
    /// The version that this program writes.
    pub const SCHEMA: SchemaVersion = SchemaVersion::new(1, 0);

    /// The outputs of a workflow step, in order; every value is text.
    pub fn outputs(&self) -> [(&'static str, String); 7] {
        [
            ("should_release", self.should_release.to_string()),
            ("release_type", self.trigger_type.as_str().to_owned()),
            ("justification", self.justification.clone()),
            ("release_notes", self.release_notes.clone()),
            ("changes_detected", (self.security_changes_count > 0).to_string()),
            ("next_version", self.next_version.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("decision_id", self.decision_id.clone()),
        ]
    }
}

/// Decides on a change set.
///
/// Coverage never decides: an incomplete scan resolves nothing in the change set, and is only told about here.
pub fn decide(
    changes: &ChangeSet,
    request: &Request,
    policy: &Policy,
    versions: &Versions,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    let mut reasons = matrix::reasons(changes, policy);
    let releases = reasons.iter().any(|r| r.effect == Effect::Release);
    let trigger_type = match request.trigger {
        Trigger::Forced | Trigger::Manual => TriggerType::Manual,
        Trigger::Auto if releases => TriggerType::SecurityAuto,
        Trigger::Auto => TriggerType::None,
    };
    let justification = match trigger_type {
        TriggerType::Manual => justification::MANUAL.to_owned(),
        TriggerType::SecurityAuto => justification::security(&reasons, policy),
        TriggerType::None if changes.first_scan && policy.first_scan == FirstScanRule::Record => {
            justification::FIRST_SCAN.to_owned()
        }
        TriggerType::None => justification::NO_RELEASE.to_owned(),
    };
    if trigger_type == TriggerType::Manual {
        reasons.insert(0, Reason::manual());
    }
    let should_release = trigger_type != TriggerType::None;
    let next: Option<NextVersion> =
        should_release.then(|| versions.next(policy.bump)).transpose().map_err(DecideError::Version)?;
    let (next_version, version_reason) = next.map_or((None, None), |next| (next.version, Some(next.reason)));
    let explanation = words::explanation(changes, &reasons, trigger_type);
    let (release_notes, changelog_entry) = if should_release {
        let facts = notes::Facts {
            changes,
            trigger_type,
            justification: &justification,
            explanation: &explanation,
            custom: request.notes.as_deref(),
            version: next_version.as_ref(),
        };
        let notes = notes::render(&facts, &request.presentation).map_err(DecideError::Notes)?;
        (notes, changelog_entry::render(&facts, &request.presentation).map_err(DecideError::Changelog)?)
    } else {
        (String::new(), String::new())
    };
    Ok(Decision {
        schema_version: Decision::SCHEMA,
        should_release,
        trigger_type,
        justification,
        explanation,
        release_notes,
        changelog_entry,
        security_changes_count: changes.changes.len(),
        decision_id: decision_id(changes, request, policy, trigger_type, next_version.as_ref()),
        security_changes: changes.changes.clone(),
        reasons,
        incomplete: changes.incomplete.clone(),
        posture_trend: changes.posture_trend,
        current_version: versions.current().cloned(),
        next_version,
        version_reason,
        compared_with: changes.compared_with.clone(),
        decided_at: now,
    })
}

/// The digest of everything that makes a decision this one and no other: no dates, no words of people unless a person asked.
fn decision_id(
    changes: &ChangeSet,
    request: &Request,
    policy: &Policy,
    trigger_type: TriggerType,
    next_version: Option<&Version>,
) -> String {
    /// Serialised in the order of its fields, which is therefore part of the format.
    #[derive(Serialize)]
    struct Canonical<'a> {
        baseline: Option<&'a str>,
        first_scan: bool,
        changes: Vec<(&'a str, &'a str, Option<String>, String, &'a str)>,
        policy: &'a Policy,
        next_version: Option<String>,
        trigger_type: TriggerType,
        notes: Option<&'a str>,
        request_id: Option<&'a str>,
    }
    let mut rows: Vec<_> = changes
        .changes
        .iter()
        .map(|c| {
            let old = c.old_state.as_ref().map(ToString::to_string);
            (c.change_type.as_str(), c.finding_id.as_str(), old, c.new_state.to_string(), c.impact_level.as_str())
        })
        .collect();
    rows.sort();
    let asked = trigger_type == TriggerType::Manual;
    let canonical = Canonical {
        baseline: changes.compared_with.as_deref(),
        first_scan: changes.first_scan,
        changes: rows,
        policy: &Policy { notes_template: None, changelog_template: None, ..policy.clone() },
        next_version: next_version.map(ToString::to_string),
        trigger_type,
        notes: request.notes.as_deref().filter(|_| asked),
        request_id: request.request_id.as_deref().filter(|_| asked),
    };
    #[expect(clippy::expect_used, reason = "every key is a string and there is no number that JSON cannot hold")]
    let bytes = serde_json::to_vec(&canonical).expect("the canonical form is always valid JSON");
    Sha256::digest(&bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}
