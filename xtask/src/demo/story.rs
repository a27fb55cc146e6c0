//! The words for what the programs answer, and the files they are given.

use std::path::PathBuf;

use serde_json::Value;
use test_support::fixtures::workspace;

use super::text;

/// The recorded wheel and sdist of a version.
pub(super) fn distributions(version: &str) -> Vec<PathBuf> {
    let folder = workspace().join("fixtures/sample-project/dist");
    [format!("sample_package-{version}-py3-none-any.whl"), format!("sample_package-{version}.tar.gz")]
        .into_iter()
        .map(|name| folder.join(name))
        .filter(|path| path.is_file())
        .collect()
}

/// The status document in one line.
pub(super) fn status(status: &Value) -> String {
    let grade = status["security_grade"]
        .as_str()
        .map_or_else(|| format!("no grade: {}", text(&status["grade_reason"])), |grade| format!("grade {grade}"));
    let summary = &status["vulnerability_summary"];
    let counts: Vec<String> = ["critical", "high", "medium", "low", "info", "unknown"]
        .iter()
        .filter_map(|severity| Some((summary[*severity].as_u64().filter(|count| *count > 0)?, severity)))
        .map(|(count, severity)| format!("{count} {severity}"))
        .collect();
    let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    format!("{grade}; open: {counts}")
}

/// Where a line of the demo's prose ends, in characters.
const WIDTH: usize = 100;

/// Prose broken into lines that start under the first one's text.
pub(super) fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.join("\n            ")
}

/// What an exit code of the workflow means.
pub(super) fn exit_code_words(code: i32) -> &'static str {
    match code {
        0 => "",
        1 => " (a required scan failed or is missing)",
        _ => " (the workflow could not run)",
    }
}
