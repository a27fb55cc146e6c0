use std::collections::BTreeSet;

use findings_model::{AdvisoryId, Vulnerability};

use crate::{AdvisoryStore, head::Head};

/// How many times the aliases of what was found are followed.
const ROUNDS: usize = 4;
/// The most bytes that all answers of a search may hold together: 256 MiB.
const FOUND_BYTES: usize = 256 * 1024 * 1024;

/// The records that a store lacks about some flaws, and the search for them at a service that knows records by id.
///
/// The search goes in rounds: the ids that scanners printed, then every alias of them, then the aliases of what was found. It
/// asks nobody itself: [`Search::round`] says for what to ask, [`Search::answer`] takes what came of it.
#[derive(Debug)]
pub struct Search {
    /// Ids that have a record, or were asked for.
    seen: BTreeSet<AdvisoryId>,
    next: BTreeSet<AdvisoryId>,
    later: BTreeSet<AdvisoryId>,
    rounds: usize,
    left: usize,
    pub(crate) found: Vec<(String, Vec<u8>)>,
    bytes: usize,
    pub(crate) unanswered: BTreeSet<AdvisoryId>,
    fresh: BTreeSet<AdvisoryId>,
    refused: Vec<(AdvisoryId, String)>,
    beyond: usize,
}

/// What came of asking for one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The record's bytes.
    Record(Vec<u8>),
    /// The bytes of a record as it was some time ago; what it is now could not be had.
    Old(Vec<u8>),
    /// The service has none.
    NotThere,
    /// There was no answer that can be used.
    None,
}

impl AdvisoryStore {
    /// Prepares the search for the records about these flaws that the store lacks, for at most `limit` ids.
    pub fn search<'v>(&self, flaws: impl IntoIterator<Item = &'v Vulnerability>, limit: usize) -> Search {
        let mut search = Search {
            seen: self.ids().cloned().collect(),
            next: BTreeSet::new(),
            later: BTreeSet::new(),
            rounds: ROUNDS,
            left: limit,
            found: Vec::new(),
            bytes: 0,
            unanswered: BTreeSet::new(),
            fresh: BTreeSet::new(),
            refused: Vec::new(),
            beyond: 0,
        };
        for v in flaws {
            search.next.insert(v.id.clone());
            search.later.extend(v.aliases.iter().chain(&v.printed).cloned());
            if let Some(flaw) = self.flaw(v) {
                search.later.extend(flaw.ids.into_iter().cloned());
            }
        }
        search.next.retain(|id| !search.seen.contains(id) && can_be_asked(id));
        search.later.retain(|id| !search.seen.contains(id) && can_be_asked(id));
        search
    }
}

impl Search {
    /// Whether there is nothing to ask for.
    pub fn is_done(&self) -> bool {
        self.next.is_empty() && self.later.is_empty()
    }

    /// The ids to ask for now; none when the search has ended. Each is asked for once.
    pub fn round(&mut self) -> Vec<AdvisoryId> {
        while !self.is_done() {
            let mut round = std::mem::replace(&mut self.next, std::mem::take(&mut self.later));
            round.retain(|id| !self.seen.contains(id));
            self.seen.extend(round.iter().cloned());
            let mut round: Vec<AdvisoryId> = round.into_iter().collect();
            let allowed = if self.rounds == 0 { 0 } else { self.left.min(round.len()) };
            let beyond = round.split_off(allowed);
            self.beyond += beyond.len();
            self.unanswered.extend(beyond);
            if !round.is_empty() {
                self.rounds -= 1;
                self.left -= allowed;
                return round;
            }
        }
        Vec::new()
    }

    /// Takes what came of asking for an id. A record of another id, or one that cannot be read, is no answer. Says whether it
    /// was one.
    pub fn answer(&mut self, id: &AdvisoryId, answer: Answer) -> bool {
        let (bytes, is_old) = match answer {
            Answer::Record(bytes) => (bytes, false),
            Answer::Old(bytes) => (bytes, true),
            Answer::NotThere => return true,
            Answer::None => {
                self.unanswered.insert(id.clone());
                return false;
            }
        };
        let name = format!("{id}.json");
        let problem = match Head::read(&name, &bytes) {
            Ok(_) if self.bytes + bytes.len() > FOUND_BYTES => {
                "the answers before it fill the memory for them".to_owned()
            }
            Ok(head) if head.id == *id => {
                self.bytes += bytes.len();
                self.later.extend(head.aliases.into_iter().filter(can_be_asked));
                self.found.push((name, bytes));
                let standing = if is_old { &mut self.unanswered } else { &mut self.fresh };
                standing.insert(id.clone());
                return true;
            }
            Ok(head) => format!("it is a record of {}", head.id),
            Err(problem) => problem.to_string(),
        };
        self.refused.push((id.clone(), problem));
        self.unanswered.insert(id.clone());
        false
    }

    /// The ids whose records are at hand as they are now.
    pub(crate) fn answered(&self) -> impl Iterator<Item = &AdvisoryId> {
        self.fresh.iter()
    }

    /// How many records were found.
    pub fn found(&self) -> usize {
        self.found.len()
    }

    /// How many ids were not asked for because of the limits.
    pub fn beyond(&self) -> usize {
        self.beyond
    }

    /// The answers that were refused, by id, and why.
    pub fn refused(&self) -> &[(AdvisoryId, String)] {
        &self.refused
    }
}

/// Whether an id can be one of a public database. One with odd characters is a look-alike or an attack on the address.
fn can_be_asked(id: &AdvisoryId) -> bool {
    let text = id.as_str();
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
        && text.bytes().any(|b| b.is_ascii_alphanumeric())
}
