//! What differs from run to run, taken out of snapshots.

/// Pairs of a regular expression and its replacement, for insta's `filters` setting.
///
/// ```text
/// insta::with_settings!({ filters => test_support::SNAPSHOT_FILTERS.to_vec() }, {
///     insta::assert_snapshot!(outcome.stdout);
/// });
/// ```
pub const SNAPSHOT_FILTERS: [(&str, &str); 3] = [
    // A scratch folder, wherever the system keeps temporary files.
    (r"(?:/[\w.-]+)+/relwarden-\w{6}", "[SCRATCH]"),
    // The port that a server on loopback was given.
    (r"\b(127\.0\.0\.1|localhost):\d{2,5}\b", "$1:[PORT]"),
    // How long something took.
    (r"\b\d+(?:\.\d+)? ?(?:ms|µs|s)\b", "[TIME]"),
];
