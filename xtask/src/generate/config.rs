//! The configuration's JSON Schema, and the tables of `docs/configuration.md` that follow from it.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Generated, replace_block};

/// The table that holds all others.
const ROOT: &str = "tool.relwarden";

/// The schema as editors read it.
pub(super) fn schema_file() -> Result<Vec<Generated>> {
    let mut contents = serde_json::to_string_pretty(&cli_support::config::schema())?;
    contents.push('\n');
    Ok(vec![Generated { path: "docs/schema/config.schema.json".into(), contents }])
}

/// Every table with its keys.
pub(super) fn tables() -> Result<Vec<Generated>> {
    let schema = cli_support::config::schema().to_value();
    let mut block = String::new();
    Reader { schema: &schema }.table(&mut block, ROOT, &schema)?;
    block.push('\n');
    replace_block("docs/configuration.md", "tables", &block).map(|file| vec![file])
}

/// Reads one JSON Schema.
struct Reader<'a> {
    schema: &'a Value,
}

impl<'a> Reader<'a> {
    /// Writes a table and, after it, the tables inside it.
    fn table(&self, out: &mut String, name: &str, table: &'a Value) -> Result<()> {
        let keys = table.get("properties").and_then(Value::as_object);
        let (mut tables, mut rows) = (Vec::new(), Vec::new());
        for (key, value) in keys.into_iter().flatten() {
            let target = self.target(value)?;
            if target.get("properties").is_some() {
                tables.push((format!("{name}.{key}"), target));
            } else {
                rows.push((key, value, target));
            }
        }
        if let Some(any) = table.get("additionalProperties").filter(|any| any.is_object()) {
            tables.push((format!("{name}.NAME"), self.target(any)?));
        }
        if !rows.is_empty() {
            writeln!(out, "\n### `[{name}]`\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |")?;
        }
        for (key, value, target) in rows {
            let default = match value.get("default") {
                None | Some(Value::Null) => "none".to_owned(),
                Some(default) => format!("`{default}`"),
            };
            let description = value.get("description").or_else(|| target.get("description"));
            let description =
                description.and_then(Value::as_str).with_context(|| format!("{name}.{key} says nothing"))?;
            let meaning = description.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
            writeln!(out, "| `{key}` | {} | {default} | {meaning} |", self.kind(value)?)?;
        }
        tables.into_iter().try_for_each(|(name, table)| self.table(out, &name, table))
    }

