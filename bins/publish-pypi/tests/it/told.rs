//! What a publish says of its end: in its document, in the step summary, and to a webhook.

use serde_json::Value;
use test_support::{
    Run, Scratch,
    index::{Fault, Index, Settings},
    webhook::webhook,
};

use crate::{dist, publish_pypi};

fn publish(project: &Scratch, index: &Index) -> Run {
    publish_pypi(project)
        .args(["--format", "json", "publish", "--auth", "none", "--index", &index.legacy_url()])
        .args(dist())
}

fn configure(project: &Scratch, notify: &str) {
    let text = format!("[project]\nname = \"sample-package\"\n[tool.relwarden.publish.notify]\n{notify}");
    project.write("pyproject.toml", text);
}

#[test]
fn a_failure_says_what_is_there_and_what_to_do() {
    let (project, index) = (Scratch::empty(), Index::start());
    index.fail_uploads([Fault::Slow(0), Fault::Status(400)]);
    let summary = project.join("summary.md");
    let run = publish(&project, &index).env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_ACTIONS", "true").output();
    let run = run.expect_code(1);
    let document = run.json();
    let failure = &document["failure"];
    assert_eq!(failure["stage"], "upload");
    assert_eq!(failure["class"], "rejected");
    assert_eq!(failure["file"], "sample_package-1.0.0.tar.gz");
    assert_eq!((&failure["status"], &failure["attempts"]), (&400.into(), &1.into()));
    assert_eq!(failure["request_id"], "request-4711-of-the-index");
    assert_eq!(failure["on_index"], serde_json::json!(["sample_package-1.0.0-py3-none-any.whl"]));
    assert_eq!(failure["status_pages"], serde_json::json!(["https://www.githubstatus.com/"]));
    assert!(failure["next"].as_str().unwrap().contains("correct what the index says"));
    for part in ["on the index already: sample_package-1.0.0-py3-none-any.whl", "runbook: docs/runbook.md#publishing"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    let summary = project.text("summary.md");
    for part in
        ["**Failed** at stage upload (rejected)", "- HTTP status: 400", "- on the index already: ", "- tries: 1"]
    {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    assert_eq!(project.json("receipt.json")["files"], document["files"]);
}

#[test]
fn a_failure_before_the_upload_is_a_document_too() {
    let (project, index) = (Scratch::empty(), Index::start());
    project.write("sample_package-1.0.0.tar.gz", "no archive");
    let args =
        ["--format", "json", "publish", "--auth", "none", "--index", &index.url(), "sample_package-1.0.0.tar.gz"];
    let document = publish_pypi(&project).args(args).output().expect_code(1).json();
    assert_eq!((&document["failure"]["stage"], &document["verified"]), (&"check".into(), &false.into()));
    assert_eq!(document["files"], serde_json::json!([]));
    let port = index.url();
    drop(index);
    let stages = publish_pypi(&project).args(["--format", "json", "publish", "--index", &port]).args(dist()).output();
    assert_eq!(stages.expect_code(2).json()["failure"]["stage"], "credential");
}

#[test]
fn a_webhook_is_told() {
    for (format, on, fails) in [("json", "failure", true), ("slack", "failure", true), ("json", "success", false)] {
        let (project, index) = (Scratch::empty(), Index::start());
        configure(&project, &format!("url_env = 'HOOK'\nformat = '{format}'\non = ['{on}']"));
        if fails {
            index.fail_uploads([Fault::Status(400)]);
        }
        let (url, taken) = webhook(200);
        let run = binary_with_own_project(&project, &index).env("HOOK", &url).output();
        let run = run.expect_code(i32::from(fails));
        assert!(!run.stderr.contains("notified") && !run.stderr.contains("hook-secret"), "{}", run.stderr);
        let message = taken.join().unwrap();
        match (format, fails) {
            ("slack", _) => {
                let text = message["text"].as_str().unwrap();
                assert!(text.starts_with("Publishing sample-package 1.0.0 to http://127.0.0.1:"), "{text}");
                assert!(text.contains("failed (upload)"), "{text}");
            }
            (_, true) => assert_eq!(message["failure"]["class"], "rejected"),
            (_, false) => assert_eq!((&message["outcome"], &message["verified"]), (&"success".into(), &true.into())),
        }
    }
}

#[test]
fn a_message_that_is_not_taken_changes_nothing() {
    let (project, index) = (Scratch::empty(), Index::start());
    configure(&project, "url_env = 'HOOK'\non = ['success']");
    let run = binary_with_own_project(&project, &index).output().expect_success();
    assert!(run.stderr.contains("nobody was notified: the environment variable HOOK is not set"), "{}", run.stderr);
    let (url, taken) = webhook(500);
    let run = binary_with_own_project(&project, &index).env("HOOK", &url).output().expect_success();
    assert!(run.stderr.contains("nobody was notified: the webhook answered with status 500"), "{}", run.stderr);
    assert!(!run.stderr.contains("hook-secret"));
    assert_eq!(taken.join().unwrap()["outcome"], "success");
    let plain = binary_with_own_project(&project, &index).env("HOOK", "http://hook.example/hook-secret").output();
    let plain = plain.expect_success();
    assert!(plain.stderr.contains("is not an https URL") && !plain.stderr.contains("hook-secret"), "{}", plain.stderr);
}

/// As [`publish`], in a project that was written before.
fn binary_with_own_project(project: &Scratch, index: &Index) -> Run {
    test_support::binary!("publish-pypi")
        .run()
        .project(project.path())
        .now("2026-01-05T03:00:00Z")
        .args(["--format", "json", "publish", "--auth", "none", "--index", &index.url()])
        .args(dist())
}

#[test]
fn the_index_is_asked_beforehand() {
    let (project, index) = (Scratch::empty(), Index::start_with(Settings { strict: true, ..Settings::default() }));
    let run = publish(&project, &index).args(["--dry-run", "--preflight"]).output().expect_success();
    let document = run.json();
    assert_eq!(document["preflight"]["outcome"], "acceptable");
    assert_eq!((index.count("POST"), index.file_count()), (2, 0));
    assert!(!project.join("receipt.json").exists());

    let settings = Settings { token: Some("another".to_owned()), strict: true, ..Settings::default() };
    let run = publish(&project, &Index::start_with(settings)).arg("--preflight").output().expect_code(5);
    assert_eq!(run.json()["failure"]["stage"], "preflight");
    assert_eq!(run.json()["failure"]["status"], 403);

    let run = publish(&project, &index).arg("--preflight").output().expect_success();
    assert_eq!((&run.json()["verified"], index.file_count()), (&true.into(), 2));
    // Nothing is left to send, and nothing is asked.
    let asked = index.count("POST");
    let run = publish(&project, &index).arg("--preflight").output().expect_success();
    assert_eq!((&run.json()["preflight"], index.count("POST")), (&Value::Null, asked));
}

#[test]
fn a_plan_names_what_the_index_would_not_take() {
    let (project, index) = (Scratch::empty(), Index::start());
    let plan = |config: &str, now: &str| {
        project.write("pyproject.toml", format!("[project]\nname = \"sample-package\"\n{config}"));
        let args = ["--format", "json", "plan", "--index", &index.url()];
        test_support::binary!("publish-pypi").run().project(project.path()).now(now).args(args).args(dist()).output()
    };
    let actions = |plan: &Value| -> Vec<String> {
        plan["files"].as_array().unwrap().iter().map(|file| file["action"].as_str().unwrap().to_owned()).collect()
    };
    let small = plan("[tool.relwarden.publish.limits]\nfile_bytes = 100", "2026-01-05T03:00:00Z").expect_code(1);
    assert_eq!(actions(&small.json()), ["too_big", "too_big"]);
    assert!(small.stderr.contains("publish.limits"), "{}", small.stderr);

    index.put("sample-package", "sample_package-1.0.0-py2-none-any.whl", b"x");
    let late = plan("", "2026-02-05T03:00:00Z").expect_code(1);
    assert_eq!(actions(&late.json()), ["closed", "closed"]);
    let open = plan("[tool.relwarden.publish.limits]\nrelease_days = 0", "2026-02-05T03:00:00Z").expect_success();
    assert_eq!(actions(&open.json()), ["upload", "upload"]);
}
