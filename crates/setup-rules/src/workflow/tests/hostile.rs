use super::*;

const SHA: &str = "3d3c42e5aac5ba805825da76410c181273ba90b1";
const BUILD: &str = "      - run: python -m build\n";
const PUBLISH: &str = "          publish-pypi publish dist/*\n";

fn with_event(event: &str, condition: &str) -> Vec<String> {
    let text = GOOD.replace("on:\n", &format!("on:\n  {event}:\n"));
    found(checks(&text.replace("    environment: pypi\n", &format!("    environment: pypi\n    if: {condition}\n"))))
}

#[test]
fn foreign_text_is_followed_through_matrix_env_and_outputs() {
    let job = |more: &str, script: &str| {
        let text = format!(
            "on: issues\npermissions: {{}}\nenv: {{A: '${{{{ github.event.issue.title }}}}'}}\njobs:\n  a:\n    outputs: {{t: '${{{{ github.event.issue.title }}}}'}}\n{more}    steps:\n      - env: {{B: '${{{{ env.A }}}}'}}\n        run: echo {script}\n"
        );
        checks(&text).into_iter().find(|check| check.id == "SH-08").unwrap().status
    };
    let hostile = "github.event.issue";
    for (more, script) in [
        (format!("    strategy: {{matrix: {{t: ['${{{{ {hostile}.title }}}}']}}}}\n"), "${{ matrix.t }}"),
        (format!("    strategy: {{matrix: {{t: '${{{{ fromJSON({hostile}.body) }}}}'}}}}\n"), "${{ matrix.t.a }}"),
        (format!("    strategy: {{matrix: '${{{{ fromJSON({hostile}.body) }}}}'}}\n"), "${{ matrix.t }}"),
        (format!("    strategy: {{matrix: {{include: [{{t: '${{{{ {hostile}.title }}}}'}}]}}}}\n"), "${{ matrix.t }}"),
        (String::new(), "${{ env.A }}"),
        (String::new(), "${{ env.B }}"),
        ("    needs: a\n".to_owned(), "${{ needs.a.outputs.t }}"),
        (String::new(), "${{ github[inputs.x].issue.title }}"),
    ] {
        assert_eq!(job(&more, script), CheckStatus::Fail, "{more} {script}");
    }
    let closed = "    strategy: {matrix: {t: [1, 2], u: ['${{ github.event.issue.title }}']}}\n";
    assert_eq!(job(closed, "${{ matrix.t }}"), CheckStatus::Pass);
    let cycle = "    strategy: {matrix: {t: ['${{ matrix.t }}']}}\n    env: {C: '${{ env.C }}'}\n";
    assert_eq!(job(cycle, "${{ matrix.t }} ${{ env.C }}"), CheckStatus::Pass);
}

#[test]
fn names_of_actions_and_inputs_have_no_case() {
    for (action, input) in [("Actions/GitHub-Script", "script"), ("actions/github-script", "Script")] {
        let step = format!("      - uses: {action}@{SHA}\n        with: {{{input}: 'a `${{{{ inputs.notes }}}}`'}}\n");
        assert_eq!(with(BUILD, &step), ["SH-08:15"], "{action} {input}");
    }
    let step = "      - shell: bash -c '${{ inputs.notes }}' {0}\n        run: ls\n";
    assert_eq!(with(BUILD, step), ["SH-08:14"]);
}

