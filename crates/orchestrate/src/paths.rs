//! Where the project keeps what. Relative to the project's folder.

/// The project's own metadata.
pub const PYPROJECT: &str = "pyproject.toml";
/// The lock file of uv, which holds the project's own version too.
pub const UV_LOCK: &str = "uv.lock";
/// The folder of the scanners' newest reports.
pub const REPORTS: &str = "security/reports/latest";
/// The folder that the folders of reports are in.
pub const ALL_REPORTS: &str = "security/reports";
/// The folder of the findings' documents; a run that changes them holds its lock.
pub const FINDINGS: &str = "security/findings";
/// The findings ledger.
pub const LEDGER: &str = "security/findings/findings.json";
/// The ledger as it was before a newer program wrote it in its own schema.
pub const LEDGER_BACKUP: &str = "security/findings/findings.json.bak";
/// The ledger for people.
pub const FINDINGS_DOCUMENT: &str = "security/findings/SECURITY_FINDINGS.md";
/// The remediation plans, which people edit.
pub const PLANS: &str = "security/findings/remediation-plans.yml";
/// The released baseline.
pub const BASELINE: &str = "security/findings/baseline.json";
/// The newest decision with the snapshot it was decided on.
pub const DECISION: &str = "security/findings/decision.json";
/// Decisions to release that were replaced before they were recorded.
pub const DECISIONS: &str = "security/findings/history/decisions";
/// Where a publish leaves its receipt.
pub const RECEIPT: &str = "receipt.json";
/// Events, a JSON document a line.
pub const EVENTS: &str = "security/findings/history/events.ndjson";
/// The changelog of findings for people.
pub const CHANGELOG: &str = "security/findings/history/findings-changelog.md";
/// The folder of archived scans.
pub const SCANS: &str = "security/findings/history/scans";
/// The folder of the public status.
pub const STATUS: &str = "docs/security-status";
/// The folder of run records.
pub const METRICS: &str = "metrics";
/// State files that could not be kept under their name: torn ones, and those that another run had changed too.
pub const SET_ASIDE: &str = "security/findings/set-aside";
/// What is kept in git from one run to the next, in the order in which the folders are locked by who needs them all.
pub const STATE: [&str; 3] = [FINDINGS, STATUS, METRICS];

/// Whether a file is this program's own: what it writes and the reports that it reads are full of digests and of words about flaws, and
/// a scanner that looks at them finds them again and again.
///
/// A project may have code of its own in a folder of the name of [`METRICS`]: there only the run records are meant.
pub fn is_own_state(path: &str) -> bool {
    let below = |folder: &str| path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    let has_ending = |ending: &str| path.rsplit('.').next() == Some(ending);
    [FINDINGS, STATUS, ALL_REPORTS].into_iter().any(|folder| below(folder).is_some())
        || below(METRICS).is_some_and(|rest| match rest.split_once('/') {
            None => rest.starts_with("workflow-") && has_ending("json"),
            Some((folder, _)) => {
                (folder == "runs" && has_ending("ndjson")) || (folder == "daily" && has_ending("json"))
            }
        })
}

#[cfg(test)]
mod tests {
    use super::is_own_state;

    #[test]
    fn our_own_files_are_told_from_the_projects() {
        for own in [
            "security/findings/baseline.json",
            "security/findings/history/scans/2026-01-05T060000Z.json",
            "docs/security-status/index.html",
            "security/reports/2026/pip-audit.json",
            "metrics/workflow-x-20260105.json",
            "metrics/runs/2026-01.ndjson",
            "metrics/daily/2026-01.json",
        ] {
            assert!(is_own_state(own), "{own}");
        }
        for other in [
            "metrics/collect.py",
            "metrics/settings.json",
            "metrics/daily/send.py",
            "security/scripts/scan.py",
            "security/findings.py",
            "docs/security-status.md",
            "src/security/findings/a.py",
        ] {
            assert!(!is_own_state(other), "{other}");
        }
    }
}
