use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use cli_support::{Context, Masks};
use credentials::{IdToken, IdTokenSource, IndexCredential, Patience, RENEWED_BEFORE, TrustedError, TrustedPublishing};
use findings_model::{PackageName, Timestamp};
use pypi_publish::IndexClient;

use super::Place;

/// The shortest time between two renewals, and after one that failed.
const APART: Duration = Duration::from_secs(30);

/// How to get another credential when the one in use ends, for a publish that lasts longer than it does.
pub(crate) struct Renewal {
    way: Way,
    masks: Masks,
    /// The time of the run, and the moment that it was read.
    started: (Timestamp, Instant),
}

enum Way {
    /// The index mints another token.
    Mint { index: Box<TrustedPublishing>, source: Box<IdTokenSource> },
    /// The token that does not end is narrowed again.
    Narrow { wide: IndexCredential, project: PackageName },
}

impl Renewal {
    pub(super) fn minting(index: TrustedPublishing, source: IdTokenSource, now: Timestamp, masks: Masks) -> Self {
        let way = Way::Mint { index: Box::new(index), source: Box::new(source) };
        Self { way, masks, started: (now, Instant::now()) }
    }

    pub(super) fn narrowing(wide: IndexCredential, place: &Place, cx: &Context) -> Self {
        let way = Way::Narrow { wide, project: place.project.clone() };
        Self { way, masks: cx.masks(), started: (place.now, Instant::now()) }
    }

    /// Does some work with a client, and gives the client another credential each time before the one in use ends.
    pub(crate) async fn beside<T>(&self, client: &IndexClient, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            never = self.keep(client) => match never {},
        }
    }

    async fn keep(&self, client: &IndexClient) -> Infallible {
        loop {
            let Some(expires) = client.credential().and_then(|credential| credential.expires()) else {
                return std::future::pending().await;
            };
            let left = expires.moment() - self.now().moment() - RENEWED_BEFORE;
            tokio::time::sleep(Duration::try_from(left).unwrap_or_default().max(APART)).await;
            match self.another().await {
                Ok(Some(credential)) => client.renew(credential),
                Ok(None) => return std::future::pending().await,
                Err(error) => tracing::warn!("the token cannot be renewed: {error}"),
            }
        }
    }

    /// The time of the run, and what has passed since.
    fn now(&self) -> Timestamp {
        let (started, read) = self.started;
        Timestamp::new(started.moment() + read.elapsed())
    }

    async fn another(&self) -> Result<Option<IndexCredential>, TrustedError> {
        let credential = match &self.way {
            Way::Mint { index, source } => {
                let audience = index.audience(Patience::default()).await?;
                let look = |identity: &IdToken| {
                    self.masks.hide(identity.token().expose());
                    Ok::<(), TrustedError>(())
                };
                let minted = index.mint(source, &audience, Patience::default(), look).await?;
                Some(IndexCredential::minted(minted))
            }
            Way::Narrow { wide, project } => wide.narrowed(project, self.now()),
        };
        if let Some(credential) = &credential {
            self.masks.hide(credential.token().expose());
            self.masks.hide(credential.token().basic().expose());
        }
        Ok(credential)
    }
}
