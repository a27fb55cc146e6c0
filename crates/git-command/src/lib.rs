//! The project's repository, through the `git` program: the one crate that runs it.
//!
//! - [`Repository`] reads files, folders and tags as they are at a commit, and makes commits, tags, branches and pushes.
//! - Git runs without a shell, without a prompt, with bounded output and in the language that this crate understands. Variables of
//!   the environment that point git to another repository, index or work tree are not passed on, nor are those that hold secrets, save
//!   the tokens of GitHub, which credential helpers log in with.
//! - Hooks, signatures and credentials work as the user configured them.
//!
//! A path is relative to the project's folder, which may lie below the top of the repository.

mod change;
mod error;
mod follow;
mod read;
mod remote;
mod repository;
mod run;

#[cfg(test)]
mod tests;

pub use change::{FileState, IgnoredFile, TagMessage};
pub use error::{Action, GitError, PushRefusal};
pub use read::{EntryKind, FolderEntry};
pub use remote::{Push, RemoteName, RemoteRefs};
pub use repository::{CommitId, Head, Repository, Ssh};
