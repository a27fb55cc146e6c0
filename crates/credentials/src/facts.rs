//! What a token of PyPI says about itself, without the index.

use std::{collections::BTreeSet, fmt};

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::NO_PAD},
};
use findings_model::{PackageName, Timestamp, text};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    PypiToken, TokenShape,
    macaroon::{Macaroon, MacaroonError},
    token::PREFIX,
};

/// Base64url with or without padding, as copies of a token have it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const BASE64_OUT: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD);

/// How long a narrowed token lives, in seconds.
pub const NARROWED_SECONDS: i64 = 15 * 60;

/// How far the index's clock may be behind ours, in seconds: a narrowed token counts from that much earlier.
const CLOCK_SKEW: i64 = 60;

/// Which index, by the name of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexIdentity {
    /// pypi.org and its hosts.
    PyPi,
    /// test.pypi.org.
    TestPyPi,
    /// Any other, by host.
    Other(String),
}

impl IndexIdentity {
    /// The index that a host belongs to.
    pub fn of_host(host: &str) -> Self {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match host.as_str() {
            "pypi.org" | "upload.pypi.org" | "pypi.python.org" => Self::PyPi,
            "test.pypi.org" | "upload.test.pypi.org" | "testpypi.python.org" => Self::TestPyPi,
            _ => Self::Other(host),
        }
    }

    /// The value of `--index` that means it, where there is one.
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Self::PyPi => Some("pypi"),
            Self::TestPyPi => Some("testpypi"),
            Self::Other(_) => None,
        }
    }

    /// Whether this index may ask for identity tokens under a name. The public indexes have one each; others have any but those of
    /// services that trust the jobs of GitHub, which would take such a token from whoever shows it. A server on this machine plays
    /// another index's part.
    pub(crate) fn may_be_called(&self, audience: &str) -> bool {
        match self {
            Self::PyPi => audience == "pypi",
            Self::TestPyPi => audience == "testpypi",
            Self::Other(host) => web_address::is_loopback_host(host) || !is_of_other_service(audience),
        }
    }

    /// Whether this index may be sent a token that `issuer` gave out. A server on this machine may: it plays another index's part.
    fn takes_tokens_of(&self, issuer: &Self) -> bool {
        self == issuer || matches!(self, Self::Other(host) if web_address::is_loopback_host(host))
    }
}

/// Whether an audience is that of a service other than a private index: PyPI, TestPyPI, Sigstore, a cloud, GitHub itself, or this
/// program's own.
fn is_of_other_service(audience: &str) -> bool {
    let audience = audience.trim().to_ascii_lowercase();
    let services = ["amazonaws.com", "googleapis.com", "azuread", "microsoft", "sigstore", "github.com", "pypi.org"];
    matches!(audience.as_str(), "" | "pypi" | "testpypi" | crate::OWN_AUDIENCE)
        || services.iter().any(|service| audience.contains(service))
}

impl fmt::Display for IndexIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PyPi => f.write_str("PyPI"),
            Self::TestPyPi => f.write_str("TestPyPI"),
            Self::Other(host) => f.write_str(&text::one_line(&text::shorten(host, 80))),
        }
    }
}

/// A caveat of PyPI's: a condition of the token's use (`warehouse/macaroons/caveats`).
#[derive(Clone, Debug, PartialEq, Eq)]
enum Caveat {
    Time { expires: i64, from: i64 },
    Projects(BTreeSet<String>),
    ProjectIds(usize),
    User,
    Publisher,
    Unknown,
}

/// What a token may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenScope {
    /// These projects only, by normalised name.
    Projects(BTreeSet<String>),
    /// So many projects, which the token names by ids that only the index knows.
    ProjectIds(usize),
    /// The projects of a trusted publisher.
    Publisher,
    /// Every project of the account that made it.
    Account,
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Projects(names) if names.is_empty() => f.write_str("no project"),
            Self::Projects(names) => {
                let names: Vec<String> = names.iter().map(|name| text::one_line(&text::shorten(name, 100))).collect();
                write!(f, "the project {}", names.join(" or "))
            }
            Self::ProjectIds(1) => f.write_str("one project, which it names by an id"),
            Self::ProjectIds(count) => write!(f, "{count} projects, which it names by ids"),
            Self::Publisher => f.write_str("the projects of a trusted publisher"),
            Self::Account => f.write_str("every project of an account"),
        }
    }
}

