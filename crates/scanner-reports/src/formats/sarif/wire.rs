//! The parts of SARIF that are read.

use serde::Deserialize;

use crate::wire::{Entries, List, Number, Part, Record, Text, Texts, Truth};

#[derive(Deserialize)]
pub(super) struct Log<'a> {
    #[serde(borrow, default)]
    pub(super) runs: List<Record<Run<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Run<'a> {
    #[serde(borrow, default)]
    pub(super) tool: Part<Tool<'a>>,
    #[serde(borrow, default)]
    pub(super) invocations: List<Record<Invocation<'a>>>,
    #[serde(borrow, default)]
    pub(super) artifacts: List<Record<Artifact<'a>>>,
    #[serde(borrow, default, rename = "originalUriBaseIds")]
    pub(super) bases: Entries<'a, Part<ArtifactLocation<'a>>>,
    #[serde(borrow, default)]
    pub(super) results: List<Record<SarifResult<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Tool<'a> {
    #[serde(borrow, default)]
    pub(super) driver: Part<Component<'a>>,
    #[serde(borrow, default)]
    pub(super) extensions: List<Record<Component<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Component<'a> {
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) version: Text<'a>,
    #[serde(borrow, default, rename = "semanticVersion")]
    pub(super) semantic_version: Text<'a>,
    #[serde(borrow, default)]
    pub(super) rules: List<Record<Rule<'a>>>,
    #[serde(borrow, default, rename = "globalMessageStrings")]
    pub(super) messages: Entries<'a, Part<Message<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Rule<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default, rename = "deprecatedIds")]
    pub(super) deprecated: Texts<'a>,
    #[serde(borrow, default, rename = "helpUri")]
    pub(super) help: Text<'a>,
    #[serde(borrow, default, rename = "shortDescription")]
    pub(super) short: Part<Message<'a>>,
    #[serde(borrow, default, rename = "fullDescription")]
    pub(super) full: Part<Message<'a>>,
    #[serde(borrow, default, rename = "messageStrings")]
    pub(super) messages: Entries<'a, Part<Message<'a>>>,
    #[serde(borrow, default, rename = "defaultConfiguration")]
    pub(super) configuration: Part<Configuration<'a>>,
    #[serde(borrow, default)]
    pub(super) properties: Part<Properties<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Configuration<'a> {
    #[serde(borrow, default)]
    pub(super) level: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Properties<'a> {
    #[serde(borrow, default, rename = "security-severity")]
    pub(super) severity: Text<'a>,
    #[serde(borrow, default)]
    pub(super) tags: Texts<'a>,
}

#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) text: Text<'a>,
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) arguments: Texts<'a>,
}

#[derive(Deserialize)]
pub(super) struct Invocation<'a> {
    #[serde(default, rename = "executionSuccessful")]
    pub(super) successful: Truth,
    #[serde(borrow, default, rename = "endTimeUtc")]
    pub(super) end: Text<'a>,
    #[serde(borrow, default, rename = "startTimeUtc")]
    pub(super) start: Text<'a>,
    #[serde(borrow, default, rename = "toolExecutionNotifications")]
    pub(super) execution: List<Record<Notification<'a>>>,
    #[serde(borrow, default, rename = "toolConfigurationNotifications")]
    pub(super) configuration: List<Record<Notification<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Notification<'a> {
    #[serde(borrow, default)]
    pub(super) level: Text<'a>,
    #[serde(borrow, default)]
    pub(super) message: Part<Message<'a>>,
    #[serde(borrow, default)]
    pub(super) locations: List<Record<Location<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Artifact<'a> {
    #[serde(borrow, default)]
    pub(super) location: Part<ArtifactLocation<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ArtifactLocation<'a> {
    #[serde(borrow, default)]
    pub(super) uri: Text<'a>,
    #[serde(borrow, default)]
    pub(super) index: Number<'a>,
}

#[derive(Deserialize)]
pub(super) struct Location<'a> {
    #[serde(borrow, default, rename = "physicalLocation")]
    pub(super) physical: Part<PhysicalLocation<'a>>,
    #[serde(borrow, default, rename = "logicalLocations")]
    pub(super) logical: List<Record<LogicalLocation<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct LogicalLocation<'a> {
    #[serde(borrow, default, rename = "fullyQualifiedName")]
    pub(super) name: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct PhysicalLocation<'a> {
    #[serde(borrow, default, rename = "artifactLocation")]
    pub(super) artifact: Part<ArtifactLocation<'a>>,
    #[serde(borrow, default)]
    pub(super) region: Part<Region<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Region<'a> {
    #[serde(borrow, default, rename = "startLine")]
    pub(super) line: Number<'a>,
    #[serde(borrow, default, rename = "startColumn")]
    pub(super) column: Number<'a>,
    #[serde(borrow, default)]
    pub(super) snippet: Part<Message<'a>>,
}

#[derive(Deserialize)]
pub(super) struct SarifResult<'a> {
    #[serde(borrow, default, rename = "ruleId")]
    pub(super) rule_id: Text<'a>,
    #[serde(borrow, default, rename = "ruleIndex")]
    pub(super) rule_index: Number<'a>,
    #[serde(borrow, default)]
    pub(super) rule: Part<RuleReference<'a>>,
    #[serde(borrow, default)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) level: Text<'a>,
    #[serde(borrow, default)]
    pub(super) message: Part<Message<'a>>,
    #[serde(borrow, default)]
    pub(super) locations: List<Record<Location<'a>>>,
    #[serde(borrow, default)]
    pub(super) suppressions: List<Record<Suppression<'a>>>,
    #[serde(borrow, default, rename = "baselineState")]
    pub(super) baseline: Text<'a>,
    #[serde(borrow, default)]
    pub(super) properties: Part<Properties<'a>>,
}

#[derive(Deserialize)]
pub(super) struct RuleReference<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) index: Number<'a>,
    #[serde(borrow, default, rename = "toolComponent")]
    pub(super) component: Part<ComponentReference<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ComponentReference<'a> {
    #[serde(borrow, default)]
    pub(super) index: Number<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Suppression<'a> {
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    /// What the property was called before 2.1.0.
    #[serde(borrow, default)]
    pub(super) state: Text<'a>,
}
