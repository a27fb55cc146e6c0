//! What proves nothing: each thing that can be wrong, alone.

use attestations::{
    Attestation, Evidence, Mismatch, PredicateType, Publisher, RootError, SetError, StatementError, Subject, Verifier,
    VerifyError, check_set,
};
use dist_check::Sha256;
use serde_json::{Value, json};
use test_support::sigstore::{Sigstore, Workflow, publish_statement};

use crate::{FILE, publisher, sigstore, statement, subject, workflow};

fn verifier(sigstore: &Sigstore) -> Verifier {
    Verifier::with_root(sigstore.trusted_root().as_bytes()).unwrap()
}

fn attestation(sigstore: &Sigstore, statement: &str) -> Attestation {
    Attestation::parse(sigstore.attest(&workflow(), statement).as_bytes()).unwrap()
}

/// The error for a statement that was signed as it should be.
fn refused(sigstore: &Sigstore, statement: &str) -> VerifyError {
    verifier(sigstore).verify(&attestation(sigstore, statement), &subject(), Some(&publisher())).unwrap_err()
}

/// A good attestation with something changed in it afterwards.
fn changed(sigstore: &Sigstore, pointer: &str, value: impl FnOnce(&Value) -> Value) -> Result<(), VerifyError> {
    let mut json: Value = serde_json::from_str(&sigstore.attest(&workflow(), &statement())).unwrap();
    let place = json.pointer_mut(pointer).unwrap();
    *place = value(place);
    let attestation = Attestation::parse(json.to_string().as_bytes()).unwrap();
    verifier(sigstore).verify(&attestation, &subject(), Some(&publisher())).map(drop)
}

#[test]
fn a_file_of_the_same_meaning_is_the_same() {
    let sigstore = sigstore();
    let digest = subject().sha256().to_string();
    for name in [FILE, "Sample.Package-1.0-py3-none-any.whl"] {
        let attestation = attestation(&sigstore, &publish_statement(name, &digest));
        assert!(verifier(&sigstore).verify(&attestation, &subject(), Some(&publisher())).is_ok(), "{name}");
    }
}

#[test]
fn another_file_is_another() {
    let sigstore = sigstore();
    let digest = subject().sha256().to_string();
    let name = |name: &str| refused(&sigstore, &publish_statement(name, &digest));
    assert!(matches!(name("sample_package-1.0.0.tar.gz"), VerifyError::OtherFile { .. }));
    assert!(matches!(name("sample_package-1.0.1-py3-none-any.whl"), VerifyError::OtherFile { .. }));
    assert!(matches!(name("../\u{202e}x.whl"), VerifyError::SubjectName { .. }));
    assert!(matches!(name(""), VerifyError::SubjectName { .. }));

    let other = refused(&sigstore, &publish_statement(FILE, &Sha256::of(b"other").to_string()));
    assert!(matches!(other, VerifyError::OtherBytes { .. }), "{other}");
    // A tampered file has another digest than the one that was signed.
    let tampered = Subject::new(FILE, Sha256::of(b"the bytes, and more")).unwrap();
    let end = verifier(&sigstore).verify(&attestation(&sigstore, &statement()), &tampered, Some(&publisher()));
    assert!(matches!(end, Err(VerifyError::OtherBytes { .. })));
    // Hexadecimal digits in upper case are another text, as on the index.
    let upper = refused(&sigstore, &publish_statement(FILE, &digest.to_uppercase()));
    assert!(matches!(upper, VerifyError::OtherBytes { .. }), "{upper}");
}

#[test]
fn a_statement_that_the_index_does_not_take_is_refused() {
    let sigstore = sigstore();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut json: Value = serde_json::from_str(&statement()).unwrap();
        change(&mut json);
        match refused(&sigstore, &json.to_string()) {
            VerifyError::Statement(error) => error,
            error => panic!("{error}"),
        }
    };
    let subject = |name: &str| json!({ "name": name, "digest": { "sha256": subject().sha256().to_string() } });
    let two = with(&|s| s["subject"] = json!([subject(FILE), subject("sample_package-1.0.0.tar.gz")]));
    assert!(matches!(two, StatementError::Subjects(2)), "{two}");
    assert!(matches!(with(&|s| s["subject"] = json!([])), StatementError::Subjects(0)));
    let predicate = with(&|s| s["predicateType"] = "https://example.com/predicate".into());
    assert!(matches!(predicate, StatementError::Predicate(_)), "{predicate}");
    assert!(matches!(with(&|s| s["predicate"] = json!({ "a": 1 })), StatementError::PublishPredicate));
    assert!(matches!(with(&|s| s["_type"] = "https://in-toto.io/Statement/v0.1".into()), StatementError::Type(_)));
    assert!(matches!(with(&|s| s["subject"] = json!({})), StatementError::Json(_)));
}

