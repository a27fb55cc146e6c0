use std::fmt;

use serde::{Deserialize, Serialize};

/// How a publish proves to the index who publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PublishAuth {
    /// The index's own trusted publishing.
    Trusted,
    /// A token in AWS Secrets Manager, by an identity token and a role.
    Aws,
    /// A token in the environment variable `PYPI_TOKEN`.
    Env,
    /// Nothing: an index of one's own that asks for none.
    None,
}

impl PublishAuth {
    /// The word on the command line and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Aws => "aws",
            Self::Env => "env",
            Self::None => "none",
        }
    }
}

impl fmt::Display for PublishAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
