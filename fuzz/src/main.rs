//! Throws mutated documents at every parser and holds what comes out to laws.
//!
//! `cargo xtask fuzz` runs the campaign. It needs no nightly compiler and no instrumentation: inputs are made from small seeds by
//! changes that know JSON, the nth input of a target follows from the campaign's seed and n alone, and a failing one is kept
//! with the command that replays it.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a developer's program that reads fixtures, keeps failing inputs and tells a person about them"
)]

mod campaign;
mod chance;
mod distributions;
mod laws;
mod mutate;
mod seeds;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

/// Throws mutated documents at the parsers.
#[derive(Debug, Parser)]
#[command(name = "fuzz")]
struct App {
    /// How long each target is run
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    seconds: u64,
    /// Only this target
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// The seed of the campaign: the same seed, the same inputs
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Read one kept input instead
    #[arg(long, value_name = "FILE", requires = "target")]
    replay: Option<PathBuf>,
    /// Where failing inputs are kept
    #[arg(long, value_name = "FOLDER", default_value = "target/fuzz")]
    keep: PathBuf,
}

fn main() -> ExitCode {
    match campaign::run(&App::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
