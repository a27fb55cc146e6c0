//! Signing through Fulcio and Rekor.

use std::{cell::RefCell, ops::ControlFlow, time::Duration};

use attestations::{
    Attestation, IdentityError, Instance, PredicateType, Service, SignError, SignErrorKind, Signer, Subject, Verifier,
};
use dist_check::Sha256;
use test_support::sigstore::{Fault, Part, Sigstore, Workflow};

use crate::{publisher, sigstore, subject, workflow};

fn signer(sigstore: &Sigstore) -> Signer {
    Signer::new(&Instance::new(&sigstore.url(), &sigstore.url()).unwrap(), &workflow().identity()).unwrap()
}

/// Signs without waiting; returns the waits too.
async fn sign(signer: &Signer) -> (Result<Attestation, SignError>, Vec<u64>) {
    let waits = RefCell::new(Vec::new());
    let end = signer.sign(&subject(), &async |time: Duration| waits.borrow_mut().push(time.as_secs())).await;
    (end, waits.into_inner())
}

#[tokio::test]
async fn what_is_signed_is_proven_without_a_network() {
    let sigstore = sigstore();
    let signed = sign(&signer(&sigstore)).await.0.unwrap();
    let verifier = Verifier::with_root(sigstore.trusted_root().as_bytes()).unwrap();
    drop(sigstore);
    let again = Attestation::parse(signed.to_json().as_bytes()).unwrap();
    assert!(again.is_same(&signed) && again == signed);
    let verified = verifier.verify(&again, &subject(), Some(&publisher())).unwrap();
    assert_eq!(verified.predicate_type, PredicateType::Publish);
    assert_eq!(
        verified.signed_by.to_string(),
        "https://github.com/acme/demo/.github/workflows/release.yml@refs/heads/main"
    );
    assert_eq!(
        verified.signed_by.run.as_deref(),
        Some("https://github.com/acme/demo/actions/runs/17171717171/attempts/1")
    );
}

#[tokio::test]
async fn many_files_are_signed_side_by_side_and_each_is_handed_over() {
    let sigstore = sigstore();
    let subjects: Vec<Subject> =
        (0..9_u8).map(|n| Subject::new(&format!("sample_package-1.{n}.tar.gz"), Sha256::of(&[n])).unwrap()).collect();
    let verifier = Verifier::with_root(sigstore.trusted_root().as_bytes()).unwrap();
    let mut proven = vec![0; subjects.len()];
    let signer = signer(&sigstore);
    signer
        .sign_all(&subjects, &async |_| (), |number, end| {
            verifier.verify(&end.unwrap(), &subjects[number], Some(&publisher())).unwrap();
            proven[number] += 1;
            ControlFlow::Continue(())
        })
        .await;
    assert_eq!(proven, [1; 9]);
    assert_eq!(sigstore.entries(), 9);

    let mut ends = 0;
    sigstore.fail_next(Part::Fulcio, [Fault::Status(403); 4]);
    signer
        .sign_all(&subjects, &async |_| (), |_, end| {
            ends += 1;
            if end.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await;
    assert!(ends < subjects.len(), "{ends}");
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let sigstore = sigstore();
    sigstore.fail_next(Part::Fulcio, [Fault::Status(503), Fault::Hangup]);
    sigstore.fail_next(Part::Rekor, [Fault::Status(429)]);
    let (end, waits) = sign(&signer(&sigstore)).await;
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(waits, [1, 2, 4]);
    sigstore.fail_next(Part::Rekor, [Fault::Status(500); 4]);
    let (end, waits) = sign(&signer(&sigstore)).await;
    let error = end.unwrap_err();
    assert!(matches!(error, SignError::Temporary { service: Service::Rekor, status: 500, .. }), "{error}");
    assert_eq!((error.kind(), waits), (SignErrorKind::Outside, vec![1, 2, 4]));
}

#[tokio::test]
async fn a_refusal_is_final_and_repeats_no_token() {
    let sigstore = sigstore();
    sigstore.fail_next(Part::Fulcio, [Fault::Echo(400)]);
    let (end, waits) = sign(&signer(&sigstore)).await;
    let error = end.unwrap_err();
    assert!(matches!(error, SignError::Refused { service: Service::Fulcio, status: 400, .. }), "{error}");
    assert_eq!((error.kind(), waits.len(), sigstore.asked(Part::Fulcio)), (SignErrorKind::Refused, 0, 1));
    let said = format!("{error} {error:?} {}", error.hint());
    for part in workflow().identity().split('.') {
        assert!(!said.contains(&part[..12]), "{said}");
    }
    sigstore.fail_next(Part::Rekor, [Fault::Nonsense]);
    let error = sign(&signer(&sigstore)).await.0.unwrap_err();
    assert!(matches!(error, SignError::Answer { service: Service::Rekor, .. }), "{error}");
}

#[test]
fn an_identity_that_no_certificate_is_given_for_is_refused_beforehand() {
    let instance = Instance::public().unwrap();
    let refused = |workflow: &Workflow| Signer::new(&instance, &workflow.identity()).unwrap_err();
    assert_eq!(refused(&Workflow { audience: "pypi".to_owned(), ..workflow() }), IdentityError::Audience);
    assert_eq!(refused(&Workflow { lifetime: -60, ..workflow() }), IdentityError::Expired);
    assert_eq!(Signer::new(&instance, "no.token").unwrap_err(), IdentityError::NoToken);
}

#[test]
fn an_identity_is_sent_to_nobody_who_could_be_overheard() {
    for bad in ["http://fulcio.example/", "ftp://fulcio.example/", "https://u:p@fulcio.example/", "https://f/?x", "f"] {
        assert!(Instance::new(bad, "https://rekor.example/").is_err(), "{bad}");
        let error = Instance::new("https://fulcio.example/", bad).unwrap_err();
        assert!(!error.to_string().contains("u:p"), "{error}");
    }
    assert!(Instance::new("http://127.0.0.1:1/", "http://[::1]:2").is_ok());
}
