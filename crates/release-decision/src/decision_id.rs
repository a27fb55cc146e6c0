//! The id of a decision.

use std::fmt::Write as _;

use change_detect::{ChangeReason, ChangeSet};
use findings_model::{
    PackageName,
    json::{self, Layout},
    order,
};
use pep440_rs::Version;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Policy, Request, TriggerType};

/// The digest of everything that makes a decision this one and no other: no dates, no words of people unless a person asked.
pub(crate) fn decision_id(
    changes: &ChangeSet,
    request: &Request,
    policy: &Policy,
    trigger_type: TriggerType,
    next_version: Option<&Version>,
) -> String {
    /// Serialised in the order of its fields, which is therefore part of the format.
    #[derive(Serialize)]
    struct Canonical<'a> {
        project: Option<&'a PackageName>,
        baseline: Option<&'a str>,
        first_scan: bool,
        changes: Vec<CanonicalChange<'a>>,
        policy: &'a Policy,
        next_version: Option<String>,
        trigger_type: TriggerType,
        notes: Option<&'a str>,
        request_id: Option<&'a str>,
    }
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct CanonicalChange<'a> {
        change_type: &'static str,
        finding_id: &'a str,
        kind: &'static str,
        package: Option<&'a str>,
        version: Option<&'a str>,
        path: Option<&'a str>,
        old_state: Option<String>,
        new_state: String,
        impact_level: &'static str,
        reason: Option<&'static str>,
    }
    let mut rows: Vec<_> = changes
        .changes
        .iter()
        .map(|c| CanonicalChange {
            change_type: c.change_type.as_str(),
            finding_id: c.finding_id.as_str(),
            kind: c.kind.as_str(),
            package: c.package.as_deref(),
            version: c.version.as_deref(),
            path: c.path.as_deref(),
            old_state: c.old_state.as_ref().map(ToString::to_string),
            new_state: c.new_state.to_string(),
            impact_level: c.impact_level.as_str(),
            reason: c.reason.map(ChangeReason::as_str),
        })
        .collect();
    order::sort_by(&mut rows, Ord::cmp);
    let asked = trigger_type == TriggerType::Manual;
    let canonical = Canonical {
        project: request.project.as_ref(),
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
    let text = json::to_string(&canonical, Layout::Compact).expect("the canonical form is always valid JSON");
    Sha256::digest(&text).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}
