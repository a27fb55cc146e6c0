//! Real git repositories in temporary folders.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::command::{Outcome, Run};

/// A work tree and a bare repository that it pushes to, as `origin`; both go with this value.
///
/// The branch is `main`, the author `A. Tester`. There is no commit and nothing on the remote until a test makes it.
#[derive(Debug)]
pub struct Checkout {
    folder: TempDir,
}

impl Checkout {
    /// Two empty repositories.
    #[track_caller]
    pub fn empty() -> Self {
        let folder = tempfile::Builder::new().prefix("relwarden-").tempdir().expect("create a temporary folder");
        let checkout = Self { folder };
        let remote = checkout.remote();
        git_in(checkout.folder.path())
            .args(["init", "--quiet", "--bare", "-b", "main"])
            .arg(&remote)
            .output()
            .expect_success();
        let work = checkout.path();
        git_in(checkout.folder.path()).args(["init", "--quiet", "-b", "main"]).arg(&work).output().expect_success();
        checkout.git(&["remote", "add", "origin", "../remote.git"]);
        checkout.git(&["config", "user.name", "A. Tester"]);
        checkout.git(&["config", "user.email", "tester@example.org"]);
        checkout
    }

    /// The work tree.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The bare repository.
    pub fn remote(&self) -> PathBuf {
        self.folder.path().join("remote.git")
    }

    /// A path below the work tree.
    pub fn join(&self, relative: &str) -> PathBuf {
        self.path().join(relative)
    }

    /// Writes a file of the work tree, with the folders above it.
    #[track_caller]
    pub fn write(&self, relative: &str, contents: impl AsRef<[u8]>) {
        let path = self.join(relative);
        let parent = path.parent().expect("a file lies in a folder");
        std::fs::create_dir_all(parent).unwrap_or_else(|error| panic!("create {}: {error}", parent.display()));
        std::fs::write(&path, contents).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
    }

    /// The text of a file of the work tree.
    #[track_caller]
    pub fn text(&self, relative: &str) -> String {
        let path = self.join(relative);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
    }

    /// Runs git in the work tree, which must end well, and gives its answer without the line feed at the end.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        answer(git_in(&self.path()).args(arguments).output())
    }

    /// As [`Checkout::git`], in the bare repository.
    #[track_caller]
    pub fn git_at_remote(&self, arguments: &[&str]) -> String {
        answer(git_in(&self.remote()).args(arguments).output())
    }

    /// Commits everything and gives the id.
    #[track_caller]
    pub fn commit_all(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Adds a hook, a shell script without its first line, to the repository in `folder` (its git folder).
    #[track_caller]
    pub fn hook(&self, at: HookAt, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = match at {
            HookAt::WorkTree => self.join(".git/hooks"),
            HookAt::Remote => self.remote().join("hooks"),
        };
        std::fs::create_dir_all(&folder).expect("create the folder of hooks");
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("write the hook");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("make the hook executable");
    }
}

/// Which repository a hook is for.
#[derive(Clone, Copy, Debug)]
pub enum HookAt {
    /// The one with the work tree.
    WorkTree,
    /// The bare one.
    Remote,
}

/// A run of git in a folder, with nothing of the user's settings.
pub fn git_in(folder: &Path) -> Run {
    Run::new("git").env("GIT_CONFIG_NOSYSTEM", "1").arg("-C").arg(folder)
}

#[track_caller]
fn answer(outcome: Outcome) -> String {
    outcome.expect_success().stdout.trim_end_matches('\n').to_owned()
}
