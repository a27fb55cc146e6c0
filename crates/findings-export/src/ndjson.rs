//! A JSON document a line, with the keys of `findings[]`.

use findings_model::{Finding, SchemaVersion};
use serde_json::{Map, Value};

use crate::{ExportInput, Exported, words};

/// The version of a line's schema: that of `findings[]` of the ledger.
const SCHEMA: SchemaVersion = SchemaVersion::new(1, 0);

/// Evidence by which the ledger knows a finding again; nobody outside has a use for it.
const EVIDENCE: [&str; 3] = ["code_digest", "printed_ids", "secret_mark"];

/// Characters of a description: 4 KiB at most, as in the ledger.
const DESCRIPTION: usize = 4096;

pub(crate) fn write(input: &ExportInput<'_>) -> Exported {
    let selected = input.selected();
    let mut out = String::new();
    for finding in &selected {
        out.push_str(&line(finding).to_string());
        out.push('\n');
    }
    Exported {
        document: Some(out.into_bytes()),
        written: selected.len(),
        left_out: Vec::new(),
        gaps: input.scanners.iter().flat_map(|(name, state)| words::gaps(name, state)).collect(),
    }
}

fn line(finding: &Finding) -> Value {
    let mut line = Map::from_iter([("schema_version".to_owned(), SCHEMA.to_string().into())]);
    if let Ok(Value::Object(keys)) = serde_json::to_value(finding) {
        line.extend(keys.into_iter().filter(|(key, _)| !EVIDENCE.contains(&key.as_str())));
    }
    line.insert("description".to_owned(), words::line(&finding.description, DESCRIPTION).into());
    Value::Object(line)
}
