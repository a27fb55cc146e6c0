use cli_support::{Context, ExitStatus};
use findings_model::{SchemaVersion, Timestamp};
use pypi_publish::FoundFile;
use serde::Serialize;

use crate::{
    dist::{DistArgs, distributions},
    failure,
    index::{IndexArgs, block_on, check_options, patience},
};

/// Prove that the index lists each file with the digest of ours
///
/// Ends with 4 if a file is not listed (yet), with 1 if it is listed with another digest.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    dist: DistArgs,
    #[command(flatten)]
    index: IndexArgs,
    /// How many seconds to wait for files to be listed [default: 300]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
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
    fn new(found: &FoundFile) -> Self {
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
        let document = Document {
            schema_version: SchemaVersion::new(1, 0),
            index: client.address().simple_url().to_string(),
            verified: verification.failure.is_none(),
            waited: verification.waited.as_secs(),
            files: verification.files.iter().map(Found::new).collect(),
        };
        let word = if document.verified { "verified" } else { "not verified" };
        cx.result(&document, word)?;
        match verification.failure {
            None => Ok(ExitStatus::Done),
            Some(error) => {
                let (kind, hint) = (error.kind(), error.hint());
                let what = format!("cannot prove that {} has the files", document.index);
                Err(failure::of(error, kind, hint, what).into())
            }
        }
    }
}
