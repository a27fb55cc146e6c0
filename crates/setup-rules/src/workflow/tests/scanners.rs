use super::*;

const BUILD: &str = "python -m build\n";

fn of_script(script: &str) -> Vec<String> {
    with(BUILD, &format!("|\n          {}\n", script.replace('\n', "\n          ")))
}

#[test]
fn a_failure_is_hidden_in_many_ways() {
    for (script, line) in [
        ("(bandit -r src) || true", 15),
        ("{ bandit -r src; } || true", 15),
        ("bandit -r src && echo good || true", 15),
        ("bandit -r src; true", 15),
        ("bandit -r src --exit-zero", 15),
        ("set +e\nbandit -r src\necho done", 16),
        ("set +o errexit\npip-audit | tee out\necho done", 16),
        ("integration-orchestrator security-workflow || true", 15),
    ] {
        assert_eq!(of_script(script), [format!("SH-03~:{line}")], "{script}");
    }
    for script in [
        "bandit -r src || echo \"status=$?\" >> \"$GITHUB_OUTPUT\"",
        "set +e\nbandit -r src\nstatus=$?\nset -e",
        "set +e\nbandit -r src | tee out\nstatus=${PIPESTATUS[0]}",
        "set +e\nls\nset -e\nbandit -r src",
        "if bandit -r src; then true; fi",
        "status=0; (bandit -r src) || status=$?",
        "integration-orchestrator health-check || true",
    ] {
        assert_eq!(of_script(script), Vec::<String>::new(), "{script}");
    }
}

#[test]
fn continue_on_error_hides_a_failure_unless_somebody_asks_how_it_ended() {
    let step = "      - run: python -m build\n";
    let audit = "      - id: audit\n        continue-on-error: true\n        run: pip-audit\n";
    assert_eq!(with(step, audit), ["SH-03~:16"]);
    let asked = format!("{audit}      - if: steps.audit.outcome == 'failure'\n        run: exit 1\n");
    assert_eq!(with(step, &asked), Vec::<String>::new());
    let job = GOOD
        .replace(step, "      - run: pip-audit\n")
        .replace("    runs-on:", "    continue-on-error: true\n    runs-on:");
    assert_eq!(found(checks(&job)), ["SH-03~:15"]);
    let shell = "      - run: |\n          pip-audit\n          echo done\n        shell: bash {0}\n";
    assert_eq!(with(step, shell), ["SH-03~:15"]);
    assert_eq!(with(step, &shell.replace("bash {0}", "bash -eo pipefail {0}")), Vec::<String>::new());
}

#[test]
fn a_report_is_invented_in_many_ways() {
    for (script, line) in [
        ("echo '[]' | tee security/reports/latest/x.json", 15),
        ("cat > security/reports/latest/x.json <<'EOF'\n{\"results\": []}\nEOF", 15),
        ("tee security/reports/latest/x.json <<< '[]'", 15),
        ("cd security/reports/latest\necho '[]' > bandit.json", 16),
        ("OUT=security/reports/latest\necho '{\"results\": []}' > \"$OUT/bandit.json\"", 16),
        ("jq -n '[]' > security/reports/latest/x.json", 15),
        ("(echo '[]') > ./security/reports/latest/x.json", 15),
        ("if true; then echo '[]' > security/reports/latest/x.json; fi", 15),
        ("touch security/reports/latest/x.json", 15),
        ("> security/reports/latest/x.json", 15),
    ] {
        assert_eq!(of_script(script), [format!("SH-04:{line}")], "{script}");
    }
    for script in [
        "echo '{\"a\":1}' > security/reports/latest/RECORDED.json",
        "mkdir -p security/reports/latest; touch security/reports/latest/.gitkeep",
        "pip-audit | tee security/reports/latest/pip-audit.json",
        "jq -n --slurpfile a bandit.out '{results: $a}' > security/reports/latest/bandit.json",
        "cd security/reports/latest\ncd /tmp\necho '[]' > bandit.json",
        "cat > notes.json <<EOF\n[]\nEOF",
    ] {
        assert_eq!(of_script(script), Vec::<String>::new(), "{script}");
    }
    let placed = "      - working-directory: security/reports/latest\n        run: echo '[]' > x.json\n";
    assert_eq!(with("      - run: python -m build\n", placed), ["SH-04:15"]);
}
