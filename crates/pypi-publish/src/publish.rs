use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use dist_check::Distribution;
use findings_model::{Extra, FileOutcome, Receipt, ReceiptFile, Timestamp};
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::{
    Action, Content, IndexClient, Patience, Plan, PlanError, PublishError, ReadError, client::Answer, content::Flaw,
    plan::listed, verify::verify,
};

/// How many files are sent at a time, once the first one is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jobs(NonZeroUsize);

impl Jobs {
    /// 1 to 16 files; PyPI bears parallel uploads to one release, and no more is needed to fill a line.
    pub fn new(number: usize) -> Option<Self> {
        NonZeroUsize::new(number).filter(|number| number.get() <= 16).map(Self)
    }
}

impl Default for Jobs {
    /// Four.
    fn default() -> Self {
        Self(NonZeroUsize::MIN.saturating_add(3))
    }
}

/// What a publish came to, whether it succeeded or not.
#[derive(Debug)]
pub struct Publication {
    /// Each file of the plan, in its order.
    pub files: Vec<ReceiptFile>,
    /// Whether the index lists every file with our digest.
    pub verified: bool,
    /// Why it stopped, or why it is not verified.
    pub failure: Option<PublishError>,
    project: String,
    version: String,
    index: String,
}

impl Publication {
    /// A publication in which nothing was sent.
    pub fn nothing_sent(plan: &Plan, failure: Option<PublishError>) -> Self {
        let file = |planned: &crate::PlannedFile| {
            let outcome = match planned.action {
                Action::Identical => FileOutcome::AlreadyThere,
                Action::Upload => FileOutcome::Skipped,
                Action::Conflict => FileOutcome::Failed,
            };
            receipt_file(planned, outcome, 0, Duration::ZERO)
        };
        Self::new(plan, plan.files.iter().map(file).collect(), failure)
    }

    fn new(plan: &Plan, files: Vec<ReceiptFile>, failure: Option<PublishError>) -> Self {
        Self {
            files,
            verified: false,
            failure,
            project: plan.project.clone(),
            version: plan.version.clone(),
            index: plan.index.clone(),
        }
    }

    /// The receipt of this publication.
    pub fn receipt(&self, decision_id: Option<String>, finished_at: Timestamp) -> Receipt {
        Receipt {
            schema_version: Receipt::SCHEMA,
            project: self.project.clone(),
            version: self.version.clone(),
            decision_id,
            index: self.index.clone(),
            verified: self.verified,
            files: self.files.clone(),
            finished_at,
            extra: Extra::default(),
        }
    }
}

/// Carries a plan out and waits until the index lists every file.
///
/// `files` are those of the plan, in its order, each with its bytes. With a conflict in the plan nothing is sent. The
/// first file is sent alone, so that the index makes the release once; then `jobs` at a time. After a failure no
/// further file is begun.
pub async fn publish<S: AsyncFn(Duration)>(
    client: &IndexClient,
    plan: &Plan,
    files: &[(Distribution, Content)],
    jobs: Jobs,
    patience: &Patience<S>,
) -> Publication {
    let same = plan.files.len() == files.len()
        && plan
            .files
            .iter()
            .zip(files)
            .all(|(planned, (file, _))| planned.file == file.file_name() && planned.sha256 == file.sha256());
    let obstacle = if same { plan.conflict() } else { Some(PlanError::OtherFiles) };
    if let Some(obstacle) = obstacle {
        return Publication::nothing_sent(plan, Some(obstacle.into()));
    }

    let stopped = AtomicBool::new(false);
    let sender = Sender { client, patience, stopped: &stopped };
    let mut ends = Vec::with_capacity(files.len());
    let mut numbers = plan.files.iter().enumerate().filter(|(_, file)| file.action == Action::Upload).map(|(n, _)| n);
    if let Some(first) = numbers.next() {
        ends.push((first, sender.send(first, &files[first]).await));
    }
    let rest: Vec<usize> = numbers.collect();
    let sender = &sender;
    let sending = rest.into_iter().map(async |number| (number, sender.send(number, &files[number]).await));
    ends.extend(stream::iter(sending).buffer_unordered(jobs.0.get()).collect::<Vec<_>>().await);
    ends.sort_by_key(|(number, _)| *number);

    let mut publication = Publication::nothing_sent(plan, None);
    for (number, end) in ends {
        publication.files[number] = receipt_file(&plan.files[number], end.outcome, end.attempts, end.time);
        publication.failure = publication.failure.or(end.failure);
    }
    if publication.failure.is_none() {
        let distributions: Vec<&Distribution> = files.iter().map(|(file, _)| file).collect();
        match verify(client, &distributions, patience).await {
            Ok(()) => publication.verified = true,
            Err(error) => publication.failure = Some(error.into()),
        }
    }
    publication
}

fn receipt_file(planned: &crate::PlannedFile, outcome: FileOutcome, attempts: u32, time: Duration) -> ReceiptFile {
    ReceiptFile {
        file: planned.file.clone(),
        sha256: planned.sha256.to_string(),
        outcome,
        attempts,
        bytes: planned.bytes,
        seconds: (time.as_secs_f64() * 1000.0).round() / 1000.0,
    }
}

