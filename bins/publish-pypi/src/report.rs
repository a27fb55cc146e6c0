//! What a publish came to, for the document, the step summary and the people who wait.

use std::fmt::Write as _;

use cli_support::{Context, ExitStatus, Failure};
use credentials::aws::AwsError;
use findings_model::{Extra, FileOutcome, Receipt, ReceiptFile, SchemaVersion, Timestamp, text};
use pypi_publish::{IndexAddress, Plan, Preflight, PreflightError, PublishError, VerifyError};
use serde::Serialize;

/// The runbook's section for a publish that failed.
const RUNBOOK: &str = "docs/runbook.md#publishing-failure-response";
/// Status pages of the services that a publish may need.
const PYTHON_STATUS: &str = "https://status.python.org/";
const GITHUB_STATUS: &str = "https://www.githubstatus.com/";
const AWS_STATUS: &str = "https://health.aws.amazon.com/health/status";
const SIGSTORE_STATUS: &str = "https://status.sigstore.dev/";

/// How far a publish has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// The files are looked at.
    #[default]
    Check,
    /// A credential is fetched.
    Credential,
    /// The index is asked what it has.
    Plan,
    /// The files are attested.
    Attest,
    /// The index is asked what it makes of the metadata.
    Preflight,
    /// The files are sent.
    Upload,
    /// The index is asked what it lists.
    Verify,
    /// The receipt is written.
    Receipt,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Credential => "credential",
            Self::Plan => "plan",
            Self::Attest => "attest",
            Self::Preflight => "preflight",
            Self::Upload => "upload",
            Self::Verify => "verify",
            Self::Receipt => "receipt",
        }
    }
}

/// What is known of a publish so far. It grows step by step; whatever ends the publish is told together with it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) stage: Stage,
    pub(crate) index: Option<IndexAddress>,
    pub(crate) plan: Option<Plan>,
    pub(crate) preflight: Option<Preflight>,
    pub(crate) receipt: Option<Receipt>,
    pub(crate) dry_run: bool,
    pub(crate) attests: bool,
}

/// The document of a publish: the receipt's keys, whether or not there is a receipt, and what else is known.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    schema_version: SchemaVersion,
    project: Option<String>,
    version: Option<String>,
    decision_id: Option<String>,
    index: Option<String>,
    verified: bool,
    files: Vec<ReceiptFile>,
    finished_at: Timestamp,
    dry_run: bool,
    preflight: Option<PreflightDocument>,
    failure: Option<FailureReport>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Debug, Serialize)]
struct PreflightDocument {
    outcome: &'static str,
    meaning: &'static str,
    status: Option<u16>,
    said: Option<String>,
}

/// Why a publish failed, and what to do about it.
#[derive(Debug, Serialize)]
pub(crate) struct FailureReport {
    stage: Stage,
    /// `usage`, `rejected`, `conflict`, `changed`, `refused`, `outside` or `bad_input`.
    class: &'static str,
    message: String,
    causes: Vec<String>,
    /// The file that it was about.
    file: Option<String>,
    /// The HTTP status that ended it.
    status: Option<u16>,
    /// What the index, or AWS, calls that request.
    request_id: Option<String>,
    /// How often the file was sent.
    attempts: Option<u32>,
    /// The files of this release that the index has.
    on_index: Vec<String>,
    next: Option<String>,
    runbook: &'static str,
    status_pages: Vec<&'static str>,
    /// Where a person withdraws the release, if a part of it is there.
    withdraw_at: Option<String>,
}

impl Document {
    pub(crate) fn new(progress: &Progress, failure: Option<FailureReport>, now: Timestamp) -> Self {
        let receipt = progress.receipt.as_ref();
        let plan = progress.plan.as_ref();
        Self {
            schema_version: Receipt::SCHEMA,
            project: receipt.map(|r| r.project.clone()).or_else(|| plan.map(|plan| plan.project.clone())),
            version: receipt.map(|r| r.version.clone()).or_else(|| plan.map(|plan| plan.version.to_string())),
            decision_id: receipt.and_then(|receipt| receipt.decision_id.clone()),
            index: progress.index.as_ref().map(|index| index.upload_url().to_string()),
            verified: receipt.is_some_and(|receipt| receipt.verified),
            files: receipt.map(|receipt| receipt.files.clone()).unwrap_or_default(),
            finished_at: receipt.map_or(now, |receipt| receipt.finished_at),
            dry_run: progress.dry_run,
            preflight: progress.preflight.as_ref().map(|preflight| PreflightDocument {
                outcome: preflight.as_str(),
                meaning: preflight.meaning(),
                status: preflight.answered().map(|answered| answered.status),
                said: preflight.answered().and_then(|answered| answered.said.clone()),
            }),
            failure,
            extra: receipt.map(|receipt| receipt.extra.clone()).unwrap_or_default(),
        }
    }

