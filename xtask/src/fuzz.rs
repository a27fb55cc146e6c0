//! The campaign against the parsers: the `fuzz` package does the work.

use anyhow::Result;
use clap::Args;

use crate::step;

/// How long, against what, from which seed.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// How long each target is run
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
    /// Only this target
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// The seed of the campaign: the same seed, the same inputs
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Read one kept input instead
    #[arg(long, value_name = "FILE", requires = "target")]
    replay: Option<String>,
}

/// Runs the campaign, with the checks of a debug build; an error if a law was broken.
pub(crate) fn run(args: &Fuzz) -> Result<()> {
    let mut command = step::cargo();
    command.args(["run", "--quiet", "--package", "fuzz", "--locked", "--"]);
    command.args(["--seconds", &args.seconds.to_string(), "--seed", &args.seed.to_string()]);
    for (flag, value) in [("--target", &args.target), ("--replay", &args.replay)] {
        if let Some(value) = value {
            command.args([flag, value]);
        }
    }
    step::run(&mut command)
}

/// A few seconds of each target, as a gate.
pub(crate) fn gate() -> Result<()> {
    run(&Fuzz { seconds: 3, target: None, seed: 1, replay: None })
}
