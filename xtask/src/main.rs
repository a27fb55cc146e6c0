//! The workspace's own tasks: `cargo xtask TASK`.
//!
//! Continuous integration and people call the same tasks; nothing is checked anywhere else.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a developer's tool that runs programs, rewrites files of the workspace and tells a person about it"
)]

mod bench;
mod demo;
#[cfg(test)]
mod fences;
mod fuzz;
mod generate;
mod infrastructure;
mod laws;
mod peers;
mod refresh;
mod step;
mod tidy;
mod validate;
mod weeks;
mod workflows;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The workspace's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct App {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run every gate, in order, and say how long each took.
    Validate,
    /// Check what the compiler does not: layers, manifests, links, fixtures, file lengths.
    Tidy,
    /// Install the programs that the tests talk to, pinned, into target/peers.
    Peers,
    /// Read the tables that distributions are judged by anew, and print how old each is.
    Refresh {
        /// The day to write into them, as 2026-11-22.
        #[arg(long)]
        today: String,
    },
    /// Judge the workflows of this repository: linters, GitHub's own parser, permissions against steps.
    Workflows,
    /// Run the whole security-driven workflow on a recorded project, and say what it decided and why.
    Demo,
    /// Measure how fast reports are read and findings identified, and hold it to limits.
    Bench(bench::Bench),
    /// Throw mutated documents at every parser.
    Fuzz(fuzz::Fuzz),
    /// Try the laws that the tests of properties state with many cases.
    Laws(laws::Laws),
    /// Write the generated parts of the documentation.
    Gen {
        /// Only say what is out of date, and fail if anything is.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let done = run(&App::parse().task);
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        for cause in error.chain().skip(1) {
            eprintln!("  caused by: {cause}");
        }
        ExitCode::FAILURE
    })
}

fn run(task: &Task) -> Result<ExitCode> {
    match task {
        Task::Validate => Ok(validate::run()),
        Task::Tidy => tidy::run(),
        Task::Peers => peers::install().map(|()| ExitCode::SUCCESS),
        Task::Refresh { today } => refresh::run(today).map(|()| ExitCode::SUCCESS),
        Task::Workflows => workflows::run(),
        Task::Demo => demo::run().map(|()| ExitCode::SUCCESS),
        Task::Bench(args) => bench::run(args).map(|()| ExitCode::SUCCESS),
        Task::Fuzz(args) => fuzz::run(args).map(|()| ExitCode::SUCCESS),
        Task::Laws(args) => laws::run(args).map(|()| ExitCode::SUCCESS),
        Task::Gen { check } => generate::run(*check),
    }
}
