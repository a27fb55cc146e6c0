//! Response time of the status page and run time of workflows against the targets of the runbook.

use std::time::Duration;

use crate::check::{Check, CheckSeverity, CheckStatus, Rule, Topic};

/// The status page must answer within this time on average (the original runbook: "API response time < 200 ms").
pub const RESPONSE_TARGET: Duration = Duration::from_millis(200);

/// A workflow run must end within this time on average (the original runbook: "workflow execution time < 5 minutes").
pub const RUN_TARGET: Duration = Duration::from_mins(5);

/// How many of the newest successful runs are judged.
pub const RUNS_JUDGED: usize = 10;

/// How many runs it takes for a pass: one or two are no sample.
pub const FEWEST_RUNS: usize = 3;

/// The mean response time is below the target.
const RESPONSE_TIME: Rule = Rule {
    id: "PF-01",
    topic: Topic::ResponseTime,
    severity: CheckSeverity::Error,
    title: "the status page answers within 200 ms",
    help: "Check that the page is published and served by a cache close to its readers, then measure again. Runbook: Status API Degradation Response.",
};

/// The mean run time is below the target.
const RUN_TIME: Rule = Rule {
    id: "PF-02",
    topic: Topic::RunTime,
    severity: CheckSeverity::Error,
    title: "a workflow run ends within 5 minutes on average",
    help: "Look at the stages with `workflow-monitoring stats`, run quality gates in parallel jobs and cache what is built again and again.",
};

/// Nearly every run is below the target.
const RUN_TIME_TAIL: Rule = Rule {
    id: "PF-03",
    topic: Topic::RunTime,
    severity: CheckSeverity::Warning,
    title: "95 of 100 workflow runs end within 5 minutes",
    help: "Look for the slow runs with `workflow-monitoring list` and compare their stages.",
};

pub(crate) const RULES: [&Rule; 3] = [&RESPONSE_TIME, &RUN_TIME, &RUN_TIME_TAIL];

/// One request to the status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseSample {
    /// The whole answer came, with a status of success.
    Answered(Duration),
    /// No usable answer, with the reason in words: a time-out, a refused connection, a status such as 500.
    Failed(String),
}

/// Judges the requests made to the status page. One that failed makes the check fail, however fast the others were.
///
/// Without a sample the answer is unknown: a file on disk is not timed instead.
pub fn check_response_time(samples: &[ResponseSample]) -> Vec<Check> {
    let failures: Vec<&str> = samples
        .iter()
        .filter_map(|sample| match sample {
            ResponseSample::Failed(reason) => Some(reason.as_str()),
            ResponseSample::Answered(_) => None,
        })
        .collect();
    if let Some(first) = failures.first() {
        let message = format!("{} of {} requests failed: {first}", failures.len(), samples.len());
        return vec![RESPONSE_TIME.hit(None, &message)];
    }
    let mut times: Vec<Duration> = samples
        .iter()
        .filter_map(|sample| match sample {
            ResponseSample::Answered(time) => Some(*time),
            ResponseSample::Failed(_) => None,
        })
        .collect();
    times.sort();
    let Some((mean, slowest)) = mean(&times).zip(times.last()) else {
        return vec![
            RESPONSE_TIME
                .unknown(None, "no status URL is configured, so no request was made (status.url or --status-url)"),
        ];
    };
    let message = format!(
        "{} on average over {} requests, {} at most; target {}",
        millis(mean),
        times.len(),
        millis(*slowest),
        millis(RESPONSE_TARGET)
    );
    vec![if mean <= RESPONSE_TARGET { RESPONSE_TIME.pass(&message) } else { RESPONSE_TIME.hit(None, &message) }]
}

/// The run times cannot be told, and why.
pub fn run_time_unknown(reason: &str) -> Vec<Check> {
    [&RUN_TIME, &RUN_TIME_TAIL].map(|rule| rule.unknown(None, reason)).to_vec()
}

/// The recorded runs of one workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowTimes<'a> {
    /// Its name.
    pub workflow: &'a str,
    /// How long its successful runs took, newest first. A duration is what a run's record says: from its start to its end, as the
    /// program or the workflow that keeps it reported them.
    pub newest_first: Vec<Duration>,
}

