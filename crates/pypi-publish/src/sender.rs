//! The sending of one file until it is clear what became of it.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use dist_check::Distribution;
use findings_model::{FileOutcome, ReceiptFile};
use tokio::time::Instant;

use crate::{
    Answered, Event, IndexClient, LostError, Parcel, Patience, Plan, ProjectPage, PublishError, PublishOptions,
    ReadError,
    answer::causes,
    client::{Answer, Load},
    content::Flaw,
    plan::listed,
    publish::receipt_file,
};

/// What the sending of every file of a plan shares.
pub(crate) struct Sender<'a, S> {
    pub(crate) client: &'a IndexClient,
    pub(crate) plan: &'a Plan,
    pub(crate) options: &'a PublishOptions,
    pub(crate) patience: &'a Patience<S>,
    /// Set when no further file is to be begun.
    pub(crate) stopped: &'a AtomicBool,
    /// Temporary failures since the last clear answer, over all files.
    pub(crate) failures: &'a AtomicU32,
}

/// How the sending of one file ended.
pub(crate) struct End {
    pub(crate) file: ReceiptFile,
    pub(crate) failure: Option<PublishError>,
}

/// What the index has under a file's name.
enum There {
    Ours,
    Other(PublishError),
    Nothing,
    Unknown(ReadError),
}

/// Why a try is to be repeated.
enum Failed {
    Answered(Answered, Option<Duration>),
    Lost(LostError),
}

