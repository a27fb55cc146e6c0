//! `cargo xtask bench`: how fast the programs are, and how much memory they take.

mod data;
mod decide;
mod floor;
mod instructions;
mod publish;
mod reports;
mod run;

use anyhow::Result;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// Measure only this; everything without it
    #[arg(value_enum)]
    what: Option<What>,
    /// The most findings to measure with
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    n: u64,
    /// Take the number of instructions that is counted as the one to hold
    #[arg(long)]
    record: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Reading reports and identifying findings
    Reports,
    /// A whole run of update-findings: reports in, every document out
    Run,
    /// How soon decide-release has decided, and how large it is
    Decide,
    /// Checking and publishing, beside twine and uv
    Publish,
    /// The instructions of a small run, counted by callgrind
    Instructions,
}

/// Measures, prints tables, and fails where a limit of docs/performance.md is exceeded.
pub(crate) fn run(args: &Bench) -> Result<()> {
    let asked = |what| args.what.is_none_or(|only| only == what);
    if asked(What::Reports) {
        reports::run(args.n)?;
    }
    if asked(What::Run) {
        run::run(args.n)?;
    }
    if asked(What::Decide) {
        decide::run()?;
    }
    if asked(What::Publish) {
        publish::run()?;
    }
    if asked(What::Instructions) {
        instructions::run(args.record)?;
    }
    Ok(())
}
