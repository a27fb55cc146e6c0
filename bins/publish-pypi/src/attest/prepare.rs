//! Each file's attestations: those that lie there, proven; those that are missing, signed.

use std::ops::ControlFlow;

use attestations::{Attestation, LARGEST, PredicateType, SignError, SignErrorKind, SignedBy, Signer, VerifyError};
use cli_support::{Context, ExitStatus, Failure, ResultExt as _};
use serde::{Serialize, Serializer};

use super::{beside::Place, identity, settings::Settings};
use crate::index::block_on;

/// What to do about an attestation that is missing or proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Sign.
    Sign,
    /// Say so.
    Prove,
}

/// Where an attestation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// This run signed it.
    Signed,
    /// This run signed it in place of one that proved nothing.
    SignedAgain,
    /// It lay there and was proven.
    Reused,
}

/// A file with its proven attestations.
#[derive(Serialize)]
pub(crate) struct FileAttestations {
    pub(crate) file: String,
    sha256: String,
    pub(crate) attestations: Vec<Held>,
    /// What is missing or wrong, with the reason.
    pub(crate) problem: Option<String>,
}

/// An attestation that was proven in this run.
#[derive(Serialize)]
pub(crate) struct Held {
    #[serde(rename = "type", serialize_with = "word")]
    pub(crate) kind: PredicateType,
    pub(crate) path: String,
    pub(crate) origin: Origin,
    pub(crate) signed_by: SignedBy,
    #[serde(skip)]
    attestation: Attestation,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn word<S: Serializer>(kind: &PredicateType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.word())
}

impl FileAttestations {
    /// Whether the file has a publish attestation, and nothing that lies beside it is wrong.
    pub(crate) fn is_whole(&self) -> bool {
        self.problem.is_none() && self.attestations.iter().any(|held| held.kind == PredicateType::Publish)
    }

    /// The attestations as the index's upload form takes them.
    pub(crate) fn form_field(&self) -> String {
        let attestations: Vec<String> = self.attestations.iter().map(|held| held.attestation.to_json()).collect();
        format!("[{}]", attestations.join(","))
    }
}

/// An attestation beside a file.
enum Found {
    Nothing,
    Proven(Box<(Attestation, SignedBy)>),
    /// With the reason.
    Wrong(String),
}

/// Proves what lies beside the files, and signs what is missing if asked to. Each is written as soon as it is signed, so that
/// another run goes on from there.
pub(crate) fn prepare(
    places: &[Place],
    settings: &Settings,
    mode: Mode,
    cx: &mut Context,
) -> anyhow::Result<Vec<FileAttestations>> {
    let mut files = Vec::with_capacity(places.len());
    let mut unsigned = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let mut file = FileAttestations {
            file: place.subject.file_name().to_owned(),
            sha256: place.subject.sha256().to_string(),
            attestations: Vec::new(),
            problem: None,
        };
        for kind in PredicateType::ALL {
            let path = place.shown_attestation(kind);
            match (find(place, kind, settings)?, mode, kind) {
                (Found::Proven(proven), ..) => {
                    let (attestation, signed_by) = *proven;
                    file.attestations.push(Held { kind, path, origin: Origin::Reused, signed_by, attestation });
                }
                (Found::Nothing, Mode::Sign, PredicateType::Publish) => unsigned.push((number, Origin::Signed)),
                (Found::Wrong(why), Mode::Sign, PredicateType::Publish) => {
                    cx.note(format!("{path}: {why}; signing again"))?;
                    unsigned.push((number, Origin::SignedAgain));
                }
                (Found::Nothing, Mode::Prove, PredicateType::Publish) => {
                    file.problem = Some(format!("{path}: there is none"));
                }
                (Found::Wrong(why), Mode::Prove, _) => file.problem = Some(format!("{path}: {why}")),
                // Whoever made it makes it again: it tells of a build that this program did not see.
                (Found::Wrong(why), Mode::Sign, PredicateType::Slsa) => {
                    let hint = "remove the file, or let the step that wrote it write it again";
                    return Err(Failure::new(ExitStatus::No, format!("{path}: {why}")).hint(hint).into());
                }
                (Found::Nothing, _, PredicateType::Slsa) => {}
            }
        }
        files.push(file);
    }
    sign(places, &unsigned, settings, &mut files, cx)?;
    for file in &mut files {
        file.attestations.sort_by_key(|held| held.kind);
    }
    Ok(files)
}

