//! The configuration: `[tool.relwarden]` in `pyproject.toml`, or `relwarden.toml` where there is none.

use std::collections::BTreeSet;

use findings_model::{PackageName, PublishAuth, SlaDays, order};
use serde::Deserialize;

mod advisories;
mod attestations;
mod exceptions;
mod load;
mod protection;
mod read_error;
mod reader;
mod scanner_name;
mod scanners;
#[cfg(feature = "schema")]
mod schema;

pub use advisories::Advisories;
pub use attestations::Attestations;
pub use exceptions::Exception;
pub(crate) use load::load;
pub use protection::Protection;
pub use read_error::ReadError;
pub(crate) use reader::from_toml;
pub use scanners::{Scanner, Scanners};
#[cfg(feature = "schema")]
pub use schema::schema;

/// The project's settings, complete: what is not written has its default.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct Config {
    /// The project itself.
    pub project: Project,
    /// Which scanners are used and how their reports count.
    pub scanners: Scanners,
    /// Who is asked how bad a flaw is.
    pub advisories: Advisories,
    /// Days within which a finding should be gone, by severity.
    pub sla: SlaDays,
    /// Findings that a person set aside: each has a `status` (`accepted_risk`, `false_positive` or `not_affected`), a `reason`, and one
    /// or more of `id`, `rule`, `package` and `path`; `owner` and `expires` may be added.
    pub exceptions: Vec<Exception>,
    /// What makes a release due.
    pub release: release_decision::Policy,
    /// Where the next version is written, and what becomes of it in git.
    pub bump: release_decision::BumpSettings,
    /// Where and how files are published.
    pub publish: Publish,
    /// The public status.
    pub status: Status,
    /// Where what one run leaves for the next one is kept.
    pub state: State,
    /// How long history is kept.
    pub retention: Retention,
    /// The project's own checks, a shell command each; the publish workflow runs them before a build.
    pub quality_gates: Vec<String>,
    /// The project's name and version as the other tables of `pyproject.toml` and `setup.cfg` say them.
    #[serde(skip)]
    pub found: Found,
}

/// What the project's own metadata says.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The name, from the first place that has one: our table, `[project]`, `[tool.poetry]`, `setup.cfg`.
    pub name: Option<PackageName>,
    /// The text of `pyproject.toml`, for the places of the version.
    pub pyproject: Option<String>,
    /// The file that holds the settings, where there is one.
    pub settings: Option<String>,
}

/// `[tool.relwarden.project]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Project {
    /// The package's name, where the project's metadata does not say it.
    pub name: Option<String>,
    /// The project's public address, linked from the status page.
    pub url: Option<String>,
}

/// `[tool.relwarden.publish]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Publish {
    /// The index's upload address [default: PyPI].
    pub index: Option<String>,
    /// The index's simple API [default: the one that belongs to the upload address].
    pub simple_index: Option<String>,
    /// How to prove who publishes [default: by what is present].
    pub auth: Option<PublishAuth>,
    /// Who may publish.
    pub protection: Protection,
    /// Whose signature is expected, and how it is made.
    pub attestations: Attestations,
    /// Bounds of what is sent.
    pub limits: PublishLimits,
    /// Who is told how a publish ended.
    pub notify: Notify,
}

/// `[tool.relwarden.publish.notify]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// The name of the environment variable that holds the webhook's address, which is a secret [default: nobody is told].
    pub url_env: Option<String>,
    /// How the message is written.
    pub format: NotifyFormat,
    /// What is told.
    pub on: BTreeSet<NotifyOn>,
}

/// How a message to a webhook is written.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotifyFormat {
    /// A JSON document of our own.
    #[default]
    Json,
    /// What Slack's incoming webhooks take, and those of others that follow them.
    Slack,
}

/// An end of a publish that is told.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotifyOn {
    /// It failed.
    Failure,
    /// The index lists every file.
    Success,
}

impl Config {
    /// What is wrong with a value that its type does not tell, and what to write. The value is not shown: it may hold a secret.
    fn fault(&self) -> Option<(String, &'static str)> {
        let is_variable = |name: &String| {
            !name.is_empty()
                && !name.starts_with(|c: char| c.is_ascii_digit())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        if !self.publish.notify.url_env.as_ref().is_none_or(is_variable) {
            return Some((
                "publish.notify.url_env is no name of an environment variable: letters, digits and `_`".to_owned(),
                "write the webhook's address into an environment variable, and the variable's name here",
            ));
        }
        let addresses = [("project.url", &self.project.url), ("status.url", &self.status.url)];
        let is_page = |url: &String| findings_model::text::is_linkable(url);
        let (key, _) = addresses.into_iter().find(|(_, url)| !url.as_ref().is_none_or(is_page))?;
        Some((
            format!("{key} is no address that a page may link"),
            "write it as https://HOST/PATH, without a user name, a password, quotation marks, parentheses or spaces",
        ))
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self { url_env: None, format: NotifyFormat::default(), on: order::set([NotifyOn::Failure]) }
    }
}

/// `[tool.relwarden.publish.limits]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublishLimits {
    /// The largest file, in bytes [default: the index's 100 MiB].
    pub file_bytes: u64,
    /// The most that all files of the project may have together, in bytes [default: the index's 10 GiB].
    pub project_bytes: u64,
    /// Days in which a release takes new files [default: the index's 14]; 0 for an index that always does.
    pub release_days: u32,
}

impl Default for PublishLimits {
    fn default() -> Self {
        Self { file_bytes: 100 * 1024 * 1024, project_bytes: 10 * 1024 * 1024 * 1024, release_days: 14 }
    }
}

/// `[tool.relwarden.status]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Status {
    /// The public address of `index.json`, whose response time is measured; release notes link the page beside it.
    pub url: Option<String>,
    /// A required scan older than this many days gives no grade.
    pub max_scan_age_days: u32,
    /// Days between scans.
    pub scan_interval_days: u32,
}

impl Default for Status {
    fn default() -> Self {
        Self { url: None, max_scan_age_days: 10, scan_interval_days: 7 }
    }
}

/// `[tool.relwarden.state]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The branch that `commit-state` pushes to, where the one that is checked out takes no push [default: the one that is checked out].
    pub branch: Option<String>,
}

/// `[tool.relwarden.retention]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days that archived scans are kept; the newest is never removed.
    pub scan_days: u32,
    /// Days that events are kept.
    pub event_days: u32,
    /// Days that single run records are kept before they are folded into months.
    pub run_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { scan_days: 90, event_days: 365, run_days: 35 }
    }
}

impl Config {
    /// Reads the text of a `relwarden.toml`.
    pub fn from_toml(text: &str) -> Result<Self, ReadError> {
        from_toml(text)
    }

    /// The project's normalised name; exit status 2 if nothing says it.
    pub fn project_name(&self) -> Result<&PackageName, crate::Failure> {
        self.found.name.as_ref().ok_or_else(|| {
            let file = self.found.settings.as_deref().unwrap_or("pyproject.toml");
            crate::Failure::new(crate::ExitStatus::Usage, "cannot tell the project's name")
                .hint(format!("set name in [project] of {file}"))
        })
    }
}

#[cfg(test)]
mod tests;
