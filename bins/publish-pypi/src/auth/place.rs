use cli_support::{Context, ExitStatus, Failure, config};
use credentials::{
    Claims, IdTokenError, IndexCredential, IndexIdentity, Job, PatternError, Protection, TokenFacts, TokenUse,
};
use findings_model::{PackageName, Timestamp};
use pypi_publish::IndexAddress;
use serde::Deserialize;

use crate::{auth::status, failure};

/// The most bytes of the document that describes the event.
const EVENT_LIMIT: u64 = 25 << 20;

/// What a credential is for: the project, the index, the job that asks, and the rules of who may publish.
pub(crate) struct Place {
    pub(crate) address: IndexAddress,
    pub(crate) index: IndexIdentity,
    pub(crate) project: PackageName,
    pub(crate) job: Job,
    pub(crate) protection: Protection,
    pub(crate) now: Timestamp,
}

#[derive(Deserialize)]
struct Event {
    pull_request: Option<PullRequest>,
}

#[derive(Deserialize)]
struct PullRequest {
    head: Option<Head>,
}

#[derive(Deserialize)]
struct Head {
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    fork: Option<bool>,
}

impl Place {
    pub(crate) fn of(address: &IndexAddress, cx: &mut Context) -> anyhow::Result<Self> {
        let config = cx.config()?;
        let project = config.project_name()?.clone();
        let protection = protection(&config.publish.protection).map_err(|error| {
            let what = "the rules in [tool.relwarden.publish.protection] cannot be used";
            Failure::caused(ExitStatus::Usage, what, error).hint("write them as \"main\" or \"release/*\"")
        })?;
        let mut job = Job::read(|name| cx.var(name));
        job.from_fork = from_fork(cx);
        Ok(Self {
            index: IndexIdentity::of_host(address.upload_url().host_str().unwrap_or_default()),
            address: address.clone(),
            project,
            job,
            protection,
            now: cx.now(),
        })
    }

    pub(crate) fn cannot_publish(&self) -> String {
        format!("cannot publish {} to {} from here", self.project, self.address.upload_url())
    }

    pub(crate) fn identity_failed(&self, error: IdTokenError) -> Failure {
        let (status, hint) = (status(error.kind()), error.hint());
        let what = format!("cannot prove to {} who this job is", self.address.upload_url());
        failure::with_status(error, status, hint, what)
    }

    /// A rule needs GitHub's word, and the job cannot ask for it.
    pub(crate) fn cannot_be_judged(&self, error: IdTokenError) -> Failure {
        let hint = error.hint();
        let what = format!("{}: the protection rule about the environment cannot be judged", self.cannot_publish());
        failure::with_status(error, ExitStatus::Refused, hint, what)
    }

    /// Judges what GitHub says of the job.
    pub(crate) fn admits(&self, claims: &Claims) -> Result<(), Failure> {
        self.protection.judge_claims(claims).map_err(|denial| {
            let hint = denial.hint();
            failure::with_status(denial, ExitStatus::Refused, hint, self.cannot_publish())
        })
    }

    /// What a token says of itself, if it is one for this place.
    pub(crate) fn judge(&self, credential: &IndexCredential) -> Result<Option<TokenFacts>, Failure> {
        let wanted = TokenUse { index: &self.index, project: &self.project, now: self.now };
        credential.judge(self.address.token_shape(), wanted).map_err(|error| {
            let status = if error.is_refusal() { ExitStatus::Refused } else { ExitStatus::Usage };
            let hint = error.hint();
            let what = format!("{} holds no token for this publish", credential.source());
            failure::with_status(error, status, &hint, what)
        })
    }

    /// The names that the index goes by.
    pub(crate) fn index_names(&self) -> Vec<String> {
        let addresses = [self.address.upload_url().to_string(), self.address.simple_url().to_string()];
        self.index.word().map(str::to_owned).into_iter().chain(addresses).collect()
    }
}

fn protection(rules: &config::Protection) -> Result<Protection, PatternError> {
    let config::Protection { environments, branches, tags, actors, events, repositories, allow_local } = rules.clone();
    Ok(Protection::default()
        .branches(&branches)?
        .tags(&tags)?
        .environments(environments)
        .actors(actors)
        .events(events)
        .repositories(repositories)
        .allow_local(allow_local))
}

/// Whether the event is a pull request from a fork, as far as its document says.
fn from_fork(cx: &Context) -> Option<bool> {
    let path = cx.var("GITHUB_EVENT_PATH")?;
    let bytes = state_store::read_if_there(path.as_ref(), EVENT_LIMIT).ok().flatten()?;
    let event: Event = serde_json::from_slice(&bytes).ok()?;
    event.pull_request?.head?.repo?.fork
}
