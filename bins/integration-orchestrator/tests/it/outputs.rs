//! Files named with `--output`: an earlier one of the same kind is replaced, and nothing else.

use crate::system::{System, WEEK_1, index_with_1_0_0};

const EXPORTS: [&str; 5] = ["sarif", "cyclonedx-vex", "openvex", "csv", "ndjson"];

fn system() -> System {
    let system = System::scanned();
    let flaw = crate::scans::flaw("CVE-2023-32681", &[]);
    system
        .report("pip-audit.json", crate::scans::pip_audit(&[crate::scans::dependency("requests", "2.30.0", &[flaw])]));
    system.workflow(WEEK_1).output().expect_success();
    system
}

#[test]
fn nothing_that_somebody_else_wrote_is_replaced() {
    let (system, index) = (system(), index_with_1_0_0());
    let address = index.url();
    let mut commands: Vec<(&str, Vec<&str>)> =
        EXPORTS.iter().map(|to| ("update-findings", vec!["export", "--to", to])).collect();
    commands.extend([
        ("workflow-monitoring", vec!["dashboard"]),
        ("security-performance-validator", vec!["validate"]),
        ("publish-pypi", vec!["releases", "--index", &address]),
    ]);
    let ours = ["security/findings/findings.json", "docs/security-status/index.json", "pyproject.toml"];
    for (name, arguments) in commands {
        let run = |output: &str| system.run(name, WEEK_1).args(&arguments).args(["--output", output]).output();
        for file in ours {
            let before = system.project.bytes(file);
            let outcome = run(file).expect_code(2);
            assert!(outcome.stderr.contains("is nothing that this command wrote"), "{name}: {}", outcome.stderr);
            assert!(outcome.stderr.contains("hint: nothing was written; give another name"), "{}", outcome.stderr);
            assert_eq!(system.project.bytes(file), before, "{name} {arguments:?} {file}");
        }
        let again = run("out/file");
        assert_eq!(again.code, run("out/file").code, "{name} {arguments:?}: {}", again.stderr);
        assert!(again.code == Some(0) || name == "security-performance-validator", "{}", again.stderr);
        system.project.write("out/file", "");
        assert_eq!(run("out/file").code, again.code, "an empty file is nobody's");
        std::fs::remove_file(system.project.join("out/file")).unwrap();
    }
}

#[test]
fn one_kind_of_export_does_not_replace_another() {
    let system = system();
    for to in EXPORTS {
        system.run("update-findings", WEEK_1).args(["export", "--to", to, "--output", to]).output().expect_success();
        for other in EXPORTS {
            let code =
                system.run("update-findings", WEEK_1).args(["export", "--to", other, "--output", to]).output().code;
            assert_eq!(code, Some(if to == other { 0 } else { 2 }), "{other} over {to}");
        }
    }
}

#[test]
fn a_page_of_the_project_is_not_replaced_by_a_status() {
    let system = system();
    system.project.write("docs/index.html", "<title>My docs</title>");
    let run = |folder: &str| system.run("update-status", WEEK_1).args(["--output", folder]).output();
    let outcome = run("docs").expect_code(2);
    assert!(outcome.stderr.contains("docs/index.html is there already"), "{}", outcome.stderr);
    assert_eq!(system.project.text("docs/index.html"), "<title>My docs</title>");
    for _ in 0..2 {
        run("public").expect_success();
    }
    system.project.write("public/index.json", "{ torn");
    run("public").expect_success();
}
