//! The index to speak to, and with which credential.

use std::time::Duration;

use cli_support::{Context, ExitStatus, Failure, ResultExt as _};
use credentials::IndexCredential;
use dist_check::{CheckOptions, Limits, Target};
use pypi_publish::{IndexAddress, IndexClient, IndexRules, Patience, RetryPolicy};

use crate::failure;

/// The environment variable that holds the token.
const TOKEN_VARIABLE: &str = "PYPI_TOKEN";

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

/// How to prove who publishes
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Auth {
    /// The token in the environment variable PYPI_TOKEN
    Env,
    /// No credential, for an index of one's own that asks for none
    None,
}

impl IndexArgs {
    /// The index's address: of the command line, of the configuration, or PyPI.
    pub(crate) fn address(&self, cx: &mut Context) -> anyhow::Result<IndexAddress> {
        let configured = &cx.config()?.publish;
        // A simple API in the configuration belongs to the index that is configured beside it.
        let simple = match (&self.index, &self.simple_index) {
            (_, Some(simple)) => Some(simple.clone()),
            (Some(_), None) => None,
            (None, None) => configured.simple_index.clone(),
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
        let credential = match cx.take_secret(TOKEN_VARIABLE) {
            Some(value) => Some(parse_token(value, &address)?),
            None => None,
        };
        client(address, credential)
    }

    /// A client that can publish: a credential is at hand, or none is wanted.
    pub(crate) fn publisher(&self, auth: Option<Auth>, cx: &mut Context) -> anyhow::Result<IndexClient> {
        let address = self.address(cx)?;
        let credential = credential(auth, &address, cx)?;
        client(address, credential)
    }
}

/// The credential that `--auth` asks for; without `--auth`, the one that is present. None at hand is an error.
pub(crate) fn credential(
    auth: Option<Auth>,
    address: &IndexAddress,
    cx: &mut Context,
) -> anyhow::Result<Option<IndexCredential>> {
    if auth == Some(Auth::None) {
        if address.target() == Target::PyPi {
            let what = format!("{} takes no upload without a credential", address.upload_url());
            return Err(Failure::new(ExitStatus::Usage, what).hint("leave --auth none out").into());
        }
        return Ok(None);
    }
    let Some(value) = cx.take_secret(TOKEN_VARIABLE) else {
        let what = format!("there is no credential for {}", address.upload_url());
        let hint =
            "set the environment variable PYPI_TOKEN to a token of the index; in a workflow, pass it to this step only";
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    };
    Ok(Some(parse_token(value, address)?))
}

fn parse_token(value: String, address: &IndexAddress) -> Result<IndexCredential, Failure> {
    IndexCredential::from_environment(TOKEN_VARIABLE, value, address.token_shape()).map_err(|error| {
        let what = format!("the environment variable {TOKEN_VARIABLE} holds no token for {}", address.upload_url());
        failure::with_status(error, ExitStatus::Usage, error.hint(), what)
    })
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
