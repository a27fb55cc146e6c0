//! Reports as the earlier side of a comparison: what they did not look for, and what they were not asked.

use change_detect::{ChangeSet, ChangeType, IncompleteScan};
use findings_model::{
    CoverageState, Finding, FindingSet, ScannerName, ScannerState, SeveritySource, Subject, identity, order,
};

/// Gives findings of reports the ratings that the other side has of them, unless both have it from a scanner: nobody asked
/// advisory services or people for the reports.
pub(super) fn rate_as(reports: &mut FindingSet, known: &FindingSet, file_gone: &dyn Fn(&str) -> bool) {
    let pairs = identity::pair(&reports.findings, &known.findings, file_gone);
    for (known, index) in known.findings.iter().zip(pairs) {
        let Some(finding) = index.and_then(|index| reports.findings.get_mut(index)) else { continue };
        let are_scanners_words = [&finding.rating, &known.rating].iter().all(|r| r.source == SeveritySource::Scanner);
        if !are_scanners_words {
            finding.rating = known.rating.clone();
        }
    }
}

/// Says what changed since reports. What is there now and was not looked for then is not known to be new: it counts as if it had been
/// there, and the scans at fault are named among those that are not complete.
pub(super) fn detect(mut reports: FindingSet, current: &FindingSet, file_gone: &dyn Fn(&str) -> bool) -> ChangeSet {
    let changes = change_detect::detect(Some(&reports), current, file_gone);
    let new = order::set(changes.of_type(ChangeType::NewVulnerability).map(|c| c.finding_id.clone()));
    let unsure: Vec<&Finding> =
        current.findings.iter().filter(|f| new.contains(&f.finding_id) && !was_looked_for(f, &reports)).collect();
    let gaps = gaps(&reports, current, &unsure);
    if gaps.is_empty() {
        return changes;
    }
    let mut changes = changes;
    if !unsure.is_empty() {
        reports.findings.extend(unsure.into_iter().cloned());
        changes = change_detect::detect(Some(&reports), current, file_gone);
    }
    changes.add_earlier(gaps);
    changes
}

/// Whether a scanner that reports a finding now would have reported it then.
fn was_looked_for(finding: &Finding, reports: &FindingSet) -> bool {
    let looked = |name: &ScannerName| {
        reports.scanners.get(name).is_some_and(|state| {
            !state.newest.is_empty()
                && state.newest.iter().all(|scan| scan.coverage.is_usable() && !passes_over(&scan.not_covered, finding))
        })
    };
    reporters(finding).any(looked)
}

fn reporters(finding: &Finding) -> impl Iterator<Item = &ScannerName> {
    finding.scanners.iter().filter(|(_, attribution)| attribution.ended.is_none()).map(|(name, _)| name)
}

/// Whether what a finding is about is one of the packages and files that a scan names as not looked at.
fn passes_over(not_covered: &[String], finding: &Finding) -> bool {
    match &finding.subject {
        Subject::Vulnerability(v) => {
            let package = v.package.to_string();
            not_covered.contains(&package)
        }
        Subject::Code(spot) => not_covered.contains(&spot.path),
        Subject::Secret(spot) => not_covered.contains(&spot.path),
    }
}

/// The scans that are missing on the earlier side, failed there, or passed over something that was found now.
fn gaps(reports: &FindingSet, current: &FindingSet, unsure: &[&Finding]) -> Vec<IncompleteScan> {
    let mut gaps = Vec::new();
    for (name, _) in current.scanners.iter().filter(|(_, now)| !now.retired && now.first_usable.is_some()) {
        let then = reports.scanners.get(name).map_or(&[][..], |state: &ScannerState| &state.newest);
        if then.is_empty() {
            gaps.push(IncompleteScan {
                scanner: name.clone(),
                file: None,
                coverage: CoverageState::Missing,
                reasons: vec!["the earlier side has no report of it".to_owned()],
                not_covered: Vec::new(),
                earlier: true,
            });
        }
        let is_gap = |passed: &[String]| {
            unsure.iter().any(|f| reporters(f).any(|reporter| reporter == name) && passes_over(passed, f))
        };
        let lacking = then.iter().filter(|scan| !scan.coverage.is_usable() || is_gap(&scan.not_covered));
        gaps.extend(lacking.map(|scan| IncompleteScan { earlier: true, ..IncompleteScan::of(scan) }));
    }
    gaps
}
