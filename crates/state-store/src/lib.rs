//! Bounded reads, atomic replacement and locks: the one crate that touches files.
//!
//! - A read takes regular files only, never follows a link, never blocks on a pipe and never reads more than its limit.
//! - A write goes to a temporary file beside its target, is synced and renamed: a reader sees the old or the new document, whole.
//! - A lock is held on a folder, so that two runs never interleave and no lock file stays behind. An unfinished file is held too:
//!   what nobody holds was left by a run that was killed, and goes.
//!
//! Unix only (Linux, macOS).

#![expect(clippy::disallowed_methods, reason = "this is the crate that touches files")]

mod error;
mod folder;
mod lock;
mod read;
mod together;
mod unfinished;
mod write;

pub use error::{Action, StoreError, StoreErrorKind};
pub use folder::{Entry, EntryKind, absolute_names, exists, list, modified, remove, size};
pub use lock::{Lock, lock, lock_below, refuse_links};
pub use read::{open_if_there, open_regular, read, read_below, read_if_there, read_start};
pub use together::{Replaced, Replacement, TogetherError, replace_together};
pub use unfinished::remove_leftovers_of;
pub use write::{
    append_lines, keep_aside, replace, replace_if_changed, replace_if_changed_with, replace_without_sync, set_aside,
};

/// The most that a document of ours may hold: 4 GiB, a ledger of some four million findings.
pub const DOCUMENT_LIMIT: u64 = 4 * 1024 * 1024 * 1024;
/// The most that a scanner's report may hold: 1 GiB, about two million records.
pub const REPORT_LIMIT: u64 = 1024 * 1024 * 1024;
/// The most that a configuration file may hold: 1 MiB.
pub const CONFIG_LIMIT: u64 = 1024 * 1024;
