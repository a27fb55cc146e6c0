//! Attestations of files: signed beside them, proven again, and who signed.

pub(crate) mod beside;
mod identity;
pub(crate) mod index;
mod prepare;
pub(crate) mod publish;
mod settings;

use cli_support::{Context, ExitStatus};
use findings_model::{SchemaVersion, text};
use serde::Serialize;

pub(crate) use prepare::{FileAttestations, Mode, Origin, prepare};
pub(crate) use settings::Settings;

use crate::{
    dist::DistArgs,
    index::{IndexArgs, check_options},
};

/// Sign for files that this workflow publishes, and write the attestations beside them
///
/// FILE.publish.attestation (PEP 740) is written for each file, and SHA256SUMS for all of a folder. What lies there already
/// and is proven for the same bytes and the same workflow is used again. Needs `permissions: id-token: write`; the signature is
/// entered into a public log.
#[derive(Debug, clap::Args)]
pub(crate) struct Attest {
    #[command(flatten)]
    dist: DistArgs,
    #[command(flatten)]
    index: IndexArgs,
    /// Sign and write nothing: prove what lies beside the files; ends with 1 where something is missing or wrong
    #[arg(long)]
    verify_only: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: SchemaVersion,
    ok: bool,
    publisher: Option<String>,
    files: &'a [FileAttestations],
    sha256sums: &'a [String],
}

impl Attest {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let options = check_options(&self.index.address(cx)?, cx)?;
        let settings = Settings::read(cx)?;
        let (mode, files) = if self.verify_only {
            (Mode::Prove, self.dist.readable(&options, cx)?)
        } else {
            (Mode::Sign, self.dist.publishable(&options, cx)?)
        };
        let places = beside::places(&self.dist.paths(cx)?, files.iter().map(|parcel| &parcel.distribution), cx)?;
        let files = prepare(&places, &settings, mode, cx)?;
        let sums = if self.verify_only { Vec::new() } else { beside::write_sums(&places)? };
        let ok = files.iter().all(FileAttestations::is_whole);
        let document = Document {
            schema_version: SchemaVersion::new(1, 0),
            ok,
            publisher: settings.publisher.as_ref().map(ToString::to_string),
            files: &files,
            sha256sums: &sums,
        };
        let mut lines: Vec<String> = files.iter().flat_map(lines).collect();
        lines.extend(sums.iter().map(|path| format!("{}: written", text::one_line(path))));
        cx.result(&document, &lines.join("\n"))?;
        if ok {
            return Ok(ExitStatus::Done);
        }
        for problem in files.iter().filter_map(|file| file.problem.as_deref()) {
            cx.actions().error(problem);
        }
        Ok(ExitStatus::No)
    }
}

/// What is said of a file's attestations.
fn lines(file: &FileAttestations) -> Vec<String> {
    let name = text::one_line(&file.file);
    let held = file.attestations.iter().map(|held| {
        let word = match held.origin {
            Origin::Signed => "signed",
            Origin::SignedAgain => "signed again",
            Origin::Reused => "proven",
        };
        format!("{name}: {} attestation {word}, by {}", held.kind, held.signed_by)
    });
    let mut lines: Vec<String> = held.collect();
    lines.extend(file.problem.clone());
    lines
}
