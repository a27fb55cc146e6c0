//! Whether the published status is there, whole, and says what the ledger says.

use std::path::Path;

use findings_model::Timestamp;
use live_status::{History, RenderError, State, StatusDocument, StatusFile, render};

use super::{Component, HealthState};
use crate::{
    documents,
    project::Project,
    status::{Source, StatusRequest, compute, load_status},
};

/// A status that is too old vouches for nothing, whatever it says: nobody computes it any more.
pub(super) fn output(project: &Project, status: &StatusRequest, now: Timestamp) -> Component {
    let component = match load_status(project, status) {
        Err(error) => Component::new(HealthState::Unhealthy, crate::causes(&error)),
        Ok(None) => Component::new(HealthState::Unknown, "the status was never written"),
        Ok(Some(document)) => {
            let unhealthy = |fault| Component::new(HealthState::Unhealthy, fault);
            let fault = age(&document, status, now).map(unhealthy);
            let fault = fault.or_else(|| answer(project, &document, status, now));
            fault.or_else(|| files(project, &document, status).map(unhealthy)).unwrap_or_else(|| {
                Component::new(HealthState::Healthy, format!("the status was computed at {}", document.last_updated))
            })
        }
    };
    component.at(&status.output.to_string_lossy())
}

/// What is wrong with the time of its computation.
fn age(document: &StatusDocument, status: &StatusRequest, now: Timestamp) -> Option<String> {
    let at = document.last_updated;
    if at.is_ahead_of(now) {
        return Some(format!("the status was computed at {at}, which is yet to come: a clock is wrong"));
    }
    let (age, limit) = (now.moment() - at.moment(), status.max_scan_age_days);
    (age > time::Duration::days(limit.into())).then(|| {
        let days = age.whole_days();
        format!(
            "the status was computed at {at}, {days} days ago, which is more than {limit}: run update-status every day"
        )
    })
}

/// Whether there is one, as far as a file of its name tells.
pub(super) fn is_there(project: &Project, status: &StatusRequest) -> bool {
    state_store::exists(&project.path(&status.output).join("index.json"))
}

/// How its answer differs from that of the project's ledger. Between a scan and the next update-status it is only behind.
fn answer(project: &Project, document: &StatusDocument, status: &StatusRequest, now: Timestamp) -> Option<Component> {
    let unhealthy = |fault: String| Some(Component::new(HealthState::Unhealthy, fault));
    if document.project != status.project {
        let other = &document.project;
        return unhealthy(format!("it is the status of {other}, not of {}: run update-status", status.project));
    }
    // A ledger that cannot be read is told of the findings.
    let ledger = documents::ledger(project).ok()?;
    let known = Source::of(status, ledger.as_ref());
    let (Source::Findings(_), Some(ledger)) = (&known, &ledger) else {
        let words = "it gives an answer, and there is no ledger of the project that bears it out: run update-status";
        return (document.state != State::Unknown).then(|| unhealthy(words.to_owned())).flatten();
    };
    let computed = document.last_updated;
    // What only the passing of time changes, the page says itself.
    let at = computed.max(ledger.updated).min(now);
    let expected = compute(&StatusRequest { now: at, ..status.clone() }, known.known(), None);
    if !document.gives_the_same_answer_as(&expected) {
        if ledger.updated > computed {
            let words = format!(
                "it was computed at {computed}, and what the ledger has said since {} is not on it: run update-status",
                ledger.updated
            );
            return Some(Component::new(HealthState::Unknown, words));
        }
        return unhealthy(format!(
            "it was computed at {computed} and does not say what the ledger says: run update-status"
        ));
    }
    let ended = document.excepted_findings.iter().filter(|finding| finding.exception_has_ended(now.date())).count();
    if ended == 0 {
        return None;
    }
    let what = if ended == 1 { "an exception" } else { "exceptions" };
    unhealthy(format!("it counts on {what} that ended in the meantime: run update-status"))
}

/// Which of its files is not there or not what was written.
fn files(project: &Project, document: &StatusDocument, status: &StatusRequest) -> Option<String> {
    let folder = project.path(&status.output);
    let path = folder.join("history.json");
    let history = match project.document(&path).map(|bytes| bytes.map(|bytes| History::from_json(&bytes))) {
        Err(error) => return Some(error.to_string()),
        Ok(None) => return Some(format!("{} is missing: run update-status", project.label(&path))),
        Ok(Some(Err(error))) => {
            return Some(format!("{} cannot be used: {}", project.label(&path), crate::causes(&error)));
        }
        Ok(Some(Ok(history))) => history,
    };
    if history.project.as_ref().is_some_and(|name| *name != document.project) || !history.tells_of(document) {
        return Some(format!("{} does not tell of the status beside it: run update-status", project.label(&path)));
    }
    let written: Result<Vec<StatusFile>, RenderError> = render(document, history);
    let written = match written {
        Err(error) => return Some(crate::causes(&error)),
        Ok(written) => written,
    };
    // Another version of this program may write a page of other words.
    let is_ours = document.was_generated_here();
    let mut others = written.iter().filter(|file| file.path != "history.json");
    others.find_map(|file| fault_of(project, &folder, file, is_ours))
}

fn fault_of(project: &Project, folder: &Path, file: &StatusFile, is_ours: bool) -> Option<String> {
    let path = folder.join(file.path);
    match project.document(&path) {
        Err(error) => Some(error.to_string()),
        Ok(None) => Some(format!("{} is missing: run update-status", project.label(&path))),
        // A checkout may write other ends of lines.
        Ok(Some(bytes)) if is_ours && !lines(&bytes).eq(lines(&file.bytes)) => {
            Some(format!("{} is not what update-status wrote: run it again", project.label(&path)))
        }
        Ok(Some(_)) => None,
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &u8> {
    bytes.iter().filter(|byte| **byte != b'\r')
}