#[test]
fn what_github_fills_itself_is_no_foreign_text() {
    for value in [
        "github.event.schedule",
        "github.event.pull_request.merge_commit_sha",
        "github.event.pull_request.state",
        "github.event.pull_request.base.ref",
        "github.event.workflow_run.head_sha",
        "github.event.workflow_run.event",
        "github.event.repository.full_name",
        "github.event.repository.name",
        "github.event.repository.default_branch",
    ] {
        assert_eq!(with(BUILD, &format!("      - run: echo ${{{{ {value} }}}}\n")), Vec::<String>::new(), "{value}");
    }
    for value in [
        "github.event.repository.description",
        "github.event.pull_request.head.repo.default_branch",
        "github.event.workflow_run.head_branch",
        "github.event.client_payload.number",
        "github.event.release.name",
    ] {
        assert_eq!(with(BUILD, &format!("      - run: echo ${{{{ {value} }}}}\n")), ["SH-08:14"], "{value}");
    }
    let chosen = GOOD
        .replace("notes: {type: string}", "notes: {type: environment}")
        .replace(BUILD, "      - run: echo ${{ inputs.notes }}\n");
    assert_eq!(found(checks(&chosen)), Vec::<String>::new());
}

#[test]
fn a_condition_keeps_pull_requests_out_only_if_it_says_so() {
    for condition in ["always()", "'!cancelled()'", "github.event_name == 'pull_request'", "success()"] {
        assert_eq!(with_event("pull_request", condition), ["WP-03:3"], "{condition}");
    }
    for condition in [
        "github.event_name == 'release'",
        "startsWith(github.ref, 'refs/tags/')",
        "github.event_name == 'push' && needs.build.outputs.go",
    ] {
        assert_eq!(with_event("pull_request", condition), Vec::<String>::new(), "{condition}");
    }
    assert_eq!(with_event("pull_request", "needs.build.outputs.go == 'true'"), ["WP-03?:3"]);
    for event in ["gollum", "pull_request_review", "pull_request_review_comment"] {
        assert_eq!(with_event(event, "always()"), ["WP-03:3"], "{event}");
    }
    assert_eq!(with_event("check_run", "always()"), ["WP-03?:3"]);
    assert_eq!(with_event("an_event_of_tomorrow", "always()"), ["WP-03?:3"]);

    // A job that waits for one that is left out is left out too, unless it runs all the same.
    let pull = GOOD.replace("on:\n", "on:\n  pull_request:\n");
    let waits = pull.replace("  build:\n", "  build:\n    if: github.event_name != 'pull_request'\n");
    assert_eq!(found(checks(&waits)), Vec::<String>::new());
    let runs = waits.replace("    needs: build\n", "    needs: build\n    if: always()\n");
    assert_eq!(found(checks(&runs)), ["WP-03:3"]);
    let step = pull.replace("      - env:\n", "      - if: github.event_name != 'pull_request'\n        env:\n");
    assert_eq!(found(checks(&step)), Vec::<String>::new());
    let second = format!("{step}      - run: twine upload dist/*\n");
    assert_eq!(found(checks(&second)), ["WP-03:3"], "each step that publishes counts");
}

#[test]
fn a_workflow_of_this_repository_is_one_by_its_name_too() {
    let called = GOOD.replace("workflow_dispatch:", "workflow_call:");
    let caller = |owner: &str| {
        format!(
            "on: pull_request_target\npermissions: {{}}\njobs:\n  c:\n    permissions: {{id-token: write}}\n    uses: {owner}/pkg/.github/workflows/pub.yml@{SHA}\n"
        )
    };
    let both = |owner: &str, repository: Option<&str>| {
        let settings = PublishSettings { repository, ..PublishSettings::default() };
        found(checks_of(&[("pub.yml", &called), ("ci.yml", &caller(owner))], &settings))
    };
    assert_eq!(both("Octo", Some("octo/pkg")), ["WP-03:1"]);
    assert_eq!(both("other", Some("octo/pkg")), Vec::<String>::new());
    assert_eq!(both("octo", None), ["WP-03?:1"]);
}

#[test]
fn a_group_of_one_run_does_not_wait() {
    for group in [
        "{group: \"${{ github.run_id }}\"}",
        "\"pypi-${{ github.head_ref || github.run_id }}\"",
        "\"${{ github.sha }}\"",
    ] {
        assert_eq!(with("{group: publish, cancel-in-progress: false}", group), ["WP-07~:15"], "{group}");
    }
    assert_eq!(with("{group: publish, cancel-in-progress: false}", "\"pypi-${{ github.ref }}\""), Vec::<String>::new());
}

