//! What the index has of the files' attestations, proven for our bytes.

use std::time::Duration;

use attestations::{Attestation, LARGEST, ListedBundle, PredicateType, Provenance, SignedBy, VerifyError};
use cli_support::{Context, ExitStatus, Failure, ResultExt as _};
use dist_check::Distribution;
use pypi_publish::{FoundFile, IndexClient, Parcel, Patience};
use serde::Serialize;

use super::{
    Settings,
    beside::{self, Place},
    prepare::reason,
};
use crate::{
    dist::{DistArgs, distributions},
    index::block_on,
};

/// What the index was found to have of one file's attestations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// All are proven, and ours is among them if there is one beside the file.
    Attested,
    /// It has none, or does not offer any.
    None,
    /// It could not be asked, or who signed cannot be held against the publisher that it names.
    Unknown,
    /// One proves nothing, or ours is not among them.
    Invalid,
}

/// The attestations of one file on the index.
#[derive(Debug, Serialize)]
pub(crate) struct OnIndex {
    pub(crate) state: State,
    /// Whether the one beside the file is among them; null where none lies there.
    ours: Option<bool>,
    /// Who the index says published the file.
    publishers: Vec<String>,
    /// Who signed, proven.
    signed_by: Vec<SignedBy>,
    /// Why they are invalid, or could not be asked for.
    pub(crate) reason: Option<String>,
}

impl OnIndex {
    fn without(state: State, reason: Option<String>) -> Self {
        Self { state, ours: None, publishers: Vec::new(), signed_by: Vec::new(), reason }
    }

    /// A line for people.
    pub(crate) fn line(&self, file: &str) -> String {
        match (self.state, self.reason.as_deref()) {
            (State::Attested, _) => {
                let signers: Vec<String> = self.signed_by.iter().map(ToString::to_string).collect();
                format!(
                    "{file}: attested, published by {}, signed by {}",
                    self.publishers.join("; "),
                    signers.join("; ")
                )
            }
            (State::None, _) => format!("{file}: the index has no attestations"),
            (State::Unknown, reason) => format!("{file}: attestations unknown: {}", reason.unwrap_or("not asked")),
            (State::Invalid, reason) => format!("{file}: attestations invalid: {}", reason.unwrap_or("not proven")),
        }
    }
}

/// Asks for the attestations of files that the index lists, and proves them. The answers are in the order of the files.
fn look<S: AsyncFn(Duration)>(
    client: &IndexClient,
    files: &[(&Distribution, &Place, &FoundFile)],
    settings: &Settings,
    patience: &Patience<S>,
) -> anyhow::Result<Vec<OnIndex>> {
    let mut answers = Vec::with_capacity(files.len());
    for (distribution, place, found) in files {
        let ours = ours(place)?;
        answers.push(match &found.provenance {
            None => absent(ours.is_some()),
            Some(listed) => match block_on(client.attestations(distribution.project(), listed, patience))? {
                Ok(Some(bytes)) => judge(&bytes, place, ours.as_ref(), settings),
                Ok(None) => absent(ours.is_some()),
                Err(error) => OnIndex::without(State::Unknown, Some(reason(&error))),
            },
        });
    }
    Ok(answers)
}

/// As [`look`], for the files of the command line and what the index was found to list of them.
pub(crate) fn look_for<S: AsyncFn(Duration)>(
    client: &IndexClient,
    dist: &DistArgs,
    files: &[Parcel],
    found: &[FoundFile],
    patience: &Patience<S>,
    cx: &mut Context,
) -> anyhow::Result<Vec<OnIndex>> {
    let configured = cx.config()?.publish.attestations.clone();
    let settings = Settings::without_job(&configured, cx)?;
    let places = beside::places(&dist.paths(cx)?, distributions(files).into_iter(), cx)?;
    let looked_for: Vec<_> = distributions(files)
        .into_iter()
        .zip(&places)
        .zip(found)
        .map(|((file, place), found)| (file, place, found))
        .collect();
    look(client, &looked_for, &settings, patience)
}

