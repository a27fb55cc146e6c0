//! The documents that a run leaves: safe to write, safe to read, kept as long as promised.

use std::{path::Path, thread};

use serde_json::Value;
use test_support::{Run, scratch::REPORTS};

use crate::{
    scans::{dependency, described, flaw, pip_audit},
    system::{
        CHANGELOG, DECISION, EVENTS, FINDINGS_DOCUMENT, LEDGER, PLANS, SCANS, STATUS, STATUS_PAGE, System, WEEK_1,
        WEEK_2, WEEK_3, binary, ids, refused,
    },
};

/// A run whose files may not grow beyond `blocks` of 512 bytes: every write beyond fails, as on a full disk.
fn on_a_small_disk(system: &System, blocks: u32, now: &str) -> Run {
    Run::new("/bin/sh")
        .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\""])
        .arg(blocks.to_string())
        .arg(binary("integration-orchestrator").path())
        .project(system.project.path())
        .now(now)
        .args(["--format", "json", "security-workflow", "--offline", "--index", "none"])
}

fn many_flaws(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|n| format!("package-{n}")).collect();
    let ids: Vec<String> = (0..count).map(|n| format!("PYSEC-2023-{}", 1000 + n)).collect();
    let dependencies: Vec<_> =
        names.iter().zip(&ids).map(|(name, id)| dependency(name, "1.0", &[flaw(id, &[])])).collect();
    pip_audit(&dependencies)
}

#[test]
fn a20_a_full_disk_leaves_the_old_documents() {
    let system = System::scanned();
    let before = system.documents();
    system.report("pip-audit.json", many_flaws(40));
    // 40 findings need more than 4 KiB in the ledger.
    let outcome = on_a_small_disk(&system, 8, WEEK_2).output().expect_code(4);
    assert!(outcome.stderr.contains("error:"), "{}", outcome.stderr);
    let after = system.documents();
    for name in [LEDGER, PLANS, DECISION] {
        assert_eq!(after.get(name), before.get(name), "{name}");
    }
    let left: Vec<&String> = after.keys().filter(|name| name.contains(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");

    system.workflow(WEEK_2).output().expect_success();
    assert_eq!(system.ledger().len(), 40);
}

#[test]
fn a27_a_file_where_the_status_belongs_is_a_failure() {
    let system = System::scanned();
    std::fs::remove_dir_all(system.project.join("docs/security-status")).unwrap();
    system.project.write("docs/security-status", "not a folder");
    let outcome = system.workflow(WEEK_2).output();
    assert!(matches!(outcome.code, Some(2..=4)), "{outcome:?}");
    assert!(outcome.stderr.contains("docs/security-status"), "{}", outcome.stderr);
    assert_eq!(system.project.text("docs/security-status"), "not a folder");
    let last = system.records().pop().unwrap();
    assert_eq!((&last["status"], &last["error_stage"]), (&"failed".into(), &"status-update".into()), "{last:#}");
}

#[test]
fn a32_words_from_reports_are_words_in_every_document() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    let hostile = "<img src=x onerror=alert(1)>\n## Not a heading\n</script><script>alert(2)</script> [a](javascript:alert(3)) | `x` \u{1b}[31mred\u{202e}";
    let flaw = described("PYSEC-2023-74", &[], hostile);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw])]));
    let outcome =
        system.workflow(WEEK_1).env("GITHUB_STEP_SUMMARY", system.project.join("summary.md")).output().expect_success();
    let page = system.project.text(STATUS_PAGE);
    assert!(!page.contains("<img") && !page.contains("<script"), "{page}");
    assert!(page.contains("&lt;img") || page.contains("&#60;img"), "the words are still there");
    for name in [FINDINGS_DOCUMENT, CHANGELOG] {
        let document = system.project.text(name);
        assert!(!document.lines().any(|line| line.starts_with("## Not a heading")), "{name}: {document}");
        assert!(!document.contains("<img") && !document.contains("<script"), "{name}: {document}");
        assert!(!document.contains("](javascript:"), "{name}: {document}");
    }
    let seen = [FINDINGS_DOCUMENT, CHANGELOG, STATUS_PAGE, PLANS, "summary.md"].map(|name| system.project.text(name));
    for text in seen.iter().chain([&outcome.stderr]) {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
}

