//! Which decision a publish carries out, and whether it carries out any.

use std::path::Path;

use cli_support::{Context, ExitStatus, Failure, ResultExt as _};
use findings_model::Receipt;
use orchestrate::{
    documents::{self, Wanted},
    project::Project,
};
use pypi_publish::{IndexAddress, Plan, Publication};

/// The receipt of a publish that has sent nothing yet, with the decision that it carries out.
pub(super) fn nothing_sent(
    address: &IndexAddress,
    plan: &Plan,
    receipt: &Path,
    cx: &mut Context,
) -> anyhow::Result<Receipt> {
    let trial = is_trial(address, cx)?;
    let decision_id = if trial {
        cx.note("a publish to another index than the project's own carries out no decision: what is due stays due")?;
        None
    } else {
        decision_id(plan, receipt, cx)?
    };
    let mut nothing_sent = Publication::nothing_sent(plan, None).receipt(decision_id, cx.now());
    nothing_sent.trial = trial;
    Ok(nothing_sent)
}

/// Whether the files go to another index than the configuration names, or to TestPyPI where it names none.
fn is_trial(address: &IndexAddress, cx: &mut Context) -> anyhow::Result<bool> {
    let Some(own) = cx.config()?.publish.index.as_deref() else {
        return Ok(address.is_test());
    };
    let what = "cannot tell the project's own index from publish.index in the configuration";
    let own = IndexAddress::parse(own, None).map_err(|error| {
        let hint = error.hint();
        Failure::caused(ExitStatus::Usage, what, error).hint(hint)
    })?;
    Ok(own.upload_url() != address.upload_url())
}

/// The decision that this publish carries out: the one beside the receipt, the project's newest, or one that was replaced
/// before it was recorded, if it is to release this very version.
fn decision_id(plan: &Plan, receipt: &Path, cx: &mut Context) -> anyhow::Result<Option<String>> {
    let wanted = Wanted::ReleaseOf(&plan.version);
    let stored = documents::decision_of_publish(&Project::at(cx.project()), receipt, wanted)
        .or_fail(ExitStatus::BadInput, "cannot tell the decision that is published")?;
    let Some(decision) = stored.map(|stored| stored.decision).filter(|decision| decision.should_release) else {
        return Ok(None);
    };
    if wanted.is(&decision) {
        return Ok(Some(decision.decision_id));
    }
    let decided = decision.next_version.map(|version| version.to_string()).unwrap_or_default();
    cx.note(format!(
        "warning: the newest decision is to release {decided}, not {}; this publish carries out no decision",
        plan.version
    ))?;
    Ok(None)
}
