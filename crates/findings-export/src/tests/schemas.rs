//! Documents held against the schemas of `fixtures/schemas`.

use std::sync::LazyLock;

use jsonschema::{Registry, Validator};
use serde_json::Value;
use test_support::fixture;

use super::Sample;
use crate::ExportFormat;

fn schema(name: &str) -> Value {
    serde_json::from_slice(&fixture(&format!("schemas/{name}"))).unwrap()
}

static SARIF: LazyLock<Validator> = LazyLock::new(|| {
    let mut schema = schema("sarif-schema-2.1.0.json");
    // The pattern of a language tag has a stray bracket and is no regular expression; we write no language.
    let languages = ["run", "toolComponent"];
    for of in languages {
        schema["definitions"][of]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
});

static OPENVEX: LazyLock<Validator> = LazyLock::new(|| {
    jsonschema::options().should_validate_formats(true).build(&schema("openvex-0.2.0.schema.json")).unwrap()
});

static CYCLONEDX: LazyLock<Validator> = LazyLock::new(|| {
    let registry = Registry::new()
        .add("http://cyclonedx.org/schema/spdx.schema.json", schema("spdx.schema.json"))
        .unwrap()
        .add("http://cyclonedx.org/schema/jsf-0.82.schema.json", schema("jsf-0.82.schema.json"))
        .unwrap()
        .prepare()
        .unwrap();
    let schema = schema("bom-1.6.schema.json");
    jsonschema::options().should_validate_formats(true).with_registry(&registry).build(&schema).unwrap()
});

/// What the official schema of a format has against a document, a line each.
pub(super) fn faults(format: ExportFormat, document: &[u8]) -> Vec<String> {
    let validator: &Validator = match format {
        ExportFormat::Sarif => &SARIF,
        ExportFormat::CyclonedxVex => &CYCLONEDX,
        ExportFormat::Openvex => &OPENVEX,
        ExportFormat::Csv | ExportFormat::Ndjson => return Vec::new(),
    };
    let document: Value = serde_json::from_slice(document).unwrap();
    validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).take(5).collect()
}

#[test]
fn every_export_is_what_its_standard_asks_for() {
    for sample in [Sample::default(), Sample::of_everything(), Sample::of_everything().scanned("trivy", "failed")] {
        for format in ExportFormat::ALL {
            if let Some(document) = sample.export(format).document {
                assert_eq!(faults(format, &document), Vec::<String>::new(), "{format}");
            }
        }
    }
}

#[test]
fn the_schemas_refuse_what_they_must() {
    assert!(!faults(ExportFormat::Sarif, br#"{"version": "2.1.0"}"#).is_empty());
    assert!(
        !faults(ExportFormat::CyclonedxVex, br#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "x": 1}"#).is_empty()
    );
    assert!(!faults(ExportFormat::Openvex, br#"{"statements": []}"#).is_empty());
}
