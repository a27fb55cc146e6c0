use std::path::PathBuf;

use cli_support::{Context, ExitStatus, ResultExt as _};
use findings_model::SchemaVersion;
use serde::Serialize;

use crate::{
    failure,
    index::{IndexArgs, block_on, patience},
};

/// Fetch what the index has of the project, as a PEP 691 document for decide-release --index
#[derive(Debug, clap::Args)]
pub(crate) struct Releases {
    #[command(flatten)]
    index: IndexArgs,
    /// Where to write the document
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Serialize)]
struct Document {
    schema_version: SchemaVersion,
    project: String,
    index: String,
    output: String,
    files: usize,
}

impl Releases {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let path = cx.output(&self.output, is_page)?;
        let client = self.index.reader(cx)?;
        let project = cx.config()?.project_name()?.clone();
        let index = client.address().simple_url().to_string();
        let patience = patience(cx, None);
        let page = block_on(pypi_publish::releases(&client, &project, &patience))?.map_err(|error| {
            let (kind, hint) = (error.kind(), error.hint());
            failure::of(error, kind, hint, format!("cannot fetch the releases from {index}"))
        })?;
        let mut bytes = serde_json::to_vec_pretty(&page).or_fail(ExitStatus::Outside, "cannot form the document")?;
        bytes.push(b'\n');
        state_store::replace(&path, &bytes).or_fail(ExitStatus::Outside, "cannot write the document")?;
        let files = page["files"].as_array().map_or(0, Vec::len);
        let output = self.output.display().to_string();
        let text = match files {
            0 => format!("{index} has no file of {project}; wrote {output}"),
            1 => format!("{index} has 1 file of {project}; wrote {output}"),
            files => format!("{index} has {files} files of {project}; wrote {output}"),
        };
        let schema_version = SchemaVersion::new(1, 0);
        cx.result(&Document { schema_version, project: project.to_string(), index, output, files }, &text)?;
        Ok(ExitStatus::Done)
    }
}

/// Whether these bytes are a project page of an index, in the form that this command writes.
fn is_page(bytes: &[u8]) -> bool {
    let page: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    page["meta"]["api-version"].is_string() && page["files"].is_array()
}
