//! Something of everything that a template can speak of.

use change_detect::ChangeType;
use findings_model::{CoverageState, FindingKind, Severity, SeverityCounts};

use super::{Context, Incomplete, Row, Section, counts, title};
use crate::{TriggerType, markdown::Sample};

/// What a template is tried on.
pub(crate) fn context(sample: Sample) -> Context<'static> {
    let known = |text: &'static str| (sample != Sample::Bare).then_some(text);
    let is_manual = sample != Sample::Automatic;
    let titles =
        ChangeType::ALL.into_iter().flat_map(|change_type| [true, false].map(|flaws| title(change_type, flaws)));
    let posture = SeverityCounts::count(Severity::ALL);
    Context {
        project: known("demo"),
        version: known("1.2.4").map(str::to_owned),
        trigger_type: if is_manual { TriggerType::Manual } else { TriggerType::SecurityAuto },
        justification: "Why.",
        explanation: "Why, at length.",
        custom_notes: known("Faster."),
        status_url: known("https://example.org/"),
        posture_trend: "improved",
        posture: Some(posture),
        posture_words: known("").map(|_| counts(posture)),
        first_scan: is_manual,
        lacks_a_scan: is_manual,
        sections: titles.map(|title| section(title, sample)).collect(),
        still_open: section("Still Open", sample),
        incomplete: vec![Incomplete {
            scanner: "pip-audit".to_owned(),
            coverage: CoverageState::Partial,
            what: "was partial",
            reason: known("a reason").map(str::to_owned),
        }],
        more_incomplete: 1,
    }
}

fn section(title: &'static str, sample: Sample) -> Section {
    let kinds = [FindingKind::Vulnerability, FindingKind::Code, FindingKind::Secret];
    let rows = Severity::ALL.into_iter().flat_map(|severity| kinds.map(|kind| row(kind, severity, sample)));
    Section { title, rows: rows.collect(), more: 1 }
}

fn row(kind: FindingKind, severity: Severity, sample: Sample) -> Row {
    let known = |text: &str| (sample != Sample::Bare).then(|| text.to_owned());
    Row {
        id: "GHSA-x84v-xcm2-53pg".to_owned(),
        aliases: known("CVE-2018-18074").into_iter().collect(),
        kind,
        severity,
        cvss_score: known("7.5"),
        rule: known("B602"),
        place: known("demo 1.2.3"),
        fix_version: known("1.2.4"),
        reference_url: known("https://example.org/"),
        description: known("A description."),
        remark: known("a remark"),
        development: sample == Sample::Automatic,
    }
}
