//! Reports that are older than what was taken in before them.

use std::collections::BTreeMap;

use findings_model::{Coverage, CoverageState, Gap, Scan, ScannerState, Timestamp};

/// When the reports of one scanner were made, as they say themselves, in this run and before it.
#[derive(Default)]
pub(super) struct Dates<'a> {
    now: BTreeMap<&'a str, Timestamp>,
    before: BTreeMap<&'a str, Timestamp>,
}

impl<'a> Dates<'a> {
    /// What earlier runs noted. A time behind this run's was taken from a wrong clock.
    pub(super) fn before(state: &'a ScannerState, now: Timestamp) -> Self {
        let mut dates = Self::default();
        let of_summaries = state.newest.iter().filter(|s| s.coverage.is_usable());
        let told = of_summaries.filter_map(|s| Some((s.file.as_str(), s.observed_at?)));
        let noted = state.newest_observed.iter().map(|(file, at)| (file.as_str(), *at));
        for (file, at) in told.chain(noted).filter(|(_, at)| *at <= now) {
            newest(&mut dates.before, file, at);
        }
        dates
    }

    /// Notes a usable report of this run.
    pub(super) fn add(&mut self, scan: &'a Scan, now: Timestamp) {
        if let Some(at) = believed(scan, now) {
            newest(&mut self.now, &scan.file, at);
        }
    }

    /// The date that a report is older than: that of an earlier report in the same file, or that of an earlier run where all
    /// reports of this one are older.
    fn newer_than(&self, scan: &Scan, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let made = believed(scan, now)?;
        let in_file = |dates: &BTreeMap<&str, Timestamp>| dates.get(scan.file.as_str()).copied();
        let of_all = |dates: &BTreeMap<&str, Timestamp>| dates.values().max().copied();
        let is_older = |dates: &dyn Fn(&BTreeMap<&str, Timestamp>) -> Option<Timestamp>| {
            let (now, before) = (dates(&self.now)?, dates(&self.before)?);
            (now < before).then_some(before)
        };
        let before = is_older(&in_file).max(is_older(&of_all))?;
        Some((made, before))
    }

    /// The coverage of a report that is older than one that was taken in before: it cannot know what came after it. None for others.
    pub(super) fn judge(&self, scan: &Scan, coverage: &Coverage, now: Timestamp) -> Option<Coverage> {
        let (made, before) = self.newer_than(scan, now)?;
        let mut coverage = coverage.clone();
        if coverage.state == CoverageState::Complete {
            coverage.state = CoverageState::Partial;
        }
        coverage.reasons.push(format!(
            "it was made at {made}, and a report of {before} was taken in before: what is not in it may be newer than it is"
        ));
        coverage.gaps.push(Gap::Unnamed(format!("what came after {made}")));
        Some(coverage)
    }

    /// What the next run is to know: the dates of the files that the newest run had or missed, and the newest of all.
    pub(super) fn noted<'f>(&self, files: impl Iterator<Item = &'f str>) -> BTreeMap<String, Timestamp> {
        let mut all = self.before.clone();
        for (file, at) in &self.now {
            newest(&mut all, file, *at);
        }
        let mut kept: BTreeMap<String, Timestamp> =
            files.filter_map(|file| Some((file.to_owned(), *all.get(file)?))).collect();
        if let Some((file, at)) = all.iter().max_by_key(|(_, at)| **at) {
            kept.insert((*file).to_owned(), *at);
        }
        kept
    }
}

fn newest<'a>(dates: &mut BTreeMap<&'a str, Timestamp>, file: &'a str, at: Timestamp) {
    dates.entry(file).and_modify(|known| *known = at.max(*known)).or_insert(at);
}

fn believed(scan: &Scan, now: Timestamp) -> Option<Timestamp> {
    scan.observed_at.filter(|at| *at <= now)
}
