use credentials::TokenShape;
use dist_check::Target;
use findings_model::PackageName;
use url::Url;
use web_address::{is_loopback, may_be_asked};

/// The word for PyPI, its upload address and its simple API.
const PYPI: (&str, &str, &str) = ("pypi", "https://upload.pypi.org/legacy/", "https://pypi.org/simple/");
/// The word for TestPyPI, its upload address and its simple API.
const TEST_PYPI: (&str, &str, &str) = ("testpypi", "https://test.pypi.org/legacy/", "https://test.pypi.org/simple/");

/// Where an index takes uploads and where it lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexAddress {
    upload: Url,
    simple: Url,
    target: Target,
}

/// Why an address is none of an index. Messages hold no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL.
    #[error("the index address {0:?} is neither pypi, testpypi nor a URL")]
    NoUrl(String),
    /// User name or password inside.
    #[error("the index address has a user name or password in it")]
    Credentials,
    /// Neither https nor http.
    #[error("the index address {0} is not an https address")]
    Scheme(Url),
    /// Plain http to another machine.
    #[error("the index address {0} would send the token unencrypted to another machine")]
    Plain(Url),
    /// Another index's listing cannot prove what PyPI or TestPyPI has.
    #[error("the simple API {0} is not that of {1}")]
    Foreign(Url, &'static str),
    /// A query or fragment, which an index has none of.
    #[error("the index address {0} has a query or fragment")]
    Query(Url),
}

impl AddressError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Credentials => {
                "remove them from the address; the token comes from the environment variable PYPI_TOKEN"
            }
            Self::Plain(_) => "use https; plain http is for an index on this machine only (127.0.0.1, ::1, localhost)",
            Self::Foreign(..) => {
                "leave --simple-index, RELWARDEN_SIMPLE_INDEX and publish.simple_index out: it is known"
            }
            Self::NoUrl(_) | Self::Scheme(_) | Self::Query(_) => {
                "give pypi, testpypi, or the upload address of an index such as https://index.example.org/legacy/"
            }
        }
    }
}

impl IndexAddress {
    /// Takes `pypi`, `testpypi` or the upload address of an index.
    ///
    /// Without `simple`, the address of the simple API follows from the upload address: for PyPI and TestPyPI it is
    /// known; beside `…/legacy/` it is `…/simple/`; for an address that ends in `/simple/` the upload address is the
    /// folder above; else it is `simple/` below the upload address, as with pypiserver.
    pub fn parse(index: &str, simple: Option<&str>) -> Result<Self, AddressError> {
        for (word, upload, known_simple) in [PYPI, TEST_PYPI] {
            let (upload, known_simple) = (checked(upload)?, checked(known_simple)?);
            // Other addresses of the same hosts are mistaken for the upload address again and again.
            let is_known = index == word
                || checked(index).is_ok_and(|given| [upload.host(), known_simple.host()].contains(&given.host()));
            if is_known {
                if let Some(other) = simple.map(checked).transpose()?.filter(|other| *other != known_simple) {
                    return Err(AddressError::Foreign(other, word));
                }
                return Ok(Self { upload, simple: known_simple, target: Target::PyPi });
            }
        }
        let given = checked(index)?;
        let path = given.path().to_owned();
        let (upload, derived) = if let Some(above) = path.strip_suffix("simple/") {
            (with_path(&given, above), given)
        } else if let Some(above) = path.strip_suffix("legacy/") {
            let simple = with_path(&given, &format!("{above}simple/"));
            (given, simple)
        } else {
            let simple = with_path(&given, &format!("{path}simple/"));
            (given, simple)
        };
        let simple = simple.map_or(Ok(derived), checked)?;
        Ok(Self { upload, simple, target: Target::OtherIndex })
    }

    /// Where files are sent.
    pub fn upload_url(&self) -> &Url {
        &self.upload
    }

    /// The root of the simple API.
    pub fn simple_url(&self) -> &Url {
        &self.simple
    }

    /// Whose rules hold for files on this index.
    pub fn target(&self) -> Target {
        self.target
    }

    /// Whether this is TestPyPI, where releases are tried out and nobody gets them from.
    pub fn is_test(&self) -> bool {
        Url::parse(TEST_PYPI.1).is_ok_and(|test| test.host() == self.upload.host())
    }

    /// What this index's tokens look like.
    pub fn token_shape(&self) -> TokenShape {
        match self.target {
            Target::PyPi => TokenShape::Pypi,
            Target::OtherIndex => TokenShape::Opaque,
        }
    }

