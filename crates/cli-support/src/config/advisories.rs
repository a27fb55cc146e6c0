use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer, de::Error as _};

/// `[tool.relwarden.advisories]`: who is asked how bad a flaw is. An address is `https`, or `http` on this machine.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Advisories {
    /// Folders of OSV records, `all.zip` exports or single records, below the project.
    pub paths: Vec<PathBuf>,
    /// The OSV service that is asked for what the paths lack; an empty text asks none.
    pub osv_url: String,
    /// The catalogue of known exploited vulnerabilities (JSON): a file or an address [default: not used].
    pub kev: Option<String>,
    /// The scores of how likely attacks are (CSV, plain or gzip): a file or an address [default: not used].
    pub epss: Option<String>,
    /// Seconds for everything that one run asks of services, 1 to 600.
    #[serde(deserialize_with = "seconds")]
    pub timeout_seconds: u32,
}

impl Advisories {
    /// The time for everything that one run asks.
    pub fn budget(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }
}

impl Default for Advisories {
    fn default() -> Self {
        Self { paths: Vec::new(), osv_url: advisories::OSV_API.to_owned(), kev: None, epss: None, timeout_seconds: 30 }
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let seconds = u32::deserialize(deserializer)?;
    if (1..=600).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(D::Error::custom(format!("timeout_seconds goes from 1 to 600, this is {seconds}")))
    }
}