/// That the index has no attestation that proves nothing.
pub(crate) fn proven(attested: &[OnIndex]) -> Result<(), Failure> {
    let Some(found) = attested.iter().find(|found| found.state == State::Invalid) else {
        return Ok(());
    };
    let reason = found.reason.as_deref().unwrap_or_default();
    let what = format!("the index has attestations that prove nothing: {reason}");
    Err(Failure::new(ExitStatus::No, what).hint(
            "do not install these files before it is known who published them; if Sigstore has new keys since this program was \
             released, give its newest trusted_root.json in [tool.relwarden.publish.attestations]",
        ))
}

fn absent(ours: bool) -> OnIndex {
    OnIndex { ours: ours.then_some(false), ..OnIndex::without(State::None, None) }
}

/// The publish attestation beside a file. One that cannot be read is none of the index's.
fn ours(place: &Place) -> anyhow::Result<Option<Attestation>> {
    let kind = PredicateType::Publish;
    let what = || format!("cannot read {}", place.shown_attestation(kind));
    let bytes = state_store::read_if_there(&place.attestation(kind), LARGEST).or_fail(ExitStatus::Usage, what())?;
    Ok(match bytes {
        Some(bytes) => Some(Attestation::parse(&bytes).or_fail(ExitStatus::No, what())?),
        None => None,
    })
}

/// An attestation that holds.
struct Proven {
    signed_by: SignedBy,
    /// Whether the signer is the publisher that the index names; none where that cannot be told.
    as_listed: Option<bool>,
}

/// Proves an attestation for a file, against the publisher that is expected and the one that the index names.
fn prove(
    attestation: &Attestation,
    bundle: &ListedBundle,
    place: &Place,
    settings: &Settings,
) -> Result<Proven, VerifyError> {
    let signed_by = settings.verifier.verify(attestation, &place.subject, settings.publisher.as_ref())?.signed_by;
    let as_listed = match bundle.github() {
        Some(listed) => {
            settings.verifier.verify(attestation, &place.subject, Some(&listed))?;
            Some(true)
        }
        // A workflow on GitHub has a publisher that can be compared, so whoever is named is somebody else.
        None if signed_by.is_github() => Some(false),
        None => None,
    };
    Ok(Proven { signed_by, as_listed })
}

fn judge(bytes: &[u8], place: &Place, ours: Option<&Attestation>, settings: &Settings) -> OnIndex {
    let provenance = match Provenance::parse(bytes) {
        Ok(provenance) => provenance,
        Err(error) => return OnIndex::without(State::Invalid, Some(reason(&error))),
    };
    if provenance.attestations().next().is_none() {
        return absent(ours.is_some());
    }
    let mut answer = OnIndex {
        ours: ours.map(|ours| provenance.attestations().any(|listed| listed.is_same(ours))),
        publishers: provenance.bundles.iter().map(ListedBundle::publisher_line).collect(),
        ..OnIndex::without(State::Attested, None)
    };
    for bundle in &provenance.bundles {
        for attestation in &bundle.attestations {
            let (state, reason) = match prove(attestation, bundle, place, settings) {
                Ok(Proven { signed_by, as_listed }) => {
                    let differs =
                        || format!("{} signed it, and the index names {}", signed_by, bundle.publisher_line());
                    let judged = match as_listed {
                        Some(true) => (State::Attested, None),
                        Some(false) => (State::Invalid, Some(differs())),
                        None => (State::Unknown, Some(format!("{}: these cannot be compared", differs()))),
                    };
                    if !answer.signed_by.contains(&signed_by) {
                        answer.signed_by.push(signed_by);
                    }
                    judged
                }
                Err(error) => (State::Invalid, Some(reason(&error))),
            };
            // The worst of them counts.
            if state == State::Invalid || (state == State::Unknown && answer.state == State::Attested) {
                (answer.state, answer.reason) = (state, reason);
            }
        }
    }
    if answer.ours == Some(false) && answer.state == State::Attested {
        answer.state = State::Invalid;
        answer.reason = Some("the one beside the file is not among them".to_owned());
    }
    answer
}