    /// The lines for people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for file in &self.files {
            let _infallible = writeln!(text, "{}: {}", file.file, self.word(file.outcome));
        }
        if let Some(preflight) = &self.preflight {
            let said = preflight.said.as_ref().map(|said| format!(" ({said})")).unwrap_or_default();
            let _infallible = writeln!(text, "asked beforehand: {}{said}", preflight.meaning);
        }
        let end = match (self.dry_run, self.verified) {
            (true, _) => "dry run, nothing was sent",
            (false, true) => "verified: the index lists every file with our digest",
            (false, false) => "not verified",
        };
        if let (Some(project), Some(version)) = (&self.project, &self.version) {
            let _infallible = writeln!(text, "{project} {version}: {end}");
        }
        text
    }

    /// The step summary.
    pub(crate) fn summary(&self) -> String {
        use text::{markdown, markdown_inline};
        let what = match (&self.project, &self.version) {
            (Some(project), Some(version)) => format!("of {} {}", markdown_inline(project), markdown_inline(version)),
            _ => "of nothing".to_owned(),
        };
        let mut text = format!("### Publish {what}\n\n");
        if !self.files.is_empty() {
            text.push_str("| file | outcome | tries | SHA-256 |\n| --- | --- | --- | --- |\n");
            for file in &self.files {
                let (name, outcome) = (markdown(&file.file), self.word(file.outcome));
                let _infallible = writeln!(text, "| {name} | {outcome} | {} | {} |", file.attempts, file.sha256);
            }
            text.push('\n');
        }
        if let Some(preflight) = &self.preflight {
            let _infallible = writeln!(text, "Asked beforehand: {}.\n", markdown_inline(preflight.meaning));
        }
        match &self.failure {
            Some(failure) => failure.markdown(&mut text),
            None if self.verified => text.push_str("The index lists every file with our digest.\n"),
            None => text.push_str("Not verified.\n"),
        }
        text
    }

    /// What a message about it says, in a few lines.
    pub(crate) fn message(&self, run: Option<&str>) -> Vec<String> {
        let of = match (&self.project, &self.version) {
            (Some(project), Some(version)) => format!("{project} {version}"),
            _ => "a release".to_owned(),
        };
        let index = self.index.as_deref().unwrap_or("the index");
        let mut lines = match &self.failure {
            None => {
                vec![format!("Published {of} to {index}: {} files, each listed with our digest.", self.files.len())]
            }
            Some(failure) => {
                let mut lines = vec![
                    format!("Publishing {of} to {index} failed ({}).", failure.stage.as_str()),
                    failure.message.clone(),
                ];
                lines.extend(failure.causes.iter().cloned());
                if !failure.on_index.is_empty() {
                    lines.push(format!("On the index already: {}", failure.on_index.join(", ")));
                }
                lines.extend(failure.next.clone());
                lines
            }
        };
        lines.extend(run.map(|run| format!("Run: {run}")));
        lines
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// What became of a file, for people.
    fn word(&self, outcome: FileOutcome) -> &'static str {
        match outcome {
            FileOutcome::Uploaded => "uploaded",
            FileOutcome::AlreadyThere => "already there",
            FileOutcome::Skipped if self.dry_run && !self.has_failed() => "would be uploaded",
            FileOutcome::Skipped => "not sent",
            FileOutcome::Failed => "failed",
        }
    }
}

impl FailureReport {
    /// What is to be told of an error.
    pub(crate) fn new(error: &anyhow::Error, progress: &Progress, cx: &Context) -> Self {
        let published = error.chain().find_map(|cause| cause.downcast_ref::<PublishError>());
        let answered = published.and_then(PublishError::answered).or_else(|| {
            error.chain().find_map(|cause| match cause.downcast_ref::<PreflightError>() {
                Some(PreflightError::Exhausted { answered, .. }) => Some(answered),
                _ => None,
            })
        });
        let answered = answered.or_else(|| progress.preflight.as_ref().and_then(Preflight::answered));
        let aws = error.chain().find_map(|cause| cause.downcast_ref::<AwsError>());
        let stage = match published {
            Some(PublishError::Verify(_)) => Stage::Verify,
            Some(PublishError::Plan(_)) => Stage::Plan,
            _ => progress.stage,
        };
        let failure = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
        let files = progress.receipt.as_ref().map(|receipt| receipt.files.as_slice()).unwrap_or_default();
        let failed = files.iter().find(|file| file.outcome == FileOutcome::Failed);
        let not_listed = match published {
            Some(PublishError::Verify(VerifyError::Missing { files })) => files.as_slice(),
            _ => &[],
        };
        let on_index: Vec<String> = files
            .iter()
            .filter(|file| matches!(file.outcome, FileOutcome::Uploaded | FileOutcome::AlreadyThere))
            .filter(|file| !not_listed.contains(&file.file))
            .map(|file| file.file.clone())
            .collect();
        Self {
            stage,
            class: match published {
                Some(published) => published.kind().as_str(),
                None => class(failure.map_or(ExitStatus::Outside, Failure::status)),
            },
            message: text::one_line(&error.to_string()),
            causes: error.chain().skip(1).map(|cause| text::one_line(&cause.to_string())).collect(),
            file: failed.map(|file| file.file.clone()),
            status: answered.map(|answered| answered.status).or_else(|| aws.and_then(AwsError::status)),
            request_id: answered
                .and_then(|answered| answered.request_id.clone())
                .or_else(|| aws.and_then(AwsError::request_id).map(str::to_owned)),
            attempts: failed.map(|file| file.attempts),
            next: failure.and_then(Failure::hint_text).map(str::to_owned),
            runbook: RUNBOOK,
            status_pages: status_pages(stage, progress, cx),
            withdraw_at: withdraw_at(progress).filter(|_| !on_index.is_empty()),
            on_index,
        }
    }

