//! Scans, as far as run records tell of them.

use findings_model::Timestamp;
use serde::Serialize;

use crate::{
    measure::Measured,
    names::{StageName, StageRole},
    record::RunRecord,
    seconds::Seconds,
    window::Window,
    words::{RunStatus, StageStatus},
};

/// How the scan of a run went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanOutcome {
    /// Every required scanner gave a usable report, which may be partial, or older than the run.
    Completed,
    /// At least one did not.
    Failed,
}

impl RunRecord {
    /// How the run's newest `security-scan` stage went; none if the run did not scan.
    ///
    /// A run that failed in that stage has no usable scan, whatever the stage itself reported: the step may have ended
    /// well and found a required scanner missing. The Python system had no stages; there a recorded
    /// `security_scan_duration` of a run that succeeded is a scan.
    pub fn scan_outcome(&self) -> Option<ScanOutcome> {
        let failed_in = self.error_stage.as_ref().map(StageName::role);
        if self.status == RunStatus::Failed && failed_in == Some(StageRole::SecurityScan) {
            return Some(ScanOutcome::Failed);
        }
        let scan = self.stages.iter().rev().find(|stage| stage.name.role() == StageRole::SecurityScan);
        match scan.map(|stage| stage.status) {
            Some(StageStatus::Success) => Some(ScanOutcome::Completed),
            Some(StageStatus::Failed | StageStatus::Unfinished) => Some(ScanOutcome::Failed),
            Some(StageStatus::Running | StageStatus::Skipped | StageStatus::Cancelled) => None,
            None if self.security_scan_duration.is_none() => None,
            None => (self.status == RunStatus::Success).then_some(ScanOutcome::Completed),
        }
    }
}

/// The scans of a window, and the newest usable one of all time.
///
/// What a scan covered and when its reports were made, a record does not tell; the status document does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScanStats {
    /// Runs of the window that scanned.
    pub total: usize,
    /// Those of which every required report could be used.
    pub completed: usize,
    /// The others.
    pub failed: usize,
    /// When the newest run with a usable scan ended, in the window or before it.
    pub last_completed: Measured<Timestamp>,
    /// How long ago that was, in seconds.
    pub last_completed_age_seconds: Measured<Seconds>,
}

impl ScanStats {
    /// Counts the scans that ended in a window.
    pub fn of(runs: &[RunRecord], window: Window) -> Self {
        let ended = || {
            runs.iter().filter_map(|run| Some((run.event_time().filter(|end| *end <= window.to)?, run.scan_outcome()?)))
        };
        let in_window = |wanted| ended().filter(|(end, outcome)| window.contains(*end) && *outcome == wanted).count();
        let (completed, failed) = (in_window(ScanOutcome::Completed), in_window(ScanOutcome::Failed));
        let last = ended().filter(|(_, outcome)| *outcome == ScanOutcome::Completed).map(|(end, _)| end).max();
        Self {
            total: completed + failed,
            completed,
            failed,
            last_completed: Measured::or_no_events(last),
            last_completed_age_seconds: Measured::or_no_events(last.and_then(|last| Seconds::between(last, window.to))),
        }
    }
}
