//! What GitHub code scanning takes of a SARIF file.
//!
//! Source: docs.github.com, "SARIF support for code scanning" (sizes of texts, the file's size) and "SARIF results exceed one or
//! more limits" (numbers), as published in 2025. An upload over one of the hard limits is refused as a whole.

/// Runs in a file.
pub const RUNS: usize = 20;
/// Results in a run. GitHub shows the 5,000 most severe of them.
pub const RESULTS: usize = 25_000;
/// Results of a run that GitHub shows.
pub const RESULTS_SHOWN: usize = 5_000;
/// Rules in a run.
pub const RULES: usize = 25_000;
/// Tags of a rule; GitHub shows 10 of at most 20.
pub const TAGS: usize = 10;
/// Locations of a result; GitHub shows 100 of at most 1,000.
pub const LOCATIONS: usize = 100;
/// Bytes of the file after gzip: 10 MB.
pub const COMPRESSED_BYTES: u64 = 10_000_000;
/// Characters of a rule's id and name.
pub const ID: usize = 255;
/// Characters of a rule's descriptions.
pub const DESCRIPTION: usize = 1024;