#[test]
fn a_pull_requests_code_does_not_run_with_the_repositorys_rights() {
    let job = |permissions: &str, more: &str, step: &str| {
        let text = format!(
            "on: pull_request_target\npermissions: {permissions}\njobs:\n  a:\n{more}    steps:\n      - uses: actions/checkout@{SHA}\n        with: {{ref: '${{{{ github.event.pull_request.head.sha }}}}'}}\n      - {step}\n"
        );
        found(checks(&text)).into_iter().filter(|id| id.starts_with("SH")).collect::<Vec<_>>()
    };
    let secret = "    env: {T: '${{ secrets.DEPLOY }}'}\n";
    assert_eq!(job("{contents: write}", "", "run: pip install . && pytest"), ["SH-09:6"]);
    assert_eq!(job("{contents: read}", secret, "run: make"), ["SH-09:7"]);
    assert_eq!(job("{contents: write}", "", "run: ./build.sh"), ["SH-09:6"]);
    assert_eq!(job("{contents: write}", "", "uses: ./action"), ["SH-09:6"]);
    assert_eq!(job("{contents: write}", "", "run: cargo build"), ["SH-09?:6"]);
    assert_eq!(job("", "", "run: git diff --stat"), Vec::<String>::new());
    assert_eq!(job("{contents: write}", "", "run: git diff --stat"), Vec::<String>::new());
    assert_eq!(job("{contents: read}", "", "run: make"), Vec::<String>::new(), "as under pull_request");
    let never = "    if: github.event_name == 'pull_request'\n";
    assert_eq!(job("{contents: write}", never, "run: make"), Vec::<String>::new());

    let by_command = "on: issue_comment\npermissions: {contents: write}\njobs:\n  a:\n    steps:\n      - run: gh pr checkout 1\n      - run: make\n";
    assert_eq!(found(checks(by_command)).last().map(String::as_str), Some("SH-09:6"));
    let own = "on: pull_request_target\npermissions: {contents: write}\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@v7\n      - run: make\n";
    assert!(!found(checks(own)).iter().any(|id| id.starts_with("SH")), "the base is checked out");
}

#[test]
fn scripts_of_a_checkout_run_beside_the_token() {
    let publish = "      - env:\n          NOTES:";
    for script in ["./release.sh", "python scripts/x.py", "bash tools/x.sh -v"] {
        let steps = format!("      - uses: actions/checkout@{SHA}\n      - run: {script}\n{publish}");
        assert_eq!(with(publish, &steps), ["WP-12~:23"], "{script}");
        assert_eq!(with(publish, &format!("      - run: {script}\n{publish}")), Vec::<String>::new(), "no checkout");
    }
    for script in
        ["bash \"$RUNNER_TEMP/x.sh\"", "/usr/bin/env", "python -c 'print(1)'", "./bin/publish-pypi check dist/*"]
    {
        let steps = format!("      - uses: actions/checkout@{SHA}\n      - run: {script}\n{publish}");
        assert_eq!(with(publish, &steps), Vec::<String>::new(), "{script}");
    }
}

