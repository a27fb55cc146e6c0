//! bandit's JSON and its SARIF of one scan, which name different lines of a call over several lines.

use serde_json::{Value, json};
use test_support::{Scratch, scratch::REPORTS};

const SOURCE: &str = "\
import subprocess


def one(command):
    return subprocess.run(
        command,
        shell=True,
    )


def two(command):
    return subprocess.Popen(
        subprocess.check_output(
            command, shell=True),
        shell=True)
";

/// A call as bandit tells it: the line that it reports, the first and the last one, the column, and the lines that it quotes.
struct Call {
    line: u32,
    range: (u32, u32),
    column: u32,
    quoted: (u32, u32),
}

const CALLS: [Call; 3] = [
    Call { line: 7, range: (5, 8), column: 11, quoted: (6, 11) },
    Call { line: 15, range: (12, 15), column: 11, quoted: (14, 15) },
    Call { line: 14, range: (13, 14), column: 8, quoted: (13, 15) },
];

impl Call {
    fn quoted_lines(&self) -> Vec<(u32, &'static str)> {
        let (first, last) = self.quoted;
        (1..).zip(SOURCE.lines()).filter(|(number, _)| (first..=last).contains(number)).collect()
    }

    fn in_json(&self) -> Value {
        let (first, last) = self.range;
        let lines: Vec<String> = self.quoted_lines().iter().map(|(number, line)| format!("{number} {line}")).collect();
        let code = lines.join("\n") + "\n";
        json!({
            "code": code, "col_offset": self.column, "filename": "src/run.py", "issue_confidence": "HIGH", "issue_severity": "HIGH",
            "issue_text": "subprocess call with shell=True identified, security issue.", "line_number": self.line,
            "line_range": (first..=last).collect::<Vec<_>>(), "test_id": "B602", "test_name": "subprocess_popen_with_shell_equals_true"
        })
    }

    /// The snippet is counted from the first quoted line, also where that stands behind the call's first one: from the end then.
    fn in_sarif(&self) -> Value {
        let ((first, _), quoted) = (self.range, self.quoted_lines());
        let (ahead, behind) = (first.saturating_sub(self.quoted.0), self.quoted.0.saturating_sub(first));
        let at = (ahead as usize + quoted.len() - behind as usize) % quoted.len();
        json!({
            "ruleId": "B602", "level": "error", "message": {"text": "subprocess call with shell=True identified, security issue."},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": "src/run.py"},
                "region": {"startLine": first, "endLine": first + 1, "startColumn": self.column + 1, "snippet": {"text": format!("{}\n", quoted[at].1)}},
                "contextRegion": {"startLine": self.quoted.0, "endLine": self.quoted.1}
            }}]
        })
    }
}

fn metrics(calls: usize) -> Value {
    json!({"_totals": {"loc": 12, "SEVERITY.HIGH": calls}, "src/run.py": {"loc": 12, "SEVERITY.HIGH": calls}})
}

#[derive(Clone, Copy)]
enum Formats {
    Json,
    Sarif,
    Both,
}

/// The ids and lines of what is open after a scan, and what that scan changed.
fn scan(project: &Scratch, week: u8, formats: Formats, calls: &[Call]) -> (Vec<String>, Value) {
    let in_json = json!({
        "errors": [], "generated_at": "2096-01-01T03:00:00Z", "metrics": metrics(calls.len()),
        "results": calls.iter().map(Call::in_json).collect::<Vec<_>>()
    });
    let in_sarif = json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "Bandit", "version": "1.9.4"}},
        "invocations": [{"executionSuccessful": true, "endTimeUtc": "2096-01-01T03:00:00Z"}],
        "properties": {"metrics": metrics(calls.len())},
        "results": calls.iter().map(Call::in_sarif).collect::<Vec<_>>()
    }]});
    project.clear_reports();
    if matches!(formats, Formats::Json | Formats::Both) {
        project.write(&format!("{REPORTS}/bandit.json"), in_json.to_string());
    }
    if matches!(formats, Formats::Sarif | Formats::Both) {
        project.write(&format!("{REPORTS}/bandit.sarif"), in_sarif.to_string());
    }
    let now = format!("2096-01-{week:02}T04:00:00Z");
    let run = test_support::binary!("update-findings").run().project(project.path()).now(&now).arg("--offline");
    let document = run.args(["--format", "json"]).output().expect_success().json();
    let findings = document["findings"].as_array().into_iter().flatten();
    let told = findings.map(|f| {
        format!("{}:{} {}", f["finding_id"].as_str().unwrap_or(""), f["line"], f["status"].as_str().unwrap_or(""))
    });
    (told.collect(), document["sync_results"].clone())
}

fn project() -> Scratch {
    let project = Scratch::empty();
    project.write("pyproject.toml", "[project]\nname = \"sample\"\nversion = \"1.0\"\n");
    project.write("src/run.py", SOURCE);
    project
}

#[test]
fn each_call_is_one_finding_whatever_line_a_format_names() {
    let (told, _) = scan(&project(), 2, Formats::Both, &CALLS);
    assert_eq!(told, ["BANDIT-B602-run.py-14:14 open", "BANDIT-B602-run.py-15:15 open", "BANDIT-B602-run.py-7:7 open"]);
}

#[test]
fn a_week_with_another_format_ends_nothing_and_begins_nothing() {
    use Formats::{Both, Json, Sarif};
    for weeks in [[Json, Sarif, Both], [Sarif, Both, Json], [Both, Sarif, Json], [Sarif, Json, Both]] {
        let project = project();
        let (first, _) = scan(&project, 2, weeks[0], &CALLS);
        assert_eq!(first.len(), 3, "{first:?}");
        for (week, formats) in [(9, weeks[1]), (16, weeks[2])] {
            let (told, changed) = scan(&project, week, formats, &CALLS);
            assert!(told.len() == 3 && told.iter().all(|told| told.ends_with(" open")), "{told:?}");
            assert_eq!((&changed["added"], &changed["removed"]), (&json!(0), &json!(0)), "{changed}");
        }
    }
}
