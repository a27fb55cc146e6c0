//! All gates, in order: cheap ones first, each with its time.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use test_support::fixtures::CORPUS_VARIABLE;

use crate::{demo, fuzz, generate, infrastructure, laws, peers, step, tidy, workflows};

/// What came of one gate.
enum Outcome {
    Passed,
    /// Could not run here; why.
    Skipped(String),
    Failed(String),
    /// An earlier gate failed.
    NotReached,
}

struct Gate {
    name: &'static str,
    run: fn(&mut Tally) -> Result<Outcome>,
}

/// The tests counted so far.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

const GATES: [Gate; 14] = [
    Gate { name: "fmt", run: |_| cargo(&["fmt", "--all", "--check"]) },
    Gate { name: "tidy", run: |_| code(tidy::run()?, "the findings stand above") },
    Gate {
        name: "clippy",
        run: |_| cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
    },
    Gate { name: "deny", run: |_| deny() },
    Gate { name: "build", run: |_| cargo(&["build", "--workspace", "--locked"]) },
    Gate { name: "gen --check", run: |_| code(generate::run(true)?, "`cargo xtask gen` brings it up to date") },
    Gate {
        name: "peers",
        run: |_| {
            peers::install()?;
            Ok(Outcome::Passed)
        },
    },
    Gate { name: "workflows", run: |_| code(workflows::run()?, "the findings stand above") },
    Gate { name: "infrastructure", run: |_| infrastructure() },
    Gate { name: "test", run: |tally| test(tally, &[]) },
    Gate { name: "corpus", run: |_| corpus() },
    Gate {
        name: "fuzz",
        run: |_| {
            fuzz::gate()?;
            Ok(Outcome::Passed)
        },
    },
    Gate {
        name: "demo",
        run: |_| {
            demo::run()?;
            Ok(Outcome::Passed)
        },
    },
    Gate { name: "doc", run: |_| doc() },
];

/// Runs the gates up to the first that fails, and prints what each came to.
pub(crate) fn run() -> ExitCode {
    let mut tally = Tally::default();
    let mut rows: Vec<(&str, Duration, Outcome)> = Vec::new();
    let mut broken = false;
    for gate in &GATES {
        if broken {
            rows.push((gate.name, Duration::ZERO, Outcome::NotReached));
            continue;
        }
        println!("== {}", gate.name);
        let start = Instant::now();
        let outcome = (gate.run)(&mut tally).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        broken = matches!(outcome, Outcome::Failed(_));
        rows.push((gate.name, start.elapsed(), outcome));
    }
    print_table(&rows, &tally);
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn print_table(rows: &[(&str, Duration, Outcome)], tally: &Tally) {
    println!("\n{:<14} {:>9}  outcome", "gate", "seconds");
    for (name, time, outcome) in rows {
        let word = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Skipped(why) => format!("skipped: {why}"),
            Outcome::Failed(why) => format!("FAILED: {why}"),
            Outcome::NotReached => "not reached".to_owned(),
        };
        println!("{name:<14} {:>9.1}  {word}", time.as_secs_f64());
    }
    let Tally { passed, failed, ignored } = tally;
    println!("\ntests: {passed} passed, {failed} failed, {ignored} ignored");
}

fn cargo(arguments: &[&str]) -> Result<Outcome> {
    step::run(step::cargo().args(arguments))?;
    Ok(Outcome::Passed)
}

fn code(code: ExitCode, hint: &str) -> Result<Outcome> {
    if code != ExitCode::SUCCESS {
        bail!("{hint}");
    }
    Ok(Outcome::Passed)
}

/// Licences, sources and bans, where cargo-deny is installed (deny.toml).
fn deny() -> Result<Outcome> {
    let known = Command::new("cargo-deny").arg("--version").output();
    if !known.is_ok_and(|output| output.status.success()) {
        return Ok(Outcome::Skipped("cargo-deny is not installed here".to_owned()));
    }
    cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"])
}

/// The templates and scripts of the cloud set-up, as strangers would judge them.
fn infrastructure() -> Result<Outcome> {
    if let infrastructure::Lint::WithoutTerraform = infrastructure::lint()? {
        println!("terraform is not installed here: its layout was not checked");
    }
    Ok(Outcome::Passed)
}

fn test(tally: &mut Tally, filter: &[&str]) -> Result<Outcome> {
    // A snapshot is accepted by a person who has read it, never by this run. The cases of property tests are the same in every run, so
    // that a change is judged by what it changes: `xtask laws` looks for others, every day.
    let mut command = step::cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]).args(filter).env("INSTA_UPDATE", "no");
    if std::env::var_os(laws::SEED_VARIABLE).is_none() {
        command.env(laws::SEED_VARIABLE, "1");
    }
    step::run_watched(&mut command, |line| tally.count(line))?;
    Ok(Outcome::Passed)
}

/// The tests named `corpus`, with their tables, on the recordings that are no part of this repository.
fn corpus() -> Result<Outcome> {
    if std::env::var_os(CORPUS_VARIABLE).is_none() {
        return Ok(Outcome::Skipped(format!("{CORPUS_VARIABLE} is not set")));
    }
    test(&mut Tally::default(), &["corpus", "--", "--nocapture"])
}

fn doc() -> Result<Outcome> {
    let mut command = step::cargo();
    command.args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings");
    step::run(&mut command)?;
    Ok(Outcome::Passed)
}

impl Tally {
    /// Adds what libtest says at the end of one test program.
    fn count(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ").and_then(|(_, rest)| rest.split_once(". ")) else {
            return;
        };
        for part in counts.split("; ") {
            match part.split_once(' ').map(|(number, word)| (number.parse::<u64>(), word)) {
                Some((Ok(number), "passed")) => self.passed += number,
                Some((Ok(number), "failed")) => self.failed += number,
                Some((Ok(number), "ignored")) => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn counts_what_libtest_prints() {
        let mut tally = Tally::default();
        tally.count("running 3 tests");
        tally.count("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s");
        tally
            .count("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        assert_eq!((tally.passed, tally.failed, tally.ignored), (4, 2, 1));
    }
}
