//! What people decided about findings: `remediation-plans.yml`.
//!
//! The file belongs to the people who edit it. It is read as YAML and changed as text, block by block, so that every comment,
//! unknown key and turn of phrase outside the changed block stays as it is; and what would come out is read again before it is
//! handed over.

mod blocks;
mod edit;
mod layout;
mod names;
mod sync;
#[cfg(test)]
mod tests;
pub(crate) mod untouched;
pub(crate) mod yaml_fault;

use std::borrow::Cow;

use findings_model::{Severity, parse_date, text};
use serde_json::{Map, Value};
use smol_str::SmolStr;
use time::Date;

pub(crate) use edit::header;
pub(crate) use layout::{is_header, key_of};
pub use names::PlanNames;
pub use sync::{PlanFile, PlansSynced};
pub(crate) use sync::{byte_order_mark, sync_plans};

/// Every plan of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plans {
    all: Vec<Plan>,
    /// Keys of plans that nobody touched, where only their number matters and which they are.
    untouched: Vec<SmolStr>,
    problems: Vec<PlanProblem>,
}

/// What people decided about one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The id that the plan stands under: a finding's, or any alias.
    pub key: String,
    /// Where the work stands.
    pub status: PlanStatus,
    /// What will be done.
    pub planned_action: Cow<'static, str>,
    /// Who does it.
    pub assigned_to: Cow<'static, str>,
    /// Anything else.
    pub notes: Cow<'static, str>,
    /// What helps until then.
    pub workaround: Cow<'static, str>,
    /// Until when.
    pub target_date: Option<Date>,
    /// How urgent.
    pub priority: Priority,
    /// What it means for the users.
    pub business_impact: Cow<'static, str>,
    /// The day the plan was made.
    pub created: Option<Date>,
    /// The day a person last changed it.
    pub updated: Option<Date>,
    /// The last day on which an exception holds.
    pub expires: Option<Date>,
    /// Why there is an exception.
    pub reason: Option<String>,
    /// Who answers for the exception.
    pub owner: Option<String>,
    /// A person's word on the severity; it goes before every other source.
    pub severity: Option<Severity>,
    /// Whether the plan is in the archive: its finding was gone.
    pub archived: bool,
    /// Whether a person wrote something into it.
    pub edited: bool,
}

/// Where the work on a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words of the plan files, `not_affected` beside those of the Python system")]
pub enum PlanStatus {
    New,
    InProgress,
    AwaitingUpstream,
    Completed,
    Deferred,
    AcceptedRisk,
    FalsePositive,
    NotAffected,
}

impl PlanStatus {
    /// Every status, in the order of a plan's life.
    pub const ALL: [Self; 8] = [
        Self::New,
        Self::InProgress,
        Self::AwaitingUpstream,
        Self::Completed,
        Self::Deferred,
        Self::AcceptedRisk,
        Self::FalsePositive,
        Self::NotAffected,
    ];

    /// The word in the file: `new`, `in_progress`, `awaiting_upstream`, `completed`, `deferred`, `accepted_risk`,
    /// `false_positive` or `not_affected`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::InProgress => "in_progress",
            Self::AwaitingUpstream => "awaiting_upstream",
            Self::Completed => "completed",
            Self::Deferred => "deferred",
            Self::AcceptedRisk => "accepted_risk",
            Self::FalsePositive => "false_positive",
            Self::NotAffected => "not_affected",
        }
    }

    /// Whether nothing more is to be done.
    pub fn is_closed(self) -> bool {
        self == Self::Completed || self.is_exception()
    }

    /// Whether the finding does not count.
    pub fn is_exception(self) -> bool {
        matches!(self, Self::AcceptedRisk | Self::FalsePositive | Self::NotAffected)
    }
}

