//! For the benchmark alone: the floor that reading is measured against.

use findings_model::ReportFormat;

/// Deserialises a report with serde_json into the format's own wire types, calls `done`, and drops them.
///
/// pip-audit, bandit and detect-secrets are measured; for any other format nothing is read and `done` is not called.
pub fn deserialise(bytes: &[u8], format: ReportFormat, done: &mut dyn FnMut()) -> Result<(), serde_json::Error> {
    crate::formats::deserialise(bytes, format, done)
}
