//! What is kept of each scanner from run to run.

use std::collections::BTreeMap;

use findings_model::{CoverageState, Finding, ScanSummary, ScannerName, ScannerState, Status, Timestamp};

use super::{
    super::{unchanged, used_with},
    Run, Told, has_content,
};

impl Run<'_> {
    /// Brings the scanners' history up to date. Says whether a required scanner failed or is missing.
    pub(in super::super) fn update_scanners(
        &self,
        scanners: &mut BTreeMap<ScannerName, ScannerState>,
        findings: &[Finding],
        told: &[Told],
    ) -> bool {
        scanners.retain(|name, state| self.is_remembered(name, state, findings));
        let mut newest: BTreeMap<&ScannerName, Vec<ScanSummary>> = BTreeMap::new();
        for told in told {
            newest.entry(&told.scanner).or_default().push(told.summary.clone());
        }
        for (name, scans) in newest {
            let state = scanners.entry(name.clone()).or_insert_with(|| ScannerState {
                required: false,
                retired: false,
                first_usable: None,
                last_usable: None,
                last_complete: None,
                ever_covered: false,
                newest: Vec::new(),
                rule_sets: Vec::new(),
                suppressed: BTreeMap::new(),
                files: BTreeMap::new(),
                newest_observed: BTreeMap::new(),
            });
            state.newest = scans;
        }
        for (name, group) in self.groups.iter().filter(|(_, group)| group.usable) {
            let Some(state) = scanners.get_mut(*name) else { continue };
            state.suppressed = group.suppressed.iter().map(|(path, n)| ((*path).to_owned(), *n)).collect();
            unchanged::note(&mut state.files, name, group, findings, self.intake);
            if group.speaks_of.code || group.speaks_of.secrets {
                used_with::note(&mut state.rule_sets, &group.used, self.intake.now.date());
            }
            used_with::forget(&mut state.rule_sets, name, findings);
        }
        for (name, dates) in &self.dates {
            let Some(state) = scanners.get_mut(*name) else { continue };
            state.newest_observed = dates.noted(state.newest.iter().map(|scan| scan.file.as_str()));
        }
        for judged in &self.scans {
            let Some(state) = scanners.get_mut(judged.scanner) else { continue };
            if !judged.coverage.state.is_usable() {
                continue;
            }
            let when = judged.when(self.intake.now);
            state.first_usable = state.first_usable.or(Some(self.intake.now));
            // A time behind this run's was taken from a wrong clock.
            let believed = |at: Option<Timestamp>| at.filter(|at| *at <= self.intake.now).max(Some(when));
            state.last_usable = believed(state.last_usable);
            if state.newest.iter().all(|scan| scan.coverage == CoverageState::Complete) {
                state.last_complete = believed(state.last_complete);
            }
            state.ever_covered |= has_content(judged.scan);
        }
        let mut incomplete = false;
        for (name, state) in scanners.iter_mut() {
            state.retired = self.retired.contains(name);
            state.required = self.required.contains(name);
            incomplete |= state.required && state.newest.iter().any(|s| !s.coverage.is_usable());
        }
        incomplete
    }

    /// Whether a scanner that may have no report in this run is still known after it.
    ///
    /// A report that nobody could be named for is told while it is there, and then forgotten. So is a scanner that the project turned
    /// out not to use: none of its reports was ever usable, nothing in them is still open, and nobody asks for it.
    fn is_remembered(&self, name: &ScannerName, state: &ScannerState, findings: &[Finding]) -> bool {
        let was_usable = state.first_usable.or(state.last_usable).or(state.last_complete).is_some();
        let is_asked_for = self.groups.contains_key(name) || self.required.contains(name);
        *name != ScannerName::unknown() && (was_usable || is_asked_for || holds_something(findings, name))
    }
}

/// Whether a scanner reported something that has not ended for it.
fn holds_something(findings: &[Finding], scanner: &ScannerName) -> bool {
    let unresolved = findings.iter().filter(|finding| !matches!(finding.status, Status::Resolved { .. }));
    unresolved.filter_map(|finding| finding.scanners.get(scanner)).any(|seen| seen.ended.is_none())
}