#[test]
fn another_publisher_is_not_ours() {
    let sigstore = sigstore();
    let by = |workflow: &Workflow, publisher: &Publisher| {
        let attestation = Attestation::parse(sigstore.attest(workflow, &statement()).as_bytes()).unwrap();
        match verifier(&sigstore).verify(&attestation, &subject(), Some(publisher)) {
            Ok(verified) => panic!("{verified:?}"),
            Err(VerifyError::Publisher(mismatch)) => mismatch,
            Err(error) => panic!("{error}"),
        }
    };
    let other = Publisher::github("acme/other", "release.yml").unwrap();
    assert!(matches!(by(&workflow(), &other), Mismatch::Repository { .. }));
    let other = Publisher::github("acme/demo", "test.yml").unwrap();
    assert!(matches!(by(&workflow(), &other), Mismatch::Workflow { .. }));
    let elsewhere = Workflow { issuer: "https://issuer.example".to_owned(), ..workflow() };
    assert!(matches!(by(&elsewhere, &publisher()), Mismatch::Issuer { .. }));
    // Nobody is expected: then whoever signed is told, not judged.
    let anybody = attestation(&sigstore, &statement());
    assert!(verifier(&sigstore).verify(&anybody, &subject(), None).is_ok());
}

#[test]
fn evidence_of_another_root_or_another_time_is_none() {
    let (ours, theirs) = (sigstore(), sigstore());
    let end = verifier(&theirs).verify(&attestation(&ours, &statement()), &subject(), None);
    assert!(matches!(end, Err(VerifyError::Evidence(Evidence::Log(_) | Evidence::Certificate(_)))), "{end:?}");
    let end = Verifier::public().unwrap().verify(&attestation(&ours, &statement()), &subject(), None);
    assert!(matches!(end, Err(VerifyError::Evidence(_))), "{end:?}");
    ours.issue_expired();
    let end = verifier(&ours).verify(&attestation(&ours, &statement()), &subject(), None);
    assert!(matches!(end, Err(VerifyError::Evidence(Evidence::Expired(_)))), "{end:?}");
}

#[test]
fn evidence_that_was_changed_is_none() {
    let sigstore = sigstore();
    changed(&sigstore, "/version", Value::clone).unwrap();
    // Another entry before ours, so that there is a path in the tree.
    let entry = "/verification_material/transparency_entries/0";
    let of_another = |pointer: &str| {
        let other: Value = serde_json::from_str(&sigstore.attest(&workflow(), &statement())).unwrap();
        other.pointer(pointer).unwrap().clone()
    };
    for place in [
        "/envelope/signature",
        "/verification_material/certificate",
        &format!("{entry}/canonicalizedBody"),
        &format!("{entry}/inclusionPromise/signedEntryTimestamp"),
        &format!("{entry}/inclusionProof/rootHash"),
        &format!("{entry}/inclusionProof/checkpoint/envelope"),
        &format!("{entry}/inclusionProof"),
        entry,
    ] {
        let end = changed(&sigstore, place, |_| of_another(place));
        assert!(matches!(end, Err(VerifyError::Evidence(_))), "{place}: {end:?}");
    }
    for (place, value) in [
        ("integratedTime", json!("1700000000")),
        ("integratedTime", json!("0")),
        ("inclusionPromise", Value::Null),
        ("inclusionProof", Value::Null),
        ("kindVersion", json!({ "kind": "hashedrekord", "version": "0.0.1" })),
        ("kindVersion", json!({ "kind": "hashedrekord", "version": "0.0.2" })),
        ("logId", json!({ "keyId": "AAAA" })),
    ] {
        let end = changed(&sigstore, &format!("{entry}/{place}"), |_| value.clone());
        assert!(matches!(end, Err(VerifyError::Evidence(_))), "{place} {value}: {end:?}");
    }
}

#[test]
fn a_trusted_root_without_a_kind_of_keys_is_refused() {
    let root = sigstore().trusted_root();
    for (key, what) in [
        ("tlogs", "transparency log"),
        ("ctlogs", "certificate transparency log"),
        ("certificateAuthorities", "certificate authority"),
    ] {
        let mut json: Value = serde_json::from_str(&root).unwrap();
        json[key] = json!([]);
        let error = Verifier::with_root(json.to_string().as_bytes()).unwrap_err();
        assert!(matches!(error, RootError::Lacks(lacks) if lacks == what), "{error}");
    }
    assert!(matches!(Verifier::with_root(b"{}"), Err(RootError::Unreadable(_))));
    assert!(matches!(Verifier::with_root(b"\xff"), Err(RootError::Encoding(_))));
}

#[test]
fn a_file_has_two_attestations_at_most_and_one_of_a_kind() {
    let sigstore = sigstore();
    let publish = attestation(&sigstore, &statement());
    let slsa = statement().replace(PredicateType::Publish.uri(), PredicateType::Slsa.uri());
    let slsa = attestation(&sigstore, &slsa);
    assert!(check_set(&[]).is_ok());
    assert!(check_set(&[&publish, &slsa]).is_ok());
    assert!(matches!(check_set(&[&publish, &slsa, &publish]), Err(SetError::TooMany(3))));
    assert!(matches!(check_set(&[&slsa, &slsa]), Err(SetError::Twice(PredicateType::Slsa))));
}