    /// The simple page of a project.
    pub(crate) fn page(&self, project: &PackageName) -> Url {
        with_path(&self.simple, &format!("{}{project}/", self.simple.path()))
    }

    /// Whether it is spoken to without TLS.
    pub(crate) fn is_plain(&self) -> bool {
        self.upload.scheme() == "http" && self.simple.scheme() == "http"
    }

    /// Whether the index is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.upload) && is_loopback(&self.simple)
    }
}

/// Whether a page is PyPI's own. A private index sends those there who ask for a project that it does not have.
pub(crate) fn leads_to_pypi(url: &Url) -> bool {
    Url::parse(PYPI.2).is_ok_and(|pypi| pypi.origin() == url.origin() && url.path().starts_with(pypi.path()))
}

/// A URL that credentials may be sent to, with a slash at its end.
fn checked(text: &str) -> Result<Url, AddressError> {
    let no_url =
        || AddressError::NoUrl(findings_model::text::shorten(&findings_model::text::one_line(text), 80).into_owned());
    let looks_like_credentials = text.contains('@');
    let mut url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(_) if looks_like_credentials => return Err(AddressError::Credentials),
        Err(_) => return Err(no_url()),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        url.set_query(None);
        url.set_fragment(None);
        return Err(AddressError::Query(url));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    may_be_asked(&url).then_some(()).ok_or_else(|| match url.scheme() {
        "http" => AddressError::Plain(url.clone()),
        _ => AddressError::Scheme(url.clone()),
    })?;
    Ok(url)
}

fn with_path(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(index: &str) -> (String, String, Target) {
        let address = IndexAddress::parse(index, None).unwrap();
        (address.upload.to_string(), address.simple.to_string(), address.target)
    }

    #[test]
    fn the_simple_address_follows_from_the_upload_address() {
        let (pypi, test) =
            ((PYPI.1.into(), PYPI.2.into(), Target::PyPi), (TEST_PYPI.1.into(), TEST_PYPI.2.into(), Target::PyPi));
        for same in ["pypi", PYPI.1, PYPI.2, "https://upload.pypi.org/legacy"] {
            assert_eq!(both(same), pypi, "{same}");
        }
        for (index, is_test) in [("pypi", false), ("testpypi", true), (TEST_PYPI.2, true), ("https://pypi.org/", false)]
        {
            assert_eq!(IndexAddress::parse(index, None).unwrap().is_test(), is_test, "{index}");
        }
        for same in ["testpypi", TEST_PYPI.1, TEST_PYPI.2] {
            assert_eq!(both(same), test, "{same}");
        }
        for (index, upload, simple) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/simple/"),
            ("http://[::1]/simple/", "http://[::1]/", "http://[::1]/simple/"),
            ("https://i.example/x/legacy/", "https://i.example/x/legacy/", "https://i.example/x/simple/"),
            ("https://i.example/root/dev/", "https://i.example/root/dev/", "https://i.example/root/dev/simple/"),
        ] {
            assert_eq!(both(index), (upload.to_owned(), simple.to_owned(), Target::OtherIndex), "{index}");
        }
        let devpi =
            IndexAddress::parse("http://localhost:3141/root/dev/", Some("http://localhost:3141/root/dev/+simple/"));
        assert_eq!(devpi.unwrap().simple.path(), "/root/dev/+simple/");
    }

    #[test]
    fn unsafe_addresses_are_refused_without_repeating_secrets() {
        let foreign = IndexAddress::parse("pypi", Some("http://127.0.0.1:3141/simple/"));
        assert!(matches!(foreign, Err(AddressError::Foreign(_, "pypi"))), "another listing proves nothing");
        assert!(IndexAddress::parse("pypi", Some(PYPI.2)).is_ok());
        assert!(matches!(IndexAddress::parse("http://index.example/", None), Err(AddressError::Plain(_))));
        assert!(matches!(IndexAddress::parse("ftp://index.example/", None), Err(AddressError::Scheme(_))));
        assert!(matches!(IndexAddress::parse("index", None), Err(AddressError::NoUrl(_))));
        assert!(matches!(IndexAddress::parse("http://127.0.0.1/?x", None), Err(AddressError::Query(_))));
        assert!(matches!(
            IndexAddress::parse("http://127.0.0.1/", Some("http://other.example/")),
            Err(AddressError::Plain(_))
        ));
        for secret in ["https://__token__:hunter2@index.example/", "__token__:hunter2@index.example"] {
            let error = IndexAddress::parse(secret, None).unwrap_err();
            assert_eq!(error, AddressError::Credentials);
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
