//! Something of everything that a template can speak of.

use change_detect::ChangeType;
use findings_model::{FindingKind, Severity};

use super::{Context, Row, StillOpen, word};
use crate::{TriggerType, markdown::Sample};

/// What a template is tried on.
pub(crate) fn context(sample: Sample) -> Context<'static> {
    let known = |text: &'static str| (sample != Sample::Bare).then_some(text);
    let words: Vec<&'static str> = ChangeType::ALL.into_iter().filter_map(word).collect();
    let kinds = [FindingKind::Vulnerability, FindingKind::Code, FindingKind::Secret];
    let rows = Severity::ALL.into_iter().flat_map(|severity| kinds.map(|kind| (kind, severity)));
    let rows = rows.flat_map(|(kind, severity)| words.iter().map(move |what| row(what, kind, severity, sample)));
    Context {
        project: known("demo"),
        version: known("1.2.4").map(str::to_owned),
        trigger_type: if sample == Sample::Automatic { TriggerType::SecurityAuto } else { TriggerType::Manual },
        justification: "Why.",
        custom_notes: known("Faster."),
        status_url: known("https://example.org/"),
        changes: rows.collect(),
        more: 1,
        still_open: StillOpen { total: 2, ids: vec!["BANDIT-B602-run.py-9".to_owned()], more: 1 },
    }
}

fn row(what: &'static str, kind: FindingKind, severity: Severity, sample: Sample) -> Row<'static> {
    let known = |text: &'static str| (sample != Sample::Bare).then_some(text);
    Row {
        what,
        id: "GHSA-x84v-xcm2-53pg".to_owned(),
        aliases: known("CVE-2018-18074").map(str::to_owned).into_iter().collect(),
        kind,
        severity,
        cvss_score: known("7.5").map(str::to_owned),
        package: known("demo"),
        version: known("1.2.3"),
        fix_version: known("1.2.4"),
        rule: known("B602"),
        path: known("app/run.py"),
        reference_url: known("https://example.org/"),
        remark: known("a remark").map(str::to_owned),
    }
}
