//! Everything that one run asks for.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::BTreeMap,
    path::PathBuf,
    time::Instant,
};

use advisories::{Answer, FEED_BYTES, RECORD_BYTES, Search};
use findings_model::{AdvisoryId, Timestamp, date_text};
use futures_util::{StreamExt as _, stream};
use orchestrate::advice::Fetched;
use reqwest::Client;
use state_store::StoreError;
use tokio::runtime::Runtime;

use crate::{
    address::SourceAddress,
    ask::{AskError, Manner, Reply, ask, client},
    cache::{Cache, Kept, Validators},
    patience::Patience,
};

/// The most questions that are open at once.
const AT_ONCE: usize = 8;
/// After so many failures without one answer a service is not asked any more.
const GIVE_UP: u32 = 5;

/// How a run asks.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The folder of kept answers; none keeps nothing.
    pub(crate) cache: Option<PathBuf>,
    /// How often and how long is tried.
    pub(crate) patience: Patience,
    /// The time of the run.
    pub(crate) now: Timestamp,
    /// Where the jitter of waits starts from.
    pub(crate) seed: u64,
}

/// Everything that one run asks for: one budget of time, one runtime, made when first needed.
#[derive(Debug)]
pub(crate) struct Session {
    cache: Cache,
    patience: Patience,
    seed: u64,
    until: OnceCell<Instant>,
    runtime: OnceCell<Runtime>,
    unkept: RefCell<Option<StoreError>>,
}

