//! The receipt on the disk: what an earlier run left, and what this one writes.

use std::path::Path;

use cli_support::{Context, ExitStatus, Failure, ResultExt as _};
use findings_model::{FileOutcome, Receipt, SchemaVersion};
use serde::Deserialize;

#[derive(Deserialize)]
struct Schema {
    schema_version: SchemaVersion,
}

/// The receipt of an earlier run, if there is one that can be read.
pub(super) fn earlier(path: &Path, cx: &mut Context) -> anyhow::Result<Option<Receipt>> {
    let bytes = state_store::read_if_there(path, state_store::CONFIG_LIMIT)
        .or_fail(ExitStatus::Outside, "cannot read the receipt of an earlier run")?;
    let Some(bytes) = bytes else {
        return Ok(None);
    };
    // A newer document may have another shape, so its version is read first.
    if let Ok(Schema { schema_version }) = serde_json::from_slice(&bytes) {
        let schema = schema_version.check(Receipt::SCHEMA);
        schema.or_fail(ExitStatus::BadInput, "cannot go on from the receipt of an earlier run")?;
    }
    match serde_json::from_slice::<Receipt>(&bytes) {
        Ok(receipt) => Ok(Some(receipt)),
        Err(error) => {
            cx.note(format!("warning: the receipt of an earlier run is of no use and will be replaced: {error}"))?;
            Ok(None)
        }
    }
}

/// What an earlier run saw the index take stays known while this run has not come to the file.
pub(super) fn keep_taken(so_far: &mut Receipt, earlier: &Receipt) {
    if so_far.project != earlier.project || so_far.index != earlier.index {
        return;
    }
    for file in so_far.files.iter_mut().filter(|file| file.outcome == FileOutcome::Skipped) {
        let taken = earlier.files.iter().find(|before| {
            (before.file == file.file && before.sha256 == file.sha256)
                && matches!(before.outcome, FileOutcome::Uploaded | FileOutcome::AlreadyThere)
        });
        if let Some(taken) = taken {
            file.clone_from(taken);
        }
    }
}

pub(super) fn write(receipt: &Receipt, path: &Path) -> Result<(), Failure> {
    let mut bytes = serde_json::to_vec_pretty(receipt).or_fail(ExitStatus::Outside, "cannot form the receipt")?;
    bytes.push(b'\n');
    state_store::replace(path, &bytes).or_fail(ExitStatus::Outside, "cannot write the receipt")
}
