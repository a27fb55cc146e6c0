//! Every export against the official schema of its format, against our own reader of it, and with hostile text.

mod laws;
mod limits;
mod plain;
mod sarif;
mod schemas;
mod vex;

use std::collections::BTreeMap;

use findings_model::{Finding, FindingId, PackageName, ScannerName, ScannerState, Timestamp};
use serde_json::{Value, json};

use crate::{BaselineState, ExportFormat, ExportInput, Exported, PlanWords, Selection, export};

/// A ledger to export, with what is around it.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub(super) findings: Vec<Finding>,
    pub(super) scanners: BTreeMap<ScannerName, ScannerState>,
    pub(super) plans: BTreeMap<FindingId, PlanWords>,
    pub(super) baseline: Option<BTreeMap<FindingId, BaselineState>>,
    pub(super) folder: &'static str,
}

impl Sample {
    /// A finding of each kind and status, and two complete scans.
    pub(super) fn of_everything() -> Self {
        let mut sample = Self::default().scanned("pip-audit", "complete").scanned("bandit", "complete");
        sample.findings = vec![
            finding(&flaw("GHSA-j8r2-6x86-q33q", "requests", "2.28.1"), &json!({"fix_version": "2.31.0"})),
            finding(
                &flaw("PYSEC-2023-135", "certifi", "2022.12.7"),
                &json!({"status": "unverified", "unverified_since": "2023-08-01"}),
            ),
            finding(
                &flaw("GHSA-old-old-old", "urllib3", "1.26.0"),
                &json!({"status": "resolved", "resolved_date": "2023-08-02", "resolved_reason": "upgraded"}),
            ),
            finding(
                &flaw("CVE-2023-1", "idna", "3.0"),
                &json!({"status": "excepted", "excepted_by": "accepted_risk", "excepted_until": "2024-01-01"}),
            ),
            finding(
                &flaw("CVE-2023-2", "py", "1.11.0"),
                &json!({"status": "excepted", "excepted_by": "false_positive"}),
            ),
            finding(&code("BANDIT-B602-run.py-4", "B602", "src/a b/run.py", 4), &json!({})),
            finding(&secret("SECRET-AWS-conf.py", "AWS Access Key", "src/conf.py", 9), &json!({"secret_mark": "f00d"})),
        ];
        sample.plan(
            "GHSA-j8r2-6x86-q33q",
            PlanWords { action: Some("Upgrade to 2.31.0".to_owned()), ..PlanWords::default() },
        );
        sample.plan("CVE-2023-1", PlanWords { reason: Some("Only used in tests".to_owned()), ..PlanWords::default() });
        sample.plan(
            "CVE-2023-2",
            PlanWords {
                reason: Some("vulnerable_code_not_in_execute_path: we never ask Subversion".to_owned()),
                ..PlanWords::default()
            },
        );
        sample
    }

    pub(super) fn scanned(mut self, scanner: &str, coverage: &str) -> Self {
        let reasons: &[&str] = if coverage == "complete" { &[] } else { &["it ended with a traceback"] };
        let state = json!({
            "required": true, "first_usable": null, "last_usable": null, "last_complete": null, "ever_covered": true,
            "newest": [{
                "scanner": scanner, "format": null, "file": format!("security/reports/latest/{scanner}.json"),
                "coverage": coverage, "reasons": reasons, "not_covered": [], "findings": 1,
            }],
        });
        self.scanners.insert(ScannerName::parse(scanner).unwrap(), serde_json::from_value(state).unwrap());
        self
    }

    pub(super) fn plan(&mut self, id: &str, words: PlanWords) {
        self.plans.insert(FindingId::parse(id).unwrap(), words);
    }

    pub(super) fn export(&self, format: ExportFormat) -> Exported {
        self.export_selected(format, &Selection::default_of(format))
    }

    pub(super) fn export_selected(&self, format: ExportFormat, selection: &Selection) -> Exported {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let input = ExportInput {
            project: &PackageName::parse("sample-package").unwrap(),
            version: Some("1.0.1"),
            lineage: "00112233445566778899aabbccddeeff",
            created: at("2023-07-24T04:00:00Z"),
            updated: at("2023-08-07T04:00:00Z"),
            findings: &self.findings,
            scanners: &self.scanners,
            plans: &self.plans,
            baseline: self.baseline.as_ref(),
            manifest: "requirements.txt",
            folder: self.folder,
            tool_version: "0.1.0",
            selection,
        };
        export(format, &input)
    }

    pub(super) fn json(&self, format: ExportFormat) -> Value {
        serde_json::from_slice(&self.export(format).document.unwrap()).unwrap()
    }
}

pub(super) fn flaw(id: &str, package: &str, version: &str) -> Value {
    json!({
        "finding_id": id, "kind": "vulnerability", "package": package, "version": version, "scope": "runtime",
        "aliases": [id, format!("{id}-ALIAS")], "advisory_id": id, "severity": "critical", "severity_source": "advisory_vector",
        "cvss_score": 9.8, "cvss_vectors": ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"], "source_scanner": "pip-audit",
        "fix_versions": ["2.31.0"], "description": "It can be attacked from afar.", "reference_url": format!("https://osv.dev/vulnerability/{id}"),
    })
}

pub(super) fn code(id: &str, rule: &str, path: &str, line: u32) -> Value {
    json!({
        "finding_id": id, "kind": "code", "rule": rule, "path": path, "line": line, "scope": "unknown",
        "severity": "medium", "severity_source": "scanner", "source_scanner": "bandit", "former_rules": ["B000"],
        "description": "subprocess call with shell=True [see](javascript:x) {0}", "reference_url": null,
    })
}

pub(super) fn secret(id: &str, rule: &str, path: &str, line: u32) -> Value {
    json!({
        "finding_id": id, "kind": "secret", "rule": rule, "path": path, "line": line, "scope": "unknown",
        "severity": "high", "severity_source": "policy", "source_scanner": "detect-secrets",
        "description": "AWS Access Key in src/conf.py", "reference_url": null,
    })
}

/// A finding from its JSON form, with some keys changed.
pub(super) fn finding(base: &Value, changed: &Value) -> Finding {
    let mut document = json!({
        "status": "open", "discovered_date": "2023-07-24", "last_seen": "2023-08-07", "fix_available": true, "fix_version": null,
        "scanners": {},
    });
    for part in [base, changed] {
        for (key, value) in part.as_object().unwrap() {
            document[key] = value.clone();
        }
    }
    serde_json::from_value(document).unwrap()
}

/// A part of a document, the items of a list a line each.
pub(super) fn lines(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}
