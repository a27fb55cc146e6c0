//! The step that decides whether a release is due.

use change_detect::ChangeSet;
use findings_model::{Finding, FindingSet, PackageName, Receipt, Timestamp};
use release_decision::{
    Baseline, CurrentVersion, DecideError, Decision, FirstScanRule, IndexVersions, NotesOptions, NotesTemplate, Past,
    Policy, Request, StoredDecision, TriggerType, Version, Versions, as_if_recorded, stored_decision,
};

use crate::{
    changes,
    documents::{self, DocumentError, Wanted},
    findings::Writing,
    kept::{self, Damaged},
    paths,
    project::Project,
};

/// What a decision is made with.
#[derive(Debug, Clone)]
pub struct DecisionRequest {
    /// The project's name.
    pub project: PackageName,
    /// What releases.
    pub policy: Policy,
    /// Who asks, and with which words.
    pub request: Request,
    /// The project's version; none where it is not written down.
    pub current_version: Option<CurrentVersion>,
    /// What the index has; none where it is not known.
    pub index: Option<IndexVersions>,
    /// The version that a person wants next; none to have it computed.
    pub given: Option<Version>,
    /// Whether documents are written.
    pub writing: Writing,
    /// The time of the run.
    pub now: Timestamp,
}

/// Why no decision was made.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// A document of ours is unusable.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The decision itself failed.
    #[error(transparent)]
    Decide(#[from] DecideError),
}

/// Decides on what changed since the released baseline, and keeps the decision with the findings it was made on.
///
/// The first usable scan of each scanner becomes part of the baseline here.
pub fn decide(project: &Project, request: &DecisionRequest) -> Result<Decision, DecisionError> {
    let _held = hold(project, request.writing)?;
    let mut situation = Situation::of(project, &request.project, request.now)?;
    let (_, mut decision) = situation.decide(project, request)?;
    situation.refuse_to_repeat(project, &decision)?;
    tracing::info!("decided {}: {}", decision.trigger_type.as_str(), decision.justification);
    for reason in &decision.reasons {
        tracing::debug!("{:?}: {}", reason.finding_id, reason.text);
    }
    // What was decided and published stays as it was decided, with its snapshot, until it is recorded.
    let stays = !decision.should_release && situation.is_pending(&decision);
    if request.writing == Writing::Write && !stays {
        decision.warnings.extend(situation.dropped_request(request, &decision));
        kept::keep(project, situation.last.as_ref(), &decision, situation.baseline.as_ref())?;
        write(project, request, &situation, &decision)?;
    }
    Ok(decision)
}

/// How a decision stands to the newest one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is the newest.
    Newest,
    /// A newer one took its place before it was recorded.
    Replaced,
    /// Nothing is known of it.
    NotKnown {
        /// The newest decision's id; none before the first one.
        newest: Option<String>,
    },
}

/// How the decision of an id stands.
pub fn standing(project: &Project, id: &str) -> Result<Standing, DocumentError> {
    let newest = documents::decision(project)?.map(|stored| stored.decision.decision_id);
    if newest.as_deref() == Some(id) {
        return Ok(Standing::Newest);
    }
    let is_kept = kept::find(project, Wanted::Id(id))?.is_some();
    Ok(if is_kept { Standing::Replaced } else { Standing::NotKnown { newest } })
}

/// A decision and what it is made on.
#[derive(Debug)]
pub struct Considered {
    /// The changes since the last release, one that is published and not recorded included.
    pub changes: ChangeSet,
    /// What is decided on them now.
    pub decision: Decision,
    /// Every finding that is known.
    pub findings: Vec<Finding>,
}

/// Decides as [`decide`] does, and keeps nothing.
pub fn consider(project: &Project, request: &DecisionRequest) -> Result<Considered, DecisionError> {
    let situation = Situation::of(project, &request.project, request.now)?;
    let (changes, decision) = situation.decide(project, request)?;
    Ok(Considered { changes, decision, findings: situation.current.findings })
}

/// Whether a decision can be made on what is there: reads and compares as [`decide`] does, and decides nothing.
pub(crate) fn can_decide(project: &Project, name: &PackageName, now: Timestamp) -> Result<(), DocumentError> {
    let situation = Situation::of(project, name, now)?;
    situation.changes(project, situation.baseline.as_ref(), now).map(drop)
}

/// What is known when a decision is to be made.
struct Situation {
    /// What is known of the project now.
    current: FindingSet,
    /// The released baseline, with every scanner's first scan.
    baseline: Option<Baseline>,
    /// Whether it had them all when it was written.
    is_unchanged: bool,
    /// The newest decision.
    last: Option<StoredDecision>,
    /// Decisions to release that were replaced before they were recorded, the newest first.
    replaced: Vec<StoredDecision>,
    /// Those of them that cannot be read.
    damaged: Vec<Damaged>,
    /// What the newest publish left.
    receipt: Option<Receipt>,
}

