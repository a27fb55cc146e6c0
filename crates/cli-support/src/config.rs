//! The configuration: `[tool.relwarden]` in `pyproject.toml`, or `relwarden.toml` where there is none.

use std::collections::{BTreeMap, BTreeSet};

use findings_model::{PackageName, PublishAuth, ScannerName, SlaDays, order};
use serde::{Deserialize, Deserializer, de};

mod advisories;
mod attestations;
mod exceptions;
mod load;
mod protection;
mod reader;
mod scanner_name;
#[cfg(feature = "schema")]
mod schema;

pub use advisories::Advisories;
pub use attestations::Attestations;
pub use exceptions::Exception;
pub(crate) use load::load;
pub use protection::Protection;
pub use reader::ReadError;
pub(crate) use reader::from_toml;
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
    /// Findings that a person set aside.
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

/// `[tool.relwarden.scanners]`, with a table for each scanner that needs one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanners {
    /// Scanners without which a run is incomplete; by default each one that ever gave a usable report, or gave any in the run.
    pub required: Option<BTreeSet<ScannerName>>,
    /// Scanners that are no longer used: their findings become unverified, not resolved.
    pub retired: BTreeSet<ScannerName>,
    /// Packages and files that a scanner may skip without a mark on the grade.
    pub accepted_gaps: BTreeSet<String>,
    /// The scanners' own settings.
    pub each: BTreeMap<ScannerName, Scanner>,
}

/// `[tool.relwarden.scanners.NAME]`
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scanner {
    /// Whether an empty report is believed: `[]` after one with content, and a list of secrets from below the top of a repository.
    pub trust_empty: bool,
    /// How many reports of it a run has; by default as many as the run before, and fewer are a missing one.
    pub reports: Option<usize>,
}

impl Scanners {
    /// How many reports of a scanner a run has, where that is written.
    pub fn report_counts(&self) -> BTreeMap<ScannerName, usize> {
        self.each.iter().filter_map(|(name, scanner)| Some((name.clone(), scanner.reports?))).collect()
    }

    /// The scanners whose empty reports are believed.
    pub fn trusted_when_empty(&self) -> BTreeSet<ScannerName> {
        self.each.iter().filter(|(_, s)| s.trust_empty).map(|(name, _)| name.clone()).collect()
    }
}

impl<'de> Deserialize<'de> for Scanners {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> de::Visitor<'de> for Table {
            type Value = Scanners;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table with required, retired, accepted_gaps or a table for a scanner")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Scanners, A::Error> {
                let mut scanners = Scanners::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "required" => scanners.required = Some(scanner_name::all(&map.next_value::<Vec<String>>()?)?),
                        "retired" => scanners.retired = scanner_name::all(&map.next_value::<Vec<String>>()?)?,
                        "accepted_gaps" => scanners.accepted_gaps = map.next_value()?,
                        _ => {
                            let scanner = map.next_value_seed(Under(&key))?;
                            let name = scanner_name::parse(&key).map_err(de::Error::custom)?;
                            scanners.each.insert(name, scanner);
                        }
                    }
                }
                Ok(scanners)
            }
        }
        deserializer.deserialize_map(Table)
    }
}

/// Reads what stands in `[tool.relwarden.scanners]` under a name that is none of its keys: a scanner's table.
#[derive(Clone, Copy)]
struct Under<'k>(&'k str);

impl Under<'_> {
    fn no_table<E: de::Error>(self) -> Result<Scanner, E> {
        Err(E::custom(scanner_name::no_key(self.0)))
    }
}

impl<'de> de::DeserializeSeed<'de> for Under<'_> {
    type Value = Scanner;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scanner, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Under<'_> {
    type Value = Scanner;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Scanner, A::Error> {
        Scanner::deserialize(de::value::MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<Scanner, A::Error> {
        self.no_table()
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Scanner, E> {
        self.no_table()
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Scanner, E> {
        self.no_table()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Scanner, E> {
        self.no_table()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Scanner, E> {
        self.no_table()
    }
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
