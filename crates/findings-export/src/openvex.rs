//! OpenVEX 0.2.0.

use findings_model::AdvisoryId;
use serde::Serialize;

use crate::{
    ExportInput, Exported,
    vex::{self, Flaw, Standing},
    words,
};

const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";
/// Characters of a flaw's description.
const DESCRIPTION: usize = 1000;

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    author: &'a str,
    timestamp: String,
    version: i64,
    tooling: String,
    statements: Vec<Statement<'a>>,
}

#[derive(Serialize)]
struct Statement<'a> {
    #[serde(rename = "@id")]
    id: String,
    vulnerability: Named<'a>,
    timestamp: String,
    products: [Product; 1],
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'static str>,
    #[serde(rename = "impact_statement", skip_serializing_if = "Option::is_none")]
    impact: Option<String>,
    #[serde(rename = "action_statement", skip_serializing_if = "Option::is_none")]
    action: Option<String>,
}

#[derive(Serialize)]
struct Named<'a> {
    #[serde(rename = "@id", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    name: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'a AdvisoryId>,
}

#[derive(Serialize)]
struct Product {
    #[serde(rename = "@id")]
    id: String,
    identifiers: Identifiers,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subcomponents: Vec<Product>,
}

#[derive(Serialize)]
struct Identifiers {
    purl: String,
}

impl Product {
    fn new(purl: String, subcomponents: Vec<Self>) -> Self {
        Self { id: purl.clone(), identifiers: Identifiers { purl }, subcomponents }
    }
}

pub(crate) fn write(input: &ExportInput<'_>) -> Exported {
    let (flaws, left_out) = vex::flaws(input);
    let project = words::project_purl(input.project, input.version);
    let statements: Vec<Statement<'_>> = flaws.iter().map(|flaw| statement(input, flaw, &project)).collect();
    let written = statements.len();
    let document = (!statements.is_empty()).then(|| {
        let document = Document {
            context: CONTEXT,
            id: format!("urn:uuid:{}", words::uuid(&["openvex", input.lineage, input.version.unwrap_or_default()])),
            author: input.project.as_str(),
            timestamp: input.updated.to_string(),
            version: revision(input),
            tooling: format!("Relwarden {}", input.tool_version),
            statements,
        };
        words::json(&document)
    });
    let gaps = input.scanners.iter().flat_map(|(name, state)| words::gaps(name, state)).collect();
    Exported { document, written, left_out, gaps }
}

/// A number that grows with every run that took scans in: the seconds from the ledger's beginning to that run, counted from 1.
pub(crate) fn revision(input: &ExportInput<'_>) -> i64 {
    (input.updated.moment() - input.created.moment()).whole_seconds().max(0) + 1
}

fn statement<'a>(input: &ExportInput<'_>, flaw: &Flaw<'a>, project: &str) -> Statement<'a> {
    let vulnerability = flaw.vulnerability;
    let dependency = words::purl(&vulnerability.package, vulnerability.version.as_deref());
    let (mut justification, mut impact, mut action) = (None, None, None);
    let mut notes = flaw.notes.clone();
    let status = match &flaw.standing {
        Standing::UnderInvestigation => "under_investigation",
        Standing::Affected { action: said } | Standing::AcceptedRisk { reason: said } => {
            action = Some(said.clone());
            "affected"
        }
        Standing::NotAffected { justification: Some(word), reason, .. } => {
            justification = Some(word.as_str());
            notes = Some(reason.clone()).filter(|r| !r.is_empty()).or(notes);
            "not_affected"
        }
        Standing::NotAffected { justification: None, reason, .. } => {
            impact = Some(reason.clone());
            "not_affected"
        }
        Standing::Fixed { .. } => "fixed",
    };
    Statement {
        id: format!("urn:uuid:{}", words::uuid(&["openvex", input.lineage, flaw.finding.finding_id.as_str()])),
        vulnerability: Named {
            id: vulnerability.id.reference_url().map(Into::into),
            name: vulnerability.id.as_str(),
            description: words::line(&flaw.finding.description, DESCRIPTION),
            aliases: vulnerability.aliases.iter().filter(|alias| **alias != vulnerability.id).collect(),
        },
        timestamp: input.updated.to_string(),
        products: [Product::new(project.to_owned(), vec![Product::new(dependency, Vec::new())])],
        status,
        status_notes: notes,
        justification,
        impact,
        action,
    }
}
