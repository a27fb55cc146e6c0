use insta::assert_snapshot;

use super::{eventful, now, publish};
use crate::{
    DashboardDocument, Days, FinalStatus, FolderBytes, History, HistoryReader, PruneOptions, PrunePlan, RunRecord,
};

fn apply(folder: &mut FolderBytes, plan: &PrunePlan, steps: usize) {
    let writes = plan.writes.iter().map(|write| (write.path.clone(), Some(write.bytes.clone())));
    let deletes = plan.deletes.iter().map(|path| (path.clone(), None));
    for (path, bytes) in writes.chain(deletes).take(steps) {
        let part = match path.split('/').next() {
            Some("runs") => &mut folder.monthly,
            Some("daily") => &mut folder.daily,
            _ => &mut folder.runs,
        };
        match bytes {
            Some(bytes) => part.insert(path, bytes),
            None => part.remove(&path),
        };
    }
}

fn read(folder: &FolderBytes) -> History {
    let mut reader = HistoryReader::new();
    folder.runs.iter().for_each(|(path, bytes)| reader.run_file(path, bytes));
    folder.monthly.iter().for_each(|(path, bytes)| reader.monthly_file(path, bytes));
    folder.daily.iter().for_each(|(path, bytes)| reader.daily_file(path, bytes));
    reader.finish()
}

fn folder(runs: &[RunRecord]) -> FolderBytes {
    let runs = runs.iter().map(|run| (run.execution_id.file_name(), run.to_json())).collect();
    FolderBytes { runs, ..FolderBytes::default() }
}

#[test]
fn pruning_stopped_anywhere_loses_nothing_and_can_go_on() {
    let all = eventful();
    let before = read(&folder(&all));
    let expected = DashboardDocument::of(&before, now()).to_json();
    let options = PruneOptions { fold_after: Days::clamped(10), ..PruneOptions::default() };
    let plan = PrunePlan::of(&folder(&all), options, now()).unwrap();
    assert!(plan.summary.folded > 0 && plan.summary.kept > 0);
    let steps = plan.writes.len() + plan.deletes.len();
    let mut finished = folder(&all);
    apply(&mut finished, &plan, steps);
    for stop in 0..=steps {
        let mut folder = folder(&all);
        apply(&mut folder, &plan, stop);
        let history = read(&folder);
        assert_eq!(history.runs(), before.runs(), "after {stop} steps");
        let mut dashboard = DashboardDocument::of(&history, now());
        dashboard.data_quality.duplicates = 0;
        assert_eq!(
            String::from_utf8(dashboard.to_json()).unwrap(),
            String::from_utf8(expected.clone()).unwrap(),
            "after {stop} steps"
        );
        let again = PrunePlan::of(&folder, options, now()).unwrap();
        apply(&mut folder, &again, usize::MAX);
        assert_eq!(
            (&folder.runs, &folder.monthly, &folder.daily),
            (&finished.runs, &finished.monthly, &finished.daily),
            "after {stop} steps"
        );
    }
    let idle = PrunePlan::of(&finished, options, now()).unwrap();
    assert!(idle.writes.is_empty() && idle.deletes.is_empty());
}

#[test]
fn months_go_when_old_and_their_totals_stay() {
    let old = publish("old", 24 * 500, FinalStatus::Success);
    let mut folder = folder(std::slice::from_ref(&old));
    let plan = PrunePlan::of(&folder, PruneOptions::default(), now()).unwrap();
    apply(&mut folder, &plan, usize::MAX);
    assert!(folder.runs.is_empty() && folder.monthly.is_empty());
    assert_snapshot!(String::from_utf8(folder.daily["daily/2024.json"].clone()).unwrap(), @r#"
    {
      "schema_version": "1.0",
      "days": {
        "2024-11-16": {
          "runs": 1,
          "success": 1,
          "failed": 0,
          "cancelled": 0,
          "unfinished": 0,
          "publish_succeeded": 1,
          "publish_failed": 0,
          "security_auto": 0,
          "manual": 1,
          "scans_completed": 0,
          "scans_failed": 0,
          "timed": 1,
          "timed_millis": 120000,
          "longest_millis": 120000
        }
      }
    }
    "#);
    let dashboard = DashboardDocument::of(&read(&folder), now());
    assert_eq!((dashboard.months[0].month.as_str(), dashboard.months[0].totals.publish_succeeded), ("2024-11", 1));
}

#[test]
fn pruning_leaves_what_it_cannot_read() {
    let old = publish("old", 24 * 40, FinalStatus::Success);
    let ancient = publish("ancient", 24 * 900, FinalStatus::Success);
    let mut folder = folder(&[old, ancient.clone()]);
    folder.runs.insert("workflow-bad.json".to_owned(), b"{".to_vec());
    let month = format!("runs/{}.ndjson", &ancient.end_time.unwrap().to_string()[..7]);
    let cut = [&ancient.to_json_line()[..], b"{\"half\": "].concat();
    folder.monthly.insert(month.clone(), cut.clone());
    let plan = PrunePlan::of(&folder, PruneOptions::default(), now()).unwrap();
    apply(&mut folder, &plan, usize::MAX);
    assert_eq!(folder.runs.keys().collect::<Vec<_>>(), ["workflow-bad.json"]);
    assert_eq!(folder.monthly[&month], cut);
    assert_eq!(
        (plan.summary.unreadable_runs, plan.summary.unreadable_months),
        (vec!["workflow-bad.json".to_owned()], vec![month])
    );

    folder.runs.insert("workflow-x.json".to_owned(), publish("x", 24 * 40, FinalStatus::Success).to_json());
    folder.daily.insert("daily/2026.json".to_owned(), b"{\"schema_version\": \"2.0\", \"days\": {}}".to_vec());
    let error = PrunePlan::of(&folder, PruneOptions::default(), now()).unwrap_err();
    assert_eq!(error.to_string(), "cannot take over the daily totals of daily/2026.json");
}