/// What a token says about itself. None of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    location: Option<String>,
    caveats: Vec<Caveat>,
}

/// What a token is wanted for.
#[derive(Clone, Copy, Debug)]
pub struct TokenUse<'a> {
    /// The index that it is sent to.
    pub index: &'a IndexIdentity,
    /// The project whose files are published.
    pub project: &'a PackageName,
    /// The time of the use.
    pub now: Timestamp,
}

/// Why a token, whole as it is, is not the one for this use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenMisfit {
    /// Made by another index.
    #[error("the token was made by {issuer}, and is not sent to {index}")]
    WrongIndex {
        /// Who made it.
        issuer: IndexIdentity,
        /// Where it was to be sent.
        index: IndexIdentity,
    },
    /// Not valid any more.
    #[error("the token expired at {0}")]
    Expired(Timestamp),
    /// Not valid yet.
    #[error("the token is not valid before {0}")]
    NotYet(Timestamp),
    /// Made for other projects.
    #[error("the token is for {scope}, not for {project}")]
    OtherProject {
        /// What it is for.
        scope: TokenScope,
        /// What it was to be used for.
        project: PackageName,
    },
}

impl TokenMisfit {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::WrongIndex { issuer, index } => {
                let other = issuer.word().map(|word| format!(", or publish with --index {word}")).unwrap_or_default();
                format!("store a token that {index} made{other}")
            }
            Self::Expired(_) => "make a new token on the index and store it with `publish-pypi rotate`".to_owned(),
            Self::NotYet(_) => "compare the clock of this machine with the time that the token names".to_owned(),
            Self::OtherProject { project, .. } => {
                format!("make a token for {project} on the index and store it with `publish-pypi rotate`")
            }
        }
    }
}

impl TokenFacts {
    /// Reads a token of PyPI's making. Other indexes' tokens are errors: nothing is known of them.
    pub fn read(token: &PypiToken) -> Result<Self, MacaroonError> {
        let bytes = decoded(token)?;
        let macaroon = Macaroon::read(&bytes)?;
        Ok(Self {
            location: macaroon.location.map(str::to_owned),
            caveats: macaroon.caveats.iter().map(|bytes| Caveat::read(bytes)).collect(),
        })
    }

    /// The index that made it, if it says so.
    pub fn index(&self) -> Option<IndexIdentity> {
        self.location.as_deref().map(IndexIdentity::of_host)
    }

    /// The end of its validity, if it has one.
    pub fn expires(&self) -> Option<Timestamp> {
        let times = self.caveats.iter().filter_map(|caveat| match caveat {
            Caveat::Time { expires, .. } => Some(*expires),
            _ => None,
        });
        times.min().and_then(Timestamp::from_unix)
    }

    /// The start of its validity, if it has one.
    pub fn valid_from(&self) -> Option<Timestamp> {
        let times = self.caveats.iter().filter_map(|caveat| match caveat {
            Caveat::Time { from, .. } => Some(*from),
            _ => None,
        });
        times.max().and_then(Timestamp::from_unix)
    }

    /// What it may be used for: the narrowest that its caveats say.
    pub fn scope(&self) -> TokenScope {
        let named = self.caveats.iter().filter_map(|caveat| match caveat {
            Caveat::Projects(names) => Some(names.clone()),
            _ => None,
        });
        if let Some(names) = named.reduce(|all, names| &all & &names) {
            return TokenScope::Projects(names);
        }
        let ids = self.caveats.iter().filter_map(|caveat| match caveat {
            Caveat::ProjectIds(count) => Some(*count),
            _ => None,
        });
        if let Some(count) = ids.min() {
            return TokenScope::ProjectIds(count);
        }
        if self.caveats.contains(&Caveat::Publisher) { TokenScope::Publisher } else { TokenScope::Account }
    }

    /// Whether it carries a condition that this program does not know.
    pub fn has_unknown_caveat(&self) -> bool {
        self.caveats.contains(&Caveat::Unknown)
    }

    /// Whether the token may be shown to an index: the one that made it, or a server on this machine.
    pub fn may_be_sent_to(&self, index: &IndexIdentity) -> bool {
        self.index().is_none_or(|issuer| index.takes_tokens_of(&issuer))
    }

