//! Where the project keeps what. Relative to the project's folder.

/// The project's own metadata.
pub const PYPROJECT: &str = "pyproject.toml";
/// The lock file of uv, which holds the project's own version too.
pub const UV_LOCK: &str = "uv.lock";
/// The folder of the scanners' newest reports.
pub const REPORTS: &str = "security/reports/latest";
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
/// What is kept in git from one run to the next.
pub const STATE: [&str; 3] = [FINDINGS, STATUS, METRICS];
