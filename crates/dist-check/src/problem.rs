use serde::Serialize;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The index refuses the file, or installing it fails or is unsafe.
    Error,
    /// The file works, but not as its author would want.
    Warning,
    /// Worth knowing.
    Info,
}

impl Level {
    /// `error`, `warning` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// One problem of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The rule's code, stable over releases (see [`crate::rules`]).
    pub code: &'static str,
    /// How bad it is.
    #[serde(rename = "severity")]
    pub level: Level,
    /// What is wrong and where, one line, safe to show.
    pub message: String,
    /// What the index answers to an upload of the file, or how its answer begins; none if it has no words for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_says: Option<String>,
    /// What mends it.
    pub hint: String,
    /// Where the rule is described: a page of the project's documentation and the place on it.
    pub docs: String,
}
