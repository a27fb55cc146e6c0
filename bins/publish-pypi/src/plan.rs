use cli_support::{Context, ExitStatus, Failure};
use dist_check::{CheckOptions, Limits};
use findings_model::{SchemaVersion, Timestamp};
use pypi_publish::{Action, IndexClient, IndexRules, Parcel, Patience};
use serde::Serialize;

use crate::{
    dist::{DistArgs, distributions},
    failure,
    index::{IndexArgs, block_on, check_options, index_rules, patience},
};

/// Say what publish would do with each file: upload, identical, conflict, closed, too_big or second_sdist
///
/// Ends with 1 if the index would not take a file, or has other bytes under its name.
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
        // How large a file may be is the plan's affair here, so that it is told beside the others.
        let limits = Limits { file_bytes: u64::MAX, ..options.limits };
        let files = self.dist.publishable(&CheckOptions { limits, ..options }, cx)?;
        let client = self.index.reader(cx)?;
        let (rules, patience) = (index_rules(cx)?, patience(cx, None));
        let plan = block_on(make(&client, &files, &rules, cx.now(), &patience))??;
        let mut lines: Vec<String> = plan.files.iter().map(line).collect();
        if plan.new_project {
            lines.push(format!("the index does not know {} yet: the first upload makes the project", plan.project));
        }
        lines.extend(
            plan.similar
                .iter()
                .map(|other| format!("warning: the index has {other} and would make no project of so similar a name")),
        );
        cx.result(&Document { schema_version: SchemaVersion::new(1, 0), plan: &plan }, &lines.join("\n"))?;
        Ok(match plan.obstacle() {
            Some(obstacle) => {
                cx.actions().error(&obstacle.to_string());
                cx.note(format!("hint: {}", obstacle.hint()))?;
                ExitStatus::No
            }
            None => ExitStatus::Done,
        })
    }
}

/// The plan for files, or why there is none.
pub(crate) async fn make<S: AsyncFn(std::time::Duration)>(
    client: &IndexClient,
    files: &[Parcel],
    rules: &IndexRules,
    now: Timestamp,
    patience: &Patience<S>,
) -> Result<pypi_publish::Plan, Failure> {
    pypi_publish::plan(client, &distributions(files), rules, now, patience).await.map_err(|error| {
        let (kind, hint) = (error.kind(), error.hint());
        let what = format!("cannot plan what to publish to {}", client.address().upload_url());
        failure::of(error, kind, hint, what)
    })
}

fn line(file: &pypi_publish::PlannedFile) -> String {
    let why = match (file.action, &file.reason) {
        (Action::Upload, _) => format!("upload ({} bytes)", file.bytes),
        (Action::Identical, _) if file.yanked => {
            "identical, nothing to do; it was withdrawn (yanked), and installers pass it over".to_owned()
        }
        (Action::Identical, _) => "identical, nothing to do".to_owned(),
        (action, reason) => format!("{}, {}", action.as_str(), reason.as_deref().unwrap_or_default()),
    };
    format!("{}: {why}", file.file)
}