    /// The lines for the person who reads the log; the error itself comes after them.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.on_index.is_empty() {
            lines.push(format!("on the index already: {}", self.on_index.join(", ")));
        }
        if let Some(address) = &self.withdraw_at {
            lines.push(format!("to withdraw what is there (yank), by hand: {address}"));
        }
        if let Some(id) = &self.request_id {
            let service = if self.stage == Stage::Credential { "AWS" } else { "the index" };
            lines.push(format!("{service} calls the request {id}"));
        }
        if self.class == "outside" && !self.status_pages.is_empty() {
            lines.push(format!("status pages: {}", self.status_pages.join(" ")));
        }
        lines.push(format!("runbook: {}", self.runbook));
        lines
    }

    fn markdown(&self, out: &mut String) {
        use text::markdown_inline as safe;
        let _infallible =
            writeln!(out, "**Failed** at stage {} ({}): {}\n", self.stage.as_str(), self.class, safe(&self.message));
        for cause in &self.causes {
            let _infallible = writeln!(out, "- caused by: {}", safe(cause));
        }
        if let Some(status) = self.status {
            let _infallible = writeln!(out, "- HTTP status: {status}");
        }
        if let Some(id) = &self.request_id {
            let _infallible = writeln!(out, "- request: {}", safe(id));
        }
        if let Some(attempts) = self.attempts {
            let _infallible = writeln!(out, "- tries: {attempts}");
        }
        if !self.on_index.is_empty() {
            let names: Vec<String> = self.on_index.iter().map(|name| safe(name)).collect();
            let _infallible = writeln!(out, "- on the index already: {}", names.join(", "));
        }
        if let Some(next) = &self.next {
            let _infallible = writeln!(out, "- what to do: {}", safe(next));
        }
        if let Some(address) = &self.withdraw_at {
            let _infallible = writeln!(out, "- to withdraw what is there, by hand: <{address}>");
        }
        for page in &self.status_pages {
            let _infallible = writeln!(out, "- status: <{page}>");
        }
        let _infallible = writeln!(out, "- runbook: `{}`", self.runbook);
    }
}

fn class(status: ExitStatus) -> &'static str {
    match status {
        ExitStatus::No | ExitStatus::Done => "rejected",
        ExitStatus::Usage => "usage",
        ExitStatus::BadInput => "bad_input",
        ExitStatus::Outside => "outside",
        ExitStatus::Refused => "refused",
    }
}

/// The services that the stage needed.
fn status_pages(stage: Stage, progress: &Progress, cx: &Context) -> Vec<&'static str> {
    let mut pages = Vec::new();
    let asks_index = !matches!(stage, Stage::Check | Stage::Receipt);
    if asks_index && progress.index.as_ref().is_some_and(|index| index.target() == dist_check::Target::PyPi) {
        pages.push(PYTHON_STATUS);
    }
    if stage == Stage::Credential && cx.var("AWS_ROLE_ARN").is_some() {
        pages.push(AWS_STATUS);
    }
    if stage == Stage::Attest && progress.attests {
        pages.push(SIGSTORE_STATUS);
    }
    if cx.var("GITHUB_ACTIONS").is_some() {
        pages.push(GITHUB_STATUS);
    }
    pages
}

/// Where a person withdraws a release: PyPI has no interface for it.
fn withdraw_at(progress: &Progress) -> Option<String> {
    let (index, plan) = (progress.index.as_ref()?, progress.plan.as_ref()?);
    let host = match (index.target(), index.is_test()) {
        (dist_check::Target::OtherIndex, _) => return None,
        (dist_check::Target::PyPi, true) => "https://test.pypi.org",
        (dist_check::Target::PyPi, false) => "https://pypi.org",
    };
    Some(format!("{host}/manage/project/{}/release/{}/", plan.project, plan.version))
}
