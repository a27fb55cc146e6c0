use std::{
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32},
    },
    time::Duration,
};

use dist_check::Distribution;
use findings_model::{Extra, FileOutcome, Receipt, ReceiptFile, Timestamp};
use futures_util::{StreamExt as _, stream};

use crate::{
    Action, Content, IndexClient, Patience, Plan, PlanError, PlannedFile, PublishError,
    sender::{End, Sender},
    verify::{Earlier, wait_for_listing},
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

/// A file to publish: what the check made of it, its bytes, and what goes with it.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The checked file.
    pub distribution: Distribution,
    /// Its bytes.
    pub content: Content,
    /// Its attestations, a JSON array (PEP 740). An index takes them with trusted publishing only.
    pub attestations: Option<String>,
}

impl Parcel {
    /// A file without attestations.
    pub fn new(distribution: Distribution, content: Content) -> Self {
        Self { distribution, content, attestations: None }
    }
}

/// A step of a publish, for those who watch.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A file is sent from its beginning.
    Begins {
        /// The file's name.
        file: &'a str,
        /// Its size.
        bytes: u64,
        /// The request's number, from 1.
        attempt: u32,
    },
    /// The line has taken so much of a file.
    Sent {
        /// The file's name.
        file: &'a str,
        /// Bytes so far.
        bytes: u64,
    },
    /// A file is tried again after this time.
    Waits {
        /// The file's name.
        file: &'a str,
        /// The time.
        time: Duration,
    },
    /// What became of a file is known.
    Ended(&'a ReceiptFile),
    /// Every file is there as far as it can be told from the answers; now the index is asked what it lists.
    Verifying,
}

/// Who is told of each step, from any thread. What it does delays the sending.
pub type Observer = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// How a plan is carried out.
#[derive(Clone, Default)]
pub struct PublishOptions {
    /// How many files are sent at a time.
    pub jobs: Jobs,
    /// The receipt of an earlier run that did not end well. A file that the index took then counts as taken although it
    /// is not listed yet and not taken twice; whether it is there is proved at the end, as for all.
    pub earlier: Option<Receipt>,
    /// Who is told of each step.
    pub observer: Option<Observer>,
}

impl fmt::Debug for PublishOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishOptions")
            .field("jobs", &self.jobs)
            .field("earlier", &self.earlier)
            .finish_non_exhaustive()
    }
}

impl PublishOptions {
    pub(crate) fn tell(&self, event: Event<'_>) {
        if let Some(observer) = &self.observer {
            observer(event);
        }
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
        let file = |planned: &PlannedFile| {
            let outcome = match planned.action {
                Action::Identical => FileOutcome::AlreadyThere,
                Action::Upload => FileOutcome::Skipped,
                Action::Conflict | Action::Closed | Action::TooBig | Action::SecondSdist => FileOutcome::Failed,
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
            version: plan.version.to_string(),
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
            trial: false,
            verified: self.verified,
            files: self.files.clone(),
            finished_at,
            extra: Extra::default(),
        }
    }
}

/// Carries a plan out and waits until the index lists every file.
///
/// `files` are those of the plan, in its order. With an obstacle in the plan nothing is sent. The first file is sent alone, so
/// that the index makes the release once; then `options.jobs` at a time. A file that cannot be sent at the moment does not
/// keep the others; after a refusal no further file is begun, and after `breaker` temporary failures in a row none is tried
/// again.
pub async fn publish<S: AsyncFn(Duration)>(
    client: &IndexClient,
    plan: &Plan,
    files: &[Parcel],
    options: &PublishOptions,
    patience: &Patience<S>,
) -> Publication {
    let same = plan.files.len() == files.len()
        && plan.files.iter().zip(files).all(|(planned, parcel)| {
            planned.file == parcel.distribution.file_name() && planned.sha256 == parcel.distribution.sha256()
        });
    let obstacle = if same { plan.obstacle() } else { Some(PlanError::OtherFiles) };
    if let Some(obstacle) = obstacle {
        return Publication::nothing_sent(plan, Some(obstacle.into()));
    }

    let (stopped, failures) = (AtomicBool::new(false), AtomicU32::new(0));
    let sender = Sender { client, plan, options, patience, stopped: &stopped, failures: &failures };
    let mut ends = Vec::with_capacity(files.len());
    let mut numbers = plan.files.iter().enumerate().filter(|(_, file)| file.action == Action::Upload).map(|(n, _)| n);
    if let Some(first) = numbers.next() {
        let end = sender.send(first, &files[first]).await;
        sender.stop_after_first(&end);
        ends.push((first, end));
    }
    let rest: Vec<usize> = numbers.collect();
    let sender = &sender;
    let sending = rest.into_iter().map(async |number| (number, sender.send(number, &files[number]).await));
    ends.extend(stream::iter(sending).buffer_unordered(options.jobs.0.get()).collect::<Vec<_>>().await);
    ends.sort_by_key(|(number, _)| *number);

    let mut publication = Publication::nothing_sent(plan, None);
    for (number, End { file, failure }) in ends {
        publication.files[number] = file;
        publication.failure = publication.failure.or(failure);
    }
    if publication.failure.is_none() {
        options.tell(Event::Verifying);
        let distributions: Vec<&Distribution> = files.iter().map(|parcel| &parcel.distribution).collect();
        let verification = wait_for_listing(client, &distributions, patience, Earlier::Read).await;
        publication.verified = verification.failure.is_none();
        publication.failure = verification.failure.map(Into::into);
    }
    publication
}

pub(crate) fn receipt_file(planned: &PlannedFile, outcome: FileOutcome, attempts: u32, time: Duration) -> ReceiptFile {
    ReceiptFile {
        file: planned.file.clone(),
        sha256: planned.sha256.to_string(),
        outcome,
        attempts,
        bytes: planned.bytes,
        seconds: (time.as_secs_f64() * 1000.0).round() / 1000.0,
    }
}