    /// The schema itself, where `value` only refers to it or allows null beside it.
    fn target(&self, value: &'a Value) -> Result<&'a Value> {
        if let Some(place) = value.get("$ref").and_then(Value::as_str) {
            let found = place.strip_prefix('#').and_then(|pointer| self.schema.pointer(pointer));
            return self.target(found.with_context(|| format!("the schema has no {place}"))?);
        }
        let choices = ["allOf", "anyOf"].into_iter().find_map(|key| value.get(key)?.as_array());
        let real = choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"));
        real.map_or(Ok(value), |real| self.target(real))
    }

    /// What a value can be: each schema of a choice, without null.
    fn choices(&self, value: &'a Value) -> Result<Vec<&'a Value>> {
        if let Some(place) = value.get("$ref").and_then(Value::as_str) {
            let found = place.strip_prefix('#').and_then(|pointer| self.schema.pointer(pointer));
            return self.choices(found.with_context(|| format!("the schema has no {place}"))?);
        }
        let Some(choices) = value.get("anyOf").and_then(Value::as_array) else { return Ok(vec![self.target(value)?]) };
        let real = choices.iter().filter(|choice| choice["type"] != "null").map(|choice| self.choices(choice));
        Ok(real.collect::<Result<Vec<_>>>()?.concat())
    }

    /// The type in words.
    fn kind(&self, value: &'a Value) -> Result<String> {
        let kinds = self.choices(value)?.into_iter().map(|choice| self.kind_of(choice));
        Ok(kinds.collect::<Result<Vec<_>>>()?.join(" or "))
    }

    fn kind_of(&self, target: &'a Value) -> Result<String> {
        let words = match (target.get("enum"), target.get("oneOf")) {
            (Some(words), _) => words.as_array().into_iter().flatten().collect(),
            (None, Some(rows)) => rows.as_array().into_iter().flatten().filter_map(|row| row.get("const")).collect(),
            (None, None) => Vec::new(),
        };
        if !words.is_empty() {
            let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
            let front = if words.len() == 1 { "" } else { "one of " };
            return Ok(format!("{front}{}", words.join(", ")));
        }
        let name = match &target["type"] {
            Value::Array(names) => names.iter().find(|name| *name != "null").and_then(Value::as_str),
            name => name.as_str(),
        };
        Ok(match name {
            Some("string") => "text".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("object") => "a table".to_owned(),
            Some("array") => format!("list of {}", self.kind(&target["items"])?.trim_start_matches("one of ")),
            other => other.with_context(|| format!("the schema has a value without a type: {target}"))?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;
    use test_support::fixtures::workspace;

    use super::Reader;

    #[test]
    fn tables_follow_the_schema() {
        let schema = json!({
            "properties": {
                "gates": { "description": "Runs\nthis.", "type": "array", "items": { "type": "string" }, "default": [] },
                "inner": { "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/Inner" }] },
            },
            "$defs": { "Inner": { "type": "object", "properties": {
                "word": { "description": "a|b", "oneOf": [{ "const": "x" }, { "const": "y" }] },
            } } },
        });
        let mut out = String::new();
        Reader { schema: &schema }.table(&mut out, "t", &schema).unwrap();
        let lines: Vec<&str> = out.lines().filter(|line| line.starts_with("| `") || line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                "### `[t]`",
                "| `gates` | list of text | `[]` | Runs this. |",
                "### `[t.inner]`",
                "| `word` | one of `\"x\"`, `\"y\"` | none | a\\|b |",
            ]
        );
    }

    /// Whether the schema and the program take a configuration.
    fn both_take(text: &str) -> [bool; 2] {
        let schema = cli_support::config::schema().to_value();
        let table: toml::Table = toml::from_str(text).unwrap();
        let value = serde_json::to_value(table).unwrap();
        [jsonschema::is_valid(&schema, &value), cli_support::Config::from_toml(text).is_ok()]
    }

    #[test]
    fn the_schema_takes_what_the_program_takes() {
        for text in [
            "[release]\nnew = 'HIGH'\nresolved = ' Any '\nkinds = ['code', 'code']",
            "[release]\nquiet_hours = 4294967295\nraised = { from = 'Low', kinds = ['code', 'code'] }",
            "[bump]\ntag = 'v{version}'\nmessage = \"Release {version}\\n\\nby {hand}\"\nchangelog = false",
            "[bump]\nfiles = ['./a', '.github/x', '...', 'a..b', { path = 'a//b', pattern = 'v{version}' }]\nchangelog = 'docs/NEWS.md'",
        ] {
            assert_eq!(both_take(text), [true, true], "{text}");
        }
        for text in [
            "[release]\nnew = 'severe'",
            "[release]\nnew = 'unknown'",
            "[release]\nquiet_hours = 4294967296",
            "[bump]\nchangelog = true",
            "[bump]\nchangelog = '.'",
            "[bump]\ntag = 'v'",
            "[bump]\nbranch = ''",
            "[bump]\nmessage = \"{version}\\n{version}\"",
            "[bump]\nfiles = ['../x']",
            "[bump]\nfiles = ['a/../x']",
            "[bump]\nfiles = ['/x']",
            "[bump]\nfiles = ['x/']",
            "[bump]\nfiles = ['']",
            "[bump]\nfiles = ['././']",
            "[bump]\nfiles = ['.//.git/config']",
            "[bump]\nfiles = [\"a\\u0085b\"]",
            "[bump]\nfiles = [{ path = '..', pattern = '{version}' }]",
            "[bump]\nfiles = [{ path = 'x', pattern = 'version' }]",
        ] {
            assert_eq!(both_take(text), [false, false], "{text}");
        }
    }

    /// The example in the page is a configuration, and it uses every table.
    #[test]
    fn the_example_can_be_used() {
        let page = fs::read_to_string(workspace().join("docs/configuration.md")).unwrap();
        let (_, rest) = page.split_once("```toml\n# relwarden.toml\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let config = cli_support::Config::from_toml(example).unwrap();
        assert!(!config.scanners.each.is_empty() && !config.quality_gates.is_empty());
        assert!(config.publish.index.is_some() && config.status.url.is_some());
    }
}