impl Drop for Session {
    fn drop(&mut self) {
        // A name look-up that hangs cannot be stopped, and nobody waits for it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Session {
    /// Prepares to ask. Nothing is sent yet.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            cache: Cache::new(settings.cache, settings.now),
            patience: settings.patience,
            seed: settings.seed,
            until: OnceCell::new(),
            runtime: OnceCell::new(),
            unkept: RefCell::new(None),
        }
    }

    /// Carries out a search at an OSV service. Gives what went wrong, a line each.
    pub(crate) fn look_up(&self, service: &SourceAddress, search: &mut Search) -> Vec<String> {
        let mut visit = Visit::default();
        loop {
            let ids = search.round();
            if ids.is_empty() {
                break;
            }
            visit.wanted += ids.len();
            let mut open: Vec<(AdvisoryId, Option<Kept>)> = Vec::new();
            for id in ids {
                match self.cache.get(&service.record(&id), RECORD_BYTES) {
                    Some(Kept { is_fresh: true, body, .. }) => {
                        search.answer(&id, body.map_or(Answer::NotThere, Answer::Record));
                    }
                    old => open.push((id, old)),
                }
            }
            if open.is_empty() {
                continue;
            }
            let replies = self.ask_all(service, &open, &visit);
            for ((id, old), reply) in open.into_iter().zip(replies) {
                self.settle(service, search, &mut visit, &id, old, reply);
            }
            self.cache.release();
        }
        visit.warnings(service, search, self.unkept.take())
    }

    /// Asks for several records, some at once, and gives the replies in the same order.
    fn ask_all(
        &self,
        service: &SourceAddress,
        open: &[(AdvisoryId, Option<Kept>)],
        visit: &Visit,
    ) -> Vec<Result<Reply, AskError>> {
        let all = |error: &AskError| open.iter().map(|_| Err(error.clone())).collect();
        if let Some(error) = &*visit.down.borrow() {
            return all(error);
        }
        let client = match visit.client.get_or_init(|| client(service, &self.patience)) {
            Ok(client) => client,
            Err(error) => return all(error),
        };
        let runtime = match self.runtime() {
            Ok(runtime) => runtime,
            Err(error) => return all(&error),
        };
        let manner = self.manner(self.patience.record, RECORD_BYTES);
        runtime.block_on(async {
            stream::iter(open)
                .map(|(id, old)| async move {
                    if let Some(error) = visit.down.borrow().clone() {
                        return Err(error);
                    }
                    let validators = old.as_ref().map(|kept| kept.validators.clone()).unwrap_or_default();
                    let reply = ask(client, &service.record(id), &validators, manner).await;
                    visit.note(&reply);
                    reply
                })
                .buffered(AT_ONCE)
                .collect()
                .await
        })
    }

    fn settle(
        &self,
        service: &SourceAddress,
        search: &mut Search,
        visit: &mut Visit,
        id: &AdvisoryId,
        old: Option<Kept>,
        reply: Result<Reply, AskError>,
    ) {
        let address = service.record(id);
        match reply {
            Ok(Reply::Found { body, validators }) => {
                if search.answer(id, Answer::Record(body.clone())) {
                    visit.found += 1;
                    self.keep(&address, Some(&body), validators);
                }
            }
            Ok(Reply::Unchanged) => match old.and_then(|kept| Some((kept.body?, kept.validators))) {
                Some((body, validators)) => {
                    visit.found += 1;
                    self.keep(&address, Some(&body), validators);
                    search.answer(id, Answer::Record(body));
                }
                None => drop(search.answer(id, Answer::None)),
            },
            Ok(Reply::NotThere) => {
                visit.absent += 1;
                self.keep(&address, None, Validators::default());
                search.answer(id, Answer::NotThere);
            }
            Err(error) => {
                visit.failed.entry(error).or_default().push(id.clone());
                match old.and_then(|kept| Some((kept.body?, kept.fetched_at))) {
                    Some((body, at)) => {
                        visit.old += 1;
                        visit.oldest = Some(visit.oldest.map_or(at, |oldest| oldest.min(at)));
                        search.answer(id, Answer::Old(body));
                    }
                    None => drop(search.answer(id, Answer::None)),
                }
            }
        }
    }

    /// Fetches a file, or takes the kept one while that is fresh. An answer that is not `usable` is none, and is not kept.
    pub(crate) fn fetch(&self, address: &SourceAddress, usable: &dyn Fn(&[u8]) -> Result<(), String>) -> Fetched {
        let kept = self.cache.get(address, FEED_BYTES);
        let (problem, old) = match kept {
            Some(Kept { is_fresh: true, body: Some(body), .. }) if usable(&body).is_ok() => {
                return Fetched { bytes: Some(body), warnings: Vec::new() };
            }
            kept => {
                let old = kept.filter(|kept| kept.body.is_some());
                match self.fetch_now(address, old.as_ref(), usable) {
                    Ok(body) => {
                        let warnings = self.unkept.take().map(|error| unkept(&error)).into_iter().collect();
                        return Fetched { bytes: Some(body), warnings };
                    }
                    Err(problem) => (problem, old),
                }
            }
        };
        let old = old.and_then(|kept| Some((kept.body?, kept.fetched_at))).filter(|(body, _)| usable(body).is_ok());
        if let Some((body, at)) = old {
            let day = date_text(at.date());
            let warning = format!("{address} cannot be fetched ({problem}); what it said on {day} is used");
            Fetched { bytes: Some(body), warnings: vec![warning] }
        } else {
            let warning = format!("{address} cannot be fetched ({problem}); what was known of it stays");
            Fetched { bytes: None, warnings: vec![warning] }
        }
    }

    fn fetch_now(
        &self,
        address: &SourceAddress,
        old: Option<&Kept>,
        usable: &dyn Fn(&[u8]) -> Result<(), String>,
    ) -> Result<Vec<u8>, String> {
        let client = client(address, &self.patience).map_err(|e| e.to_string())?;
        let runtime = self.runtime().map_err(|e| e.to_string())?;
        let manner = self.manner(self.patience.budget, FEED_BYTES);
        let known = old.map(|kept| kept.validators.clone()).unwrap_or_default();
        let reply = runtime.block_on(ask(&client, address, &known, manner)).map_err(|e| e.to_string())?;
        let (body, validators) = match (reply, old) {
            (Reply::Found { body, validators }, _) => (body, validators),
            (Reply::Unchanged, Some(Kept { body: Some(body), .. })) => (body.clone(), known),
            (Reply::Unchanged | Reply::NotThere, _) => return Err("there is no such file".to_owned()),
        };
        usable(&body)?;
        self.keep(address, Some(&body), validators);
        self.cache.release();
        Ok(body)
    }

    fn keep(&self, address: &SourceAddress, body: Option<&[u8]>, validators: Validators) {
        if let Err(error) = self.cache.put(address, body, validators) {
            self.unkept.borrow_mut().get_or_insert(error);
        }
    }

    fn manner(&self, try_time: std::time::Duration, limit: u64) -> Manner<'_> {
        let until = *self.until.get_or_init(|| Instant::now() + self.patience.budget);
        Manner { patience: &self.patience, until, try_time, limit, seed: self.seed }
    }

    fn runtime(&self) -> Result<&Runtime, AskError> {
        if self.runtime.get().is_none() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|e| AskError::Client(e.to_string()))?;
            // Nobody else can have set it: a session is used by one thread.
            let _set = self.runtime.set(runtime);
        }
        self.runtime.get().ok_or_else(|| AskError::Client("the runtime is gone".to_owned()))
    }
}

