use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use test_support::{
    aws::{self as fake, Aws, Fault},
    github::{self, GitHub},
};

use super::*;
use crate::{ErrorKind, IdTokenSource, Job, Patience, Secret, TokenShape};

const HASTY: Patience = Patience { tries: 4, first_wait: Duration::from_millis(1) };
const SECRET: &str = "pypi-token-secret";
const ASSUME: &str = "AssumeRoleWithWebIdentity";
const READ: &str = "GetSecretValue";

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn settings(aws: &Aws) -> AwsSettings {
    let variables: BTreeMap<&str, String> = aws.variables(SECRET).into_iter().collect();
    AwsSettings::read(|name| variables.get(name).map(String::as_str)).unwrap()
}

/// The whole way: identity, role, secret.
fn fetch(github: &GitHub, aws: &Aws) -> Result<StoredSecret, AwsError> {
    // Installed by an earlier test, or now.
    drop(rustls::crypto::ring::default_provider().install_default());
    let bearer = Some(Secret::new(github::BEARER.to_owned()));
    let source = IdTokenSource::new(Some(&github.request_url()), bearer, &Job::default()).unwrap();
    let (settings, role) = (settings(aws), RoleArn::parse(fake::ROLE).unwrap());
    block_on(async {
        let identity = source.request("sts.amazonaws.com", HASTY).await.unwrap();
        let keys = assume(&role, &settings, &identity, "relwarden-1-1", Access::Read, HASTY).await?;
        read_secret(&settings, &keys, HASTY).await
    })
}

fn services() -> (GitHub, Aws) {
    let aws = Aws::start();
    aws.put_text(SECRET, "{\"token\":\"s3cret-token\"}");
    (GitHub::start(), aws)
}

#[test]
fn an_identity_becomes_a_role_and_the_role_a_token() {
    let (github, aws) = services();
    let stored = fetch(&github, &aws).unwrap();
    assert_eq!(stored.token(TokenShape::Opaque).unwrap().expose(), "s3cret-token");
    assert!(stored.is_current() && !stored.is_binary());
    let asked = aws.asked();
    assert_eq!(asked[0].parameters["RoleSessionName"], "relwarden-1-1");
    assert_eq!(asked[0].parameters["DurationSeconds"], "900");
    let policy: serde_json::Value = serde_json::from_str(&asked[0].parameters["Policy"]).unwrap();
    assert_eq!(policy["Statement"][0]["Action"], json!(["secretsmanager:GetSecretValue"]));
    assert_eq!(asked[1].key_id.as_deref(), Some(fake::KEY_ID));
    aws.put_bytes(SECRET, b"s3cret-bytes");
    let stored = fetch(&github, &aws).unwrap();
    assert!(stored.is_binary());
    assert_eq!(stored.token(TokenShape::Opaque).unwrap().expose(), "s3cret-bytes");
}

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_not() {
    let (github, aws) = services();
    aws.fail_next(ASSUME, [Fault::Error(400, "IDPCommunicationError", "busy"), Fault::Status(503), Fault::Hangup]);
    aws.fail_next(
        READ,
        [Fault::Error(500, "InternalServiceError", "x"), Fault::Error(400, "ThrottlingException", "x")],
    );
    assert!(fetch(&github, &aws).is_ok());
    assert_eq!((aws.count(ASSUME), aws.count(READ)), (4, 3));
}

/// Each code of each service with what it means and how often it is asked. Where the third is `None`, so is the code of the error.
#[test]
fn every_code_is_told_as_what_it_is() {
    use AwsFailure as F;
    use ErrorKind::{Configuration, Outside, Refused};
    let table = [
        (
            ASSUME,
            403,
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
            F::NotTrusted,
            Refused,
            1,
        ),
        (
            ASSUME,
            400,
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account",
            F::NoProvider,
            Refused,
            1,
        ),
        (ASSUME, 400, "InvalidIdentityToken", "Incorrect token audience", F::Audience, Refused, 1),
        (ASSUME, 400, "InvalidIdentityToken", "Couldn't retrieve verification key", F::IdentityToken, Refused, 1),
        (ASSUME, 400, "ExpiredTokenException", "Token expired", F::Clock, Outside, 1),
        (ASSUME, 400, "IDPCommunicationError", "x", F::IdentityService, Outside, 4),
        (ASSUME, 403, "IDPRejectedClaim", "x", F::RejectedClaim, Refused, 1),
        (ASSUME, 400, "ValidationError", "The requested DurationSeconds exceeds", F::Request, Configuration, 1),
        (ASSUME, 400, "MalformedPolicyDocument", "x", F::Request, Configuration, 1),
        (ASSUME, 400, "PackedPolicyTooLarge", "x", F::Request, Configuration, 1),
        (ASSUME, 403, "RegionDisabledException", "x", F::RegionDisabled, Configuration, 1),
        (ASSUME, 400, "Throttling", "Rate exceeded", F::Service, Outside, 4),
        (ASSUME, 418, "SomethingNew", "x", F::Unknown, Refused, 1),
        (READ, 400, "ResourceNotFoundException", "can't find the specified secret", F::NoSecret, Configuration, 1),
        (
            READ,
            400,
            "AccessDeniedException",
            "not authorized to perform: secretsmanager:GetSecretValue",
            F::NotAllowed,
            Refused,
            1,
        ),
        (READ, 400, "AccessDeniedException", "Access to KMS is not allowed", F::KeyNotAllowed, Refused, 1),
        (READ, 400, "DecryptionFailure", "x", F::KeyUnusable, Configuration, 1),
        (READ, 400, "InvalidRequestException", "it was marked for deletion", F::Deleted, Configuration, 1),
        (READ, 400, "InvalidParameterException", "x", F::Request, Configuration, 1),
        (READ, 500, "InternalServiceError", "x", F::Service, Outside, 4),
        (READ, 400, "ThrottlingException", "x", F::Service, Outside, 4),
        (READ, 400, "UnrecognizedClientException", "x", F::Keys, Refused, 1),
        (READ, 400, "InvalidSignatureException", "x", F::Keys, Refused, 1),
        (READ, 400, "ExpiredTokenException", "x", F::Keys, Refused, 1),
    ];
    let github = GitHub::start();
    for (action, status, code, message, failure, kind, tries) in table {
        let aws = Aws::start();
        aws.put_text(SECRET, "s3cret-token");
        aws.fail_always(action, Fault::Error(status, code, message));
        let error = fetch(&github, &aws).unwrap_err();
        assert_eq!((error.failure(), error.kind()), (failure, kind), "{action} {code} {message}: {error}");
        assert_eq!((error.code(), error.status()), (Some(code), Some(status)));
        assert!(error.request_id().is_some_and(|id| error.to_string().contains(id)), "{error}");
        assert_eq!(aws.count(action), tries, "{action} {code}");
        assert!(!error.hint().is_empty());
    }
}

