//! The index to speak to, and with which credential.

use std::time::Duration;

use cli_support::{Context, ExitStatus, ResultExt as _};
use credentials::IndexCredential;
use dist_check::{CheckOptions, Limits};
use pypi_publish::{IndexAddress, IndexClient, IndexRules, Patience, RetryPolicy};

use crate::{
    auth::{self, Auth, Renewal},
    failure,
};

/// Which index
#[derive(Debug, clap::Args)]
pub(crate) struct IndexArgs {
    /// pypi, testpypi, or the upload address of an index [default: publish.index of the configuration, or pypi]
    #[arg(long, value_name = "URL", env = "RELWARDEN_INDEX")]
    index: Option<String>,
    /// The index's simple API, where it does not follow from the upload address [default: publish.simple_index]
    #[arg(long, value_name = "URL", env = "RELWARDEN_SIMPLE_INDEX")]
    simple_index: Option<String>,
}

impl IndexArgs {
    /// The index's address: of the command line, of the configuration, or PyPI.
    pub(crate) fn address(&self, cx: &mut Context) -> anyhow::Result<IndexAddress> {
        let configured = &cx.config()?.publish;
        // A simple API in the configuration belongs to the index that is configured beside it.
        let simple = match (&self.index, &self.simple_index) {
            (_, Some(simple)) => Some(simple.clone()),
            (Some(index), None) if configured.index.as_ref().is_none_or(|configured| !is_same(index, configured)) => {
                None
            }
            (_, None) => configured.simple_index.clone(),
        };
        let index = self.index.clone().or_else(|| configured.index.clone()).unwrap_or_else(|| "pypi".to_owned());
        IndexAddress::parse(&index, simple.as_deref()).map_err(|error| {
            let hint = error.hint();
            failure::with_status(error, ExitStatus::Usage, hint, "cannot tell the index to use".to_owned()).into()
        })
    }

    /// A client that only reads. A token that is at hand serves an index that must not be read without one.
    pub(crate) fn reader(&self, cx: &mut Context) -> anyhow::Result<IndexClient> {
        let address = self.address(cx)?;
        let credential = auth::token_at_hand(&address, cx)?;
        client(address, credential)
    }

    /// A client that can publish, a credential being had or none wanted, and what keeps its credential from ending.
    pub(crate) fn publisher(
        &self,
        auth: Option<Auth>,
        cx: &mut Context,
    ) -> anyhow::Result<(IndexClient, Option<Renewal>)> {
        let address = self.address(cx)?;
        let credential = auth::credential(auth, &address, cx)?;
        for advice in &credential.proof.advice {
            cx.note(format!("advice: {advice}"))?;
        }
        Ok((client(address, credential.for_index)?, credential.renewal))
    }
}

/// Whether two values of `--index` mean one index.
fn is_same(one: &str, other: &str) -> bool {
    let upload = |index: &str| IndexAddress::parse(index, None).map(|address| address.upload_url().clone()).ok();
    one == other || upload(one).is_some_and(|url| Some(url) == upload(other))
}

fn client(address: IndexAddress, credential: Option<IndexCredential>) -> anyhow::Result<IndexClient> {
    Ok(IndexClient::new(address, credential).or_fail(ExitStatus::Outside, "cannot speak to the index")?)
}

/// What files are checked against: the index's rules and the configured limits.
pub(crate) fn check_options(address: &IndexAddress, cx: &mut Context) -> anyhow::Result<CheckOptions> {
    let file_bytes = cx.config()?.publish.limits.file_bytes;
    Ok(CheckOptions { target: address.target(), limits: Limits { file_bytes, ..Limits::default() } })
}

/// What the index takes, as the configuration says it.
pub(crate) fn index_rules(cx: &mut Context) -> anyhow::Result<IndexRules> {
    let limits = cx.config()?.publish.limits;
    Ok(IndexRules {
        file_bytes: limits.file_bytes,
        project_bytes: limits.project_bytes,
        release_days: Some(limits.release_days).filter(|days| *days > 0),
    })
}

/// How often and how long to try, in real time.
pub(crate) fn patience(cx: &Context, verify: Option<u32>) -> Patience<impl AsyncFn(Duration) + use<>> {
    let mut policy = RetryPolicy::default();
    if let Some(seconds) = verify {
        policy.verify = Duration::from_secs(u64::from(seconds));
    }
    let seed = cx.nonce().iter().fold(0, |seed: u64, byte| seed.rotate_left(8) ^ u64::from(*byte));
    Patience { policy, seed, sleep: async |time| tokio::time::sleep(time).await }
}

/// Runs what speaks to an index.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.or_fail(ExitStatus::Outside, "cannot start the network runtime")?.block_on(work))
}
