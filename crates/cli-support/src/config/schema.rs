//! The configuration's JSON Schema.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{Config, Scanner, Scanners};

/// The JSON Schema of `relwarden.toml` and of `[tool.relwarden]`.
pub fn schema() -> Schema {
    schemars::schema_for!(Config)
}

impl JsonSchema for Scanners {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scanners".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let names = generator.subschema_for::<Vec<String>>();
        let each = generator.subschema_for::<BTreeMap<String, Scanner>>();
        let scanner = each.get("additionalProperties").cloned().unwrap_or_else(|| true.into());
        schemars::json_schema!({
            "description": "Which scanners are used and how their reports count, with a table for each scanner that needs one.",
            "type": "object",
            "properties": {
                "required": { "description": "Scanners without which a run is incomplete; by default each one that ever gave a usable report, or gave any in the run.", "allOf": [names] },
                "retired": { "description": "Scanners that are no longer used: their findings become unverified, not resolved.", "allOf": [names] },
                "accepted_gaps": { "description": "Packages and files that a scanner may skip without a mark on the grade.", "allOf": [names] }
            },
            "additionalProperties": scanner
        })
    }
}
