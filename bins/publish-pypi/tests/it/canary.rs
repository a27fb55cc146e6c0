//! A token that is put through every way, and through each failure of each, shows up nowhere.

use serde_json::json;
use test_support::{
    Scratch,
    aws::{Aws, Fault as AwsFault},
    canary::{CANARY as OPAQUE, assert_hidden as shows_nothing, loud},
    github::{Fault as GitHubFault, GitHub},
    index::{Fault, Index},
    minting::{Fault as MintFault, Minting},
};

use test_support::macaroon::token_with;

use crate::{dist, publish_pypi};

const SECRET: &str = "pypi-token-secret";
#[test]
fn a_token_of_the_environment_shows_up_nowhere() {
    for token in [OPAQUE.to_owned(), token_with("pypi.org", &[])] {
        for faults in [
            vec![],
            vec![Fault::Status(403)],
            vec![Fault::Status(400)],
            vec![Fault::Status(503)],
            vec![Fault::Hangup, Fault::LoseAnswer],
        ] {
            let (project, index) = (Scratch::empty(), Index::start());
            index.fail_uploads(faults.clone());
            for command in ["publish", "token"] {
                let run = loud(publish_pypi(&project), project.path()).env("PYPI_TOKEN", &token);
                let run = run.args([command, "--index", &index.url()]);
                let run = if command == "publish" { run.args(dist()) } else { run };
                shows_nothing(&run.output(), project.path(), std::slice::from_ref(&token));
            }
        }
    }
}

#[test]
fn a_token_that_is_refused_shows_up_nowhere() {
    let project = Scratch::empty();
    let whole = token_with("pypi.org", &["[1,[\"other\"]]"]);
    for (token, index) in [
        (whole.clone(), "pypi"),
        (whole.clone(), "testpypi"),
        (whole[..whole.len() - 9].to_owned(), "pypi"),
        (format!("{whole}\n"), "pypi"),
        (format!("{whole};"), "pypi"),
        (OPAQUE.to_owned(), "pypi"),
    ] {
        for command in ["publish", "token"] {
            let run = loud(publish_pypi(&project), project.path())
                .env("PYPI_TOKEN", &token)
                .args([command, "--index", index]);
            let run = if command == "publish" { run.args(dist()) } else { run };
            shows_nothing(&run.output(), project.path(), &[token.trim().to_owned()]);
        }
    }
    for command in [vec!["releases", "--output", "releases.json"], vec!["token"]] {
        let run = loud(publish_pypi(&project), project.path()).env("PYPI_TOKEN", OPAQUE).args(command);
        let run = run.args(["--index", "http://127.0.0.1:9/"]).output();
        shows_nothing(&run, project.path(), &[OPAQUE.to_owned()]);
    }
}

#[test]
fn a_minted_token_shows_up_nowhere() {
    for fault in [
        None,
        Some(MintFault::Refuse("invalid-publisher".to_owned(), format!("the answer echoes {OPAQUE}"))),
        Some(MintFault::Body(format!("{{\"token\":\"{OPAQUE}\\n\"}}"))),
        Some(MintFault::Body(format!("{{\"token\":\"{OPAQUE}\""))),
        Some(MintFault::LoseAnswer),
    ] {
        let (project, github, index) = (Scratch::empty(), GitHub::start(), Minting::start(OPAQUE));
        let echoes = matches!(fault, Some(MintFault::Refuse(..)));
        index.fail_next(fault);
        let run =
            loud(github.job(publish_pypi(&project)), project.path()).args(["token", "--index", &index.url()]).output();
        // What an index echoes is no secret that it gave out; identity tokens are.
        let mut secrets = github.tokens();
        if !echoes {
            secrets.push(OPAQUE.to_owned());
        }
        shows_nothing(&run, project.path(), &secrets);
    }
}

#[test]
fn a_token_of_aws_shows_up_nowhere() {
    let value = json!({ "token": OPAQUE, "package": "sample-package" }).to_string();
    for (value, action, fault) in [
        (value.clone(), "", None),
        (format!("{{\"token\":\"{OPAQUE}\\n\"}}"), "", None),
        (format!("{{\"token\":\"{OPAQUE}\""), "", None),
        (json!({ "token": OPAQUE, "package": "other" }).to_string(), "", None),
        (value.clone(), "AssumeRoleWithWebIdentity", Some(AwsFault::Error(403, "AccessDenied", "Not authorized"))),
        (value.clone(), "GetSecretValue", Some(AwsFault::Error(400, "AccessDeniedException", "not authorized"))),
    ] {
        let (project, github, aws) = (Scratch::empty(), GitHub::start(), Aws::start());
        aws.put_text(SECRET, &value);
        if let Some(fault) = fault {
            aws.fail_always(action, fault);
        }
        let run = aws
            .variables(SECRET)
            .into_iter()
            .fold(github.job(publish_pypi(&project)), |run, (name, value)| run.env(name, value));
        let run = loud(run, project.path()).args(["token", "--auth", "aws", "--index", "http://127.0.0.1:9/"]).output();
        let mut secrets = github.tokens();
        secrets.extend([OPAQUE.to_owned(), test_support::aws::KEY.to_owned(), test_support::aws::SESSION.to_owned()]);
        shows_nothing(&run, project.path(), &secrets);
    }
}

#[test]
fn a_new_token_shows_up_nowhere() {
    for fault in [None, Some(AwsFault::Error(400, "AccessDeniedException", "not authorized"))] {
        let (project, github, aws) = (Scratch::empty(), GitHub::start(), Aws::start());
        aws.put_text(SECRET, "old-token-0123456789");
        if let Some(fault) = fault {
            aws.fail_always("PutSecretValue", fault);
        }
        let run = aws
            .variables(SECRET)
            .into_iter()
            .fold(github.job(publish_pypi(&project)), |run, (name, value)| run.env(name, value));
        let run = loud(run, project.path()).stdin(OPAQUE).args(["rotate", "--index", "http://127.0.0.1:9/"]).output();
        shows_nothing(&run, project.path(), &[OPAQUE.to_owned(), "old-token-0123456789".to_owned()]);
    }
}

#[test]
fn an_identity_service_that_fails_shows_no_bearer() {
    let (project, github, index) = (Scratch::empty(), GitHub::start(), Minting::start(OPAQUE));
    for fault in [GitHubFault::Status(403), GitHubFault::Body("<html>".to_owned())] {
        github.fail_next([fault]);
        let run =
            loud(github.job(publish_pypi(&project)), project.path()).args(["token", "--index", &index.url()]).output();
        shows_nothing(&run, project.path(), &[test_support::github::BEARER.to_owned()]);
    }
}
