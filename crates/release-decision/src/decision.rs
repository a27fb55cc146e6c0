use change_detect::{Change, ChangeSet, IncompleteScan, PostureTrend};
use findings_model::{PackageName, SchemaVersion, Timestamp};
use pep440_rs::Version;
use serde::{Deserialize, Serialize};

use crate::{
    NextVersion, NotesError, NotesOptions, Past, Policy, Reason, Row, VersionError, Versions, changelog_entry,
    decision_id::decision_id,
    justification,
    matrix::{self, Effect},
    notes,
    past::{Earlier, Proof},
    words,
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
    /// The project that is decided on; none where nothing tells it.
    pub project: Option<PackageName>,
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

    /// For a project.
    #[must_use]
    pub fn of_project(mut self, project: PackageName) -> Self {
        self.project = Some(project);
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
    /// The project that was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<PackageName>,
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
    /// There was no release to compare with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_scan: bool,
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
    /// What a person has to know before the release is made, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The version under which this decision was published before, which is why there is no release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub already_published: Option<Version>,
    /// Until when only a critical change releases, where that is why there is no release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<Timestamp>,
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
    #[error("cannot determine the next version")]
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
    pub fn outputs(&self) -> [(&'static str, String); 8] {
        let version = |version: &Option<Version>| version.as_ref().map(ToString::to_string).unwrap_or_default();
        [
            ("should_release", self.should_release.to_string()),
            ("release_type", self.trigger_type.as_str().to_owned()),
            ("justification", self.justification.clone()),
            ("release_notes", self.release_notes.clone()),
            ("changes_detected", (self.security_changes_count > 0).to_string()),
            ("next_version", version(&self.next_version)),
            ("decision_id", self.decision_id.clone()),
            ("already_published", version(&self.already_published)),
        ]
    }
}

/// Decides on a change set.
///
/// Coverage never decides: an incomplete scan resolves nothing in the change set, and is only told about here. A decision that was
/// made before on the same inputs stays the same one, with its version, until it is published; then it is never released again.
pub fn decide(
    changes: &ChangeSet,
    request: &Request,
    policy: &Policy,
    versions: &Versions,
    past: &Past<'_>,
    now: Timestamp,
) -> Result<Decision, DecideError> {
    // A template that is at fault is not to be found on the day of a release.
    notes::check(request.presentation.template.as_ref()).map_err(DecideError::Notes)?;
    changelog_entry::check(request.presentation.changelog_template.as_ref()).map_err(DecideError::Changelog)?;
    let mut reasons = matrix::reasons(changes, policy);
    let asked = Asked { changes, request, policy, versions, past, for_release: wanted_release(request, &reasons) };
    let (verdict, next) = asked.verdict(&reasons, now)?;
    let decision_id = asked.decision_id(&verdict, next.as_ref());
    let justification = justification::of(&verdict, changes, &reasons, policy);
    let quiet_until = match verdict {
        Verdict::Waits(until) => Some(until),
        _ => None,
    };
    if let Some(until) = quiet_until {
        for reason in &mut reasons {
            reason.wait(until);
        }
    }
    reasons.splice(0..0, verdict.reason(&justification));
    let explanation = words::explanation(changes, &reasons, &verdict);
    let warnings = next.iter().flat_map(|next| &next.warnings).map(ToString::to_string).collect();
    let (next_version, version_reason) = next.map_or((None, None), |next| (next.version, Some(next.reason)));
    let trigger_type = verdict.trigger_type();
    let facts = notes::Facts {
        changes,
        trigger_type,
        justification: &justification,
        explanation: &explanation,
        custom: request.notes.as_deref(),
        version: next_version.as_ref(),
    };
    let (release_notes, changelog_entry) = texts(&verdict, &facts, &request.presentation)?;
    Ok(Decision {
        schema_version: Decision::SCHEMA,
        project: request.project.clone(),
        should_release: trigger_type != TriggerType::None,
        trigger_type,
        justification,
        explanation,
        release_notes,
        first_scan: changes.first_scan,
        changelog_entry,
        security_changes_count: changes.changes.len(),
        security_changes: changes.changes.clone(),
        reasons,
        incomplete: changes.incomplete.clone(),
        posture_trend: changes.posture_trend,
        current_version: versions.current().cloned(),
        next_version,
        version_reason,
        warnings,
        already_published: match verdict {
            Verdict::Published(version, _) => Some(version),
            _ => None,
        },
        quiet_until,
        decision_id,
        compared_with: changes.compared_with.clone(),
        decided_at: now,
    })
}

/// What kind of release is asked for, by a person or by the changes.
fn wanted_release(request: &Request, reasons: &[Reason]) -> TriggerType {
    match request.trigger {
        Trigger::Forced | Trigger::Manual => TriggerType::Manual,
        Trigger::Auto if reasons.iter().any(|r| r.effect == Effect::Release) => TriggerType::SecurityAuto,
        Trigger::Auto => TriggerType::None,
    }
}

/// What a decision is made on.
struct Asked<'a> {
    changes: &'a ChangeSet,
    request: &'a Request,
    policy: &'a Policy,
    versions: &'a Versions,
    past: &'a Past<'a>,
    /// The kind of release that is asked for.
    for_release: TriggerType,
}

impl Asked<'_> {
    /// What comes of it, and the version of a release.
    fn verdict(&self, reasons: &[Reason], now: Timestamp) -> Result<(Verdict, Option<NextVersion>), DecideError> {
        if self.for_release == TriggerType::None {
            return Ok((Verdict::Nothing, None));
        }
        match self.past.same_decision(self.versions, |version| self.id_of(self.for_release, Some(version))) {
            Some(Earlier::Published(version, proof)) => return Ok((Verdict::Published(version, proof), None)),
            Some(Earlier::Pending(next)) => return Ok((Verdict::Release(self.for_release), Some(next))),
            None => {}
        }
        let can_wait = self.for_release == TriggerType::SecurityAuto
            && !reasons.iter().any(|reason| matrix::is_critical(reason, self.policy));
        if let Some(until) = self.past.quiet_until(self.policy, now).filter(|_| can_wait) {
            return Ok((Verdict::Waits(until), None));
        }
        let next = self.versions.next(self.policy.bump).map_err(DecideError::Version)?;
        Ok((Verdict::Release(self.for_release), Some(next)))
    }

    fn decision_id(&self, verdict: &Verdict, next: Option<&NextVersion>) -> String {
        match verdict {
            Verdict::Nothing | Verdict::Waits(_) => self.id_of(TriggerType::None, None),
            Verdict::Release(_) => self.id_of(self.for_release, next.and_then(|next| next.version.as_ref())),
            Verdict::Published(version, _) => self.id_of(self.for_release, Some(version)),
        }
    }

    fn id_of(&self, trigger: TriggerType, version: Option<&Version>) -> String {
        decision_id(self.changes, self.request, self.policy, trigger, version)
    }
}