impl Situation {
    fn of(project: &Project, name: &PackageName, now: Timestamp) -> Result<Self, DocumentError> {
        // A decision of a newer program, or a damaged one, is not replaced.
        let last = documents::newest_decision(project)?;
        let current = documents::findings_or_empty(project, name, now)?;
        let known = documents::baseline_or_first(project, last.as_ref())?;
        let is_unchanged = known.as_ref().is_some_and(|baseline| baseline.has_first_scans(&current));
        let baseline = known.map(|baseline| baseline.merge_first_scans(&current));
        // Without a receipt the index tells what is published; one that cannot be read is as good as none.
        let receipt = documents::newest_receipt(project).unwrap_or_else(|error| {
            tracing::warn!("{} is not taken into account: {}", paths::RECEIPT, crate::causes(&error));
            None
        });
        let receipt = receipt.filter(|r| is_of(r, name));
        let mut kept = kept::all(project)?;
        kept.damaged.retain(|damaged| !baseline.as_ref().is_some_and(|known| damaged.is_of(known)));
        let damaged = std::mem::take(&mut kept.damaged);
        Ok(Self { current, baseline, is_unchanged, last, replaced: kept.into_decisions(), damaged, receipt })
    }

    /// The decisions to release that are not recorded, the newest first.
    fn pending(&self) -> impl Iterator<Item = &StoredDecision> {
        let recorded = self.baseline.as_ref();
        self.last.iter().chain(&self.replaced).filter(move |stored| {
            let decision = &stored.decision;
            let is_over = recorded.is_some_and(|baseline| {
                baseline.decision_id.as_ref() == Some(&decision.decision_id)
                    || baseline.version.as_ref().zip(decision.next_version.as_ref()).is_some_and(|(r, next)| next <= r)
            });
            decision.should_release && !is_over
        })
    }

    fn is_pending(&self, decision: &Decision) -> bool {
        self.pending().any(|stored| stored.decision.decision_id == decision.decision_id)
    }

    /// Refuses a new decision to release where one that was replaced cannot be read: that one may be published and not recorded, and what
    /// it carried would be released again.
    fn refuse_to_repeat(&mut self, project: &Project, decision: &Decision) -> Result<(), DocumentError> {
        if !decision.should_release || self.is_pending(decision) {
            return Ok(());
        }
        let Some(Damaged { path, error }) = self.damaged.pop() else { return Ok(()) };
        Err(DocumentError::KeptDecision { path: project.label(&project.path(path)), source: Box::new(error) })
    }

    /// That a request of a person goes with its decision, which this one takes the place of; none where it was carried out.
    fn dropped_request(&self, request: &DecisionRequest, next: &Decision) -> Option<String> {
        let last = &self.last.as_ref()?.decision;
        let is_open = last.trigger_type == TriggerType::Manual
            && last.decision_id != next.decision_id
            && self.is_pending(last)
            && self.past(None).proof_of(last, request.index.as_ref()).is_none();
        is_open.then(|| {
            let what = last.next_version.as_ref().map_or_else(|| "a release".to_owned(), ToString::to_string);
            let when = last.decided_at;
            format!("this decision replaces the pending request for {what} of {when}; request it again if it was not published")
        })
    }

