//! The strip of the last ninety days.

use serde::Serialize;
use time::{Date, Duration};

use crate::{Grade, History, State, phrase};

/// Cells of the strip, one a day.
const DAYS: u16 = 90;

/// The strip, with its text for those who do not see it.
#[derive(Serialize)]
pub(super) struct Strip {
    /// The cells' classes, the oldest day first.
    cells: Vec<String>,
    from: String,
    to: String,
    /// How many days were in each state.
    legend: Vec<Legend>,
    /// The drawing in one sentence.
    alternative: String,
    /// Days that follow each other and are alike, the newest first.
    periods: Vec<Period>,
}

#[derive(Serialize)]
struct Legend {
    class: &'static str,
    word: &'static str,
    days: usize,
}

#[derive(Serialize)]
struct Period {
    from: String,
    to: Option<String>,
    state: &'static str,
    grade: &'static str,
    open: String,
}

/// What is known of one day.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Day {
    /// None on a day of which nothing is known.
    known: Option<Known>,
    /// Whether the day has an entry of its own; otherwise an earlier answer still held.
    own: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Known {
    state: State,
    grade: Option<Grade>,
    open: u64,
}

impl Day {
    fn at(date: Date, history: &History) -> Self {
        let entry = history.at_or_before(date);
        let own = entry.is_some_and(|e| e.date == date);
        let holds = |e: &&crate::HistoryDay| own || e.holds_until.is_some_and(|day| date <= day);
        let known = entry.filter(holds).map(|e| Known { state: e.state, grade: e.grade, open: e.open.total() });
        Self { known, own }
    }

    fn class(self) -> &'static str {
        class(self.known.map(|k| k.state))
    }
}

fn class(state: Option<State>) -> &'static str {
    state.map_or("none", State::as_str)
}

fn word(state: Option<State>) -> &'static str {
    state.map_or("no data", State::as_str)
}

impl Strip {
    /// The ninety days up to and including `today`.
    pub(super) fn ending(today: Date, history: &History) -> Self {
        let first = today.saturating_sub(Duration::days(i64::from(DAYS) - 1));
        let dates = || (0..DAYS).map(|n| first.saturating_add(Duration::days(i64::from(n))));
        let days: Vec<(Date, Day)> = dates().map(|date| (date, Day::at(date, history))).collect();
        let states = State::ALL.into_iter().map(Some).chain([None]);
        let legend: Vec<Legend> = states
            .map(|state| Legend {
                class: class(state),
                word: word(state),
                days: days.iter().filter(|(_, d)| d.known.map(|k| k.state) == state).count(),
            })
            .filter(|legend| legend.days > 0)
            .collect();
        let spoken: Vec<String> =
            legend.iter().map(|l| format!("{} {}", l.word, phrase::count(l.days as u64, "day", "days"))).collect();
        Self {
            cells: days.iter().map(|(_, d)| cell(*d)).collect(),
            from: phrase::short_day(first),
            to: phrase::short_day(today),
            alternative: format!(
                "The {DAYS} days from {} to {}: {}.",
                phrase::day(first),
                phrase::day(today),
                spoken.join(", ")
            ),
            legend,
            periods: periods(&days),
        }
    }
}

fn cell(day: Day) -> String {
    let kept = if day.own || day.known.is_none() { "" } else { " kept" };
    format!("{}{kept}", day.class())
}

fn periods(days: &[(Date, Day)]) -> Vec<Period> {
    let alike = |a: &(Date, Day), b: &(Date, Day)| a.1.known == b.1.known;
    let runs = days.chunk_by(alike).filter_map(|run| {
        let ((from, day), (to, _)) = (run.first()?, run.last()?);
        Some(Period {
            from: phrase::day(*from),
            to: (from != to).then(|| phrase::day(*to)),
            state: word(day.known.map(|k| k.state)),
            grade: day.known.and_then(|k| k.grade).map_or("\u{2013}", Grade::as_str),
            open: day.known.map_or_else(|| "\u{2013}".to_owned(), |k| k.open.to_string()),
        })
    });
    let mut periods: Vec<Period> = runs.collect();
    periods.reverse();
    periods
}