/// Judges each workflow by itself, by its newest [`RUNS_JUDGED`] runs: fast runs of one say nothing about another. A target that is
/// missed is missed after one run, one that is met is met after [`FEWEST_RUNS`]; of the workflows that meet it the slowest is named.
pub fn check_run_time(workflows: &[WorkflowTimes<'_>]) -> Vec<Check> {
    let (mut means, mut tails) = (Vec::new(), Vec::new());
    for of in workflows {
        let mut times = of.newest_first[..of.newest_first.len().min(RUNS_JUDGED)].to_vec();
        times.sort();
        let Some(mean) = mean(&times) else { continue };
        let count = times.len();
        let tail = times[nearest_rank(count, 95)];
        let runs =
            if count == 1 { "the only recorded run".to_owned() } else { format!("the last {count} recorded runs") };
        let judge = |rule: &Rule, time: Duration, what: &str| {
            let message = format!(
                "{}: {what} from start to end of {runs}, as their records say; target {}",
                of.workflow,
                seconds(RUN_TARGET)
            );
            let check = match (time <= RUN_TARGET, count < FEWEST_RUNS) {
                (false, _) => rule.hit(None, &message),
                (true, true) => rule.unknown(None, &format!("{message}; it takes {FEWEST_RUNS} runs to tell")),
                (true, false) => rule.pass(&message),
            };
            (time, check)
        };
        means.push(judge(&RUN_TIME, mean, &format!("{} on average", seconds(mean))));
        tails.push(judge(&RUN_TIME_TAIL, tail, &format!("95th percentile {}", seconds(tail))));
    }
    if means.is_empty() {
        return run_time_unknown("no successful run is recorded under metrics/");
    }
    let mut checks = worst(&RUN_TIME, means);
    checks.extend(worst(&RUN_TIME_TAIL, tails));
    checks
}

/// What misses the target; without that the slowest that meets it, beside what has too few runs.
fn worst(rule: &Rule, judged: Vec<(Duration, Check)>) -> Vec<Check> {
    let (passed, mut rest): (Vec<_>, Vec<_>) =
        judged.into_iter().partition(|(_, check)| check.status == CheckStatus::Pass);
    if rest.iter().all(|(_, check)| check.status == CheckStatus::Unknown) {
        rest.extend(passed.into_iter().max_by_key(|(time, _)| *time));
    }
    let checks = rest.into_iter().map(|(_, check)| check).collect();
    rule.conclude(checks, || rule.unknown(None, "no workflow was judged"))
}

fn mean(times: &[Duration]) -> Option<Duration> {
    let total = times.iter().fold(Duration::ZERO, |sum, time| sum.saturating_add(*time));
    total.checked_div(u32::try_from(times.len()).ok()?)
}

/// Index of a percentile in a sorted list, by nearest rank.
fn nearest_rank(count: usize, percent: usize) -> usize {
    (count * percent).div_ceil(100).max(1) - 1
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(seconds: &[u64]) -> Vec<(CheckStatus, String)> {
        let times: Vec<Duration> = seconds.iter().map(|seconds| Duration::from_secs(*seconds)).collect();
        judged(&[("w", &times)])
    }

    fn judged(workflows: &[(&'static str, &[Duration])]) -> Vec<(CheckStatus, String)> {
        let of =
            |(workflow, times): &(&'static str, &[Duration])| WorkflowTimes { workflow, newest_first: times.to_vec() };
        let workflows: Vec<WorkflowTimes<'_>> = workflows.iter().map(of).collect();
        check_run_time(&workflows).into_iter().map(|check| (check.status, check.message)).collect()
    }

    fn responses(samples: &[Result<u64, &str>]) -> (CheckStatus, String) {
        let samples: Vec<ResponseSample> = samples
            .iter()
            .map(|sample| match sample {
                Ok(ms) => ResponseSample::Answered(Duration::from_millis(*ms)),
                Err(reason) => ResponseSample::Failed((*reason).to_owned()),
            })
            .collect();
        let check = check_response_time(&samples).remove(0);
        (check.status, check.message)
    }

    #[test]
    fn run_times_are_judged_by_mean_and_tail() {
        let [mean, tail] = runs(&[120, 150, 180]).try_into().unwrap();
        assert_eq!(
            mean,
            (
                CheckStatus::Pass,
                "w: 150.0 s on average from start to end of the last 3 recorded runs, as their records say; target 300.0 s".to_owned()
            )
        );
        assert_eq!(
            tail,
            (
                CheckStatus::Pass,
                "w: 95th percentile 180.0 s from start to end of the last 3 recorded runs, as their records say; target 300.0 s".to_owned()
            )
        );
        assert_eq!(runs(&[300, 300, 300])[0].0, CheckStatus::Pass);
        assert_eq!(runs(&[301])[0].0, CheckStatus::Fail);
        let one_slow = runs(&[100, 100, 100, 100, 900]);
        assert_eq!((one_slow[0].0, one_slow[1].0), (CheckStatus::Pass, CheckStatus::Warn));
        assert_eq!(runs(&[]).iter().map(|check| check.0).collect::<Vec<_>>(), [CheckStatus::Unknown; 2]);
    }

    #[test]
    fn one_or_two_runs_are_no_sample() {
        for few in [&[0][..], &[1, 2]] {
            assert_eq!(runs(few).iter().map(|check| check.0).collect::<Vec<_>>(), [CheckStatus::Unknown; 2], "{few:?}");
        }
        let message = "w: 4.0 s on average from start to end of the only recorded run, as their records say; target 300.0 s; it takes 3 runs to tell";
        assert_eq!(runs(&[4])[0].1, message);
        assert_eq!(runs(&[301])[0].0, CheckStatus::Fail, "a target that is missed is missed");
    }

    #[test]
    fn fast_runs_of_one_workflow_do_not_hide_slow_ones_of_another() {
        let (fast, slow) = ([Duration::from_millis(300); 9], [Duration::from_mins(45)]);
        let found = judged(&[("scan", &fast), ("publish", &slow)]);
        let statuses: Vec<CheckStatus> = found.iter().map(|check| check.0).collect();
        assert_eq!(statuses, [CheckStatus::Fail, CheckStatus::Warn]);
        assert!(found[0].1.starts_with("publish: 2700.0 s on average"), "{found:?}");

        let found = judged(&[("scan", &fast), ("rare", &[Duration::from_secs(9)])]);
        let statuses: Vec<CheckStatus> = found.iter().map(|check| check.0).collect();
        assert_eq!(statuses, [CheckStatus::Unknown, CheckStatus::Pass, CheckStatus::Unknown, CheckStatus::Pass]);
        let found = judged(&[("scan", &fast), ("other", &[Duration::from_secs(9); 3]), ("new", &slow[..0])]);
        assert_eq!(found.len(), 2, "of those that pass, the slowest");
        assert!(found[0].1.starts_with("other: 9.0 s on average"), "{found:?}");
    }

    #[test]
    fn only_the_newest_runs_count() {
        let mut times = vec![100; RUNS_JUDGED];
        times.extend([9999; 20]);
        assert_eq!(runs(&times)[1].0, CheckStatus::Pass);
    }

    #[test]
    fn responses_are_judged_by_mean_and_every_failure_counts() {
        assert_eq!(
            responses(&[Ok(50), Ok(150)]),
            (CheckStatus::Pass, "100 ms on average over 2 requests, 150 ms at most; target 200 ms".to_owned())
        );
        assert_eq!(responses(&[Ok(200)]).0, CheckStatus::Pass);
        assert_eq!(responses(&[Ok(201)]).0, CheckStatus::Fail);
        assert_eq!(
            responses(&[Ok(1), Err("no answer within 5 s"), Ok(1)]),
            (CheckStatus::Fail, "1 of 3 requests failed: no answer within 5 s".to_owned())
        );
        assert_eq!(responses(&[]).0, CheckStatus::Unknown);
    }

    #[test]
    fn absurd_times_do_not_overflow() {
        assert_eq!(judged(&[("w", &[Duration::MAX, Duration::MAX])])[0].0, CheckStatus::Fail);
        assert_eq!(nearest_rank(1, 95), 0);
        assert_eq!(nearest_rank(20, 95), 18);
    }
}