struct Sender<'a, S> {
    client: &'a IndexClient,
    patience: &'a Patience<S>,
    stopped: &'a AtomicBool,
}

/// How the sending of one file ended.
struct End {
    outcome: FileOutcome,
    attempts: u32,
    time: Duration,
    failure: Option<PublishError>,
}

/// What the index has under a file's name.
enum There {
    Ours,
    Other(PublishError),
    Nothing,
    Unknown(ReadError),
}

impl<S: AsyncFn(Duration)> Sender<'_, S> {
    /// Sends one file, unless another one failed before.
    async fn send(&self, number: usize, (file, content): &(Distribution, Content)) -> End {
        if self.stopped.load(Ordering::Relaxed) {
            return End { outcome: FileOutcome::Skipped, attempts: 0, time: Duration::ZERO, failure: None };
        }
        let started = Instant::now();
        let mut attempts = 0;
        let sent = self.send_until_clear(number, file, content, started, &mut attempts).await;
        let (outcome, failure) = match sent {
            Ok(outcome) => (outcome, None),
            Err(failure) => {
                self.stopped.store(true, Ordering::Relaxed);
                (FileOutcome::Failed, Some(failure))
            }
        };
        End { outcome, attempts, time: started.elapsed(), failure }
    }

    async fn send_until_clear(
        &self,
        number: usize,
        file: &Distribution,
        content: &Content,
        started: Instant,
        attempts: &mut u32,
    ) -> Result<FileOutcome, PublishError> {
        let name = || file.file_name().to_owned();
        let mut tries = self.patience.tries(number as u64 + 2);
        loop {
            tries.begin();
            *attempts = tries.made();
            tracing::info!("sending {}, try {}", file.file_name(), tries.made());
            let (last, asked, source) = match self.client.send(file, content).await {
                Answer::Taken => return Ok(FileOutcome::Uploaded),
                Answer::Refused { status, said } => {
                    return Err(PublishError::Refused { file: name(), status, said });
                }
                Answer::Redirected { status } => {
                    return Err(PublishError::Redirected { file: name(), status });
                }
                Answer::Flawed(Flaw::Changed) => {
                    return Err(PublishError::Changed { file: name() });
                }
                Answer::Flawed(Flaw::Unreadable(source)) => {
                    return Err(PublishError::File { file: name(), source });
                }
                Answer::Denied { status, said } => {
                    return match self.look(file).await {
                        // Ours arrived with an earlier try, or another runner was faster.
                        There::Ours if tries.made() > 1 => Ok(FileOutcome::Uploaded),
                        There::Ours => Ok(FileOutcome::AlreadyThere),
                        There::Other(conflict) => Err(conflict),
                        There::Nothing => Err(PublishError::Rejected { file: name(), status, said }),
                        There::Unknown(source) => Err(PublishError::Unclear { file: name(), status, source }),
                    };
                }
                Answer::Temporary { status, said, retry_after } => {
                    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
                    (format!("the index answered with status {status}{said}"), retry_after, None)
                }
                Answer::Lost { source } => {
                    if let Some((status, said)) = self.client.refusal().await {
                        return Err(PublishError::Refused { file: name(), status, said });
                    }
                    ("the connection failed".to_owned(), None, Some(source))
                }
            };
            let wait = tries.next_wait(started.elapsed(), asked);
            if let Some(wait) = wait {
                let cause = source.as_ref().map(root_cause).unwrap_or_default();
                tracing::warn!("{}: {last}{cause}; trying again in {:.1} s", file.file_name(), wait.as_secs_f64());
                self.patience.wait(wait).await;
            }
            // The file may have arrived although the answer did not.
            match self.look(file).await {
                There::Ours => return Ok(FileOutcome::Uploaded),
                There::Other(conflict) => return Err(conflict),
                There::Nothing => {}
                There::Unknown(error) => {
                    // Sending the same bytes again does no harm: an index takes a name once.
                    tracing::warn!("whether {} arrived could not be learned: {error}", file.file_name());
                }
            }
            if wait.is_none() {
                return Err(PublishError::Exhausted { file: name(), tries: tries.made(), last, source });
            }
        }
    }

    /// Asks the index once whether it has the file.
    async fn look(&self, file: &Distribution) -> There {
        let found = match self.client.project_once(file.project()).await {
            Ok(page) => listed(self.client, &page, file).await,
            Err(error) => Err(error),
        };
        match found {
            Ok(Some(theirs)) if theirs == file.sha256() => There::Ours,
            Ok(Some(theirs)) => {
                There::Other(PublishError::Conflict { file: file.file_name().to_owned(), ours: file.sha256(), theirs })
            }
            Ok(None) => There::Nothing,
            Err(error) => There::Unknown(error),
        }
    }
}

/// The deepest cause of an error, for a log line.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!(" ({cause})")
}
