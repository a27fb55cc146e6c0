//! Reading and identifying, measured against deserialising the same bytes with serde_json into the same wire types.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use test_support::fixtures::workspace;

use super::data::{self, Drift};
use crate::step;

/// The sizes of the measurements, in findings. The largest goes up to `--n`.
const SIZES: [u64; 4] = [10, 1_000, 100_000, 1_000_000];

/// The ratio to aim at.
const GOAL: f64 = 1.5;

/// The ratio that a measurement is held to: what is reached today, with room for a busy machine.
const LIMIT: f64 = 4.0;

/// How many times longer ten times as many findings may take, times ten: growth stays linear.
const GROWTH_LIMIT: f64 = 11.0;

/// What came out for one size; times in nanoseconds of processor time.
struct Row {
    n: u64,
    base: f64,
    read: f64,
    new: f64,
    unchanged: f64,
    drifted_base: f64,
    drifted: f64,
    peak: f64,
}

impl Row {
    fn ratios(&self) -> [f64; 3] {
        [self.new / self.base, self.unchanged / self.base, self.drifted / self.drifted_base]
    }
}

/// Measures sizes up to `n`, prints a table and fails if a limit is exceeded.
pub(super) fn run(n: u64) -> Result<()> {
    let folder = workspace().join("target/bench");
    step::run(
        step::cargo()
            .args(["bench", "--package", "scanner-reports", "--features", "bench"])
            .args(["--bench", "read", "--no-run", "--quiet", "--locked"]),
    )?;
    println!(
        "{:>9} {:>11} {:>6} {:>6} {:>10} {:>8} {:>10} {:>9}",
        "findings", "base", "read", "new", "unchanged", "drifted", "per each", "peak"
    );
    let mut rows: Vec<Row> = Vec::new();
    for size in SIZES.into_iter().filter(|size| *size <= n) {
        let row = measure(&folder.join(format!("reports-{size}")), size)?;
        let [new, unchanged, drifted] = row.ratios();
        #[expect(clippy::cast_precision_loss, reason = "a count of findings, shown")]
        let each = row.new / row.n as f64;
        println!(
            "{:>9} {:>8.2} ms {:>6.2} {new:>6.2} {unchanged:>10.2} {drifted:>8.2} {each:>7.0} ns {:>6.0} MB",
            row.n,
            row.base / 1e6,
            row.read / row.base,
            row.peak / 1e6
        );
        rows.push(row);
    }
    println!("columns 3 to 6 in times of the base; the goal is {GOAL}");
    hold(&rows)
}

fn hold(rows: &[Row]) -> Result<()> {
    for row in rows {
        let worst = row.ratios().into_iter().fold(0.0, f64::max);
        // With ten findings the wire types fit into the nearest cache, and every call counts.
        if row.n >= 1_000 && worst > LIMIT {
            bail!("{} findings take {worst:.2} times the base, more than {LIMIT}", row.n);
        }
    }
    for pair in rows.windows(2).filter(|pair| pair[0].n >= 1_000) {
        #[expect(clippy::cast_precision_loss, reason = "a quotient of counts")]
        let decades = (pair[1].n as f64 / pair[0].n as f64).log10();
        let growth = (pair[1].new / pair[0].new).powf(1.0 / decades);
        println!("from {} to {} findings: {growth:.1} times as long for ten times as many", pair[0].n, pair[1].n);
        // Between 1 000 and 100 000 the data leave the caches, which is no fault of the growth.
        if pair[0].n >= 100_000 && growth > GROWTH_LIMIT {
            bail!("ten times as many findings take {growth:.1} times as long, more than {GROWTH_LIMIT}");
        }
    }
    Ok(())
}

fn measure(folder: &Path, n: u64) -> Result<Row> {
    let (first, drifted) = (folder.join("first"), folder.join("drifted"));
    for (path, drift) in [(&first, Drift::None), (&drifted, Drift::TwoPercent)] {
        data::write(path, n, drift).with_context(|| format!("cannot write reports to {}", path.display()))?;
    }
    let mut command = step::cargo();
    command.args([
        "bench",
        "--package",
        "scanner-reports",
        "--features",
        "bench",
        "--bench",
        "read",
        "--quiet",
        "--locked",
        "--",
    ]);
    let output = command.arg(&first).arg(&drifted).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot start `{}`", step::line(&command)))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let Some(line) = text.lines().find(|line| line.starts_with('{')).filter(|_| output.status.success()) else {
        bail!("`{}` ended with {} and no result", step::line(&command), output.status);
    };
    let result: Value = serde_json::from_str(line).context("the benchmark printed something else")?;
    let number =
        |key: &str| result.get(key).and_then(Value::as_f64).with_context(|| format!("the benchmark printed no {key}"));
    Ok(Row {
        n,
        base: number("base")?,
        read: number("read")?,
        new: number("new")?,
        unchanged: number("unchanged")?,
        drifted_base: number("drifted_base")?,
        drifted: number("drifted")?,
        peak: number("peak_bytes")?,
    })
}
