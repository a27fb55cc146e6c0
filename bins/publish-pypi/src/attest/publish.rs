//! The attestations of a publish: prepared before the upload, and told in the receipt.

use attestations::PredicateType;
use cli_support::Context;
use credentials::TokenSource;
use findings_model::Extra;
use pypi_publish::Parcel;
use serde_json::json;

use super::{FileAttestations, Mode, Origin, Settings, beside, prepare};
use crate::dist::DistArgs;

/// Attests the files, lets their attestations go with them where the index takes any, and returns what the receipt says of it.
/// A dry run proves what lies there and signs nothing.
pub(crate) fn attest(
    dist: &DistArgs,
    parcels: &mut [Parcel],
    source: Option<&TokenSource>,
    dry_run: bool,
    cx: &mut Context,
) -> anyhow::Result<Extra> {
    let settings = Settings::read(cx)?;
    let places = beside::places(&dist.paths(cx)?, parcels.iter().map(|parcel| &parcel.distribution), cx)?;
    let mode = if dry_run { Mode::Prove } else { Mode::Sign };
    let files = prepare(&places, &settings, mode, cx)?;
    let sums = if dry_run { Vec::new() } else { beside::write_sums(&places)? };
    let uploads = source.is_some_and(takes_attestations);
    if uploads {
        for (parcel, file) in parcels.iter_mut().zip(&files) {
            parcel.attestations = Some(file.form_field()).filter(|_| !file.attestations.is_empty());
        }
    }
    for note in notes(&files, uploads, dry_run) {
        cx.note(note)?;
    }
    Ok(Extra::from([
        (
            "attestations".to_owned(),
            json!({
                "uploaded_with_files": uploads,
                "publisher": settings.publisher.as_ref().map(ToString::to_string),
                "files": files,
            }),
        ),
        ("sha256sums".to_owned(), json!(sums)),
    ]))
}

/// Whether the index takes attestations from whoever has a token of this origin: they come from a trusted publisher only.
fn takes_attestations(source: &TokenSource) -> bool {
    match source {
        TokenSource::TrustedPublishing => true,
        TokenSource::Environment { .. } | TokenSource::AwsSecret { .. } | TokenSource::Input => false,
    }
}

fn notes(files: &[FileAttestations], uploads: bool, dry_run: bool) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    if dry_run {
        notes.extend(
            files
                .iter()
                .filter_map(|file| file.problem.as_ref())
                .map(|problem| format!("{problem}; a publish would sign it")),
        );
    }
    let held = || files.iter().flat_map(|file| &file.attestations).filter(|held| held.kind == PredicateType::Publish);
    let reused = held().filter(|held| held.origin == Origin::Reused).count();
    notes.push(format!("attestations: {} signed, {reused} used again", held().count() - reused));
    if !uploads {
        notes.push(
            "the attestations stay beside the files: an index takes them with trusted publishing only".to_owned(),
        );
    }
    notes
}
