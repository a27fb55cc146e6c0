//! Ledger and now to the public status document, page, badges and history.
//!
//! Everything here is a pure function: findings, limits and a moment go in, bytes come out, the same
//! for the same input. Nothing reads a clock, a file or the environment.
//!
//! - [`StatusDocument`] is `index.json`: what is known, how old it is and what cannot be said.
//! - [`Grade`] and its ladder: A to D, F for any critical finding, none when a required scan is
//!   failed, missing or too old.
//! - [`History`] is `history.json`: one line a day.
//! - [`render`] makes the published tree of both.
//!
//! # Staleness
//!
//! A page without script cannot know its reader's clock, and neither CSS nor SVG gives it one. Three
//! things stand in for that. Each document says when its data stop being fresh (`stale_after`) and when
//! they stop meaning anything (`valid_until`), so that a program compares them with its own clock. The
//! page prints both dates at its top in words. And whoever publishes renders the page again once a day
//! (`update-status --refresh`), which turns it stale, then unknown, even while no scan runs.
//!
//! # What is never published
//!
//! Where a secret was found and what it looks like, paths of reports, absolute paths, who is assigned
//! to a finding, notes of a plan. A secret is its detector's name and a number, nothing else.

mod assess;
mod badge;
mod document;
mod entry;
mod freshness;
mod grade;
mod history;
mod page;
mod phrase;
mod redact;
mod render;

pub use assess::{Known, StatusInput, assess};
pub use document::{DocumentError, RemediationStatus, State, StatusDocument};
pub use entry::{EntryStatus, ExceptionWord, StatusFinding};
pub use freshness::{Limits, ScannerStatus, Standing};
pub use grade::{Grade, GradeRule};
pub use history::{History, HistoryDay, HistoryError};
pub use render::{RenderError, StatusFile, render};

#[cfg(test)]
mod tests;
