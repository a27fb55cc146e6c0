//! Whether publishing goes better or worse than the week before.

use findings_model::Timestamp;
use serde::Serialize;

use crate::{
    history::History,
    measure::{NoValue, Rate},
    publish::PublishingStats,
    stats::in_window,
    window::{Days, Window},
};

/// Which way a rate moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Better than before.
    Up,
    /// Worse than before.
    Down,
    /// The same rate.
    Stable,
}

/// The success rate of the last seven days beside that of the seven days before.
///
/// The first four keys are the Python system's; without attempts on one side they are null, where it compared with 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SuccessTrend {
    /// Percentage of the last seven days.
    pub current_success_rate: Option<f64>,
    /// Percentage of the seven days before.
    pub previous_success_rate: Option<f64>,
    /// Which way it moved; null if one side has no attempts.
    pub trend_direction: Option<Direction>,
    /// By how many percentage points; null if one side has no attempts.
    pub trend_change: Option<f64>,
    /// Why there is no direction.
    pub reason: Option<NoValue>,
    /// The attempts of the last seven days.
    pub current: Rate,
    /// The attempts of the seven days before.
    pub previous: Rate,
}

impl SuccessTrend {
    /// The trend at `now`.
    pub fn of(history: &History, now: Timestamp) -> Self {
        let week = Window::last(Days::WEEK, now);
        let rate = |window| PublishingStats::of(in_window(history, window), window).publish_rate;
        let (current, previous) = (rate(week), rate(week.previous()));
        let both = current.percent().zip(previous.percent());
        Self {
            current_success_rate: current.percent(),
            previous_success_rate: previous.percent(),
            trend_direction: both.map(|_| direction(current, previous)),
            trend_change: both.map(|(now, before)| ((now - before) * 100.0).round() / 100.0),
            reason: both.is_none().then_some(NoValue::NoEvents),
            current,
            previous,
        }
    }
}

/// Compares k/n as whole numbers, so that rounding makes no trend.
fn direction(current: Rate, previous: Rate) -> Direction {
    match (current.succeeded * previous.attempts).cmp(&(previous.succeeded * current.attempts)) {
        std::cmp::Ordering::Greater => Direction::Up,
        std::cmp::Ordering::Less => Direction::Down,
        std::cmp::Ordering::Equal => Direction::Stable,
    }
}