#[test]
fn a33_a_status_that_is_rewritten_is_never_half() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", many_flaws(200));
    system.workflow(WEEK_1).output().expect_success();
    let reads = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for minute in 0..20 {
                system.run("update-status", &format!("2026-01-05T04:{minute:02}:00Z")).output().expect_success();
            }
        });
        let path = system.project.join(STATUS);
        let mut reads = 0_u32;
        while !writer.is_finished() {
            let bytes = std::fs::read(&path).expect("the status is always there");
            let status: Value = serde_json::from_slice(&bytes).expect("the status is always whole");
            assert_eq!(status["findings"].as_array().map(Vec::len), Some(200));
            reads += 1;
        }
        writer.join().expect("each was written");
        reads
    });
    assert!(reads > 20, "{reads} reads");
}

#[test]
fn a42_no_finding_at_all_is_a_document_like_any_other() {
    let system = System::scanned();
    let document = system.project.text(FINDINGS_DOCUMENT);
    assert!(
        document.contains("No active security findings detected") && document.contains("No remediation plans"),
        "{document}"
    );
    system.run("integration-orchestrator", WEEK_1).arg("health-check").output().expect_success();
    system.run("update-status", WEEK_1).output().expect_success();
    system.workflow(WEEK_2).output().expect_success();
    assert_eq!(system.project.json(STATUS)["security_grade"], "A");
}

#[test]
fn a43_a_damaged_history_stops_nothing_and_loses_nothing() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw("PYSEC-2023-74", &[])])]));
    system.workflow(WEEK_1).output().expect_success();
    let plans = system.project.text(PLANS);
    let whole = system.project.bytes(EVENTS);
    let mut damaged = whole.clone();
    damaged.extend_from_slice(b"{\"timestamp\": \"2026-01-0\xff\xfe");
    system.project.write(EVENTS, &damaged);

    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.31.0", &[])]));
    let edited = plans.replace("security-team", "ada");
    system.project.write(PLANS, &edited);
    system.workflow(WEEK_2).output().expect_success();

    assert!(system.project.text(PLANS).contains("ada"));
    let now = system.project.text(EVENTS);
    for line in now.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    assert!(now.as_bytes().starts_with(&whole), "what was whole stays");
    assert!(now.contains("resolved"), "{now}");
    let beside = system.project.join(EVENTS);
    let kept = std::fs::read_dir(beside.parent().unwrap()).unwrap().flatten().any(|entry| {
        entry.path() != Path::new(&beside) && std::fs::read(entry.path()).is_ok_and(|bytes| bytes == damaged)
    });
    assert!(kept, "the damaged file is kept beside");

    // Damaged again on the same day: both copies stay.
    let mut again = system.project.bytes(EVENTS);
    again.extend_from_slice(b"garbage\n");
    system.project.write(EVENTS, &again);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw("PYSEC-2023-74", &[])])]));
    system.workflow(WEEK_2).output().expect_success();
    let kept = format!("{EVENTS}.corrupt-{}", &WEEK_2[..10]);
    assert_eq!([kept.clone(), format!("{kept}.2")].map(|copy| system.project.bytes(&copy)), [damaged, again]);
}

#[test]
fn a43_a_damaged_ledger_is_named_and_left_as_it_is() {
    let system = System::scanned();
    let whole = system.project.text(LEDGER);
    for damaged in ["", "{", &whole[..whole.len() / 2], "[]", "{\"schema_version\": \"1.0\"}"] {
        system.project.write(LEDGER, damaged);
        let before = system.documents();
        refused(system.update_findings(WEEK_2).output(), 3, &[LEDGER, "hint:"]);
        refused(system.run("detect-changes", WEEK_2).output(), 3, &[LEDGER]);
        refused(system.run("decide-release", WEEK_2).output(), 3, &[LEDGER]);
        assert_eq!(system.documents(), before);
        refused(system.workflow(WEEK_2).output(), 3, &[LEDGER]);
        assert_eq!(system.project.text(LEDGER), damaged);
    }
}

