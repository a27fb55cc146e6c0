use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::Date;

use super::{Finding, day};
use crate::{AdvisoryId, AdvisoryIds, FindingId, Severity, SeveritySource};

/// What a finding was called and said to be earlier, where something may still refer to it. Few findings have any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Ids of findings that turned out to be this one and were folded into it.
    pub finding_ids: BTreeSet<FindingId>,
    /// Advisory ids that were aliases once and are no longer told. They are no evidence of their own; plans and exceptions
    /// under them still speak of this finding.
    pub aliases: AdvisoryIds,
    /// What a person's word on the severity stands in front of.
    pub under_override: Option<UnderOverride>,
}

/// The severity that a person's word replaced; score and vectors stay in the rating itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderOverride {
    /// How bad.
    pub severity: Severity,
    /// Who said so.
    #[serde(rename = "severity_source")]
    pub source: SeveritySource,
    /// The day on which an advisory record last gave it.
    #[serde(rename = "severity_date", skip_serializing_if = "Option::is_none", default, with = "day::option")]
    pub rated_on: Option<Date>,
}

impl Memory {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// This memory as a finding keeps it: none where there is nothing to remember.
    pub(super) fn kept(self) -> Option<Box<Self>> {
        (!self.is_empty()).then(|| Box::new(self))
    }
}

impl Finding {
    /// Ids of findings that turned out to be this one.
    pub fn former_ids(&self) -> impl Iterator<Item = &FindingId> {
        self.memory.iter().flat_map(|memory| &memory.finding_ids)
    }

    /// Advisory ids that were aliases of it once and are no longer told.
    pub fn former_aliases(&self) -> impl Iterator<Item = &AdvisoryId> {
        self.memory.iter().flat_map(|memory| &memory.aliases)
    }

    /// The severity that a person's word replaced.
    pub fn under_override(&self) -> Option<UnderOverride> {
        self.memory.as_ref().and_then(|memory| memory.under_override)
    }

    /// Changes what is remembered.
    pub fn remember(&mut self, change: impl FnOnce(&mut Memory)) {
        let mut memory = self.memory.take().map_or_else(Memory::default, |memory| *memory);
        change(&mut memory);
        self.memory = memory.kept();
    }
}
