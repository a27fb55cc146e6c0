//! Runs in which a finding turns out to be several.
//!
//! What parts has other ids from then on, and by those a record may be another finding's. So the records are looked at again until they
//! change nothing any more. Records that contradict each other may go to and fro without end; then one of the states that they go through
//! is chosen, the same one wherever they begin.

use findings_model::Finding;

use super::{Intake, Outcome, Parting, Taken, take_in_known, with_events};
use crate::{Event, Ledger};

/// How often the records are looked at, at the most.
const ROUNDS: usize = 6;

/// What the records make of the state before.
struct State {
    findings: Vec<Finding>,
    events: Vec<Event>,
}

/// Takes a run in until its records change nothing.
pub(super) fn take_in(ledger: Ledger, intake: &Intake<'_>) -> Taken {
    let before = Ledger { findings: Vec::new(), ..ledger.clone() };
    let mut states = vec![State { findings: ledger.findings.clone(), events: Vec::new() }];
    let first = once(ledger, intake);
    let mut result = Taken { ledger: Ledger { findings: Vec::new(), ..first.ledger.clone() }, ..first.clone() };
    states.push(State { findings: first.ledger.findings, events: first.events });
    let chosen = loop {
        let last = states.len() - 1;
        if let Some(same) = states[..last].iter().position(|state| state.findings == states[last].findings) {
            break (same..last).min_by_key(|at| in_words(&states[*at].findings)).unwrap_or(same);
        }
        if last == ROUNDS {
            break last;
        }
        let again = once(Ledger { findings: states[last].findings.clone(), ..before.clone() }, intake);
        states.push(State { findings: again.ledger.findings, events: again.events });
    };
    states.truncate(chosen + 1);
    result.events = Vec::new();
    for state in states {
        result.ledger.findings = state.findings;
        result.events.extend(state.events);
    }
    with_events(result, Vec::new())
}

fn once(ledger: Ledger, intake: &Intake<'_>) -> Taken {
    match take_in_known(ledger, intake, Parting::Done) {
        Outcome::Taken(taken) => *taken,
        Outcome::Parting(ledger) => once(*ledger, intake),
        Outcome::Folded(ledger, merged) => with_events(once(*ledger, intake), merged),
    }
}

/// What two states of the same findings are compared by.
fn in_words(findings: &[Finding]) -> String {
    serde_json::to_string(findings).unwrap_or_default()
}
