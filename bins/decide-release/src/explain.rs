//! `decide-release explain`: the matrix in force and the row of each finding.

use std::fmt::Write as _;

use cli_support::{Context, ExitStatus, ResultExt as _, decision_text, requests};
use findings_model::{SchemaVersion, text};
use orchestrate::{decision::changes_to_decide_on, project::Project};
use release_decision::{Explanation, Request, explain};

use crate::Inputs;

/// Prints the explanation.
pub(crate) fn run(cx: &mut Context, inputs: &Inputs) -> anyhow::Result<ExitStatus> {
    let request = requests::decision(cx, Request::auto(), &inputs.for_decision())?;
    let changes = match &inputs.changes {
        Some(path) => crate::changes(cx, path)?,
        None => changes_to_decide_on(&Project::at(cx.project()), &request).map_err(requests::decision_failure)?,
    };
    let explanation = explain(&changes, &request.policy);
    let mut document =
        serde_json::to_value(&explanation).or_fail(ExitStatus::Outside, "cannot print the explanation")?;
    if let Some(keys) = document.as_object_mut() {
        keys.insert("schema_version".to_owned(), SchemaVersion::new(1, 0).to_string().into());
    }
    cx.result(&document, &lines(&explanation))?;
    Ok(ExitStatus::Done)
}

fn lines(explanation: &Explanation) -> String {
    let mut out = String::from("The matrix in force\n");
    for row in &explanation.matrix {
        let _infallible = writeln!(out, "  {}", text::one_line(&row.text));
    }
    for condition in &explanation.conditions {
        let _infallible = writeln!(out, "  {}", text::one_line(condition));
    }
    out.push_str("\nWhat it says to each finding\n");
    if explanation.reasons.is_empty() {
        out.push_str("  there is no open finding, and nothing changed\n");
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
