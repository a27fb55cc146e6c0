//! Which documents this crate wrote.

use serde_json::Value;

use crate::ExportFormat;

/// The name under which every document of tools names this program.
const TOOL: &str = "Relwarden";

impl ExportFormat {
    /// Whether these bytes are a document of this format that this program wrote, so that a newer one may take its place.
    pub fn is_own(self, bytes: &[u8]) -> bool {
        match self {
            Self::Csv => bytes.starts_with(b"finding_id,kind,status,"),
            Self::Ndjson => {
                let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                let first = lines.next().and_then(|line| serde_json::from_slice::<Value>(line).ok());
                first.is_some_and(|line| line.get("schema_version").is_some() && line.get("finding_id").is_some())
            }
            Self::Sarif | Self::CyclonedxVex | Self::Openvex => {
                serde_json::from_slice::<Value>(bytes).is_ok_and(|document| self.is_own_json(&document))
            }
        }
    }

    fn is_own_json(self, document: &Value) -> bool {
        let begins = |value: &Value, start: &str| value.as_str().is_some_and(|text| text.starts_with(start));
        match self {
            Self::Sarif => begins(&document["runs"][0]["automationDetails"]["id"], "relwarden/"),
            Self::CyclonedxVex => begins(&document["metadata"]["tools"]["components"][0]["name"], TOOL),
            Self::Openvex => begins(&document["tooling"], TOOL),
            Self::Csv | Self::Ndjson => false,
        }
    }
}
