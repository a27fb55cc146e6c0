//! `quality-gates`

use std::fmt::Write as _;

use anyhow::Context as _;
use cli_support::{Context, ExitStatus};
use findings_model::{SchemaVersion, text};
use serde::Serialize;

#[derive(Serialize)]
struct Gates<'a> {
    schema_version: SchemaVersion,
    quality_gates: &'a [String],
}

/// Prints the configured commands; the output `quality_gates` is a JSON list of them, as a matrix takes it.
pub(crate) fn run(cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let gates = cx.config()?.quality_gates.clone();
    let list = serde_json::to_string(&gates).context("cannot form the list of checks")?;
    cx.actions().outputs([("quality_gates", list.as_str())])?;
    let mut lines = String::new();
    for gate in &gates {
        let _infallible = writeln!(lines, "{}", text::one_line(gate));
    }
    cx.result(&Gates { schema_version: SchemaVersion::new(1, 0), quality_gates: &gates }, &lines)?;
    Ok(ExitStatus::Done)
}
