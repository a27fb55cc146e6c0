//! CycloneDX 1.6: the affected dependencies as components, their flaws with an analysis each.

use std::collections::BTreeMap;

use findings_model::{AdvisoryId, CvssScore, CvssVector, Severity, SeveritySource};
use serde::Serialize;

use crate::{
    ExportInput, Exported, openvex,
    vex::{self, Flaw, Justification, Standing},
    words,
};

/// Characters of a flaw's description.
const DESCRIPTION: usize = 4096;
/// The reference of the project's own component.
const PROJECT: &str = "project";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'a> {
    #[serde(rename = "bomFormat")]
    format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: i64,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
    vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    timestamp: String,
    tools: Tools<'a>,
    component: Component<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: [Component<'a>; 1],
}

#[derive(Serialize)]
struct Component<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    #[serde(rename = "bom-ref")]
    reference: String,
    id: &'a AdvisoryId,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Reference<'a>>,
    ratings: Vec<Rating<'a>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommendation: Option<String>,
    analysis: Analysis,
    affects: [Affects; 1],
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Reference<'a> {
    id: &'a AdvisoryId,
    source: Source,
}

#[derive(Serialize)]
struct Rating<'a> {
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    severity: Severity,
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Analysis {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    response: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    last_updated: String,
}

#[derive(Serialize)]
struct Affects {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    versions: Vec<AffectedVersion>,
}

#[derive(Serialize)]
struct AffectedVersion {
    version: String,
    status: &'static str,
}

pub(crate) fn write(input: &ExportInput<'_>) -> Exported {
    let (flaws, left_out) = vex::flaws(input);
    let gaps: Vec<String> = input.scanners.iter().flat_map(|(name, state)| words::gaps(name, state)).collect();
    let mut components = BTreeMap::new();
    for flaw in &flaws {
        let package = &flaw.vulnerability.package;
        let purl = words::purl(package, flaw.vulnerability.version.as_deref());
        components.entry(purl.clone()).or_insert_with(|| Component {
            kind: "library",
            reference: Some(purl.clone()),
            name: package.name(),
            version: flaw.vulnerability.version.as_deref().map(findings_model::text::one_line),
            purl: Some(purl),
        });
    }
    let bom = Bom {
        format: "CycloneDX",
        spec_version: "1.6",
        serial_number: format!(
            "urn:uuid:{}",
            words::uuid(&["cyclonedx-vex", input.lineage, input.version.unwrap_or_default()])
        ),
        version: openvex::revision(input),
        metadata: Metadata {
            timestamp: input.updated.to_string(),
            tools: Tools {
                components: [Component {
                    kind: "application",
                    reference: None,
                    name: "Relwarden",
                    version: Some(input.tool_version.to_owned()),
                    purl: None,
                }],
            },
            component: Component {
                kind: "library",
                reference: Some(PROJECT.to_owned()),
                name: input.project.as_str(),
                version: input.version.map(findings_model::text::one_line),
                purl: Some(words::project_purl(input.project, input.version)),
            },
            properties: gaps
                .iter()
                .map(|gap| Property { name: "relwarden:incomplete_scan", value: gap.clone() })
                .collect(),
        },
        components: components.into_values().collect(),
        vulnerabilities: flaws.iter().map(|flaw| vulnerability(input, flaw)).collect(),
    };
    Exported { document: Some(words::json(&bom)), written: flaws.len(), left_out, gaps }
}

fn vulnerability<'a>(input: &ExportInput<'_>, flaw: &Flaw<'a>) -> Vulnerability<'a> {
    let (finding, flawed) = (flaw.finding, flaw.vulnerability);
    let version = flawed.version.as_deref().map(findings_model::text::one_line).filter(|v| !v.is_empty());
    let status = match flaw.standing {
        Standing::Affected { .. } | Standing::AcceptedRisk { .. } => Some("affected"),
        Standing::UnderInvestigation => Some("unknown"),
        Standing::NotAffected { .. } => Some("unaffected"),
        // The version that is known is the one before the fix.
        Standing::Fixed { .. } => None,
    };
    let fix = finding.fix_version.as_deref();
    Vulnerability {
        reference: format!("urn:uuid:{}", words::uuid(&["cyclonedx-vex", input.lineage, finding.finding_id.as_str()])),
        id: &flawed.id,
        source: flawed.id.reference_url().map(|url| Source { name: database(&flawed.id), url: Some(url.into()) }),
        references: flawed
            .aliases
            .iter()
            .filter(|alias| **alias != flawed.id)
            .map(|alias| Reference {
                id: alias,
                source: Source { name: database(alias), url: alias.reference_url().map(Into::into) },
            })
            .collect(),
        ratings: ratings(flaw),
        description: words::line(&finding.description, DESCRIPTION),
        recommendation: fix.map(|fix| format!("Upgrade {} to {}", flawed.package.name(), words::line(fix, 100))),
        analysis: analysis(input, flaw),
        affects: [Affects {
            reference: words::purl(&flawed.package, flawed.version.as_deref()),
            versions: version
                .zip(status)
                .map(|(version, status)| AffectedVersion { version, status })
                .into_iter()
                .collect(),
        }],
        properties: vec![
            Property { name: "relwarden:finding_id", value: finding.finding_id.to_string() },
            Property { name: "relwarden:status", value: crate::StatusWord::of(finding).as_str().to_owned() },
        ],
    }
}

