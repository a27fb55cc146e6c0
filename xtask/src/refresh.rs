//! Rewrites the tables that distributions are judged by, from the packages that hold them.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use test_support::fixtures::workspace;

/// Where the tables live.
const DATA: &str = "crates/dist-check/data";

/// Asks for the tables, as JSON on stdout.
const SCRIPT: &str = "xtask/src/refresh.py";

/// One table as the script gives it.
struct Fresh {
    source: String,
    lines: Vec<String>,
}

/// Installs the packages of `xtask/tables.txt` into `target/tables` and rewrites what they say differently. Where they cannot be
/// had, the tables stay as they are. The date of each table is printed at the end.
pub(crate) fn run(today: &str) -> Result<()> {
    match fresh() {
        Ok(tables) => {
            for (name, table) in tables {
                rewrite(&name, &table, today)?;
            }
        }
        Err(error) => println!("the tables stay as they are: {error:#}"),
    }
    for entry in fs::read_dir(workspace().join(DATA)).context("cannot list the tables")? {
        let path = entry?.path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let header = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("unknown").to_owned();
        println!("{name}: as of {}, from {}", header("# as of: "), header("# source: "));
    }
    Ok(())
}

fn fresh() -> Result<BTreeMap<String, Fresh>> {
    let root = workspace();
    let packages = root.join("target/tables");
    let mut install = Command::new("python3");
    install
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade", "--target"])
        .arg(&packages)
        .arg("--requirement")
        .arg(root.join("xtask/tables.txt"));
    crate::step::run(&mut install).context("cannot install the packages that hold them")?;
    let asked = Command::new("python3").arg(root.join(SCRIPT)).env("PYTHONPATH", &packages).output();
    let asked = asked.context("cannot start python3")?;
    anyhow::ensure!(asked.status.success(), "{SCRIPT}: {}", String::from_utf8_lossy(&asked.stderr).trim());
    let document: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&asked.stdout).with_context(|| format!("{SCRIPT} printed no JSON"))?;
    document.into_iter().map(|(name, table)| Ok((name, read(&table).context("not a table")?))).collect()
}

fn read(table: &serde_json::Value) -> Option<Fresh> {
    let lines = table["lines"].as_array()?.iter().map(|line| line.as_str().map(str::to_owned));
    Some(Fresh { source: table["source"].as_str()?.to_owned(), lines: lines.collect::<Option<_>>()? })
}

/// Writes a table if its lines or its source changed; the date is that of the last look.
fn rewrite(name: &str, table: &Fresh, today: &str) -> Result<()> {
    let path = workspace().join(DATA).join(name);
    let text = format!("# source: {}\n# as of: {today}\n{}\n", table.source, table.lines.join("\n"));
    if fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    println!("writing {name}: {} rows", table.lines.len());
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