/// What one search met at its service.
#[derive(Default)]
struct Visit {
    client: OnceCell<Result<Client, AskError>>,
    /// Why the service is not asked any more.
    down: RefCell<Option<AskError>>,
    /// Failures since the last answer.
    in_a_row: Cell<u32>,
    wanted: usize,
    found: usize,
    absent: usize,
    old: usize,
    oldest: Option<Timestamp>,
    failed: BTreeMap<AskError, Vec<AdvisoryId>>,
}

impl Visit {
    fn note(&self, reply: &Result<Reply, AskError>) {
        let Err(error) = reply else {
            self.in_a_row.set(0);
            return;
        };
        self.in_a_row.set(self.in_a_row.get() + 1);
        let hopeless = matches!(error, AskError::Client(_) | AskError::Connect(_) | AskError::TimeOut);
        if hopeless || self.in_a_row.get() >= GIVE_UP {
            self.down.borrow_mut().get_or_insert_with(|| error.clone());
        }
    }

    fn warnings(self, service: &SourceAddress, search: &Search, unkept_answer: Option<StoreError>) -> Vec<String> {
        let mut warnings = Vec::new();
        for (error, ids) in &self.failed {
            let what = named(ids.iter());
            warnings.push(format!("{service} gave no answer about {what} ({error}); what was known of them stays"));
        }
        if let Some(oldest) = self.oldest {
            let (count, day) = (self.old, date_text(oldest.date()));
            let what = if count == 1 { "record" } else { "records" };
            warnings.push(format!("using {count} cached advisory {what} from {service}, of {day} or later"));
        }
        let mut refused: BTreeMap<&str, Vec<&AdvisoryId>> = BTreeMap::new();
        for (id, problem) in search.refused() {
            refused.entry(problem).or_default().push(id);
        }
        for (problem, ids) in refused {
            let what = named(ids.into_iter());
            warnings.push(format!("{service} answered for {what} with what cannot be used: {problem}"));
        }
        if search.beyond() > 0 {
            let count = search.beyond();
            warnings
                .push(format!("{count} advisories were not looked up at {service}: there are too many for one run"));
        }
        if self.absent > 0 && self.absent == self.wanted {
            warnings.push(format!(
                "{service} knows none of the requested advisories; is it the address of an OSV service?"
            ));
        }
        warnings.extend(unkept_answer.map(|error| unkept(&error)));
        warnings
    }
}

/// A few ids by name, and how many more.
fn named<'i>(mut ids: impl ExactSizeIterator<Item = &'i AdvisoryId>) -> String {
    let count = ids.len();
    let first: Vec<&str> = ids.by_ref().take(3).map(AdvisoryId::as_str).collect();
    match count.saturating_sub(first.len()) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn unkept(error: &StoreError) -> String {
    format!("answers of advisory services are not kept: {error}")
}