    /// Whether the token is one for this use, as far as it says so itself.
    pub fn judge(&self, wanted: TokenUse<'_>) -> Result<(), TokenMisfit> {
        if let Some(issuer) = self.index()
            && !wanted.index.takes_tokens_of(&issuer)
        {
            return Err(TokenMisfit::WrongIndex { issuer, index: wanted.index.clone() });
        }
        if let Some(expires) = self.expires()
            && wanted.now >= expires
        {
            return Err(TokenMisfit::Expired(expires));
        }
        if let Some(from) = self.valid_from()
            && wanted.now < from
        {
            return Err(TokenMisfit::NotYet(from));
        }
        let scope = self.scope();
        if let TokenScope::Projects(names) = &scope
            && !names.contains(&wanted.project.to_string())
        {
            return Err(TokenMisfit::OtherProject { scope, project: wanted.project.clone() });
        }
        Ok(())
    }
}

impl PypiToken {
    /// The token for this project and the next fifteen minutes only: whoever gets hold of it can do little with it.
    ///
    /// Works for tokens of PyPI's making, without the index.
    pub fn narrowed(&self, project: &PackageName, now: Timestamp) -> Result<Self, MacaroonError> {
        let bytes = decoded(self)?;
        let macaroon = Macaroon::read(&bytes)?;
        let now = now.moment().unix_timestamp();
        let caveats = [
            serde_json::json!([1, [project.to_string()]]).to_string(),
            serde_json::json!([0, now + NARROWED_SECONDS, now - CLOCK_SKEW]).to_string(),
        ];
        let narrowed = macaroon.narrowed(&caveats);
        let mut text = String::with_capacity(PREFIX.len() + narrowed.len().div_ceil(3) * 4);
        text.push_str(PREFIX);
        BASE64_OUT.encode_string(&*narrowed, &mut text);
        // A token too long for a header is the one thing that can be wrong with it.
        Self::parse(text, TokenShape::Pypi).map_err(|_too_long| MacaroonError::TooMuch)
    }
}

/// The bytes of a token behind its prefix.
fn decoded(token: &PypiToken) -> Result<Zeroizing<Vec<u8>>, MacaroonError> {
    let text = token.expose().strip_prefix(PREFIX).ok_or(MacaroonError::Version)?;
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let length = BASE64.decode_slice(text, &mut bytes).map_err(|_position| cut_or_foreign(text))?;
    bytes.truncate(length);
    Ok(bytes)
}

/// One character more than whole bytes need is what a cut leaves behind.
fn cut_or_foreign(text: &str) -> MacaroonError {
    let is_base64 = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if is_base64 { MacaroonError::Truncated } else { MacaroonError::Encoding }
}

impl Caveat {
    fn read(bytes: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
            return Self::Unknown;
        };
        Self::from_list(&value).or_else(|| Self::from_table(&value)).unwrap_or(Self::Unknown)
    }

    /// Today's form: a number for the kind, then its values.
    fn from_list(value: &Value) -> Option<Self> {
        let (kind, values) = value.as_array()?.split_first()?;
        match (kind.as_u64()?, values) {
            (0, [expires, from, ..]) => Some(Self::Time { expires: expires.as_i64()?, from: from.as_i64()? }),
            (1, [names, ..]) => Some(Self::Projects(texts(names)?)),
            (2, [ids, ..]) => Some(Self::ProjectIds(ids.as_array()?.len())),
            (3, [_, ..]) => Some(Self::User),
            (4, [_, ..]) => Some(Self::Publisher),
            _ => None,
        }
    }

    /// The form of tokens made before 2022, which the index still takes.
    fn from_table(value: &Value) -> Option<Self> {
        let table = value.as_object()?;
        if table.get("version").and_then(Value::as_u64) == Some(1) {
            let permissions = table.get("permissions")?;
            return match permissions.as_str() {
                Some("user") => Some(Self::User),
                Some(_) => None,
                None => Some(Self::Projects(texts(permissions.get("projects")?)?)),
            };
        }
        if let (Some(expires), Some(from)) = (table.get("exp"), table.get("nbf")) {
            return Some(Self::Time { expires: expires.as_i64()?, from: from.as_i64()? });
        }
        Some(Self::ProjectIds(table.get("project_ids")?.as_array()?.len()))
    }
}

fn texts(value: &Value) -> Option<BTreeSet<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests;
