use serde::Deserialize;

/// `[tool.relwarden.publish.protection]`: who may publish, on top of what GitHub, AWS and the index allow. An empty list is no rule.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protection {
    /// Environments of GitHub; the job's is told by its identity token only.
    pub environments: Vec<String>,
    /// Branches, as patterns: `*` stands for anything but `/`, `**` as a whole part (`feature/**`) for any number of parts.
    pub branches: Vec<String>,
    /// Tags, as patterns. Where branches or tags are named, a run must be on one of them.
    pub tags: Vec<String>,
    /// People and apps, by their names on GitHub: whoever started the workflow, and whoever started it again.
    pub actors: Vec<String>,
    /// Events, such as `workflow_dispatch` and `schedule`.
    pub events: Vec<String>,
    /// Repositories, `owner/name`.
    pub repositories: Vec<String>,
    /// Whether a publish from outside of GitHub Actions, where none of these can be judged, is allowed nevertheless.
    pub allow_local: bool,
}
