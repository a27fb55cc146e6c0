use url::Url;
use web_address::is_loopback;

/// Sigstore's public certificate authority.
const PUBLIC_FULCIO: &str = "https://fulcio.sigstore.dev/";
/// Sigstore's public transparency log, of the version whose entries fit into an attestation: those of the next one have no
/// time of their own, and PEP 740 has no place for a timestamp.
const PUBLIC_REKOR: &str = "https://rekor.sigstore.dev/";

/// Where signatures are made: a certificate authority (Fulcio) and a transparency log (Rekor, API version 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub(crate) fulcio: Url,
    pub(crate) rekor: Url,
}

/// Why an address is none to send an identity token to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstanceError {
    /// Not a URL.
    #[error("the address {0:?} is not a valid URL")]
    NoUrl(String),
    /// Not https, nor http on this machine.
    #[error("the address {0} is not an https address")]
    Scheme(Url),
    /// User name, password, query or fragment inside.
    #[error("an address of Sigstore has a user name, password, query or fragment in it")]
    Extra,
}

impl Instance {
    /// Sigstore's public instance.
    pub fn public() -> Result<Self, InstanceError> {
        Self::new(PUBLIC_FULCIO, PUBLIC_REKOR)
    }

    /// An instance of one's own. Plain http is for this machine only.
    pub fn new(fulcio: &str, rekor: &str) -> Result<Self, InstanceError> {
        Ok(Self { fulcio: checked(fulcio)?, rekor: checked(rekor)? })
    }

    /// The certificate authority's address.
    pub fn fulcio(&self) -> &Url {
        &self.fulcio
    }

    /// The transparency log's address.
    pub fn rekor(&self) -> &Url {
        &self.rekor
    }

    /// Whether both are on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.fulcio) && is_loopback(&self.rekor)
    }
}

fn checked(text: &str) -> Result<Url, InstanceError> {
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(_) if text.contains('@') => return Err(InstanceError::Extra),
        Err(_) => return Err(InstanceError::NoUrl(crate::statement::shown(text))),
    };
    let is_bare = url.username().is_empty() && url.password().is_none();
    if !is_bare || url.query().is_some() || url.fragment().is_some() {
        return Err(InstanceError::Extra);
    }
    if web_address::may_be_asked(&url) { Ok(url) } else { Err(InstanceError::Scheme(url)) }
}
