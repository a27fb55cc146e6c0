//! `decide-release bump`: the next version, written into the project.

use std::fmt::Write as _;

use cli_support::{Context, ExitStatus, Failure, requests, requests::DecisionInputs};
use findings_model::{SchemaVersion, text};
use orchestrate::{
    findings::Writing,
    project::Project,
    version::{BumpRequest, VersionBump, bump_version},
};
use release_decision::{BumpMode, Request};
use serde::Serialize;

/// The arguments of `bump`.
#[derive(Debug, clap::Args)]
pub(crate) struct Bump {
    /// The project's version [default: what the project says]
    #[arg(long, value_name = "V")]
    current_version: Option<String>,
    /// The version to write [default: computed]
    #[arg(long, value_name = "V")]
    next_version: Option<String>,
    /// What the index has, as `publish-pypi releases` wrote it; `none` for nothing [default: the version that was decided]
    #[arg(long, value_name = "FILE|none")]
    index: Option<String>,
    /// What becomes of the changed files [default: the key mode of [tool.relwarden.bump]]
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Push the commit, with its tag or branch, whatever the key push says
    #[arg(long)]
    push: bool,
    /// Push nothing, whatever the key push says: commit and tag stay here, for a rehearsal
    #[arg(long, conflicts_with = "push")]
    no_push: bool,
    /// The decision that is carried out; ends with 1, and nothing is written, if another one took its place
    #[arg(long, value_name = "ID")]
    decision_id: Option<String>,
    /// Say what would be changed and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// The words of the key `mode`.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Mode {
    /// They lie in the work tree
    Workspace,
    /// They are committed and tagged
    Commit,
    /// They are committed on a branch of their own
    PullRequest,
}

impl From<Mode> for BumpMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Workspace => Self::Workspace,
            Mode::Commit => Self::Commit,
            Mode::PullRequest => Self::PullRequest,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: SchemaVersion,
    current_version: Option<String>,
    next_version: String,
    reason: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
    mode: &'static str,
    written: bool,
    /// The file that the version comes from.
    file: Option<&'a str>,
    files: Vec<FileDocument<'a>>,
    commit: Option<&'a str>,
    tag: Option<&'a str>,
    branch: Option<&'a str>,
    pushed: bool,
}

#[derive(Serialize)]
struct FileDocument<'a> {
    path: &'a str,
    changed: bool,
}

impl Bump {
    /// Bumps.
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let inputs = DecisionInputs {
            current_version: self.current_version,
            next_version: self.next_version,
            index: self.index,
            ..DecisionInputs::default()
        };
        let mut request = requests::decision(cx, Request::auto(), &inputs)?;
        if self.dry_run {
            request.writing = Writing::DryRun;
        }
        let mut settings = requests::bump_settings(cx)?;
        settings.mode = self.mode.map_or(settings.mode, BumpMode::from);
        if self.push && settings.mode == BumpMode::Workspace {
            return Err(Failure::new(
                ExitStatus::Usage,
                "--push finds nothing to push: mode workspace commits nothing",
            )
            .hint("add --mode commit or --mode pull-request")
            .into());
        }
        settings.push = self.push || (settings.push && !self.no_push);
        let project = Project::at(cx.project());
        let request = BumpRequest {
            decision: &request,
            settings: &settings,
            carried_out: self.decision_id.as_deref(),
            ssh: requests::ssh(cx),
        };
        let bump = bump_version(&project, &request).map_err(requests::version_failure)?;
        for warning in &bump.warnings {
            cx.note(format!("warning: {warning}"))?;
            cx.actions().warning(warning);
        }
        let next = bump.next.to_string();
        cx.actions().outputs([
            ("next_version", next.as_str()),
            ("commit", bump.commit.as_deref().unwrap_or_default()),
            ("tag", bump.tag.as_deref().unwrap_or_default()),
            ("branch", bump.branch.as_deref().unwrap_or_default()),
        ])?;
        cx.actions().summary(&summary(&bump, self.dry_run))?;
        cx.result(&document(&bump), &lines(&bump, self.dry_run))?;
        Ok(ExitStatus::Done)
    }
}

fn document(bump: &VersionBump) -> Document<'_> {
    Document {
        schema_version: SchemaVersion::new(1, 1),
        current_version: bump.current.as_ref().map(ToString::to_string),
        next_version: bump.next.to_string(),
        reason: &bump.reason,
        warnings: &bump.warnings,
        mode: bump.mode.as_str(),
        written: bump.written,
        file: bump.source.as_deref(),
        files: bump.files.iter().map(|file| FileDocument { path: &file.path, changed: file.changed }).collect(),
        commit: bump.commit.as_deref(),
        tag: bump.tag.as_deref(),
        branch: bump.branch.as_deref(),
        pushed: bump.pushed,
    }
}

/// `1.2.3 -> 1.2.4 (it was decided)`
fn headline(bump: &VersionBump) -> String {
    let from = bump.current.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    text::one_line(&format!("{from} -> {} ({})", bump.next, bump.reason))
}

fn lines(bump: &VersionBump, dry_run: bool) -> String {
    let mut out = format!("{}\n", headline(bump));
    let _infallible = write_lines(&mut out, bump, dry_run);
    if dry_run {
        out.push_str(&bump.diff);
    }
    out
}

fn write_lines(out: &mut String, bump: &VersionBump, dry_run: bool) -> std::fmt::Result {
    for file in &bump.files {
        let what = match (file.changed, dry_run) {
            (false, _) => "has it already",
            (true, true) => "would be changed",
            (true, false) => "changed",
        };
        writeln!(out, "  {}: {what}", text::one_line(&file.path))?;
    }
    let Some(commit) = &bump.commit else {
        return match bump.mode {
            BumpMode::Workspace => Ok(()),
            BumpMode::Commit | BumpMode::PullRequest => {
                writeln!(out, "Mode {}: not committed in a dry run", bump.mode.as_str())
            }
        };
    };
    let mut end = format!("Commit {}", commit.get(..12).unwrap_or(commit));
    if let Some(tag) = &bump.tag {
        let _infallible = write!(end, ", tag {tag}");
    }
    if let Some(branch) = &bump.branch {
        let _infallible = write!(end, ", branch {branch}");
    }
    writeln!(out, "{}: {}", text::one_line(&end), if bump.pushed { "pushed" } else { "not pushed" })
}

/// The same in Markdown, for the step summary.
fn summary(bump: &VersionBump, dry_run: bool) -> String {
    let mut lines = String::new();
    let _infallible = write_lines(&mut lines, bump, dry_run);
    let mut out =
        format!("### Version {}\n\n{}\n\n", text::markdown(&bump.next.to_string()), text::markdown(&headline(bump)));
    for line in lines.lines() {
        let _infallible = writeln!(out, "- {}", text::markdown(line.trim_start()));
    }
    out
}
