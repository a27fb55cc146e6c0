use cli_support::{Context, ExitStatus};
use dist_check::Distribution;
use findings_model::SchemaVersion;
use serde::Serialize;

use crate::{
    dist::DistArgs,
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
    files: Vec<File>,
}

#[derive(Serialize)]
struct File {
    file: String,
    sha256: String,
}

impl Verify {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let options = check_options(&self.index.address(cx)?, cx)?;
        let files = self.dist.readable(&options, cx)?;
        let client = self.index.reader(cx)?;
        let distributions: Vec<&Distribution> = files.iter().map(|(file, _)| file).collect();
        let patience = patience(cx, self.wait);
        let verified = block_on(pypi_publish::verify(&client, &distributions, &patience))?;
        let document = Document {
            schema_version: SchemaVersion::new(1, 0),
            index: client.address().simple_url().to_string(),
            verified: verified.is_ok(),
            files: distributions
                .iter()
                .map(|file| File { file: file.file_name().to_owned(), sha256: file.sha256().to_string() })
                .collect(),
        };
        let word = if document.verified { "verified" } else { "not verified" };
        cx.result(&document, word)?;
        match verified {
            Ok(()) => Ok(ExitStatus::Done),
            Err(error) => {
                let (kind, hint) = (error.kind(), error.hint());
                let what = format!("cannot prove that {} has the files", document.index);
                Err(failure::of(error, kind, hint, what).into())
            }
        }
    }
}
