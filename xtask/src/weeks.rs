//! What was recorded about each weekly scan of the sample project.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use test_support::fixtures::workspace;
use toml::Table;

/// One recorded week, and what ought to be decided in it.
pub(crate) struct Week {
    pub(crate) date: String,
    pub(crate) story: String,
    pub(crate) because: String,
    pub(crate) release: bool,
    pub(crate) exit_code: i32,
    /// The OSV records that had been published by then.
    pub(crate) advisories: PathBuf,
}

impl Week {
    pub(crate) fn read(name: &str) -> Result<Self> {
        let folder = workspace().join("fixtures/sample-project/weeks").join(name);
        let path = folder.join("RECORDED.toml");
        let recorded = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let recorded: Table = toml::from_str(&recorded).with_context(|| format!("{} is not TOML", path.display()))?;
        let word = |table: &Table, key: &str| {
            let value = table.get(key).and_then(toml::Value::as_str);
            value.map(str::to_owned).with_context(|| format!("{} does not say `{key}`", path.display()))
        };
        let expected = recorded.get("expected").and_then(toml::Value::as_table);
        let expected = expected.with_context(|| format!("{} has no [expected]", path.display()))?;
        let exit_code = expected.get("exit_code").and_then(toml::Value::as_integer);
        Ok(Self {
            date: word(&recorded, "date")?,
            story: word(&recorded, "story")?,
            because: word(expected, "because")?,
            release: word(expected, "decision")? == "release",
            exit_code: exit_code.and_then(|code| code.try_into().ok()).context("`exit_code` is a small number")?,
            advisories: folder.join("advisories"),
        })
    }

    /// An hour after the scan.
    pub(crate) fn now(&self) -> String {
        format!("{}T04:00:00Z", self.date)
    }

    pub(crate) fn decision_word(&self) -> &'static str {
        if self.release { "release" } else { "none" }
    }
}