#[test]
fn a_document_of_ours_that_is_no_file_is_named_with_what_mends_it() {
    for name in [LEDGER, PLANS, EVENTS, STATUS] {
        let system = System::new();
        system.clean_reports(WEEK_1);
        system.report("pip-audit.json", many_flaws(1));
        system.workflow(WEEK_1).output().expect_success();
        std::fs::rename(system.project.join(name), system.project.join("elsewhere")).unwrap();
        for kind in ["a symbolic link", "a folder"] {
            match kind {
                "a folder" => std::fs::create_dir(system.project.join(name)).unwrap(),
                _ => std::os::unix::fs::symlink(system.project.join("elsewhere"), system.project.join(name)).unwrap(),
            }
            system.report("pip-audit.json", many_flaws(2));
            let outcome = if name == STATUS {
                system.run("update-status", WEEK_2).output()
            } else {
                system.update_findings(WEEK_2).output()
            };
            refused(outcome, 3, &[name, kind, "hint: put what belongs there in its place"]);
            if kind != "a folder" {
                std::fs::remove_file(system.project.join(name)).unwrap();
            }
        }
    }
}

#[test]
fn a_document_of_a_newer_schema_is_refused_and_never_rewritten() {
    for (name, binary) in [
        (LEDGER, "update-findings"),
        (LEDGER, "detect-changes"),
        (LEDGER, "decide-release"),
        (crate::system::BASELINE, "decide-release"),
        (crate::system::BASELINE, "detect-changes"),
    ] {
        let system = System::scanned();
        let mut document = system.project.json(name);
        document["schema_version"] = "9.0".into();
        let newer = document.to_string();
        system.project.write(name, &newer);
        refused(system.run(binary, WEEK_2).output(), 3, &[name, "9.0"]);
        assert_eq!(system.project.text(name), newer, "{binary}");
    }
}

#[test]
fn unknown_fields_of_a_newer_writer_survive() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw("PYSEC-2023-74", &[])])]));
    system.workflow(WEEK_1).output().expect_success();
    let mut ledger = system.project.json(LEDGER);
    ledger["epoch"] = "a field of version 1.9".into();
    ledger["findings"][0]["reviewed_by"] = "ada".into();
    ledger["schema_version"] = "1.9".into();
    system.project.write(LEDGER, ledger.to_string());
    system.workflow(WEEK_2).output().expect_success();
    let after = system.project.json(LEDGER);
    assert_eq!(after["epoch"], "a field of version 1.9");
    assert_eq!(after["findings"][0]["reviewed_by"], "ada");
}

#[test]
fn a45_old_scans_go_and_the_newest_stays() {
    let system = System::scanned();
    let archived = || {
        let mut names: Vec<String> = std::fs::read_dir(system.project.join(SCANS))
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    system.workflow(WEEK_2).output().expect_success();
    system.workflow(WEEK_3).output().expect_success();
    assert_eq!(archived().len(), 3, "{:?}", archived());
    let first = archived()[0].clone();

    // 90 days after the first week; the others are younger.
    system.workflow("2026-04-06T03:00:00Z").output().expect_success();
    assert!(!archived().contains(&first), "{:?}", archived());
    assert_eq!(archived().len(), 3);

    // A year without a scan: what is left is the newest.
    system.project.clear_reports();
    system.workflow("2027-04-12T03:00:00Z").output().expect_code(1);
    assert_eq!(archived().len(), 1, "{:?}", archived());
    assert!(archived()[0].contains("2026-04-06"), "{:?}", archived());
}

#[test]
fn row_96_events_are_kept_for_a_year() {
    let system = System::new();
    system.clean_reports(WEEK_1);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw("PYSEC-2023-74", &[])])]));
    system.workflow(WEEK_1).output().expect_success();
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.31.0", &[])]));
    system.workflow("2026-12-28T03:00:00Z").output().expect_success();
    let events = system.project.text(EVENTS);
    assert!(events.contains("2026-01-05") && events.contains("2026-12-28"), "{events}");
    system.workflow("2027-02-01T03:00:00Z").output().expect_success();
    let events = system.project.text(EVENTS);
    assert!(!events.contains("2026-01-05") && events.contains("2026-12-28"), "{events}");
}

