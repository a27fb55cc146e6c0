use cli_support::{Context, ExitStatus, Failure};
use dist_check::Distribution;
use findings_model::SchemaVersion;
use pypi_publish::{Action, IndexClient, Patience};
use serde::Serialize;

use crate::{
    dist::DistArgs,
    failure,
    index::{IndexArgs, block_on, check_options, patience},
};

/// Say what publish would do with each file: upload, identical or conflict
///
/// Ends with 1 if the index has other bytes under a file's name.
#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    dist: DistArgs,
    #[command(flatten)]
    index: IndexArgs,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: SchemaVersion,
    #[serde(flatten)]
    plan: &'a pypi_publish::Plan,
}

impl Plan {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let options = check_options(&self.index.address(cx)?, cx)?;
        let files = self.dist.publishable(&options, cx)?;
        let client = self.index.reader(cx)?;
        let distributions: Vec<&Distribution> = files.iter().map(|(file, _)| file).collect();
        let patience = patience(cx, None);
        let plan = block_on(make(&client, &distributions, &patience))??;
        let text = plan.files.iter().map(line).collect::<Vec<_>>().join("\n");
        cx.result(&Document { schema_version: SchemaVersion::new(1, 0), plan: &plan }, &text)?;
        Ok(match plan.conflict() {
            Some(conflict) => {
                cx.actions().error(&conflict.to_string());
                cx.note(format!("hint: {}", conflict.hint()))?;
                ExitStatus::No
            }
            None => ExitStatus::Done,
        })
    }
}

/// The plan for files, or why there is none.
pub(crate) async fn make<S: AsyncFn(std::time::Duration)>(
    client: &IndexClient,
    files: &[&Distribution],
    patience: &Patience<S>,
) -> Result<pypi_publish::Plan, Failure> {
    pypi_publish::plan(client, files, patience).await.map_err(|error| {
        let (kind, hint) = (error.kind(), error.hint());
        let what = format!("cannot plan what to publish to {}", client.address().upload_url());
        failure::of(error, kind, hint, what)
    })
}

fn line(file: &pypi_publish::PlannedFile) -> String {
    match file.action {
        Action::Upload => format!("{}: upload ({} bytes)", file.file, file.bytes),
        Action::Identical => format!("{}: identical, nothing to do", file.file),
        Action::Conflict => format!("{}: conflict, the index has other bytes of this name", file.file),
    }
}
