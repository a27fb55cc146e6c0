//! `settings`

use cli_support::{Context, ExitStatus, requests};
use findings_model::{SchemaVersion, text};
use serde::Serialize;

#[derive(Serialize)]
struct Settings<'a> {
    schema_version: SchemaVersion,
    state_branch: Option<&'a str>,
    bump_mode: &'a str,
}

/// Prints what scripts around the programs have to know of the configuration; the outputs are `state_branch`, empty where the state
/// is on the branch that is checked out, and `bump_mode`.
pub(crate) fn run(cx: &mut Context) -> anyhow::Result<ExitStatus> {
    let bump_mode = requests::bump_settings(cx)?.mode.as_str();
    let branch = cx.config()?.state.branch.clone();
    let state_branch = branch.as_deref();
    cx.actions().outputs([("state_branch", state_branch.unwrap_or_default()), ("bump_mode", bump_mode)])?;
    let shown = state_branch.map_or_else(|| "the one that is checked out".to_owned(), text::one_line);
    let lines = format!("State on branch: {shown}\nMode of a bump: {bump_mode}\n");
    cx.result(&Settings { schema_version: SchemaVersion::new(1, 0), state_branch, bump_mode }, &lines)?;
    Ok(ExitStatus::Done)
}