#[test]
fn the_archived_scan_holds_no_secret_and_no_e_mail() {
    let system = System::new();
    let secret = "hunter2-but-longer-than-that";
    let baseline = serde_json::json!({
        "version": "1.5.0", "plugins_used": [{ "name": "KeywordDetector" }], "filters_used": [],
        "results": { "src/settings.py": [{ "type": "Secret Keyword", "filename": "src/settings.py",
            "hashed_secret": "0123456789abcdef0123456789abcdef01234567", "is_verified": false, "line_number": 1 }] },
        "generated_at": WEEK_1
    });
    system.project.write("src/settings.py", format!("PASSWORD = \"{secret}\"  # ask ada@example.org\n"));
    system.report("secrets-scan.json", baseline.to_string());
    let outcome = system.workflow(WEEK_1).args(["-v", "-v"]).output().expect_success();
    for (name, bytes) in system.documents() {
        if name.starts_with(REPORTS) || name.starts_with("src/") {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for word in [secret, "0123456789abcdef", "ada@example.org"] {
            assert!(!text.contains(word), "{name} holds {word}");
        }
    }
    assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret));
}

#[test]
fn public_documents_are_readable_by_all() {
    use std::os::unix::fs::PermissionsExt as _;
    let system = System::scanned();
    for name in [LEDGER, FINDINGS_DOCUMENT, STATUS, STATUS_PAGE] {
        let mode = std::fs::metadata(system.project.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "{name}");
    }
}

#[test]
fn a44_a_version_bump_touches_the_version_and_nothing_else() {
    let system = System::new();
    let odd = "# The package.\n[project]   # kept\nname = \"sample-package\"\nversion   =   \"1.0.0\"  # bumped by hand\n\n[tool.other]\nversion = \"7.0.0\"\n";
    system.project.write("pyproject.toml", odd);
    system.project.write("README.md", "sample-package 1.0.0\n");
    system.project.write("docs/README.md", "version 1.0.0\n");
    system.clean_reports(WEEK_1);
    system
        .run("integration-orchestrator", WEEK_1)
        .args(["manual-workflow", "--notes", "x", "--index", "none"])
        .output()
        .expect_success();
    let before = system.documents();
    let bump = |more: &[&str]| {
        system
            .run("decide-release", WEEK_1)
            .args(["bump", "--current-version", "1.0.0", "--index", "releases.json"])
            .args(more)
            .output()
    };
    let releases = serde_json::json!({
        "meta": { "api-version": "1.1" }, "name": "sample-package", "versions": ["1.0.0"], "files": [],
    });
    system.project.write("releases.json", releases.to_string());
    bump(&["--dry-run"]).expect_success();
    let mut with_releases = before.clone();
    with_releases.insert("releases.json".to_owned(), releases.to_string().into_bytes());
    assert_eq!(system.documents(), with_releases);

    bump(&[]).expect_success();
    assert_eq!(
        system.project.text("pyproject.toml"),
        odd.replace("version   =   \"1.0.0\"", "version   =   \"1.0.1\"")
    );
    let mut after = system.documents();
    after.remove("pyproject.toml");
    with_releases.remove("pyproject.toml");
    assert_eq!(after, with_releases);

    // A version that is nowhere written down cannot be bumped, and nothing changes.
    system.project.write("pyproject.toml", "[project]\nname = \"sample-package\"\ndynamic = [\"version\"]\n");
    let before = system.documents();
    let refused = bump(&[]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert_eq!(system.documents(), before);
}

#[test]
fn a46_what_is_fixed_on_its_first_day_is_never_overdue() {
    let system = System::scanned();
    let flaw = flaw("PYSEC-2023-74", &[]);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.30.0", &[flaw])]));
    system.workflow(WEEK_2).output().expect_success();
    assert_eq!(system.project.json(STATUS)["overdue_findings"], 0);
    system.report("pip-audit.json", pip_audit(&[dependency("requests", "2.31.0", &[])]));
    system.workflow("2026-01-12T17:00:00Z").output().expect_success();
    let ledger = system.ledger();
    assert_eq!(ids(&ledger), ["PYSEC-2023-74"]);
    assert_eq!(ledger[0]["status"], "resolved");
    assert_eq!(ledger[0]["discovered_date"], "2026-01-12");
    system.run("update-status", "2026-03-01T03:00:00Z").output().expect_success();
    assert_eq!(system.project.json(STATUS)["overdue_findings"], 0);
}