/// How urgent a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words of the Python system's plan files")]
pub enum Priority {
    Critical,
    High,
    Medium,
    Low,
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word in the file: `critical`, `high`, `medium` or `low`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// Something in one plan that cannot be used; the other plans are not touched by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    /// The plan is no mapping.
    #[error("plan {}: it is not a mapping of keys to values", show(.plan))]
    NotAMapping {
        /// The plan.
        plan: String,
    },
    /// A word that is none of those allowed.
    #[error("plan {}: {key} {:?} is not valid; it must be one of {allowed}", show(.plan), show(.found))]
    Word {
        /// The plan.
        plan: String,
        /// The key.
        key: &'static str,
        /// What stands there.
        found: String,
        /// The words that may.
        allowed: String,
    },
    /// A value that is no date.
    #[error("plan {}: {key} {:?} is not a valid date (such as 2026-12-01)", show(.plan), show(.found))]
    Date {
        /// The plan.
        plan: String,
        /// The key.
        key: &'static str,
        /// What stands there.
        found: String,
    },
    /// A list or mapping in place of text.
    #[error("plan {}: {key} is not text", show(.plan))]
    NotText {
        /// The plan.
        plan: String,
        /// The key.
        key: &'static str,
    },
    /// The plans can be read, but not changed line by line without touching what a person wrote; the file was left as it is.
    #[error("the remediation plans can be read, but not changed safely, and were left as they are: {0}")]
    Layout(&'static str),
    /// The plan was changed before it was made.
    #[error("plan {}: updated_date lies before created_date", show(.plan))]
    UpdatedBeforeCreated {
        /// The plan.
        plan: String,
    },
}

fn show(foreign: &str) -> String {
    text::shorten(&text::one_line(foreign), 100).into_owned()
}

/// Why the file cannot be used as a whole. It is never overwritten then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlansError {
    /// The text is no YAML.
    #[error("the remediation plans cannot be read as YAML: {0}")]
    Yaml(String),
    /// The bytes are not UTF-8.
    #[error("the remediation plans are not UTF-8 text (byte {0})")]
    Encoding(usize),
    /// A part of the document is not what it must be.
    #[error("the remediation plans cannot be used: {0} is not a mapping of keys to values")]
    Shape(&'static str),
}

impl Plans {
    /// No plans.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads the file. A plan that cannot be used is left out and told by [`Self::problems`].
    pub fn from_yaml(bytes: &[u8]) -> Result<Self, PlansError> {
        PlanFile::read(bytes).map(|file| file.all_plans())
    }

    fn of_layout(layout: &layout::Layout<'_>) -> Self {
        let mut plans = Self::default();
        plans.add_entries(layout, |key, created, updated| Some(untouched::plan(key, Some([created, updated]))));
        plans
    }

    /// Without the plans that nobody touched.
    fn edited_of_layout(layout: &layout::Layout<'_>) -> Self {
        let mut plans = Self::default();
        plans.add_entries(layout, |_, _, _| None);
        plans
    }

    /// With no more than the keys of the plans that nobody touched; those in the archive are left out.
    fn counted_of_layout(layout: &layout::Layout<'_>) -> Self {
        let mut plans = Self::edited_of_layout(layout);
        let entries = layout.findings.iter().flat_map(|section| &section.entries);
        let untouched = entries.filter(|entry| matches!(entry.said, layout::Said::Untouched { .. }));
        plans.untouched = untouched.map(|entry| SmolStr::new(&entry.key)).collect();
        plans
    }

    fn add_entries(&mut self, layout: &layout::Layout<'_>, untouched: fn(&str, Date, Date) -> Option<Plan>) {
        for (section, archived) in [(&layout.findings, false), (&layout.archive, true)] {
            for entry in section.iter().flat_map(|s| &s.entries) {
                let read = match &entry.said {
                    layout::Said::Untouched { created, updated } => Ok(untouched(&entry.key, *created, *updated)),
                    layout::Said::Yaml(value) => Plan::read(&entry.key, value).map(Some),
                };
                match read {
                    Ok(Some(plan)) => {
                        let edited = plan.edited || entry.has_comment;
                        self.all.push(Plan { archived, edited, ..plan });
                    }
                    Ok(None) => {}
                    Err(problem) => self.problems.push(problem),
                }
            }
        }
    }

    /// Every plan that can be used, archived ones too; after a sync only those that somebody touched.
    pub fn all(&self) -> &[Plan] {
        &self.all
    }

    /// What is wrong with the others.
    pub fn problems(&self) -> &[PlanProblem] {
        &self.problems
    }

    /// The keys of the plans that nobody touched, after a sync.
    pub(crate) fn untouched(&self) -> &[SmolStr] {
        &self.untouched
    }

