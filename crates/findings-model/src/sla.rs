use serde::Deserialize;
use time::{Date, Duration};

use crate::{Finding, Severity};

/// Days from the first sight of a finding to its due date, by severity. An unknown severity has as long as medium.
///
/// The defaults, 1, 7, 30, 90 and 180, are those of the Python system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SlaDays {
    /// Days for a finding of severity critical.
    pub critical: u32,
    /// Days for a finding of severity high.
    pub high: u32,
    /// Days for a finding of severity medium or unknown.
    pub medium: u32,
    /// Days for a finding of severity low.
    pub low: u32,
    /// Days for a finding of severity info.
    pub info: u32,
}

impl Default for SlaDays {
    fn default() -> Self {
        Self { critical: 1, high: 7, medium: 30, low: 90, info: 180 }
    }
}

impl SlaDays {
    /// The days for a severity.
    pub fn days(&self, severity: Severity) -> u32 {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium | Severity::Unknown => self.medium,
            Severity::Low => self.low,
            Severity::Info => self.info,
        }
    }

    /// The last day on which a finding is not overdue: what its severity gives, or the due date of its KEV listing if that is
    /// earlier. A listing that was due before the finding was seen asks for nothing that could still be done, and does not count.
    pub fn due_of(&self, finding: &Finding) -> Date {
        let due = self.due(finding.discovered, finding.rating.severity);
        let listed = finding.exploitation.kev.and_then(|kev| kev.due_date).filter(|day| *day > finding.discovered);
        listed.map_or(due, |listed| due.min(listed))
    }

    /// The last day on which a finding of this severity, first seen on a day, is not overdue.
    pub fn due(&self, discovered: Date, severity: Severity) -> Date {
        discovered.saturating_add(Duration::days(i64::from(self.days(severity))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::{Date, macros::date};

    use super::SlaDays;
    use crate::Finding;

    fn due(kev: Option<&str>) -> Date {
        let finding: Finding = serde_json::from_value(json!({
            "finding_id": "CVE-2024-1", "kind": "vulnerability", "package": "demo", "aliases": ["CVE-2024-1"],
            "scope": "runtime", "severity": "high", "severity_source": "scanner", "source_scanner": "pip-audit",
            "status": "open", "discovered_date": "2026-01-05", "last_seen": "2026-01-05", "fix_available": false,
            "fix_version": null, "description": "", "reference_url": null, "scanners": {},
            "kev": kev.map(|day| json!({"date_added": "2026-01-02", "due_date": day, "known_ransomware": false})),
        }))
        .unwrap();
        SlaDays::default().due_of(&finding)
    }

    #[test]
    fn a_kev_listing_may_make_it_due_earlier_and_never_later() {
        for (kev, expected) in [
            (None, date!(2026 - 01 - 12)),
            (Some("2026-01-08"), date!(2026 - 01 - 08)),
            (Some("2026-01-23"), date!(2026 - 01 - 12)),
            // It had passed when the finding was first seen.
            (Some("2026-01-05"), date!(2026 - 01 - 12)),
            (Some("2021-12-24"), date!(2026 - 01 - 12)),
        ] {
            assert_eq!(due(kev), expected, "{kev:?}");
        }
    }
}
