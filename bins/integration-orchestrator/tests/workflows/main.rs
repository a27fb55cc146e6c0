//! The workflows of `.github`, executed by act on a repository of the test's own, with the built programs.
//!
//! act runs them in host mode, without Docker. Stand-ins for the actions of GitHub lie in `actions/`; the scanners are scripts that
//! leave recorded reports; the index is on loopback; the remote is a bare repository. What act does not enforce (permissions,
//! environments, concurrency) is checked in the workflows' text by `cargo xtask workflows`. Tests named `aNN_…` are cases of the audit
//! of the Python system, as in the package's other tests.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test touches real files, and fails where it cannot"
)]

mod actions_setup;
mod failures;
mod identity;
mod injection;
mod other_workflows;
mod scripts;
mod stage;
mod together;
mod weekly;
