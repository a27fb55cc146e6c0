use std::path::Path;

use attestations::{Instance, Publisher, RootError, Verifier};
use cli_support::{Attestations, Context, ExitStatus, Failure, ResultExt as _};

/// The most bytes of a trusted root.
const LARGEST_ROOT: u64 = 4 << 20;
const TABLE: &str = "[tool.relwarden.publish.attestations]";

/// Whose signature is expected, and what it is made and proven with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) instance: Instance,
    pub(crate) verifier: Verifier,
    /// None where neither the configuration nor a job of GitHub Actions tells it: then whoever signed is told, not judged.
    pub(crate) publisher: Option<Publisher>,
}

impl Settings {
    /// What the configuration says; the publisher is the workflow whose job runs where it says none.
    pub(crate) fn read(cx: &mut Context) -> anyhow::Result<Self> {
        let configured = cx.config()?.publish.attestations.clone();
        let mut settings = Self::without_job(&configured, cx)?;
        if settings.publisher.is_none() {
            settings.publisher = of_job(&configured, cx)?;
        }
        Ok(settings)
    }

    /// As [`Self::read`], whatever runs: for looking at an index from anywhere.
    pub(crate) fn without_job(configured: &Attestations, cx: &Context) -> anyhow::Result<Self> {
        let publisher = match (&configured.repository, &configured.workflow) {
            (Some(repository), Some(workflow)) => Some(publisher(repository, workflow)?),
            _ => None,
        };
        Ok(Self { instance: instance(configured)?, verifier: verifier(configured, cx)?, publisher })
    }
}

fn instance(configured: &Attestations) -> Result<Instance, Failure> {
    let what = || format!("{TABLE} names a Sigstore that cannot be used");
    match (&configured.fulcio, &configured.rekor, &configured.trusted_root) {
        (None, None, _) => Instance::public().or_fail(ExitStatus::Usage, what()),
        (Some(fulcio), Some(rekor), Some(_)) => Instance::new(fulcio, rekor)
            .or_fail(ExitStatus::Usage, what())
            .map_err(|failure| failure.hint("give https addresses; plain http is for this machine only")),
        _ => Err(Failure::new(ExitStatus::Usage, what())
            .hint("an instance of one's own needs all of fulcio, rekor and trusted_root")),
    }
}

fn verifier(configured: &Attestations, cx: &Context) -> Result<Verifier, Failure> {
    let Some(path) = &configured.trusted_root else {
        return Verifier::public().or_fail(ExitStatus::Outside, "cannot use the trusted root that is built in");
    };
    let what = || format!("cannot use the trusted root {}", Path::display(path));
    let bytes = state_store::read(&cx.path(path), LARGEST_ROOT).or_fail(ExitStatus::Usage, what())?;
    Verifier::with_root(&bytes).map_err(|error: RootError| {
        Failure::caused(ExitStatus::BadInput, what(), error)
            .hint("give the trusted_root.json that the instance publishes through its TUF repository")
    })
}

fn publisher(repository: &str, workflow: &str) -> Result<Publisher, Failure> {
    Publisher::github(repository, workflow).map_err(|error| {
        Failure::caused(ExitStatus::Usage, format!("{TABLE} names no publisher"), error)
            .hint("give the repository and the workflow's file as they are registered with the index")
    })
}

/// The workflow whose job runs, in what the configuration leaves open. Only that of github.com itself: the index knows no other.
fn of_job(configured: &Attestations, cx: &Context) -> Result<Option<Publisher>, Failure> {
    let is_github = cx.var("GITHUB_ACTIONS") == Some("true")
        && cx.var("GITHUB_SERVER_URL").is_none_or(|server| server == "https://github.com");
    if !is_github {
        return Ok(None);
    }
    let repository = configured.repository.as_deref().or_else(|| cx.var("GITHUB_REPOSITORY"));
    let workflow = configured.workflow.as_deref().or_else(|| cx.var("GITHUB_WORKFLOW_REF"));
    match (repository, workflow) {
        (Some(repository), Some(workflow)) => publisher(repository, workflow).map(Some),
        _ => Ok(None),
    }
}
