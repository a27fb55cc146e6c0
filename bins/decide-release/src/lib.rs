//! `decide-release`: is a release due, why, and under which version.

mod bump;
mod explain;

use std::{io::Read as _, path::PathBuf};

use change_detect::ChangeSet;
use cli_support::{
    Common, Context, ExitStatus, Failure, ResultExt as _, decision_text, requests, requests::DecisionInputs,
};
use orchestrate::{decision, project::Project};
use release_decision::{Decision, Request};

/// Decide whether a release is due.
///
/// Without --changes the released baseline is compared with the ledger, and the decision is kept in
/// security/findings/decision.json with the findings it was made on. A verdict is data: "no release" ends with 0.
#[derive(Debug, clap::Parser)]
#[command(name = "decide-release", version, max_term_width = 110)]
pub struct App {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    decide: Decide,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the matrix in force and, for each finding, the row that applied
    Explain(Inputs),
    /// Write the next version wherever the project holds its version, all or nothing
    ///
    /// The places are pyproject.toml or the file that a dynamic version comes from, the project's own entry in uv.lock, the changelog,
    /// and the files of [tool.relwarden.bump]. What becomes of them in git is its key mode: nothing (workspace), a commit with a
    /// tag (commit), or a branch (pull-request). Ends with 1, and nothing is written, where no release is due and none is named,
    /// and where a copy of the old version would stay behind. Run it again after a crash: it completes what was begun.
    Bump(bump::Bump),
}

#[derive(Debug, clap::Args)]
struct Decide {
    #[command(flatten)]
    inputs: Inputs,
    /// Request a manual release
    #[arg(long, conflicts_with = "force")]
    manual: bool,
    /// A person forces the security-driven release
    #[arg(long)]
    force: bool,
    /// Text for the release notes
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
    /// A file with text for the release notes
    #[arg(long, value_name = "FILE", conflicts_with = "notes")]
    notes_file: Option<PathBuf>,
    /// Identifier that distinguishes this request from later ones [default: the workflow run's id]
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Inputs {
    /// A document of changes that alone decides, `-` for stdin; nothing is written then
    #[arg(long, value_name = "FILE|-")]
    changes: Option<PathBuf>,
    /// The project's version [default: what the project says]
    #[arg(long, value_name = "V")]
    current_version: Option<String>,
    /// The version to release [default: computed]
    #[arg(long, value_name = "V")]
    next_version: Option<String>,
    /// What the index has, as `publish-pypi releases` wrote it; `none` for nothing
    #[arg(long, value_name = "FILE|none")]
    index: Option<String>,
    /// A file with another policy, the keys of [tool.relwarden.release], to see what it would decide; nothing is written then
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Inputs {
    fn for_decision(&self) -> DecisionInputs {
        DecisionInputs {
            current_version: self.current_version.clone(),
            next_version: self.next_version.clone(),
            index: self.index.clone(),
            policy: self.policy.clone(),
        }
    }
}

impl AsRef<Common> for App {
    fn as_ref(&self) -> &Common {
        &self.common
    }
}

/// Runs the step.
pub fn run(app: App, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    match app.command {
        Some(Command::Explain(inputs)) => return explain::run(cx, &inputs),
        Some(Command::Bump(bump)) => return bump.run(cx),
        None => {}
    }
    let asked = request(cx, &app.decide)?;
    let request = requests::decision(cx, asked, &app.decide.inputs.for_decision())?;
    let decision = match &app.decide.inputs.changes {
        Some(path) => decision::decide_on_changes(&changes(cx, path)?, &request),
        None => decision::decide(&Project::at(cx.project()), &request),
    };
    let decision = decision.map_err(requests::decision_failure)?;
    publish(cx, &decision)?;
    Ok(ExitStatus::Done)
}

fn request(cx: &Context, args: &Decide) -> anyhow::Result<Request> {
    let mut request = if args.manual {
        Request::manual()
    } else if args.force {
        Request::forced()
    } else {
        Request::auto()
    };
    let notes = match &args.notes_file {
        Some(file) => {
            let bytes = state_store::read(&cx.path(file), state_store::CONFIG_LIMIT)
                .or_fail(ExitStatus::Usage, "the file of --notes-file cannot be read")?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        None => args.notes.clone(),
    };
    if let Some(notes) = notes {
        request = request.with_notes(notes);
    }
    match args.request_id.clone().or_else(|| requests::run_id(cx)) {
        Some(id) => Ok(request.with_request_id(id)),
        None => Ok(request),
    }
}

fn changes(cx: &Context, path: &std::path::Path) -> anyhow::Result<ChangeSet> {
    let (label, bytes) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let mut stdin = std::io::stdin().lock().take(state_store::DOCUMENT_LIMIT);
        stdin.read_to_end(&mut bytes).or_fail(ExitStatus::Usage, "the changes cannot be read from stdin")?;
        ("stdin".to_owned(), bytes)
    } else {
        let bytes = state_store::read(&cx.path(path), state_store::DOCUMENT_LIMIT)
            .or_fail(ExitStatus::Usage, "the changes cannot be read")?;
        (path.display().to_string(), bytes)
    };
    let read =
        ChangeSet::from_json(&bytes).or_fail(ExitStatus::BadInput, format!("{label} is not a document of changes"));
    Ok(read.map_err(|e: Failure| e.hint("make it with `detect-changes --format json`"))?)
}

/// Prints a decision and hands it to the workflow.
fn publish(cx: &mut Context, decision: &Decision) -> anyhow::Result<()> {
    let outputs = decision.outputs();
    cx.actions().outputs(outputs.iter().map(|(key, value)| (*key, value.as_str())))?;
    cx.actions().summary(&decision_text::summary(decision))?;
    if decision.should_release {
        cx.actions().notice(&decision.justification);
    }
    decision_text::warn(cx, decision)?;
    let text = format!("{}Decision: {}\n", decision_text::lines(decision), decision.decision_id);
    cx.result(decision, &text)
}
