//! Lists of secrets that are empty because the scanner looked at nothing.
//!
//! `detect-secrets scan` asks git for the files of the whole repository and compares names that begin at the repository's top with names
//! that begin where it runs. Run in a project below the top it knows no file, finds nothing and says so as after a clean scan. Its
//! baseline lists no file that was looked at, and does not tell whether `--all-files` or files by name were given.

use std::{collections::BTreeSet, path::Path};

use findings_model::{CoverageState, Gap, ReportFormat, Scan, ScannerName};

use crate::project::Project;

const REASON: &str = "it is empty, and below the top of a repository `detect-secrets scan` finds no file: give it the files by name (`git \
                      ls-files -z | xargs -0 detect-secrets scan --`); if that was done, trust_empty accepts it";

/// Takes an empty baseline of detect-secrets for partial in a project where it may be empty for this reason.
pub(crate) fn doubt(project: &Project, trusted: &BTreeSet<ScannerName>, scans: &mut [Scan]) {
    let doubtful = scans.iter_mut().filter(|scan| is_empty_baseline(scan) && !trusted.contains(&scan.scanner));
    let mut doubtful = doubtful.peekable();
    if doubtful.peek().is_none() || !lies_below_a_checkout(project) {
        return;
    }
    for scan in doubtful {
        scan.coverage.state = CoverageState::Partial;
        scan.coverage.reasons.insert(0, REASON.to_owned());
        scan.coverage.gaps.push(Gap::Unnamed("any file, as far as it shows".to_owned()));
    }
}

/// One without a scan behind it (`blank`) is told of as such.
fn is_empty_baseline(scan: &Scan) -> bool {
    scan.format == Some(ReportFormat::DetectSecrets)
        && scan.observations.is_empty()
        && scan.coverage.state.is_usable()
        && !scan.coverage.blank
}

/// Whether a folder above the project is a checkout, and the project's own is none.
fn lies_below_a_checkout(project: &Project) -> bool {
    let is_checkout = |folder: &Path| state_store::exists(&folder.join(".git"));
    let names = state_store::absolute_names(project.root());
    !is_checkout(project.root()) && names.iter().flat_map(|name| name.ancestors().skip(1)).any(is_checkout)
}