/// The release notes and the changelog's entry; empty without a release.
fn texts(
    verdict: &Verdict,
    facts: &notes::Facts<'_>,
    presentation: &NotesOptions,
) -> Result<(String, String), DecideError> {
    let Verdict::Release(_) = verdict else { return Ok((String::new(), String::new())) };
    let notes = notes::render(facts, presentation).map_err(DecideError::Notes)?;
    let entry = changelog_entry::render(facts, presentation).map_err(DecideError::Changelog)?;
    Ok((notes, entry))
}

/// What comes of a request and the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A release.
    Release(TriggerType),
    /// Nothing speaks for one.
    Nothing,
    /// Something does, and it waits until the quiet period is over.
    Waits(Timestamp),
    /// Something does, and it was published already.
    Published(Version, Proof),
}

impl Verdict {
    fn trigger_type(&self) -> TriggerType {
        match self {
            Self::Release(trigger) => *trigger,
            Self::Nothing | Self::Waits(_) | Self::Published(..) => TriggerType::None,
        }
    }

    /// What speaks for or against a release beside the changes.
    fn reason(&self, justification: &str) -> Option<Reason> {
        match self {
            Self::Release(TriggerType::Manual) => Some(Reason::manual()),
            Self::Release(_) | Self::Nothing => None,
            Self::Waits(_) => Some(Reason::against(Row::QuietPeriod, justification.to_owned())),
            Self::Published(..) => Some(Reason::against(Row::Published, justification.to_owned())),
        }
    }
}
