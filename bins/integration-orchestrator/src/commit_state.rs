//! `commit-state`

use std::{fmt::Write as _, thread};

use cli_support::{Context, ExitStatus, Failure, requests};
use findings_model::{SchemaVersion, text};
use git_command::{Action, GitError};
use orchestrate::{
    project::Project,
    state::{CommitStateError, Pushing, SetAside, StateCommit, StateRequest, commit_state},
};
use serde::Serialize;
use state_store::StoreErrorKind;

/// The arguments of `commit-state`.
#[derive(Debug, clap::Args)]
pub(crate) struct CommitState {
    /// The first line of the message [default: made from what changed]
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// The branch to push to [default: state.branch of the configuration, or the one that is checked out]
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// Where to push to: the name of a remote, or its address
    #[arg(long, value_name = "NAME", default_value = "origin")]
    remote: String,
    /// Commit and push nothing
    #[arg(long)]
    no_push: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: SchemaVersion,
    commit: Option<&'a str>,
    branch: Option<&'a str>,
    pushed: bool,
    superseded: bool,
    files: &'a [std::path::PathBuf],
    set_aside: &'a [SetAside],
}

impl CommitState {
    /// Commits.
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let status = requests::status(cx)?;
        let run_id = requests::run_id(cx);
        let branch = self.branch.clone().or(cx.config()?.state.branch.clone());
        let request = StateRequest {
            remote: &self.remote,
            branch: branch.as_deref(),
            subject: self.message.as_deref(),
            run_id: run_id.as_deref(),
            pushing: if self.no_push { Pushing::Local } else { Pushing::Push },
            ssh: requests::ssh(cx),
            status: &status,
            pause: &thread::sleep,
            now: cx.now(),
        };
        let done = commit_state(&Project::at(cx.project()), &request).map_err(failure)?;
        tell(cx, &done)
    }
}

fn tell(cx: &mut Context, done: &StateCommit) -> anyhow::Result<ExitStatus> {
    for aside in &done.set_aside {
        let (file, place) = (aside.file.display().to_string(), aside.place.display().to_string());
        let line = text::one_line(&format!("{file} ({}) was set aside as {place}", aside.reason.as_str()));
        cx.note(format!("warning: {line}"))?;
        cx.actions().warning(&line);
    }
    let commit = done.commit.as_ref().map(git_command::CommitId::as_str);
    cx.actions().outputs([
        ("state_commit", commit.unwrap_or_default()),
        ("superseded", if done.is_superseded() { "true" } else { "false" }),
    ])?;
    let document = Document {
        schema_version: SchemaVersion::new(1, 0),
        commit,
        branch: done.branch.as_deref(),
        pushed: done.pushed,
        superseded: done.is_superseded(),
        files: &done.files,
        set_aside: &done.set_aside,
    };
    cx.result(&document, &lines(done))?;
    if done.is_superseded() {
        let what = "another run changed the findings in the meantime; theirs are checked out, ours are set aside";
        return Err(Failure::new(ExitStatus::Outside, what)
            .hint("run the same step again, on the newest state, and then this one")
            .into());
    }
    Ok(if done.has_torn_files() { ExitStatus::No } else { ExitStatus::Done })
}

fn lines(done: &StateCommit) -> String {
    let Some(commit) = &done.commit else {
        return "Nothing of substance changed; nothing was committed.\n".to_owned();
    };
    let place = match &done.branch {
        Some(branch) => format!("branch {}", text::one_line(branch)),
        None => "on no branch".to_owned(),
    };
    let mut out = format!("Commit {}, {place}: ", commit.short());
    let _infallible = match (done.pushed, done.overtaken) {
        (false, _) => writeln!(out, "not pushed"),
        (true, 0) => writeln!(out, "pushed"),
        (true, 1) => writeln!(out, "pushed; somebody else was faster once"),
        (true, times) => writeln!(out, "pushed; others were faster {times} times"),
    };
    for file in &done.files {
        let _infallible = writeln!(out, "  {}", text::one_line(&file.display().to_string()));
    }
    out
}

fn failure(error: CommitStateError) -> Failure {
    use CommitStateError as E;
    const WHAT: &str = "cannot commit the state";
    let error = match error {
        E::Store(error) if error.is_denied() => return Failure::caused(ExitStatus::Outside, WHAT, error),
        other => other,
    };
    let status = match &error {
        E::NoBranch { .. } | E::NoCommit | E::Ignored { .. } => ExitStatus::Usage,
        E::Store(error) if matches!(error.kind, StoreErrorKind::Link) => ExitStatus::Usage,
        E::Refused { .. } => ExitStatus::Refused,
        E::Git(error) => requests::git_status(error),
        E::Overtaken { .. } | E::Store(_) => ExitStatus::Outside,
    };
    let hint = match &error {
        E::NoBranch { .. } => Some("check a branch out, or name one with --branch"),
        E::Ignored { .. } => Some(
            "nothing was committed; take that line out, or except the state behind it: `!/security/findings/**`, `!/docs/security-status/**`, `!/metrics/**` (docs/workflows.md, \"What is kept between runs\")",
        ),
        E::Refused { .. } => {
            Some("a protection rule may forbid the push: let the workflow's identity pass it, or name another --branch")
        }
        E::Overtaken { .. } => Some("nothing is lost; run it again"),
        E::Store(error) if matches!(error.kind, StoreErrorKind::Link) => Some(
            "git does not follow links: make it a folder of the project, or run this in the project that it leads to",
        ),
        E::Git(GitError::Failed { action: Action::Push, .. }) => Some(
            "the commit was taken back; is the remote named so, and can it be reached? name another one with --remote, or commit alone with --no-push",
        ),
        E::Git(error) => requests::git_hint(error),
        _ => None,
    };
    let failure = Failure::caused(status, WHAT, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
