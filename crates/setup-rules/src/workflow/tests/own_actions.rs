//! Relwarden's own actions, used from their own repository.

use super::*;

/// The publishing job as a project has it that took the workflows over.
const TAKEN: &str = "on:
  workflow_dispatch:
permissions: {}
jobs:
  publish:
    runs-on: ubuntu-24.04
    environment: pypi
    concurrency: {group: pypi-publish, cancel-in-progress: false}
    permissions: {contents: read, id-token: write}
    steps:
      - uses: acme/relwarden/.github/actions/setup@0123456789012345678901234567890123456789
      - uses: acme/relwarden/.github/actions/publish@0123456789012345678901234567890123456789
        with:
          sums: ${{ needs.build.outputs.sums }}
          auth: trusted
";

fn taken_with(from: &str, to: &str) -> Vec<String> {
    assert!(TAKEN.contains(from), "{from}");
    found(checks(&TAKEN.replace(from, to)))
}

#[test]
fn the_action_that_publishes_is_known_wherever_it_comes_from() {
    assert_eq!(found(checks(TAKEN)), Vec::<String>::new());
    assert_eq!(taken_with("    environment: pypi\n", ""), ["WP-02:5"]);
    assert_eq!(taken_with("workflow_dispatch", "pull_request_target"), ["WP-03:2"]);
    assert_eq!(taken_with("progress: false", "progress: true"), ["WP-07~:5"]);
    assert_eq!(taken_with(", id-token: write", ""), ["WP-11:5"]);
    // A fork of another name is told by what the action asks for.
    let elsewhere = TAKEN.replace("acme/relwarden/", "acme/tools/").replace("    environment: pypi\n", "");
    assert!(found(checks(&elsewhere)).contains(&"WP-02:5".to_owned()));
    let other = elsewhere.replace("sums:", "site:");
    assert!(!found(checks(&other)).contains(&"WP-02:5".to_owned()), "another project's action of that name");
    // Nothing is sent.
    let rehearsal = taken_with("auth: trusted", "dry-run: true");
    assert_eq!(rehearsal, ["WP-11?", "WP-02?", "WP-03?", "WP-07?"]);
}

#[test]
fn how_the_action_authenticates_is_read_from_its_inputs() {
    let set = |text: &str| Workflows::read(&[TextFile { path: ".github/workflows/w.yml", text }], &[]);
    assert!(set(TAKEN).has_trusted_publishing());
    let aws = TAKEN.replace("auth: trusted", "aws-role-arn: arn:aws:iam::1:role/r\n          aws-secret-name: s");
    let aws = set(&aws);
    assert!(!aws.has_trusted_publishing());
    let values = |setting| aws.aws_values(setting).iter().map(|found| found.value).collect::<Vec<_>>();
    assert_eq!(values(AwsSetting::RoleArn), ["arn:aws:iam::1:role/r"]);
    assert_eq!(values(AwsSetting::SecretName), ["s"]);
}

#[test]
fn what_the_other_actions_do_is_known_too() {
    let at = "      - uses: acme/relwarden/.github/actions/setup@0123456789012345678901234567890123456789\n";
    let with = |name: &str| at.replace("setup", name);
    assert_eq!(taken_with(at, &with("build")), ["WP-12~:11"]);
    assert_eq!(taken_with(at, &with("record")), Vec::<String>::new());
    let hidden = |name: &str| taken_with(at, &format!("{}        continue-on-error: true\n", with(name)));
    assert_eq!(hidden("update-findings"), ["SH-03~:11"]);
    assert_eq!(hidden("setup"), Vec::<String>::new());
}