    fn past(&self, baseline: Option<&Baseline>) -> Past<'_> {
        Past {
            pending: self.pending().map(|stored| &stored.decision).collect(),
            receipt: self.receipt.as_ref(),
            last_automatic: baseline.and_then(Baseline::last_automatic),
        }
    }

    /// The changes and the decision on them. What a published release carried that is not recorded yet counts as released.
    fn decide(&self, project: &Project, request: &DecisionRequest) -> Result<(ChangeSet, Decision), DecisionError> {
        let (changes, decision) = self.decide_against(project, request, self.baseline.as_ref())?;
        if self.is_pending(&decision) {
            return Ok((changes, decision));
        }
        let past = self.past(None);
        let published = self.pending().filter(|s| past.proof_of(&s.decision, request.index.as_ref()).is_some());
        // Of several decisions for one version the newest counts: it replaced the others because they were not published.
        let newest =
            published.reduce(
                |newest, other| {
                    if other.decision.next_version > newest.decision.next_version { other } else { newest }
                },
            );
        let start = self.baseline.clone().unwrap_or_else(|| Baseline::first(&self.current, request.now));
        let Some(stored) = newest else { return Ok((changes, decision)) };
        // Those that were replaced were judged when they were read.
        let moved = as_if_recorded(&start, stored)
            .map_err(|source| DocumentError::Decision { path: paths::DECISION.to_owned(), source })?;
        let moved = moved.merge_first_scans(&self.current);
        let (changes, mut decision) = self.decide_against(project, request, Some(&moved))?;
        decision.already_published.clone_from(&stored.decision.next_version);
        Ok((changes, decision))
    }

    fn changes(
        &self,
        project: &Project,
        baseline: Option<&Baseline>,
        now: Timestamp,
    ) -> Result<ChangeSet, DocumentError> {
        let file_gone = |path: &str| !project.has_file(path);
        changes::since_release(baseline, &self.current, now, &file_gone)
    }

    fn decide_against(
        &self,
        project: &Project,
        request: &DecisionRequest,
        baseline: Option<&Baseline>,
    ) -> Result<(ChangeSet, Decision), DecisionError> {
        let changes = self.changes(project, baseline, request.now)?;
        let released = baseline.and_then(|b| b.version.clone());
        let decision = decide_on(&changes, request, released, &self.past(baseline))?;
        Ok((changes, decision))
    }
}

fn is_of(receipt: &Receipt, project: &PackageName) -> bool {
    PackageName::parse(&receipt.project).is_ok_and(|name| name == *project)
}

/// Decides on a document of changes and the policy alone. Nothing is read beside it, nothing is written.
pub fn decide_on_changes(changes: &ChangeSet, request: &DecisionRequest) -> Result<Decision, DecisionError> {
    decide_on(changes, request, None, &Past::default())
}

fn decide_on(
    changes: &ChangeSet,
    request: &DecisionRequest,
    released: Option<Version>,
    past: &Past<'_>,
) -> Result<Decision, DecisionError> {
    let versions = Versions {
        current: request.current_version.clone(),
        index: request.index.clone(),
        released,
        given: request.given.clone(),
    };
    Ok(release_decision::decide(changes, &request.request, &request.policy, &versions, past, request.now)?)
}

fn hold(project: &Project, writing: Writing) -> Result<Option<state_store::Lock>, DocumentError> {
    match writing {
        Writing::Write => Ok(Some(project.lock(paths::FINDINGS)?)),
        Writing::DryRun => Ok(None),
    }
}

fn write(
    project: &Project,
    request: &DecisionRequest,
    situation: &Situation,
    decision: &Decision,
) -> Result<(), DocumentError> {
    let current = &situation.current;
    // The decision goes first: a baseline without it would hide the first scan from a rerun after a crash, a decision without
    // a baseline is only made again.
    project.write(paths::DECISION, &stored_decision(decision, current))?;
    let any_usable_scan = current.scanners.values().any(|s| s.first_usable.is_some());
    let is_written = || state_store::exists(&project.path(paths::BASELINE));
    let baseline = match &situation.baseline {
        // It stands there as it was read.
        Some(_) if situation.is_unchanged && is_written() => None,
        Some(baseline) => Some(baseline.clone()),
        // A first release is recorded by its receipt.
        None if any_usable_scan
            && !(decision.should_release && decision.first_scan && is_release_of_first_scan(request)) =>
        {
            Some(Baseline::first(current, request.now))
        }
        None => None,
    };
    if let Some(baseline) = baseline {
        project.write(paths::BASELINE, baseline.to_json().as_bytes())?;
    }
    Ok(())
}

fn is_release_of_first_scan(request: &DecisionRequest) -> bool {
    request.policy.first_scan == FirstScanRule::Release
}

/// The presentation of release notes and of the changelog's entry: the templates of the policy, where it has any, and the project's
/// addresses.
pub fn presentation(
    project: &Project,
    policy: &Policy,
    name: &PackageName,
    status_url: Option<&str>,
) -> Result<NotesOptions, DocumentError> {
    let template = |path: &Option<String>| -> Result<Option<NotesTemplate>, DocumentError> {
        let Some(path) = path else { return Ok(None) };
        let bytes = project.configured(path)?.ok_or_else(|| DocumentError::Missing { path: path.clone() })?;
        let text = String::from_utf8(bytes).map_err(|_| DocumentError::NotUtf8 { path: path.clone() })?;
        Ok(Some(NotesTemplate { file: path.clone(), text }))
    };
    Ok(NotesOptions {
        template: template(&policy.notes_template)?,
        changelog_template: template(&policy.changelog_template)?,
        status_url: status_url.map(str::to_owned),
        project: Some(name.as_str().to_owned()),
    })
}