fn find(place: &Place, kind: PredicateType, settings: &Settings) -> anyhow::Result<Found> {
    let what = || format!("cannot read {}", place.shown_attestation(kind));
    let bytes = state_store::read_if_there(&place.attestation(kind), LARGEST).or_fail(ExitStatus::Usage, what())?;
    let Some(bytes) = bytes else {
        return Ok(Found::Nothing);
    };
    let attestation = match Attestation::parse(&bytes) {
        Ok(attestation) => attestation,
        Err(error) => return Ok(Found::Wrong(error.to_string())),
    };
    Ok(match settings.verifier.verify(&attestation, &place.subject, settings.publisher.as_ref()) {
        Ok(verified) if verified.predicate_type == kind => Found::Proven(Box::new((attestation, verified.signed_by))),
        Ok(verified) => Found::Wrong(format!("it is a {} attestation", verified.predicate_type)),
        Err(error) => Found::Wrong(reason(&error)),
    })
}

/// An error with its causes, on one line.
pub(super) fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

/// Signs for the files with these numbers and writes what was signed.
fn sign(
    places: &[Place],
    unsigned: &[(usize, Origin)],
    settings: &Settings,
    files: &mut [FileAttestations],
    cx: &mut Context,
) -> anyhow::Result<()> {
    if unsigned.is_empty() {
        return Ok(());
    }
    let what = "cannot sign attestations with the identity of this job";
    let identity = identity::request(cx)?;
    let signer = Signer::new(&settings.instance, identity.token().expose()).or_fail(ExitStatus::Refused, what)?;
    let subjects: Vec<_> = unsigned.iter().map(|(number, _)| places[*number].subject.clone()).collect();
    let mut end = Ok(());
    let sleep = async |time| tokio::time::sleep(time).await;
    block_on(signer.sign_all(&subjects, &sleep, |place, signed| {
        let (number, origin) = unsigned[place];
        match signed
            .map_err(|error| refusal(&error, what))
            .and_then(|signed| keep(&places[number], origin, signed, settings))
        {
            Ok(held) => {
                files[number].attestations.push(held);
                ControlFlow::Continue(())
            }
            Err(failure) => {
                end = Err(failure);
                ControlFlow::Break(())
            }
        }
    }))?;
    Ok(end?)
}

fn refusal(error: &SignError, what: &str) -> Failure {
    let status = match error.kind() {
        SignErrorKind::Refused => ExitStatus::Refused,
        SignErrorKind::Outside => ExitStatus::Outside,
    };
    Failure::caused(status, what, error.clone()).hint(error.hint())
}

/// Proves what was just signed, and writes it.
fn keep(place: &Place, origin: Origin, attestation: Attestation, settings: &Settings) -> Result<Held, Failure> {
    let kind = PredicateType::Publish;
    let path = place.shown_attestation(kind);
    let verified = settings.verifier.verify(&attestation, &place.subject, settings.publisher.as_ref());
    let verified = verified.map_err(|error| {
        let (status, hint) = match &error {
            VerifyError::Publisher(_) => (
                ExitStatus::No,
                "the index would refuse it: let repository and workflow in [tool.relwarden.publish.attestations] be those of the \
                 job that signs, and of the trusted publisher",
            ),
            _ => (
                ExitStatus::Outside,
                "if Sigstore has new keys since this program was released, give its newest trusted_root.json in \
                 [tool.relwarden.publish.attestations]",
            ),
        };
        Failure::caused(status, format!("what was signed for {} proves nothing", place.subject.file_name()), error)
            .hint(hint)
    })?;
    let mut bytes = attestation.to_json().into_bytes();
    bytes.push(b'\n');
    state_store::replace(&place.attestation(kind), &bytes)
        .or_fail(ExitStatus::Outside, format!("cannot write {path}"))?;
    Ok(Held { kind, path, origin, signed_by: verified.signed_by, attestation })
}
