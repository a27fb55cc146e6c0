//! The campaign of the property tests: many more cases than a gate has time for, from a seed of its own.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::step;

/// From which seed the property tests of a gate take their cases.
pub(crate) const SEED_VARIABLE: &str = "PROPTEST_RNG_SEED";

/// How many cases, from which seed.
#[derive(Debug, Args)]
pub(crate) struct Laws {
    /// How many cases each law is tried with that does not name a number of its own
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    cases: u32,
    /// The seed of the campaign: the same seed, the same cases [default: one of the moment]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

/// Runs the tests of every library; an error if one failed.
pub(crate) fn run(args: &Laws) -> Result<()> {
    let seed = match args.seed {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?.as_secs(),
    };
    println!("seed {seed}");
    let mut command = step::cargo();
    command.args(["test", "--workspace", "--lib", "--locked", "--no-fail-fast"]);
    command.env("PROPTEST_CASES", args.cases.to_string()).env(SEED_VARIABLE, seed.to_string());
    // Laws about pairs leave out many of the cases that they are given.
    command.env("PROPTEST_MAX_GLOBAL_REJECTS", args.cases.saturating_mul(4).to_string());
    step::run(&mut command)
}