impl<S: AsyncFn(Duration)> Sender<'_, S> {
    /// Sends one file, unless another one ended it all before.
    pub(crate) async fn send(&self, number: usize, parcel: &Parcel) -> End {
        let planned = &self.plan.files[number];
        if self.stopped.load(Ordering::Relaxed) {
            return End { file: receipt_file(planned, FileOutcome::Skipped, 0, Duration::ZERO), failure: None };
        }
        let started = Instant::now();
        let mut attempts = 0;
        let sent = self.send_until_clear(number, parcel, started, &mut attempts).await;
        let (outcome, failure) = match sent {
            Ok(outcome) => (outcome, None),
            Err(failure) => {
                if failure.ends_all() {
                    self.stopped.store(true, Ordering::Relaxed);
                }
                (FileOutcome::Failed, Some(failure))
            }
        };
        let file = receipt_file(planned, outcome, attempts, started.elapsed());
        self.options.tell(Event::Ended(&file));
        End { file, failure }
    }

    /// Without the first file there is no release for the others.
    pub(crate) fn stop_after_first(&self, end: &End) {
        if end.failure.is_some() {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    async fn send_until_clear(
        &self,
        number: usize,
        parcel: &Parcel,
        started: Instant,
        attempts: &mut u32,
    ) -> Result<FileOutcome, PublishError> {
        let file = &parcel.distribution;
        let name = || file.file_name().to_owned();
        let mut tries = self.patience.tries(number as u64 + 2);
        loop {
            tries.begin();
            *attempts = tries.made();
            tracing::info!("sending {}, try {}", file.file_name(), tries.made());
            let event = Event::Begins { file: file.file_name(), bytes: file.size(), attempt: tries.made() };
            self.options.tell(event);
            let failed = match self.client.send(self.load(parcel), &self.patience.policy).await {
                Answer::Taken { said } => {
                    self.failures.store(0, Ordering::Relaxed);
                    if let Some(said) = said {
                        tracing::info!("the index took {}: {said}", file.file_name());
                    }
                    return Ok(FileOutcome::Uploaded);
                }
                Answer::Refused(answered) => return Err(PublishError::Refused { file: name(), answered }),
                Answer::Redirected(answered) => return Err(PublishError::Redirected { file: name(), answered }),
                Answer::Flawed(Flaw::Changed) => return Err(PublishError::Changed { file: name() }),
                Answer::Flawed(Flaw::Unreadable(source)) => return Err(PublishError::File { file: name(), source }),
                Answer::Denied(answered) => return self.judge_denial(file, answered, tries.made()).await,
                Answer::Lost { source, .. } if source.is_certificate() => {
                    return Err(PublishError::Certificate { file: name(), source });
                }
                Answer::Lost { source, sent_all } => {
                    if !sent_all && let Some(answered) = self.client.refusal().await {
                        return Err(PublishError::Refused { file: name(), answered });
                    }
                    Failed::Lost(source)
                }
                Answer::Temporary { answered, retry_after } => Failed::Answered(answered, retry_after),
            };
            let in_a_row = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
            let asked = match &failed {
                Failed::Answered(_, asked) => *asked,
                Failed::Lost(_) => None,
            };
            let wait = tries.next_wait(started.elapsed(), asked).filter(|_| in_a_row < self.patience.policy.breaker);
            if in_a_row >= self.patience.policy.breaker {
                // An index that fails this often is spared the rest.
                self.stopped.store(true, Ordering::Relaxed);
            }
            if let Some(wait) = wait {
                tracing::warn!(
                    "{}: {}; trying again in {:.1} s",
                    file.file_name(),
                    words_of(&failed),
                    wait.as_secs_f64()
                );
                self.options.tell(Event::Waits { file: file.file_name(), time: wait });
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
                let tries = tries.made();
                return Err(match failed {
                    Failed::Answered(answered, _) => PublishError::Exhausted { file: name(), tries, answered },
                    Failed::Lost(source) => PublishError::Lost { file: name(), tries, source },
                });
            }
        }
    }

    fn load<'p>(&self, parcel: &'p Parcel) -> Load<'p, impl Fn(u64) + Send + Sync + 'static + use<S>> {
        let (observer, file) = (self.options.observer.clone(), parcel.distribution.file_name().to_owned());
        Load {
            distribution: &parcel.distribution,
            content: &parcel.content,
            attestations: parcel.attestations.as_deref(),
            tell: move |bytes| {
                if let Some(observer) = &observer {
                    observer(Event::Sent { file: &file, bytes });
                }
            },
        }
    }

    /// The index does not take the file: because it has it, or because it wants it otherwise.
    async fn judge_denial(
        &self,
        file: &Distribution,
        answered: Answered,
        tries: u32,
    ) -> Result<FileOutcome, PublishError> {
        self.failures.store(0, Ordering::Relaxed);
        let name = file.file_name().to_owned();
        match self.look_patiently(file).await {
            // Ours arrived with an earlier try, or another runner was faster.
            There::Ours if tries > 1 => Ok(FileOutcome::Uploaded),
            There::Ours => Ok(FileOutcome::AlreadyThere),
            There::Other(conflict) => Err(conflict),
            There::Nothing if self.was_taken(file) => Ok(FileOutcome::AlreadyThere),
            There::Nothing => Err(PublishError::Rejected { file: name, answered }),
            There::Unknown(source) => Err(PublishError::Unclear { file: name, answered, source: Box::new(source) }),
        }
    }

    /// Whether the receipt of an earlier run says that this index took these very bytes.
    fn was_taken(&self, file: &Distribution) -> bool {
        self.options.earlier.as_ref().is_some_and(|receipt| {
            (receipt.project == self.plan.project && receipt.index == self.plan.index)
                && receipt.files.iter().any(|earlier| {
                    matches!(earlier.outcome, FileOutcome::Uploaded | FileOutcome::AlreadyThere)
                        && earlier.file == file.file_name()
                        && earlier.sha256 == file.sha256().to_string()
                })
        })
    }

    /// Asks the index once whether it has the file.
    async fn look(&self, file: &Distribution) -> There {
        match self.client.project_once(file.project()).await {
            Ok(page) => self.found(file, &page).await,
            Err(error) => There::Unknown(error),
        }
    }

    /// As [`Self::look`], with as many tries as a page is worth.
    async fn look_patiently(&self, file: &Distribution) -> There {
        match self.client.project(file.project(), self.patience).await {
            Ok(page) => self.found(file, &page).await,
            Err(error) => There::Unknown(error),
        }
    }

    async fn found(&self, file: &Distribution, page: &ProjectPage) -> There {
        match listed(self.client, page, file).await {
            Ok(Some(theirs)) if theirs == file.sha256() => There::Ours,
            Ok(Some(theirs)) => {
                There::Other(PublishError::Conflict { file: file.file_name().to_owned(), ours: file.sha256(), theirs })
            }
            Ok(None) => There::Nothing,
            Err(error) => There::Unknown(error),
        }
    }
}

/// A failed try in a line of the log.
fn words_of(failed: &Failed) -> String {
    match failed {
        Failed::Answered(answered, _) => format!("the index answered with {answered}"),
        Failed::Lost(error) => match causes(error).last() {
            Some(root) if causes(error).count() > 1 => format!("{error} ({root})"),
            _ => error.to_string(),
        },
    }
}
