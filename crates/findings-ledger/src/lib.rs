//! What is known over time: history, remediation plans, exceptions and the documents made from them.
//!
//! - [`Ledger`] is the document of every finding that was ever seen; [`take_in`] brings a run's scans into it.
//! - [`Plans`] are what people decided about findings; [`PlanFile`] keeps their file in step without touching a person's text.
//! - [`Event`] says what happened; [`events_to_append`] and [`changelog_to_append`] make the history, [`ScanArchive`] keeps the
//!   scans, [`expired`] and [`retain_events`] say what is old.
//! - [`import`] reads the files of the Python system that came before.
//! - [`findings_document`] writes `SECURITY_FINDINGS.md` for people.
//!
//! The rule above all others: a finding ends only when a scan that would have reported it looked and did not. This crate reads
//! bytes and values and returns values; it never opens a file, reads a clock or knows a scanner's format.

mod document;
mod events;
mod history;
pub mod import;
mod intake;
mod lead;
mod ledger;
mod plans;
#[cfg(test)]
mod tests;

pub use document::{DocumentInput, RenderError, findings_document};
pub use events::{Event, Happening};
pub use history::{
    Retention, ScanArchive, archive_date, changelog_to_append, events_to_append, expired, is_event_expired,
    retain_events,
};
pub use intake::{
    Exception, ExceptionKind, ExceptionNotice, Intake, PathPattern, PathPatternError, Required, Taken, take_in,
};
pub use ledger::{Ledger, LedgerError};
pub(crate) use plans::sync_plans;
pub use plans::{Plan, PlanFile, PlanNames, PlanProblem, PlanStatus, Plans, PlansError, PlansSynced, Priority};
