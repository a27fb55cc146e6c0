//! `decide-release explain`: the matrix in force and the row of each finding.

use std::fmt::Write as _;

use cli_support::{Context, ExitStatus, decision_text, requests};
use findings_model::{SchemaVersion, text};
use orchestrate::{
    decision::{Considered, consider, decide_on_changes},
    documents,
    project::Project,
};
use release_decision::{Explanation, Request, explain};
use serde::Serialize;

use crate::Inputs;

#[derive(Serialize)]
struct Document {
    schema_version: SchemaVersion,
    /// Whether there is anything that the findings are known from.
    known: bool,
    #[serde(flatten)]
    explanation: Explanation,
}

/// Prints the explanation.
pub(crate) fn run(cx: &mut Context, inputs: &Inputs) -> anyhow::Result<ExitStatus> {
    let project = Project::at(cx.project());
    let request = requests::decision(cx, Request::auto(), &inputs.for_decision())?;
    let known = inputs.changes.is_some() || documents::has_ledger(&project);
    let considered = match &inputs.changes {
        Some(path) => {
            let changes = crate::changes(cx, path)?;
            decide_on_changes(&changes, &request).map(|decision| Considered { changes, decision, findings: Vec::new() })
        }
        None => consider(&project, &request),
    };
    let Considered { changes, decision, findings } = considered.map_err(requests::decision_failure)?;
    let explanation = explain(&changes, &decision, &findings, &request.policy);
    let text = lines(&explanation, known);
    cx.result(&Document { schema_version: SchemaVersion::new(1, 1), known, explanation }, &text)?;
    if !known {
        cx.note(requests::never_scanned())?;
    }
    Ok(ExitStatus::Done)
}

fn lines(explanation: &Explanation, is_known: bool) -> String {
    let mut out = String::from("The matrix in force\n");
    for row in &explanation.matrix {
        let _infallible = writeln!(out, "  {}", text::one_line(&row.text));
    }
    for condition in &explanation.conditions {
        let _infallible = writeln!(out, "  {}", text::one_line(condition));
    }
    let verdict = if explanation.should_release { "release" } else { "no release" };
    let _infallible = writeln!(out, "\nWhat it comes to\n  {verdict}: {}", text::one_line(&explanation.justification));
    out.push_str("\nWhat it says to each finding\n");
    if explanation.reasons.is_empty() {
        out.push_str(if is_known {
            "  there is no open finding, and nothing changed\n"
        } else {
            "  not known: there was no scan yet\n"
        });
    }
    for reason in explanation.reasons.iter().map(decision_text::reason) {
        let _infallible = writeln!(out, "  {reason}");
    }
    match explanation.more_unchanged {
        0 => {}
        n => {
            let _infallible = writeln!(out, "  and {n} more that did not change");
        }
    }
    out
}
