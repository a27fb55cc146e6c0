use std::fmt;

use findings_model::{AdvisoryId, text};
use url::Url;

/// The address of a service or of a file that is fetched: `https`, or `http` on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceAddress(Url);

/// Why a text is no address to ask.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceAddressError {
    /// It is no URL.
    #[error("{0:?} is not a valid address; one begins with https://")]
    Malformed(String),
    /// Plain http to another machine: anybody on the way could change the answers.
    #[error("{0} is not https; plain http is for this machine only")]
    Insecure(String),
    /// It carries a name or a password, which would end up in logs.
    #[error("the address of {0} holds a user name or a password")]
    Credentials(String),
}

impl SourceAddress {
    /// Reads an address.
    pub(crate) fn parse(address: &str) -> Result<Self, SourceAddressError> {
        let shown = || text::shorten(&text::one_line(address.trim()), 200).into_owned();
        let mut url = Url::parse(address.trim()).map_err(|_| SourceAddressError::Malformed(shown()))?;
        let host = url.host_str().ok_or_else(|| SourceAddressError::Malformed(shown()))?.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SourceAddressError::Credentials(host));
        }
        url.set_fragment(None);
        let address = Self(url);
        match address.0.scheme() {
            "https" => Ok(address),
            "http" if address.is_loopback() => Ok(address),
            "http" => Err(SourceAddressError::Insecure(shown())),
            _ => Err(SourceAddressError::Malformed(shown())),
        }
    }

    /// The address itself.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// Whether it is on this machine: there no proxy is used.
    pub(crate) fn is_loopback(&self) -> bool {
        web_address::is_loopback(&self.0)
    }

    /// The address of one record below an OSV service's base address. The id is one part of the path, whatever is in it.
    pub(crate) fn record(&self, id: &AdvisoryId) -> Self {
        let mut url = self.0.clone();
        url.set_query(None);
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v1", "vulns", id.as_str()]);
        }
        Self(url)
    }
}

/// Scheme, host and path: a query could hold a key.
impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_str();
        f.write_str(text.split_once('?').map_or(text, |(front, _)| front).trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_asked() {
        for good in ["https://api.osv.dev", "http://127.0.0.1:8080/", "http://[::1]:1/x", "http://localhost:1"] {
            assert!(SourceAddress::parse(good).is_ok(), "{good}");
        }
        for bad in ["http://api.osv.dev", "http://127.0.0.1.example.org", "ftp://a/b", "osv.dev", "", "https://u:p@a/b"]
        {
            assert!(SourceAddress::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_stays_one_part_of_the_path() {
        let record = |base: &str, id: &str| {
            SourceAddress::parse(base).unwrap().record(&AdvisoryId::parse(id).unwrap()).url().to_string()
        };
        assert_eq!(record("https://api.osv.dev", "CVE-2023-1"), "https://api.osv.dev/v1/vulns/CVE-2023-1");
        assert_eq!(
            record("https://mirror.example/osv/?key=1", "A/../B?c#d"),
            "https://mirror.example/osv/v1/vulns/A%2F..%2FB%3Fc%23d"
        );
    }

    #[test]
    fn what_a_query_holds_is_not_shown() {
        assert_eq!(
            SourceAddress::parse("https://a.example/kev.json?key=secret").unwrap().to_string(),
            "https://a.example/kev.json"
        );
    }
}