#[test]
fn credentials_in_a_script_count() {
    for script in [
        "twine upload -u __token__ -p ${{ secrets.PYPI_TOKEN }} dist/*",
        "uv publish --token ${{ secrets.UPLOAD }}",
        "uv publish --token=${{ secrets.UPLOAD }}",
        "TWINE_PASSWORD=${{ secrets.UPLOAD }} twine upload dist/*",
        "poetry config pypi-token.pypi ${{ secrets.UPLOAD }} && poetry publish",
        "echo \"UV_PUBLISH_TOKEN=${{ secrets.UPLOAD }}\" >> $GITHUB_ENV; uv publish",
    ] {
        assert_eq!(with(PUBLISH, &format!("          {script}\n")), ["CR-09:26"], "{script}");
    }
    for script in [
        "export AWS_ENDPOINT_URL=http://x",
        "AWS_ENDPOINT_URL_STS=http://x publish-pypi token",
        "echo \"AWS_ENDPOINT_URL=http://x\" >> $GITHUB_ENV",
        "export AWS_CA_BUNDLE=./ca.pem",
    ] {
        assert_eq!(with(PUBLISH, &format!("          {script}\n{PUBLISH}")), ["CR-07:26"], "{script}");
    }
    assert_eq!(
        with(PUBLISH, &format!("          export AWS_SECRET_ACCESS_KEY=${{{{ secrets.K }}}}\n{PUBLISH}")),
        ["CR-05:26"]
    );
    for script in ["twine upload -p \"$TOKEN\" dist/*", "echo \"AWS_ENDPOINT_URL=$X\"", "export AWS_ENDPOINT_URL="] {
        assert_eq!(with(PUBLISH, &format!("          {script}\n{PUBLISH}")), Vec::<String>::new(), "{script}");
    }
}

#[test]
fn a_job_that_may_use_its_identity_token_is_not_blamed() {
    let grant = "    permissions: {contents: read}\n";
    let job = |step: &str| {
        let text =
            GOOD.replace(grant, "    permissions: {id-token: write}\n").replace(BUILD, &format!("      - {step}\n"));
        found(checks(&text)).into_iter().filter(|id| id.starts_with("WP-01")).collect::<Vec<_>>()
    };
    for step in [
        format!("uses: codecov/codecov-action@{SHA}\n        with: {{use_oidc: true}}"),
        format!("uses: hashicorp/vault-action@{SHA}"),
        format!("uses: rust-lang/crates-io-auth-action@{SHA}"),
        format!("uses: ossf/scorecard-action@{SHA}"),
        format!("uses: Actions/GitHub-Script@{SHA}\n        with: {{script: 'await core.getIDToken()'}}"),
        "run: npm publish --provenance".to_owned(),
    ] {
        assert_eq!(job(&step), Vec::<String>::new(), "{step}");
    }
    assert_eq!(job(&format!("uses: some/deploy-action@{SHA}")), ["WP-01?:10"]);
    assert_eq!(job("run: ./deploy.sh"), ["WP-01?:10"]);
    assert_eq!(job(&format!("uses: actions/github-script@{SHA}\n        with: {{script: 'x()'}}")), ["WP-01:10"]);
    assert_eq!(job("run: pytest"), ["WP-01:10"]);
}

/// Each of these grows with a power of its length if it is followed without a limit.
#[test]
fn what_refers_to_itself_comes_to_an_end() {
    let matrix = vec!["'${{ matrix.t }}${{ matrix.t }}'"; 500].join(", ");
    let needs: Vec<String> = (0..40).map(|job| format!("j{job}")).collect();
    let needs = needs.join(", ");
    let job = |job| format!("  j{job}:\n    needs: [{needs}]\n    steps:\n      - run: twine upload dist/*\n");
    let jobs = (0..40).map(job).collect::<Vec<_>>().concat();
    let brackets = format!("{}a{}", "(a;".repeat(20_000), ")>f || true;".repeat(20_000));
    let pipes = "bandit|".repeat(20_000);
    let folders = "cd aaaa; A=$A$A; ".repeat(20_000);
    for text in [
        format!(
            "on: push\njobs:\n  a:\n    strategy: {{matrix: {{t: [{matrix}]}}}}\n    steps:\n      - run: echo ${{{{ matrix.t }}}}\n"
        ),
        format!("on: pull_request\njobs:\n{jobs}"),
        format!(
            "on: push\njobs:\n  a:\n    steps:\n      - run: {brackets}\n      - run: {pipes} x\n      - run: {folders}\n"
        ),
    ] {
        assert!(!checks(&text).iter().any(|check| check.id == "WF-01" && check.status != CheckStatus::Pass));
    }
}