#[test]
fn a_role_that_does_not_trust_the_job_shows_what_to_compare() {
    let (github, aws) = services();
    aws.trust(|claims| claims["repository_id"] == "23");
    github.claim("sub", json!("repo:octo@11/demo@22:ref:refs/heads/main"));
    let error = fetch(&github, &aws).unwrap_err();
    insta::assert_snapshot!(error, @"AWS STS did not let this job assume the role (AccessDenied, HTTP 403, request request-1): Not authorized to perform sts:AssumeRoleWithWebIdentity");
    insta::assert_snapshot!(error.hint(), @"either arn:aws:iam::123456789012:role/publish does not exist, or its trust policy does not admit this job: sub = repo:octo@11/demo@22:ref:refs/heads/main, aud = sts.amazonaws.com, repository_id = 22. The subject has the immutable form with ids (repo:OWNER@ID/REPO@ID:…): list it in the policy as well. The job has no environment, which the policies of infrastructure/ ask for. `security-performance-validator security` shows what a policy admits");
}

#[test]
fn a_service_that_cannot_be_reached_is_outside() {
    let (github, aws) = services();
    aws.fail_always(READ, Fault::Hangup);
    let error = fetch(&github, &aws).unwrap_err();
    assert_eq!((error.failure(), error.kind()), (AwsFailure::Connection, ErrorKind::Outside), "{error}");
    aws.fail_always(ASSUME, Fault::Status(502));
    let error = fetch(&github, &aws).unwrap_err();
    assert_eq!((error.failure(), error.status()), (AwsFailure::Service, Some(502)), "{error}");
}

#[test]
fn a_new_value_is_stored_and_proven_to_be_current() {
    let (_github, aws) = services();
    let settings = settings(&aws);
    let keys = AwsKeys {
        access_key_id: Secret::new(fake::PERSON_KEY_ID.to_owned()),
        secret_access_key: Secret::new("person-key".to_owned()),
        session_token: None,
    };
    let store = |value: &str| block_on(replace_secret(&settings, &keys, &Secret::new(value.to_owned()), false, HASTY));
    // Another place of the service is behind for two reads.
    aws.serve_stale(2);
    let version = store("{\"token\":\"new\"}").unwrap();
    assert!(!version.is_empty());
    assert_eq!(aws.text(SECRET).as_deref(), Some("{\"token\":\"new\"}"));
    aws.serve_stale(99);
    let error = store("{\"token\":\"newer\"}").unwrap_err();
    assert_eq!((error.failure(), error.kind()), (AwsFailure::NotCurrent, ErrorKind::Outside));
    let nothing = block_on(read_secret_if_there(&settings, &keys, HASTY)).unwrap();
    assert!(nothing.is_some());
    aws.serve_stale(0);
    let none = Aws::start();
    none.create(SECRET);
    let settings = AwsSettings::read(|name| match name {
        "AWS_REGION" => Some("eu-central-1"),
        "AWS_SECRET_NAME" => Some("nothing-yet"),
        "AWS_ENDPOINT_URL" => Some("http://127.0.0.1:9"),
        _ => None,
    });
    let unreachable = block_on(read_secret(&settings.unwrap(), &keys, HASTY)).unwrap_err();
    assert_eq!(unreachable.failure(), AwsFailure::Connection, "{unreachable}");
}

#[test]
fn nothing_of_the_keys_is_shown() {
    let keys = AwsKeys {
        access_key_id: Secret::new("AKIAX".to_owned()),
        secret_access_key: Secret::new("hunter2".to_owned()),
        session_token: Some(Secret::new("hunter3".to_owned())),
    };
    let shown = format!("{keys:?} {keys:#?}");
    assert!(!shown.contains("hunter") && !shown.contains("AKIAX"), "{shown}");
}
