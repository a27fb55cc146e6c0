//! Reading run records: ours, a newer minor version's, and the Python system's.

use findings_model::{Extra, SchemaError, SchemaVersion, text};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{RunRecord, SCHEMA_VERSION, Stage};
use crate::{
    error_text::tidy,
    names::{NameError, StageName},
    seconds::Seconds,
    words::{RunStatus, StageStatus},
};

/// Why bytes are no run record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadRecordError {
    /// Not JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// JSON, but no object.
    #[error("{0} where a run record (an object) is needed")]
    NotAnObject(&'static str),
    /// A key that every record has is not there.
    #[error("{0} is missing or null")]
    Missing(&'static str),
    /// A key holds something that it cannot hold.
    #[error("{key}: {why}")]
    BadValue {
        /// Which key.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The record's version is malformed or too new.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl RunRecord {
    /// Reads a record.
    ///
    /// The Python system's files have no `schema_version`; its constant answers are then not believed (see
    /// `as_python_meant`). A time without UTC offset is refused, since it can be a day off either way.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReadRecordError> {
        let value: Value = serde_json::from_slice(bytes).map_err(|e| ReadRecordError::NotJson(e.to_string()))?;
        Self::from_value(value)
    }

    pub(crate) fn from_value(value: Value) -> Result<Self, ReadRecordError> {
        let mut keys = Keys(object(value)?);
        let version: Option<SchemaVersion> = keys.optional("schema_version")?;
        if let Some(version) = version {
            version.check(SCHEMA_VERSION)?;
        }
        let record = Self {
            schema_version: version.unwrap_or(SCHEMA_VERSION).max(SCHEMA_VERSION),
            workflow_name: keys.required("workflow_name")?,
            execution_id: keys.required("execution_id")?,
            start_time: keys.required("start_time")?,
            end_time: keys.optional("end_time")?,
            status: keys.required_word("status")?,
            duration_seconds: keys.seconds("duration_seconds")?,
            release_triggered: keys.optional("release_triggered")?,
            release_type: keys.word("release_type")?,
            security_changes_count: keys.optional("security_changes_count")?,
            quality_gates_passed: keys.optional("quality_gates_passed")?,
            publishing_success: keys.optional("publishing_success")?,
            error_message: keys.message("error_message")?,
            error_stage: keys.stage_name("error_stage")?,
            security_scan_duration: keys.seconds("security_scan_duration")?,
            build_duration: keys.seconds("build_duration")?,
            publish_duration: keys.seconds("publish_duration")?,
            dry_run: keys.optional("dry_run")?.unwrap_or(false),
            stages: keys.stages()?,
            extra: keys.rest(),
        };
        Ok(if version.is_none() { as_python_meant(record) } else { record })
    }

    /// The document: two spaces of indent and a line feed at the end.
    pub fn to_json(&self) -> Vec<u8> {
        crate::document::to_json(self)
    }

    /// The document on one line, with its line feed.
    pub fn to_json_line(&self) -> Vec<u8> {
        crate::document::to_json_line(self)
    }
}

/// In the Python system's records, answers that nobody gave are `false`, so `false` is believed only where something else says so.
///
/// `publishing_success: false` of a failed run that was for a release is a failed publish; of a run that
/// succeeded it only says that nothing set the key.
fn as_python_meant(mut record: RunRecord) -> RunRecord {
    let for_release = record.release_triggered == Some(true) || record.workflow_name.is_publish();
    if record.publishing_success == Some(false) && !(for_release && record.status == RunStatus::Failed) {
        record.publishing_success = None;
    }
    if record.release_triggered == Some(false) && record.workflow_name.is_publish() {
        record.release_triggered = None;
    }
    if record.quality_gates_passed == Some(false) {
        record.quality_gates_passed = None;
    }
    record
}

fn object(value: Value) -> Result<Map<String, Value>, ReadRecordError> {
    let found = match value {
        Value::Object(map) => return Ok(map),
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
    };
    Err(ReadRecordError::NotAnObject(found))
}

/// The keys of an object that have not been taken yet; null counts as absent.
struct Keys(Map<String, Value>);

impl Keys {
    fn optional<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<Option<T>, ReadRecordError> {
        match self.0.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value).map(Some).map_err(|e| bad(key, &e)),
        }
    }

    fn required<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<T, ReadRecordError> {
        self.optional(key)?.ok_or(ReadRecordError::Missing(key))
    }

    /// A word of a closed list; the message names the list.
    fn word<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &'static str,
    ) -> Result<Option<T>, ReadRecordError> {
        self.optional::<String>(key)?.map(|word| word.parse()).transpose().map_err(|e| bad(key, &e))
    }

    fn required_word<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &'static str,
    ) -> Result<T, ReadRecordError> {
        self.word(key)?.ok_or(ReadRecordError::Missing(key))
    }

    fn seconds(&mut self, key: &'static str) -> Result<Option<Seconds>, ReadRecordError> {
        let Some(number) = self.optional::<f64>(key)? else {
            return Ok(None);
        };
        Seconds::from_f64(number)
            .map(Some)
            .ok_or_else(|| bad(key, &format!("{number} is not a number of seconds from 0 to ten years")))
    }

    fn message(&mut self, key: &'static str) -> Result<Option<String>, ReadRecordError> {
        Ok(self.optional::<String>(key)?.as_deref().and_then(tidy))
    }

    fn stage_name(&mut self, key: &'static str) -> Result<Option<StageName>, ReadRecordError> {
        let name = self.optional::<String>(key)?.filter(|name| !name.trim().is_empty());
        name.map(|name| StageName::parse(&name)).transpose().map_err(|e: NameError| bad(key, &e))
    }

    fn stages(&mut self) -> Result<Vec<Stage>, ReadRecordError> {
        let entries: Vec<Value> = self.optional("stages")?.unwrap_or_default();
        entries.into_iter().map(stage).collect()
    }

    fn rest(self) -> Extra {
        self.0.into_iter().collect()
    }
}

fn stage(value: Value) -> Result<Stage, ReadRecordError> {
    let mut keys = Keys(object(value).map_err(|e| bad("stages", &e))?);
    let status: Option<StageStatus> = keys.word("status")?;
    Ok(Stage {
        name: keys.required("name")?,
        status: status.ok_or(ReadRecordError::Missing("status"))?,
        start_time: keys.optional("start_time")?,
        end_time: keys.optional("end_time")?,
        duration_seconds: keys.seconds("duration_seconds")?,
        error_message: keys.message("error_message")?,
        extra: keys.rest(),
    })
}

fn bad(key: &'static str, why: &dyn std::fmt::Display) -> ReadRecordError {
    ReadRecordError::BadValue { key, why: text::shorten(&text::one_line(&why.to_string()), 200).into_owned() }
}
