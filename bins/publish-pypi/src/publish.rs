use std::{fmt::Write as _, path::PathBuf};

use cli_support::{Context, ExitStatus, ResultExt as _};
use dist_check::Distribution;
use findings_model::{FileOutcome, Receipt};
use orchestrate::{documents, project::Project};
use pypi_publish::{IndexAddress, Jobs, Plan, Publication};
use release_decision::Decision;
use serde::Serialize;

use crate::{
    dist::DistArgs,
    failure,
    index::{Auth, IndexArgs, block_on, check_options, patience},
    plan,
};

/// Publish files to an index, wait until it lists them, and write the receipt
///
/// Every file is checked and the whole plan is known before the first byte is sent. A file that is there already with
/// the same digest is done. The token is read from the environment variable PYPI_TOKEN.
#[derive(Debug, clap::Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    dist: DistArgs,
    #[command(flatten)]
    index: IndexArgs,
    /// How to prove who publishes [default: by what is present]
    #[arg(long, value_enum)]
    auth: Option<Auth>,
    /// Do everything but send
    #[arg(long)]
    dry_run: bool,
    /// How many files are sent at a time, once the first is there (1 to 16) [default: 4]
    #[arg(long, value_name = "N", value_parser = parse_jobs)]
    jobs: Option<Jobs>,
    /// How many seconds to wait for the index to list what it took [default: 300]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
    /// Where to write the receipt
    #[arg(long, value_name = "FILE", default_value = "receipt.json")]
    receipt: PathBuf,
}

fn parse_jobs(text: &str) -> Result<Jobs, String> {
    text.parse().ok().and_then(Jobs::new).ok_or_else(|| "give a number from 1 to 16".to_owned())
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    receipt: &'a Receipt,
    dry_run: bool,
}

impl Publish {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let options = check_options(&self.index.address(cx)?, cx)?;
        let files = self.dist.publishable(&options, cx)?;
        let client = self.index.publisher(self.auth, cx)?;
        if let Some(credential) = client.credential() {
            cx.note(format!("the token comes from {}", credential.source()))?;
        }
        let distributions: Vec<&Distribution> = files.iter().map(|(file, _)| file).collect();
        let patience = patience(cx, self.wait);
        let plan = block_on(plan::make(&client, &distributions, &patience))??;
        let decision_id = if self.is_trial(cx)? {
            cx.note("a publish to TestPyPI carries out no decision: what is due stays due")?;
            None
        } else {
            self.decision_id(&plan, cx)?
        };

        let publication = if self.dry_run {
            Publication::nothing_sent(&plan, plan.conflict().map(Into::into))
        } else {
            block_on(pypi_publish::publish(&client, &plan, &files, self.jobs.unwrap_or_default(), &patience))?
        };
        let receipt = publication.receipt(decision_id, cx.now());
        if !self.dry_run {
            let mut bytes =
                serde_json::to_vec_pretty(&receipt).or_fail(ExitStatus::Outside, "cannot form the receipt")?;
            bytes.push(b'\n');
            state_store::replace(&cx.path(&self.receipt), &bytes)
                .or_fail(ExitStatus::Outside, "cannot write the receipt")?;
        }
        cx.result(&Document { receipt: &receipt, dry_run: self.dry_run }, &lines(&receipt, self.dry_run))?;
        cx.actions().outputs([
            ("version", receipt.version.as_str()),
            ("verified", if receipt.verified { "true" } else { "false" }),
        ])?;
        cx.actions().summary(&summary(&receipt))?;
        match publication.failure {
            None => Ok(ExitStatus::Done),
            Some(error) => {
                let what = format!("cannot publish {} {} to {}", plan.project, plan.version, plan.index);
                let (kind, hint) = (error.kind(), error.hint());
                Err(failure::of(error, kind, hint, what).into())
            }
        }
    }

    /// Whether the files go to TestPyPI, and the project's own index is another one.
    fn is_trial(&self, cx: &mut Context) -> anyhow::Result<bool> {
        let own = cx
            .config()?
            .publish
            .index
            .as_deref()
            .is_some_and(|index| IndexAddress::parse(index, None).is_ok_and(|address| address.is_test()));
        Ok(!own && self.index.address(cx)?.is_test())
    }

    /// The decision that this publish carries out: the one beside the receipt, the project's newest, or one that was replaced
    /// before it was recorded, if it is to release this very version.
    fn decision_id(&self, plan: &Plan, cx: &mut Context) -> anyhow::Result<Option<String>> {
        let releases = |d: &Decision| {
            d.should_release && d.next_version.as_ref().is_none_or(|version| version.to_string() == plan.version)
        };
        let stored = documents::decision_of_publish(&Project::at(cx.project()), &self.receipt, releases)
            .or_fail(ExitStatus::BadInput, "cannot tell the decision that is published")?;
        let Some(decision) = stored.map(|stored| stored.decision).filter(|decision| decision.should_release) else {
            return Ok(None);
        };
        if releases(&decision) {
            return Ok(Some(decision.decision_id));
        }
        let decided = decision.next_version.map(|version| version.to_string()).unwrap_or_default();
        cx.note(format!(
            "warning: the newest decision is to release {decided}, not {}; this publish carries out no decision",
            plan.version
        ))?;
        Ok(None)
    }
}

fn word(outcome: FileOutcome, dry_run: bool) -> &'static str {
    match outcome {
        FileOutcome::Uploaded => "uploaded",
        FileOutcome::AlreadyThere => "already there",
        FileOutcome::Skipped if dry_run => "would be uploaded",
        FileOutcome::Skipped => "skipped",
        FileOutcome::Failed => "failed",
    }
}

fn lines(receipt: &Receipt, dry_run: bool) -> String {
    let mut text = String::new();
    for file in &receipt.files {
        let _infallible = writeln!(text, "{}: {}", file.file, word(file.outcome, dry_run));
    }
    let end = match (dry_run, receipt.verified) {
        (true, _) => "dry run, nothing was sent",
        (false, true) => "verified: the index lists every file with our digest",
        (false, false) => "not verified",
    };
    let _infallible = writeln!(text, "{} {}: {end}", receipt.project, receipt.version);
    text
}

fn summary(receipt: &Receipt) -> String {
    use findings_model::text::markdown;
    let mut text = format!("### Publish of {} {}\n\n", markdown(&receipt.project), markdown(&receipt.version));
    text.push_str("| file | outcome | tries | SHA-256 |\n| --- | --- | --- | --- |\n");
    for file in &receipt.files {
        let outcome = word(file.outcome, false);
        let _infallible =
            writeln!(text, "| {} | {outcome} | {} | {} |", markdown(&file.file), file.attempts, file.sha256);
    }
    let end = if receipt.verified { "The index lists every file with our digest." } else { "Not verified." };
    let _infallible = writeln!(text, "\n{end}");
    text
}
