use std::{convert::Infallible, time::Duration};

use cli_support::{Context, Masks};
use credentials::{IdToken, IdTokenSource, IndexCredential, Patience, RENEWED_BEFORE, TrustedError, TrustedPublishing};
use findings_model::{PackageName, Timestamp};
use pypi_publish::IndexClient;
use tokio::time::Instant;

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
        let passed = i64::try_from(read.elapsed().as_secs()).unwrap_or(i64::MAX);
        Timestamp::from_unix(started.moment().unix_timestamp().saturating_add(passed)).unwrap_or(started)
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

#[cfg(test)]
mod tests {
    use credentials::TokenShape;
    use pypi_publish::IndexAddress;
    use test_support::macaroon::token_with;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_publish_that_takes_long_is_never_left_with_a_token_that_ended() {
        // Another test of this program may have installed it already.
        drop(rustls::crypto::ring::default_provider().install_default());
        let wide = token_with("pypi.org", &[]);
        let wide = IndexCredential::from_environment("PYPI_TOKEN", wide, TokenShape::Pypi).unwrap();
        let project = PackageName::parse("sample-package").unwrap();
        let start: Timestamp = "2026-01-05T03:00:00Z".parse().unwrap();
        let address = IndexAddress::parse("http://127.0.0.1:9/", None).unwrap();
        let client = IndexClient::new(address, wide.narrowed(&project, start)).unwrap();
        let way = Way::Narrow { wide, project };
        let renewal = Renewal { way, masks: Masks::default(), started: (start, Instant::now()) };
        let hours = async {
            let mut left = Vec::new();
            for _ in 0..36 {
                tokio::time::sleep(Duration::from_mins(5)).await;
                let expires = client.credential().unwrap().expires().unwrap();
                left.push((expires.moment() - renewal.now().moment()).whole_minutes());
            }
            left
        };
        let left = renewal.beside(&client, hours).await;
        assert!(left.iter().all(|minutes| (4..=15).contains(minutes)), "{left:?}");
        let tokens = left.windows(2).filter(|pair| pair[1] > pair[0]).count();
        assert!(tokens > 10, "another token each ten minutes: {left:?}");
    }
}
