mod hostile;
mod own_actions;
mod scanners;

use super::*;
use crate::check::CheckStatus;
use crate::{PublishAuth, TextFile, Unread};

const GOOD: &str = r#"# id-token: write
on:
  workflow_dispatch:
    inputs:
      dry_run: {type: boolean}
      notes: {type: string}
permissions: {}
jobs:
  build:
    permissions: {contents: read}
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
      - run: python -m build
  publish:
    needs: build
    environment: pypi
    permissions:
      id-token: write
    concurrency: {group: publish, cancel-in-progress: false}
    steps:
      - env:
          NOTES: ${{ inputs.notes }}
        run: |
          echo "$NOTES" ${{ inputs.dry_run }}
          publish-pypi publish dist/*
"#;

fn checks(text: &str) -> Vec<Check> {
    checks_of(&[("w.yml", text)], &PublishSettings::default())
}

fn checks_of(files: &[(&str, &str)], settings: &PublishSettings<'_>) -> Vec<Check> {
    let paths: Vec<String> = files.iter().map(|(name, _)| format!(".github/workflows/{name}")).collect();
    let files: Vec<TextFile<'_>> = files.iter().zip(&paths).map(|((_, text), path)| TextFile { path, text }).collect();
    Workflows::read(&files, &[]).check(settings)
}

/// `ID:line` of everything that does not pass, with a `?` for unknown and a `~` for a warning.
fn found(checks: Vec<Check>) -> Vec<String> {
    checks
        .into_iter()
        .filter(|check| check.status != CheckStatus::Pass)
        .map(|check| {
            let mark = match check.status {
                CheckStatus::Unknown => "?",
                CheckStatus::Warn => "~",
                CheckStatus::Fail | CheckStatus::Pass => "",
            };
            let line =
                check.place.and_then(|place| place.line_number()).map(|line| format!(":{line}")).unwrap_or_default();
            format!("{}{mark}{line}", check.id)
        })
        .collect()
}

fn with(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    found(checks(&GOOD.replace(from, to)))
}

#[test]
fn a_good_workflow_passes_every_rule() {
    assert_eq!(found(checks(GOOD)), Vec::<String>::new());
    assert_eq!(checks(GOOD).len(), rules().count());
}

#[test]
fn without_workflows_every_rule_is_unknown() {
    let all = Workflows::read(&[], &[]).check(&PublishSettings::default());
    assert!(all.iter().all(|check| check.status == CheckStatus::Unknown));
    assert_eq!(all.len(), rules().count());
}

#[test]
fn the_identity_token_is_read_from_the_parsed_file() {
    let grant = "      id-token: write\n";
    assert_eq!(with(grant, "      contents: read # id-token: write\n"), ["WP-11:15"]);
    assert_eq!(with(&format!("    permissions:\n{grant}"), ""), ["WP-11:15"]);
    let everywhere = "permissions: {id-token: write}\n";
    let of_build = "    permissions: {contents: read}\n";
    assert_eq!(
        with("permissions: {}\n", everywhere),
        Vec::<String>::new(),
        "jobs with their own permissions do not inherit"
    );
    assert_eq!(with(of_build, &format!("    {everywhere}")), ["WP-01:10", "WP-12~:14"]);
    let inherited = GOOD.replace("permissions: {}\n", everywhere).replace(of_build, "");
    assert_eq!(found(checks(&inherited)), ["WP-01:7", "WP-12~:13"]);
}

#[test]
fn a_publishing_job_needs_environment_and_group() {
    assert_eq!(with("    environment: pypi\n", ""), ["WP-02:15"]);
    assert_eq!(with("    environment: pypi\n", "    environment: {name: pypi, url: x}\n"), Vec::<String>::new());
    assert_eq!(with("    environment: pypi\n", "    environment: ''\n"), ["WP-02:15"]);
    assert_eq!(with("cancel-in-progress: false", "cancel-in-progress: true"), ["WP-07~:15"]);
    assert_eq!(with("    concurrency: {group: publish, cancel-in-progress: false}\n", ""), ["WP-07~:15"]);
}

#[test]
fn publishing_is_recognised_in_each_tool_and_only_there() {
    let step = "          publish-pypi publish dist/*\n";
    for tool in [
        "twine upload dist/*",
        "python3 -m twine upload dist/*",
        "uv run twine upload --verbose dist/*",
        "uv publish",
        "poetry publish",
        "flit publish",
        "hatch publish",
        "pdm publish",
        "./bin/publish-pypi --project . publish x",
    ] {
        assert_eq!(with(step, &format!("          {tool}\n")), Vec::<String>::new(), "{tool}");
    }
    let action = GOOD
        .replace(
            "      - env:\n",
            "      - uses: pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33\n      - env:\n",
        )
        .replace(step, "");
    assert_eq!(found(checks(&action)), Vec::<String>::new());
    for no_publish in [
        "echo twine upload",
        "twine check dist/*",
        "# twine upload dist/*",
        "publish-pypi publish --dry-run dist/*",
        "publish-pypi check dist/*",
    ] {
        let ids = with(step, &format!("          {no_publish}\n"));
        assert!(
            ids.starts_with(&["WP-11?".to_owned(), "WP-02?".to_owned(), "WP-03?".to_owned(), "WP-07?".to_owned()]),
            "{no_publish}: {ids:?}"
        );
    }
}

#[test]
fn outsiders_cannot_start_a_publish() {
    let on = |event: &str| GOOD.replace("on:\n", &format!("on:\n  {event}:\n"));
    assert_eq!(found(checks(&on("pull_request_target"))), ["WP-03:3"]);
    assert_eq!(found(checks(&on("issue_comment"))), ["WP-03:3"]);
    assert_eq!(found(checks(&on("pull_request"))), ["WP-03:3"]);
    assert_eq!(found(checks(&on("workflow_run"))), ["WP-03~:3"]);
    assert_eq!(found(checks(&on("push"))), Vec::<String>::new());
    let guarded = on("pull_request")
        .replace("    needs: build\n", "    needs: build\n    if: github.event_name != 'pull_request'\n");
    assert_eq!(found(checks(&guarded)), Vec::<String>::new());
    let target = on("pull_request_target")
        .replace("    needs: build\n", "    needs: build\n    if: github.event_name != 'pull_request'\n");
    assert_eq!(
        found(checks(&target)),
        ["WP-03:3"],
        "whoever passes the condition publishes with the rights of the base"
    );
}

#[test]
fn callers_count_for_events_and_for_the_identity_token() {
    let called = GOOD.replace("workflow_dispatch:", "workflow_call:");
    let caller = |event: &str, permissions: &str| {
        format!(
            "on: {event}\npermissions: {{}}\njobs:\n  release:\n    permissions: {{{permissions}}}\n    uses: ./.github/workflows/publish.yml\n"
        )
    };
    let both = |caller: &str| {
        found(checks_of(&[("publish.yml", &called), ("release.yml", caller)], &PublishSettings::default()))
    };
    assert_eq!(both(&caller("schedule", "id-token: write")), Vec::<String>::new());
    assert_eq!(both(&caller("schedule", "contents: read")), ["WP-11:4"]);
    assert_eq!(both(&caller("pull_request_target", "id-token: write")), ["WP-03:1"]);
}

#[test]
fn text_from_outside_does_not_reach_a_script() {
    let build = "      - run: python -m build\n";
    for (script, expected) in [
        ("echo ${{ inputs.notes }}", vec!["SH-08:14"]),
        ("echo '${{ github.event.inputs.notes }}'", vec!["SH-08:14"]),
        ("echo ${{ github.event.pull_request.title }}", vec!["SH-08:14"]),
        ("echo ${{ github.head_ref }}", vec!["SH-08:14"]),
        ("echo ${{ toJSON(github.event) }}", vec!["SH-08:14"]),
        (
            "echo ${{ github.event.number }} ${{ github.sha }} ${{ inputs.dry_run }} ${{ github.event.pull_request.head.sha }}",
            vec![],
        ),
        ("echo ${{ inputs.notes != '' && '--notes' || '' }}", vec![]),
        ("echo ${{ needs.a.outputs.b }}", vec![]),
    ] {
        assert_eq!(with(build, &format!("      - run: {script}\n")), expected, "{script}");
    }
    let publish = "          publish-pypi publish dist/*\n";
    assert_eq!(with(publish, "          publish-pypi publish ${{ needs.build.outputs.files }}\n"), ["SH-08~:26"]);
    assert_eq!(
        with(publish, "          publish-pypi publish ${{ env.NOTES }}\n"),
        ["SH-08:26"],
        "env values are followed"
    );
    assert_eq!(
        with(
            build,
            "      - uses: actions/github-script@3d3c42e5aac5ba805825da76410c181273ba90b1\n        with:\n          script: |\n            a\n            `${{ inputs.notes }}`\n"
        ),
        ["SH-08:18"]
    );
}

#[test]
fn actions_are_pinned() {
    let pinned = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1";
    let severity = |uses: &str| {
        checks(&GOOD.replace(pinned, uses))
            .into_iter()
            .find(|check| check.id == "WF-02")
            .map(|check| (check.status, check.severity.word()))
    };
    assert_eq!(severity("astral-sh/setup-uv@v6"), Some((CheckStatus::Warn, "warning")));
    assert_eq!(severity("pypa/gh-action-pypi-publish@release/v1"), Some((CheckStatus::Warn, "warning")));
    assert_eq!(severity("actions/checkout@v5"), Some((CheckStatus::Warn, "info")));
    assert_eq!(severity("docker://alpine:3"), Some((CheckStatus::Warn, "warning")));
    assert_eq!(severity("octo/x/y@3D3C42E5aac5ba805825da76410c181273ba90b1"), Some((CheckStatus::Pass, "warning")));
    assert_eq!(severity("./.github/actions/x"), Some((CheckStatus::Pass, "warning")));
}

#[test]
fn permissions_are_written_down() {
    let none = GOOD.replace("permissions: {}\n", "").replace("    permissions: {contents: read}\n", "");
    assert_eq!(found(checks(&none)), ["WF-03~:8"]);
    assert_eq!(with("permissions: {}\n", "permissions: write-all\n"), ["WF-03~:7"]);
    assert_eq!(with("permissions: {}\n", "permissions: read-all\n"), Vec::<String>::new());
}

#[test]
fn failures_of_scanners_are_not_hidden_and_reports_not_invented() {
    let build = "python -m build\n";
    for (script, expected) in [
        ("bandit -r src || true", vec!["SH-03~:15"]),
        ("uv run bandit -r src \\\n            -f json || echo completed", vec!["SH-03~:15"]),
        ("pip-audit | tee out || :", vec!["SH-03~:15"]),
        ("python -m pip_audit || exit 0", vec!["SH-03~:15"]),
        ("bandit -r src || status=$?", vec![]),
        ("bandit -r src", vec![]),
        ("pip install bandit || true", vec![]),
        ("ls || true", vec![]),
        ("echo '[]' > security/reports/latest/secrets-scan.json", vec!["SH-04:15"]),
        ("echo '[]' > other.json", vec![]),
        ("detect-secrets scan > security/reports/latest/secrets-scan.json", vec![]),
    ] {
        assert_eq!(with(build, &format!("|\n          {script}\n")), expected, "{script}");
    }
    assert_eq!(
        with("      - run: python -m build\n", "      - continue-on-error: true\n        run: bandit -r src\n"),
        ["SH-03~:15"]
    );
}

#[test]
fn stored_credentials_beside_oidc_fail() {
    let notes = "          NOTES: ${{ inputs.notes }}\n";
    assert_eq!(with(notes, "          NOTES: x\n          TWINE_PASSWORD: ${{ secrets.ANY }}\n"), ["CR-09:24"]);
    assert_eq!(with(notes, "          NOTES: x\n          OTHER: ${{ secrets.PYPI_API_TOKEN }}\n"), ["CR-09:24"]);
    assert_eq!(
        with(notes, "          NOTES: x\n          AWS_SECRET_NAME: ${{ secrets.AWS_SECRET_NAME }}\n"),
        Vec::<String>::new()
    );
    assert_eq!(with(notes, "          NOTES: x\n          AWS_SECRET_ACCESS_KEY: ${{ secrets.K }}\n"), ["CR-05:24"]);
    assert_eq!(with(notes, "          NOTES: x\n          AWS_ENDPOINT_URL_STS: http://127.0.0.1:1\n"), ["CR-07:24"]);
    let token_only = GOOD
        .replace("      id-token: write\n", "      contents: read\n")
        .replace(notes, "          NOTES: x\n          PYPI_TOKEN: ${{ secrets.PYPI_TOKEN }}\n");
    let env = PublishSettings { auth: Some(PublishAuth::Env), ..PublishSettings::default() };
    assert_eq!(
        found(checks_of(&[("w.yml", &token_only)], &env)),
        ["WP-11~:15", "CR-09~:24"],
        "without OIDC it is a choice, and a poor one"
    );
    let role = PublishSettings { role_arn: Some("arn:aws:iam::123456789012:role/x"), ..PublishSettings::default() };
    assert_eq!(found(checks_of(&[("w.yml", &token_only)], &role)), ["WP-11:15", "CR-09:24"]);
}

#[test]
fn composite_actions_of_the_project_are_looked_into() {
    let workflow = GOOD
        .replace("          publish-pypi publish dist/*\n", "          true\n      - uses: ./.github/actions/publish\n")
        .replace("    environment: pypi\n", "");
    let action =
        "runs:\n  using: composite\n  steps:\n    - run: twine upload dist/* ${{ inputs.flags }}\n      shell: bash\n";
    let files = [
        TextFile { path: ".github/workflows/w.yml", text: &workflow },
        TextFile { path: ".github/actions/publish/action.yml", text: action },
    ];
    let all = Workflows::read(&files, &[]).check(&PublishSettings::default());
    let injection = all.iter().find(|check| check.id == "SH-08").unwrap();
    assert_eq!(
        (injection.status, injection.place.as_ref().unwrap().to_string()),
        (CheckStatus::Warn, ".github/actions/publish/action.yml:4".to_owned())
    );
    assert_eq!(found(all), ["WP-02:15", "SH-08~:4"]);
}

#[test]
fn what_cannot_be_read_fails_and_proves_nothing() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f]\n";
    for text in [
        &"[".repeat(100_000),
        bomb,
        "on: push\n\tjobs",
        "<html>",
        "",
        "on: push\n",
        "- a\n",
        "on: push\njobs: 3\n",
        "\u{0}",
    ] {
        let ids = found(checks(text));
        assert!(ids.iter().any(|id| id.starts_with("WF-01") && !id.contains('?')), "{ids:?}");
        assert!(ids.contains(&"WP-02?".to_owned()) && ids.contains(&"CR-09?".to_owned()), "{ids:?}");
    }
    for text in [
        "on: push\njobs: {}\n",
        "on: [push, 1, {a: b}]\njobs:\n  a: 3\n  b: {steps: 5}\n  c: {steps: [null, 1, {run: {x: 1}, uses: 2, env: [1]}], permissions: 7}\n",
    ] {
        assert!(!found(checks(text)).iter().any(|id| id.starts_with("WF-01")), "odd, but readable");
    }
    let unread = [Unread { path: ".github/workflows/x.yml".to_owned(), reason: "larger than 1 MiB".to_owned() }];
    let all = Workflows::read(&[], &unread).check(&PublishSettings::default());
    assert!(all.iter().any(|check| check.id == "WF-01" && check.status == CheckStatus::Unknown));
}

#[test]
fn no_rule_holds_over_a_workflow_that_cannot_be_read() {
    let settings = PublishSettings::default();
    let broken = checks_of(&[("w.yml", "on: [push\njobs: {")], &settings);
    assert_eq!(broken.iter().filter(|check| check.status == CheckStatus::Fail).count(), 1, "WF-01 alone fails");
    assert!(!broken.iter().any(|check| check.status == CheckStatus::Pass), "{:?}", found(broken));

    // Beside a good one, too: the other may do anything.
    let beside = checks_of(&[("good.yml", GOOD), ("w.yml", "on: [push\njobs: {")], &settings);
    assert!(!beside.iter().any(|check| check.status == CheckStatus::Pass), "{:?}", found(beside));
    let unknown = beside.iter().find(|check| check.id == "SH-08").map(|check| check.message.as_str());
    assert_eq!(unknown, Some(".github/workflows/w.yml could not be read"));
}
