//! Two small charts as inline SVG.
//!
//! There is no `viewBox`: lengths are percentages of the space that the page gives, so bars stretch on a wide screen and
//! text beside them does not shrink on a phone. Colours and patterns come from the page's style sheet by class.

use std::fmt::Write as _;

use crate::{dashboard::DayBar, seconds::Seconds, stats::DURATION_TARGET};

/// Space above the highest bar, in percent of the chart's height: room for the scale's label.
const HEADROOM: u64 = 14;

/// Share of `part` in `whole` scaled to `full`, in hundredths of a percent, written as a percentage.
fn percent(part: u64, whole: u64, full: u64) -> String {
    let scaled = u128::from(part) * u128::from(full) * 100;
    let hundredths = scaled.checked_div(u128::from(whole)).unwrap_or(0);
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

fn open(label: &str) -> String {
    // The label is made of numbers and fixed words only.
    format!("<svg class=\"chart\" role=\"img\" aria-label=\"{label}\" width=\"100%\" height=\"160\">")
}

fn rect(out: &mut String, class: &str, x: &str, width: &str, top: &str, height: &str) {
    // Writing to a text cannot fail.
    let _ = write!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>");
}

/// A column for each day: well-ended runs below, others in the middle, failed ones hatched on top.
pub(crate) fn days(bars: &[DayBar]) -> String {
    let count = bars.len() as u64;
    let total = |bar: &DayBar| bar.success + bar.failed + bar.other;
    let most = bars.iter().map(total).max().unwrap_or(0).max(1);
    let sum = |of: fn(&DayBar) -> u64| bars.iter().map(of).sum::<u64>();
    let idle = bars.iter().filter(|bar| total(bar) == 0).count();
    let label = format!(
        "Runs on each of the last {count} days: {} ended well, {} failed, {} were stopped or never reported an end; {idle} days without runs",
        sum(|b| b.success),
        sum(|b| b.failed),
        sum(|b| b.other)
    );
    let mut out = open(&label);
    let top_of = |height: u64| percent(most * 100 - height * (100 - HEADROOM), most, 1);
    let _ = write!(out, "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/>", top_of(most));
    let width = percent(72, 100 * count.max(1), 100);
    for (index, bar) in (0_u64..).zip(bars) {
        let x = percent(index * 100 + 14, 100 * count.max(1), 100);
        if total(bar) == 0 {
            rect(&mut out, "idle", &x, &width, "98%", "2%");
            continue;
        }
        let mut below = 0;
        for (class, part) in [("ok", bar.success), ("other", bar.other), ("bad", bar.failed)] {
            if part > 0 {
                below += part;
                rect(&mut out, class, &x, &width, &top_of(below), &percent(part * (100 - HEADROOM), most, 1));
            }
        }
    }
    let _ = write!(
        out,
        "<text class=\"scale\" x=\"0\" y=\"11%\">{most} {}</text></svg>",
        if most == 1 { "run" } else { "runs" }
    );
    out
}

/// A column for each run's length, with the target as a dashed line; columns above it are hatched.
pub(crate) fn run_times(times: &[Seconds]) -> String {
    let target = DURATION_TARGET * 1000;
    let longest = times.iter().map(|t| t.millis()).max().unwrap_or(0);
    let most = longest.max(target + target / 10);
    let over = times.iter().filter(|t| t.millis() > target).count();
    let label = format!(
        "Time taken by the last {} successful runs, oldest first: longest {}, {over} over the target of {}",
        times.len(),
        Seconds::from_millis(longest),
        Seconds::from_millis(target)
    );
    let mut out = open(&label);
    let top_of = |millis: u64| percent(most * 100 - millis * (100 - HEADROOM), most, 1);
    // A chart of three runs with bars as wide as a hand reads badly: at least fifteen places.
    let places = (times.len() as u64).max(15);
    let width = percent(72, 100 * places, 100);
    for (index, time) in (0_u64..).zip(times) {
        let class = if time.millis() > target { "bad" } else { "time" };
        let x = percent(index * 100 + 14, 100 * places, 100);
        rect(&mut out, class, &x, &width, &top_of(time.millis()), &percent(time.millis() * (100 - HEADROOM), most, 1));
    }
    let line = top_of(target);
    let _ = write!(out, "<line class=\"target\" x1=\"0\" x2=\"100%\" y1=\"{line}\" y2=\"{line}\"/></svg>");
    out
}