    /// The plan under an id that is not archived.
    pub fn get(&self, key: &str) -> Option<&Plan> {
        self.all.iter().find(|p| p.key == key && !p.archived)
    }
}

/// The words of a plan that nobody has touched.
pub(crate) mod default {
    pub(crate) const ACTION: &str = "Under evaluation";
    pub(crate) const ASSIGNED: &str = "security-team";
    pub(crate) const NOTES: &str = "Newly discovered - assessment in progress";
    pub(crate) const WORKAROUND: &str = "None identified";
    pub(crate) const IMPACT: &str = "Under assessment";
}

/// The keys that a plan of the Python system has, and those that are ours, in the order in which they are written.
pub(crate) const KNOWN_KEYS: [&str; 18] = [
    "finding_id",
    "status",
    "planned_action",
    "assigned_to",
    "notes",
    "workaround",
    "target_date",
    "priority",
    "business_impact",
    "created_date",
    "updated_date",
    "expires",
    "reason",
    "owner",
    "severity",
    layout::ARCHIVED_DATE,
    layout::ARCHIVED_NOTE,
    layout::ARCHIVED_STATUS,
];

impl Plan {
    fn read(key: &str, value: &Value) -> Result<Self, PlanProblem> {
        let map = value.as_object().ok_or_else(|| PlanProblem::NotAMapping { plan: key.to_owned() })?;
        let fields = Fields { plan: key, map };
        let status = fields.word("status", &PlanStatus::ALL, PlanStatus::as_str)?.unwrap_or(PlanStatus::New);
        let priority = fields.word("priority", &Priority::ALL, Priority::as_str)?.unwrap_or(Priority::Medium);
        let texts = [
            ("planned_action", default::ACTION),
            ("assigned_to", default::ASSIGNED),
            ("notes", default::NOTES),
            ("workaround", default::WORKAROUND),
            ("business_impact", default::IMPACT),
        ];
        let mut said = Vec::with_capacity(texts.len());
        for (name, default) in texts {
            said.push(fields.text(name)?.map_or(Cow::Borrowed(default), Cow::Owned));
        }
        let texts_edited = said.iter().zip(texts).any(|(said, (_, default))| said.trim() != default);
        let [planned_action, assigned_to, notes, workaround, business_impact] =
            <[Cow<'static, str>; 5]>::try_from(said).unwrap_or_default();
        let plan = Self {
            key: key.to_owned(),
            status,
            planned_action,
            assigned_to,
            notes,
            workaround,
            target_date: fields.date("target_date")?,
            priority,
            business_impact,
            created: fields.date("created_date")?,
            updated: fields.date("updated_date")?,
            expires: fields.date("expires")?,
            reason: fields.text("reason")?,
            owner: fields.text("owner")?,
            severity: fields.word("severity", &Severity::ALL, Severity::as_str)?,
            archived: false,
            edited: texts_edited
                || status != PlanStatus::New
                || priority != Priority::Medium
                || ["target_date", "expires", "reason", "owner", "severity"]
                    .iter()
                    .any(|k| map.get(*k).is_some_and(|v| !v.is_null()))
                || map.keys().any(|k| !KNOWN_KEYS.contains(&k.as_str())),
        };
        if let (Some(created), Some(updated)) = (plan.created, plan.updated)
            && updated < created
        {
            return Err(PlanProblem::UpdatedBeforeCreated { plan: key.to_owned() });
        }
        Ok(plan)
    }

    /// The last day of an exception that is over.
    pub fn exception_ended(&self, today: Date) -> Option<Date> {
        self.expires.filter(|last| self.status.is_exception() && *last < today)
    }

    /// Whether the target date has passed and the work is not done; the work on what an exception no longer covers is not.
    pub fn is_overdue(&self, today: Date) -> bool {
        let is_closed = self.status.is_closed() && self.exception_ended(today).is_none();
        !is_closed && self.target_date.is_some_and(|target| target < today)
    }

    /// What an exception should say and this one does not: `no reason`, `no owner`, and of a risk that is taken `no end`. The Python
    /// system's plans, which had no words for it, say the first two in their notes and by whom they are assigned to.
    pub(crate) fn exception_lacks(&self) -> Vec<&'static str> {
        let is_said = |own: Option<&String>, other: &str, default: &str| {
            own.is_some_and(|said| !said.trim().is_empty()) || ![default, ""].contains(&other.trim())
        };
        let lacks = [
            ("no reason", !is_said(self.reason.as_ref(), &self.notes, default::NOTES)),
            ("no owner", !is_said(self.owner.as_ref(), &self.assigned_to, default::ASSIGNED)),
            ("no end", self.status == PlanStatus::AcceptedRisk && self.expires.is_none()),
        ];
        lacks.into_iter().filter(|(_, is_lacking)| *is_lacking).map(|(what, _)| what).collect()
    }

    /// Whole days to the target date; negative when it has passed.
    pub fn days_until_target(&self, today: Date) -> Option<i64> {
        self.target_date.map(|target| (target - today).whole_days())
    }
}

/// The fields of one plan, each read as what it must be.
struct Fields<'a> {
    plan: &'a str,
    map: &'a Map<String, Value>,
}

impl Fields<'_> {
    fn text(&self, key: &'static str) -> Result<Option<String>, PlanProblem> {
        match self.map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Array(_) | Value::Object(_)) => Err(PlanProblem::NotText { plan: self.plan.to_owned(), key }),
        }
    }

    fn word<T: Copy>(
        &self,
        key: &'static str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Result<Option<T>, PlanProblem> {
        let Some(found) = self.text(key)? else { return Ok(None) };
        let wanted = found.trim().to_ascii_lowercase();
        match all.iter().find(|v| name(**v) == wanted) {
            Some(value) => Ok(Some(*value)),
            None => Err(PlanProblem::Word {
                plan: self.plan.to_owned(),
                key,
                found,
                allowed: all.iter().map(|v| name(*v)).collect::<Vec<_>>().join(", "),
            }),
        }
    }

    fn date(&self, key: &'static str) -> Result<Option<Date>, PlanProblem> {
        let Some(found) = self.text(key)?.filter(|t| !t.trim().is_empty()) else { return Ok(None) };
        match parse_date(found.trim()) {
            Some(date) => Ok(Some(date)),
            None => Err(PlanProblem::Date { plan: self.plan.to_owned(), key, found }),
        }
    }
}
