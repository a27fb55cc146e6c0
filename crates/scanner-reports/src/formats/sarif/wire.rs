//! The parts of SARIF that are read.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess},
};

use super::super::bandit::Metrics;
use crate::wire::{Entries, Kind, Lax, List, Number, Part, Record, Text, Texts, Truth, Verdict, lax, next_key};

#[derive(Deserialize)]
pub(super) struct Log<'a> {
    #[serde(borrow, default)]
    pub(super) runs: List<Record<Run<'a>>>,
    /// Parts of the runs that stand beside them.
    #[serde(default, rename = "inlineExternalProperties")]
    pub(super) beside: List<Record<External>>,
}

#[derive(Deserialize)]
pub(super) struct Run<'a> {
    #[serde(borrow, default)]
    pub(super) tool: Part<Tool<'a>>,
    #[serde(borrow, default)]
    pub(super) invocations: List<Record<Invocation<'a>>>,
    /// How another tool made this run from the report of the one that scanned.
    #[serde(borrow, default)]
    pub(super) conversion: Part<Conversion<'a>>,
    #[serde(borrow, default)]
    pub(super) artifacts: List<Record<Artifact<'a>>>,
    #[serde(default, rename = "externalPropertyFileReferences")]
    pub(super) external: Part<External>,
    /// What the logical locations of results point at by index.
    #[serde(borrow, default, rename = "logicalLocations")]
    pub(super) logical: List<Record<LogicalLocation<'a>>>,
    #[serde(borrow, default, rename = "originalUriBaseIds")]
    pub(super) bases: Entries<'a, Part<ArtifactLocation<'a>>>,
    #[serde(borrow, default)]
    pub(super) results: List<Record<SarifResult<'a>>>,
    #[serde(borrow, default)]
    pub(super) properties: Part<RunProperties<'a>>,
    #[serde(borrow, default, rename = "automationDetails")]
    pub(super) automation: Part<Automation<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Conversion<'a> {
    #[serde(borrow, default)]
    pub(super) invocation: Part<Invocation<'a>>,
}

/// Which of a project's runs it is.
#[derive(Deserialize)]
pub(super) struct Automation<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
}

/// What bandit adds to its run: the metrics of its own format.
#[derive(Deserialize)]
pub(super) struct RunProperties<'a> {
    #[serde(borrow, default)]
    pub(super) metrics: Entries<'a, Part<Metrics<'a>>>,
}

/// Parts of a run that stand in files of their own.
#[derive(Deserialize)]
pub(super) struct External {
    #[serde(default)]
    results: List<IgnoredAny>,
    #[serde(default)]
    invocations: List<IgnoredAny>,
    #[serde(default)]
    driver: Part<Elsewhere>,
    #[serde(default)]
    extensions: List<IgnoredAny>,
}

/// Only whether it is there matters.
#[derive(Deserialize)]
struct Elsewhere {}

impl External {
    pub(super) fn holds_results(&self) -> bool {
        is_used(&self.results) || is_used(&self.invocations)
    }

    /// Whether a part of the tool, with its rules, is among them.
    pub(super) fn holds_rules(&self) -> bool {
        self.driver.get().is_some() || is_used(&self.extensions)
    }
}

fn is_used(list: &List<IgnoredAny>) -> bool {
    list.wrong().is_some() || !list.items().is_empty()
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
    pub(super) guid: Text<'a>,
    #[serde(borrow, default)]
    pub(super) version: Text<'a>,
    #[serde(borrow, default, rename = "semanticVersion")]
    pub(super) semantic_version: Text<'a>,
    #[serde(borrow, default)]
    pub(super) rules: List<Record<Rule<'a>>>,
    /// What the tool may say of its own run: described as rules are.
    #[serde(borrow, default)]
    pub(super) notifications: List<Record<Rule<'a>>>,
    #[serde(borrow, default, rename = "globalMessageStrings")]
    pub(super) messages: Entries<'a, Part<Message<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct Rule<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) guid: Text<'a>,
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
    #[serde(default)]
    pub(super) enabled: Truth,
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
    pub(super) successful: Verdict,
    #[serde(borrow, default, rename = "exitCode")]
    pub(super) exit_code: Number<'a>,
    #[serde(borrow, default, rename = "exitSignalName")]
    pub(super) signal: Text<'a>,
    #[serde(borrow, default, rename = "exitSignalNumber")]
    pub(super) signal_number: Number<'a>,
    #[serde(borrow, default, rename = "processStartFailureMessage")]
    pub(super) start_failure: Text<'a>,
    #[serde(borrow, default, rename = "endTimeUtc")]
    pub(super) end: Text<'a>,
    #[serde(borrow, default, rename = "startTimeUtc")]
    pub(super) start: Text<'a>,
    #[serde(borrow, default, rename = "toolExecutionNotifications")]
    pub(super) execution: List<Record<Notification<'a>>>,
    #[serde(borrow, default, rename = "toolConfigurationNotifications")]
    pub(super) configuration: List<Record<Notification<'a>>>,
    #[serde(borrow, default, rename = "ruleConfigurationOverrides")]
    pub(super) rule_overrides: List<Record<Override<'a>>>,
    #[serde(borrow, default, rename = "notificationConfigurationOverrides")]
    pub(super) notification_overrides: List<Record<Override<'a>>>,
}

