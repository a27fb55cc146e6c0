//! Brings a finding's attributes up to what the records of a run say.

use std::collections::BTreeSet;

use findings_model::{
    AdvisoryId, Clearance, Extra, Finding, FindingId, Rating, ScannerName, Scope, Severity, SeveritySource, Status,
    Subject, Vulnerability,
};
use time::Date;

use super::{
    attribute, fix,
    names::preference,
    run::{Record, Run},
};

/// A finding that was not known, still without its id.
pub(super) struct Newborn {
    pub(super) finding: Finding,
    pub(super) clearance: Option<Clearance>,
}

/// Makes a finding of records that are one; none of no record.
pub(super) fn begin(records: &[&Record<'_>], run: &Run<'_>, today: Date) -> Option<Newborn> {
    let first = records.iter().min_by_key(|r| (rank(&r.observation.subject), r.scanner))?;
    let mut finding = Finding {
        finding_id: FindingId::parse("new").ok()?,
        subject: first.observation.subject.clone(),
        scope: Scope::Unknown,
        rating: Rating::unknown(),
        source_scanner: first.scanner.clone(),
        scanners: std::collections::BTreeMap::new(),
        status: Status::Open,
        discovered: today,
        last_seen: today,
        fix_version: None,
        description: String::new(),
        reference_url: None,
        extra: Extra::new(),
    };
    apply(&mut finding, records, run, today);
    Some(Newborn { finding, clearance: clearance(records) })
}

fn rank(subject: &Subject) -> Option<(u8, &AdvisoryId)> {
    match subject {
        Subject::Vulnerability(v) => Some(preference(&v.id)),
        _ => None,
    }
}

/// Takes over what the records say. The scanner that saw the finding first has the first word.
pub(super) fn apply(finding: &mut Finding, records: &[&Record<'_>], run: &Run<'_>, today: Date) {
    let mut records = records.to_vec();
    records.sort_by_key(|r| (*r.scanner != finding.source_scanner, r.scanner, rank(&r.observation.subject)));
    let Some(lead) = records.first() else { return };
    match (&mut finding.subject, &lead.observation.subject) {
        (Subject::Vulnerability(old), Subject::Vulnerability(new)) => {
            flaw(old, new, &records);
            finding.fix_version = fix::choose(old);
        }
        (Subject::Code(old), Subject::Code(new)) => {
            let mut spot = new.clone();
            spot.text = spot.text.or_else(|| old.text.take());
            for rule in old.former_rules.drain(..).chain([std::mem::take(&mut old.rule)]) {
                if rule != spot.rule && !spot.former_rules.contains(&rule) {
                    spot.former_rules.push(rule);
                }
            }
            *old = spot;
        }
        (Subject::Secret(old), Subject::Secret(new)) => {
            let mut spot = new.clone();
            spot.mark = spot.mark.or_else(|| old.mark.take());
            *old = spot;
        }
        _ => return,
    }
    finding.rating = rating(finding, &records, run);
    if let Some(said) = records.iter().map(|r| &r.observation.description).find(|d| !d.is_empty()) {
        finding.description.clone_from(said);
    }
    if let Some(url) = records.iter().find_map(|r| r.observation.reference_url.as_ref()) {
        finding.reference_url = Some(url.clone());
    }
    for record in &records {
        attribute(finding, record.scanner, today);
    }
    finding.last_seen = finding.last_seen.max(today);
}

fn flaw(old: &mut Vulnerability, lead: &Vulnerability, records: &[&Record<'_>]) {
    let all: Vec<&Vulnerability> = records
        .iter()
        .filter_map(|r| match &r.observation.subject {
            Subject::Vulnerability(v) => Some(v),
            _ => None,
        })
        .collect();
    let mut printed = std::mem::take(&mut old.printed);
    printed.insert(old.id.clone());
    for v in &all {
        printed.insert(v.id.clone());
        printed.extend(v.printed.iter().cloned());
    }
    // A report without aliases does not take back what an earlier one said; a report with some replaces it.
    let told: BTreeSet<AdvisoryId> = all.iter().flat_map(|v| &v.aliases).cloned().collect();
    let mut aliases = if told.is_empty() { std::mem::take(&mut old.aliases) } else { told };
    aliases.extend(printed.iter().cloned());
    aliases.remove(&lead.id);
    *old = Vulnerability {
        package: lead.package.clone(),
        version: all.iter().find_map(|v| v.version.clone()).or_else(|| old.version.take()),
        id: lead.id.clone(),
        aliases,
        printed,
        fix_versions: all.iter().flat_map(|v| &v.fix_versions).cloned().collect(),
    };
}

/// What the reports themselves say against a finding.
///
/// A suppression clears what its own scanner reports. A statement about the product (VEX: not affected, false positive) clears
/// what other scanners report as well, unless the same scanner reports it uncleared elsewhere.
pub(super) fn clearance(records: &[&Record<'_>]) -> Option<Clearance> {
    let uncleared: BTreeSet<&ScannerName> =
        records.iter().filter(|r| r.observation.clearance.is_none()).map(|r| r.scanner).collect();
    records
        .iter()
        .filter(|r| !uncleared.contains(r.scanner))
        .filter_map(|r| r.observation.clearance)
        .filter(|c| uncleared.is_empty() || matches!(c, Clearance::NotAffected | Clearance::FalsePositive))
        .max()
}

/// The strongest source's word, the worst of several. What was known from a stronger source, or from a scanner that could not
/// speak this time, is not weakened by its silence.
fn rating(finding: &Finding, records: &[&Record<'_>], run: &Run<'_>) -> Rating {
    let old = &finding.rating;
    let best = records.iter().map(|r| &r.observation.rating).min_by(|a, b| {
        let words = |r: &Rating| (r.source, std::cmp::Reverse(r.severity.rank()));
        let number = |r: &Rating| r.score.map_or(0.0, findings_model::CvssScore::value);
        words(a)
            .cmp(&words(b))
            .then_with(|| number(b).total_cmp(&number(a)))
            .then_with(|| a.vectors.len().cmp(&b.vectors.len()).reverse())
    });
    let Some(best) = best.filter(|r| r.severity != Severity::Unknown || old.source == SeveritySource::Override) else {
        return old.clone();
    };
    if old.severity == Severity::Unknown || old.source == SeveritySource::Override {
        return best.clone();
    }
    let is_flaw = matches!(finding.subject, Subject::Vulnerability(_));
    if is_flaw && best.source > old.source {
        return old.clone();
    }
    let reporters: BTreeSet<&ScannerName> = records.iter().map(|r| r.scanner).collect();
    let unheard =
        finding.scanners.iter().any(|(name, a)| a.ended.is_none() && !reporters.contains(name) && !run.is_usable(name));
    if unheard && best.source == old.source && best.severity.rank() < old.severity.rank() {
        return old.clone();
    }
    best.clone()
}