fn analysis(input: &ExportInput<'_>, flaw: &Flaw<'_>) -> Analysis {
    let mut response = Vec::new();
    let (state, justification, detail) = match &flaw.standing {
        Standing::UnderInvestigation => ("in_triage", None, None),
        Standing::Affected { action } => {
            if flaw.finding.fix_version.is_some() {
                response.push("update");
            }
            ("exploitable", None, Some(action.clone()))
        }
        Standing::AcceptedRisk { reason } => {
            response.push("will_not_fix");
            ("exploitable", None, Some(reason.clone()))
        }
        Standing::NotAffected { justification, reason, false_positive } => {
            let state = if *false_positive && justification.is_none() { "false_positive" } else { "not_affected" };
            (state, justification.and_then(Justification::cyclonedx), Some(reason.clone()))
        }
        // Where the ledger knows the day, the notes say both.
        Standing::Fixed { how } => ("resolved", None, flaw.notes.is_none().then(|| (*how).to_owned())),
    };
    let there = matches!(flaw.standing, Standing::Affected { .. } | Standing::AcceptedRisk { .. });
    if there && flaw.plan.is_some_and(|plan| plan.workaround.is_some()) {
        response.push("workaround_available");
    }
    let details: Vec<String> = detail.into_iter().chain(flaw.notes.clone()).filter(|d| !d.is_empty()).collect();
    Analysis {
        state,
        justification,
        response,
        detail: (!details.is_empty()).then(|| details.join(". ")),
        last_updated: input.updated.to_string(),
    }
}

/// The rating that counts, then every vector that is known.
fn ratings<'a>(flaw: &Flaw<'a>) -> Vec<Rating<'a>> {
    let rating = &flaw.finding.rating;
    let mut ratings: Vec<Rating<'a>> = rating
        .vectors
        .iter()
        .map(|vector| Rating {
            source: Source { name: "CVSS", url: None },
            score: vector.score().map(CvssScore::value),
            severity: vector.score().map_or(Severity::Unknown, CvssScore::severity),
            method: method(vector),
            vector: Some(vector.as_str()),
        })
        .collect();
    let is_said = ratings.first().is_some_and(|r| r.severity == rating.severity && rating.score == score_of(rating));
    if !is_said {
        let counts = Rating {
            source: Source { name: source_name(rating.source), url: None },
            score: rating.score.map(CvssScore::value),
            severity: rating.severity,
            method: "other",
            vector: None,
        };
        ratings.insert(0, counts);
    }
    ratings
}

fn score_of(rating: &findings_model::Rating) -> Option<CvssScore> {
    rating.vectors.first().and_then(CvssVector::score)
}

fn method(vector: &CvssVector) -> &'static str {
    match vector.version() {
        40 => "CVSSv4",
        31 => "CVSSv31",
        30 => "CVSSv3",
        _ => "CVSSv2",
    }
}

fn source_name(source: SeveritySource) -> &'static str {
    match source {
        SeveritySource::Override => "remediation plan",
        SeveritySource::Policy => "policy of the project",
        SeveritySource::AdvisoryVector | SeveritySource::AdvisoryWord => "advisory database",
        SeveritySource::Scanner => "scanner",
        SeveritySource::Unknown => "unknown",
    }
}

/// The database that gives out ids of this scheme.
fn database(id: &AdvisoryId) -> &'static str {
    match id.as_str().split_once('-').map(|(scheme, _)| scheme) {
        Some("CVE") => "NVD",
        Some("GHSA") => "GitHub",
        Some("PYSEC" | "OSV" | "MAL" | "RUSTSEC") => "OSV",
        _ => "other",
    }
}
