use std::io::{IsTerminal as _, Read as _};

use cli_support::{Context, ExitStatus, Failure, ResultExt as _};
use credentials::{
    IndexCredential, IndexIdentity, Patience, PypiToken, Secret, TokenFacts, TokenSource,
    aws::{self, Access, Owner, StoredError, StoredSecret},
};
use findings_model::{SchemaVersion, Timestamp};
use pypi_publish::IndexAddress;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    auth::{self, Place},
    failure,
    index::{IndexArgs, block_on},
};

/// The most bytes of the standard input: more than any token has.
const LIMIT: usize = 64 << 10;

/// Store a new token in AWS Secrets Manager, read from the standard input, and prove that it is the current one
///
/// The token is judged offline first: its form, its index, its project, its end. A secret that is JSON keeps its other keys.
/// AWS is asked with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or in a workflow with the role in AWS_ROLE_ARN.
#[derive(Debug, clap::Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    index: IndexArgs,
    /// Do everything but store
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Document {
    schema_version: SchemaVersion,
    index: String,
    region: String,
    secret: String,
    dry_run: bool,
    /// Whether another token is stored than before.
    changed: bool,
    /// The id of the version that is current; null if nothing was stored.
    version: Option<String>,
    /// Whether the value was read back and is the current one.
    verified: bool,
    token: NewToken,
    /// Where the old token is revoked by hand.
    revoke_at: Option<&'static str>,
}

#[derive(Serialize)]
struct NewToken {
    readable: bool,
    scope: Option<String>,
    expires: Option<Timestamp>,
}

impl Rotate {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let address = self.index.address(cx)?;
        let place = Place::of(&address, cx)?;
        let new = new_token(&address, cx)?;
        let facts = place.judge(&new)?;
        let settings = auth::settings(cx)?;
        let keys = auth::keys(&settings, Access::Rotate, &place, cx)?;
        let failed = |error| auth::aws_failed(error, &settings);

        let held =
            block_on(aws::read_secret_if_there(&settings, &keys.signing, Patience::default()))?.map_err(failed)?;
        if let Some(held) = &held {
            cx.hide(held.value().expose());
            let names = place.index_names();
            let owner = Owner { project: &place.project, index: &names, repository: place.job.repository.as_deref() };
            match held.judge(owner) {
                Ok(()) | Err(StoredError::NoJson) => {}
                Err(error) => {
                    let what = format!("the secret {} is not replaced", settings.secret());
                    let hint = error.hint();
                    return Err(failure::with_status(error, ExitStatus::Usage, hint, what).into());
                }
            }
        }
        let is_same = held.as_ref().is_some_and(|held| {
            held.token(address.token_shape()).is_ok_and(|token| token.expose() == new.token().expose())
        });
        let version = if is_same || self.dry_run {
            held.as_ref().and_then(|held| held.version().map(str::to_owned)).filter(|_| is_same)
        } else {
            let value = next_value(held.as_ref(), new.token(), cx)?;
            cx.hide(value.expose());
            let is_binary = held.as_ref().is_some_and(StoredSecret::is_binary);
            let stored = aws::replace_secret(&settings, &keys.signing, &value, is_binary, Patience::default());
            Some(block_on(stored)?.map_err(failed)?)
        };
        let document = Document {
            schema_version: SchemaVersion::new(1, 0),
            index: address.upload_url().to_string(),
            region: settings.region().to_owned(),
            secret: settings.secret().to_owned(),
            dry_run: self.dry_run,
            changed: !is_same && !self.dry_run,
            verified: version.is_some(),
            version,
            token: NewToken {
                readable: facts.is_some(),
                scope: facts.as_ref().map(|facts| facts.scope().to_string()),
                expires: new.expires(),
            },
            revoke_at: revoke_at(&place.index),
        };
        cx.result(&document, &document.text(facts.as_ref()))?;
        Ok(ExitStatus::Done)
    }
}

/// The token on the standard input: one line, whose end may be there or not.
fn new_token(address: &IndexAddress, cx: &Context) -> anyhow::Result<IndexCredential> {
    let mut stdin = std::io::stdin().lock();
    let hint = "pass it from a password manager or a file: `publish-pypi rotate < FILE`; never as an argument, which others can see";
    if stdin.is_terminal() {
        let what = "the new token is read from the standard input, which is a terminal";
        return Err(Failure::new(ExitStatus::Usage, what).hint(hint).into());
    }
    // As long as it may get, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(vec![0; LIMIT]);
    let mut length = 0;
    loop {
        let read = stdin.read(&mut bytes[length..]).or_fail(ExitStatus::Usage, "cannot read the new token")?;
        length += read;
        if read == 0 || length == LIMIT {
            break;
        }
    }
    let text = std::str::from_utf8(&bytes[..length]).or_fail(ExitStatus::Usage, "the new token is not text")?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    cx.hide(text);
    let token = PypiToken::parse(text.to_owned(), address.token_shape()).map_err(|error| {
        let what = format!("the standard input holds no token for {}", address.upload_url());
        let hint = if text.is_empty() { hint } else { error.hint() };
        failure::with_status(error, ExitStatus::Usage, hint, what)
    })?;
    cx.hide(token.basic().expose());
    Ok(IndexCredential::new(token, TokenSource::Input))
}

/// What is stored: the value of before with the new token in it. A value that looks like JSON and is none is replaced whole.
fn next_value(held: Option<&StoredSecret>, new: &PypiToken, cx: &mut Context) -> anyhow::Result<Secret> {
    let fresh = || StoredSecret::empty().with_token(new);
    let value = match held.map(|held| held.with_token(new)) {
        None => fresh(),
        Some(Err(StoredError::NoJson)) => {
            cx.note("warning: the secret looks like JSON but cannot be parsed; its whole value is replaced")?;
            fresh()
        }
        Some(value) => value,
    };
    Ok(value.or_fail(ExitStatus::Usage, "cannot form the new value of the secret")?)
}

fn revoke_at(index: &IndexIdentity) -> Option<&'static str> {
    match index {
        IndexIdentity::PyPi => Some("https://pypi.org/manage/account/"),
        IndexIdentity::TestPyPi => Some("https://test.pypi.org/manage/account/"),
        IndexIdentity::Other(_) => None,
    }
}

impl Document {
    fn text(&self, facts: Option<&TokenFacts>) -> String {
        let mut lines = Vec::new();
        if let Some(facts) = facts {
            lines.push(format!("The new token is for {}", facts.scope()));
        }
        lines.extend(self.token.expires.map(|time| format!("The new token ends at {time}")));
        let (secret, region) = (&self.secret, &self.region);
        match (&self.version, self.changed) {
            (Some(version), true) => {
                lines.push(format!("Stored in {secret} ({region}) as version {version}, read back, and current"));
                let place = self.revoke_at.unwrap_or("the index's page of tokens");
                lines.push(format!("Now revoke the old token: {place}"));
            }
            (Some(version), false) => {
                lines.push(format!("{secret} ({region}) holds this token already, as version {version}"));
            }
            (None, _) => lines.push(format!("Dry run: nothing was stored in {secret} ({region})")),
        }
        lines.join("\n")
    }
}