/// How a user configured a rule for one invocation.
#[derive(Deserialize)]
pub(super) struct Override<'a> {
    #[serde(borrow, default)]
    pub(super) descriptor: Part<RuleReference<'a>>,
    #[serde(borrow, default)]
    pub(super) configuration: Part<Configuration<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Notification<'a> {
    #[serde(borrow, default)]
    pub(super) descriptor: Part<RuleReference<'a>>,
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
    /// What a relative address is relative to: one of the run's `originalUriBaseIds`.
    #[serde(borrow, default, rename = "uriBaseId")]
    pub(super) base: Text<'a>,
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
    pub(super) qualified: Text<'a>,
    #[serde(borrow, default)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) index: Number<'a>,
}

#[derive(Deserialize)]
pub(super) struct PhysicalLocation<'a> {
    #[serde(borrow, default, rename = "artifactLocation")]
    pub(super) artifact: Part<ArtifactLocation<'a>>,
    #[serde(borrow, default)]
    pub(super) region: Part<Region<'a>>,
    #[serde(borrow, default, rename = "contextRegion")]
    pub(super) around: Part<ContextRegion<'a>>,
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

/// The lines around a region.
#[derive(Deserialize)]
pub(super) struct ContextRegion<'a> {
    #[serde(borrow, default, rename = "startLine")]
    pub(super) line: Number<'a>,
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
    pub(super) provenance: Part<Provenance<'a>>,
    #[serde(borrow, default)]
    pub(super) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(super) level: Text<'a>,
    #[serde(borrow, default)]
    pub(super) message: Part<Message<'a>>,
    #[serde(borrow, default)]
    pub(super) locations: List<Record<Location<'a>>>,
    /// The file that the tool was told to scan: where a result without a location was found.
    #[serde(borrow, default, rename = "analysisTarget")]
    pub(super) target: Part<ArtifactLocation<'a>>,
    #[serde(borrow, default)]
    pub(super) suppressions: List<Record<Suppression<'a>>>,
    #[serde(borrow, default, rename = "partialFingerprints")]
    partial_fingerprints: CodeFingerprint<'a>,
    #[serde(borrow, default)]
    fingerprints: CodeFingerprint<'a>,
    #[serde(borrow, default, rename = "baselineState")]
    pub(super) baseline: Text<'a>,
    #[serde(borrow, default)]
    pub(super) properties: Part<Properties<'a>>,
}

impl SarifResult<'_> {
    /// Whether it lacks what it is about and the message, which SARIF requires (2.1.0 §3.27.11).
    pub(super) fn says_nothing(&self) -> bool {
        let has_rule = self.rule_id.get().is_some() || !self.rule_index.is_absent() || self.rule.get().is_some();
        !has_rule && self.message.get().is_none() && self.locations.items().is_empty()
    }

    /// What the scanner computed from the code around the result.
    pub(super) fn fingerprint(&self) -> Option<Fingerprint<'_>> {
        let (_, name, value) = self.partial_fingerprints.0.as_ref().or(self.fingerprints.0.as_ref())?;
        Some(Fingerprint { name, value: value.get()? })
    }
}

/// A value that is computed from code, and the name of the way in which it is.
#[derive(Clone, Copy)]
pub(super) struct Fingerprint<'f> {
    pub(super) name: &'f str,
    pub(super) value: &'f str,
}

/// The fingerprints that are computed from code, by the beginning of their names, the best first. Others may hold anything.
const OF_CODE: [&str; 3] = ["primaryLocationLineHash", "matchBasedId", "contextRegionHash"];

/// The best fingerprint of a result that is computed from code, with its rank.
#[derive(Default)]
struct CodeFingerprint<'a>(Option<(usize, Cow<'a, str>, Text<'a>)>);

impl<'de> Lax<'de> for CodeFingerprint<'de> {
    fn other(_kind: Kind) -> Self {
        Self(None)
    }

    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut best: Option<(usize, Cow<'de, str>, Text<'de>)> = None;
        while let Some(name) = next_key(&mut object)? {
            let rank = OF_CODE.iter().position(|known| name.starts_with(known));
            let Some(rank) = rank.filter(|rank| best.as_ref().is_none_or(|best| (*rank, &name) < (best.0, &best.1)))
            else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            best = Some((rank, name, object.next_value()?));
        }
        Ok(Self(best))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for CodeFingerprint<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lax(deserializer)
    }
}

#[derive(Deserialize)]
pub(super) struct Provenance<'a> {
    #[serde(borrow, default, rename = "invocationIndex")]
    pub(super) invocation: Number<'a>,
}

#[derive(Deserialize)]
pub(super) struct RuleReference<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) guid: Text<'a>,
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
    #[serde(borrow, default)]
    pub(super) guid: Text<'a>,
}

#[derive(Deserialize)]
pub(super) struct Suppression<'a> {
    #[serde(borrow, default)]
    pub(super) status: Text<'a>,
    /// What the property was called before 2.1.0.
    #[serde(borrow, default)]
    pub(super) state: Text<'a>,
}
