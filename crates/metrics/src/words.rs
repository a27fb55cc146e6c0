use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A word that is none of those that are known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a valid {what} (must be one of {known})")]
pub struct WordError {
    what: &'static str,
    found: String,
    known: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every word, in the order of the help text.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in documents and on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = WordError;
            fn from_str(word: &str) -> Result<Self, WordError> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word).ok_or_else(|| WordError {
                    what: $what,
                    found: findings_model::text::shorten(&findings_model::text::one_line(word), 40).into_owned(),
                    known: Self::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

words! {
    /// How a run stands.
    RunStatus, "run status",
    /// Started, and not reported as finished.
    Running = "running",
    /// Finished, all well.
    Success = "success",
    /// Finished with an error.
    Failed = "failed",
    /// Stopped by a person or replaced by another run; counted, and part of no rate.
    Cancelled = "cancelled",
}

words! {
    /// How a run can end.
    FinalStatus, "final status",
    /// All well.
    Success = "success",
    /// With an error.
    Failed = "failed",
    /// Stopped by a person or replaced by another run.
    Cancelled = "cancelled",
}

impl From<FinalStatus> for RunStatus {
    fn from(status: FinalStatus) -> Self {
        match status {
            FinalStatus::Success => Self::Success,
            FinalStatus::Failed => Self::Failed,
            FinalStatus::Cancelled => Self::Cancelled,
        }
    }
}

words! {
    /// How a stage of a run stands.
    StageStatus, "stage status",
    /// Begun, end not reported.
    Running = "running",
    /// Ended, all well.
    Success = "success",
    /// Ended with an error.
    Failed = "failed",
    /// Left out on purpose.
    Skipped = "skipped",
    /// Stopped from outside.
    Cancelled = "cancelled",
    /// The run finished before the stage's end was reported.
    Unfinished = "unfinished",
}

words! {
    /// What kind of release a run was for.
    ReleaseType, "release type",
    /// A release because the security picture changed.
    SecurityAuto = "security_auto",
    /// A release that a person asked for.
    Manual = "manual",
    /// No release.
    None = "none",
}

words! {
    /// What a run says about publishing when it finishes.
    PublishReport, "publish report",
    /// What the `publish` stage said; without one, the run's own status, if the run was for a release.
    Auto = "auto",
    /// The run decided on a release that something else publishes: no attempt of this run.
    Elsewhere = "elsewhere",
    /// Published, and seen on the index.
    Success = "success",
    /// Tried to publish in vain.
    Failed = "failed",
}
