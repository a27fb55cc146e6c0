use cli_support::{Context, ExitStatus, Failure};
use findings_model::{SchemaVersion, Timestamp};
use pypi_publish::FoundFile;
use serde::Serialize;

use crate::{
    attest::index::{OnIndex, State as Attested, look_for, proven},
    dist::{DistArgs, distributions},
    failure,
    index::{IndexArgs, block_on, check_options, patience},
};

/// Prove that the index lists each file with the digest of ours
///
/// Ends with 4 if a file is not listed (yet), with 1 if it is listed with another digest. Attestations that the index has of a
/// file are proven for our bytes: one that proves nothing is a 1 too.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    dist: DistArgs,
    #[command(flatten)]
    index: IndexArgs,
    /// How many seconds to wait for files to be listed [default: 300]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
    /// End with 1 where the index has no attestations of a file, with 4 where that cannot be learned
    #[arg(long)]
    require_attestations: bool,
}

#[derive(Serialize)]
struct Document {
    schema_version: SchemaVersion,
    index: String,
    verified: bool,
    /// Seconds that were waited for files to be listed.
    waited: u64,
    files: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    file: String,
    sha256: String,
    state: State,
    index_sha256: Option<String>,
    upload_time: Option<Timestamp>,
    provenance: Option<String>,
    /// Null while the file is not listed.
    attestations: Option<OnIndex>,
}

/// What the index has of a file.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// The file, with our digest.
    Listed,
    /// Another file under its name.
    Other,
    /// Nothing, as far as could be learned.
    NotListed,
}

impl Found {
    fn new((found, attestations): (&FoundFile, Option<OnIndex>)) -> Self {
        Self {
            file: found.file.clone(),
            sha256: found.sha256.to_string(),
            state: match found.index_sha256 {
                _ if found.is_ours() => State::Listed,
                Some(_) => State::Other,
                None => State::NotListed,
            },
            index_sha256: found.index_sha256.map(|digest| digest.to_string()),
            upload_time: found.upload_time,
            provenance: found.provenance.clone(),
            attestations,
        }
    }
}

impl Verify {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let options = check_options(&self.index.address(cx)?, cx)?;
        let files = self.dist.readable(&options, cx)?;
        let client = self.index.reader(cx)?;
        let patience = patience(cx, self.wait);
        let verification = block_on(pypi_publish::verify(&client, &distributions(&files), &patience))?;
        let mut attested = Vec::new();
        if verification.failure.is_none() {
            attested = look_for(&client, &self.dist, &files, &verification.files, &patience, cx)?;
        }
        let verdict = self.verdict(&attested);
        let document = Document {
            schema_version: SchemaVersion::new(1, 0),
            index: client.address().simple_url().to_string(),
            verified: verification.failure.is_none() && verdict.is_ok(),
            waited: verification.waited.as_secs(),
            files: verification
                .files
                .iter()
                .zip(attested.into_iter().map(Some).chain(std::iter::repeat_with(|| None)))
                .map(Found::new)
                .collect(),
        };
        let attestations = document.files.iter().filter_map(|file| Some(file.attestations.as_ref()?.line(&file.file)));
        let mut lines: Vec<String> = attestations.collect();
        lines.push(if document.verified { "verified" } else { "not verified" }.to_owned());
        cx.result(&document, &lines.join("\n"))?;
        match verification.failure {
            None => Ok(verdict.map(|()| ExitStatus::Done)?),
            Some(error) => {
                let (kind, hint) = (error.kind(), error.hint());
                let what = format!("cannot prove that {} has the files", document.index);
                Err(failure::of(error, kind, hint, what).into())
            }
        }
    }

    /// Whether what was found of attestations is enough.
    fn verdict(&self, attested: &[OnIndex]) -> Result<(), Failure> {
        proven(attested)?;
        let first = |state| attested.iter().find(|found: &&OnIndex| found.state == state);
        if !self.require_attestations {
            return Ok(());
        }
        if let Some(found) = first(Attested::Unknown) {
            let what = format!(
                "cannot learn what attestations the index has: {}",
                found.reason.as_deref().unwrap_or_default()
            );
            return Err(Failure::new(ExitStatus::Outside, what).hint("run the same command again later"));
        }
        match first(Attested::None) {
            Some(_) => Err(Failure::new(ExitStatus::No, "the index has no attestations of a file").hint(
                "they go with an upload by trusted publishing (`publish --attest`); to a file that is there none can be added",
            )),
            None => Ok(()),
        }
    }
}
