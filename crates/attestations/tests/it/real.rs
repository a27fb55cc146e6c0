//! Attestations of the public instance, recorded from releases of real projects; see fixtures/attestations/RECORDED.toml.

use attestations::{Attestation, Mismatch, PredicateType, Provenance, Publisher, Subject, Verifier, VerifyError};
use dist_check::Sha256;
use test_support::{fixture, fixture_text};

/// The attestation's own word about the file's digest, which stands beside the recording as well.
fn subject(file: &str) -> Subject {
    let recorded = fixture_text("attestations/RECORDED.toml");
    let line = recorded.lines().find(|line| line.starts_with(&format!("\"{file}\""))).unwrap();
    let digest: Sha256 = line.split('"').nth(3).unwrap().parse().unwrap();
    Subject::new(file, digest).unwrap()
}

fn read(file: &str) -> Attestation {
    Attestation::parse(&fixture(&format!("attestations/{file}"))).unwrap()
}

#[test]
fn attestations_of_github_are_proven_and_of_their_publisher_only() {
    let file = "pypi_attestations-0.0.19.tar.gz";
    let verifier = Verifier::public().unwrap();
    let ours = Publisher::github("trailofbits/pypi-attestations", "release.yml").unwrap();
    for kind in PredicateType::ALL {
        let attestation = read(&kind.file_name(file));
        let verified = verifier.verify(&attestation, &subject(file), Some(&ours)).unwrap();
        assert_eq!(verified.predicate_type, kind);
        assert!(verified.signed_by.run.unwrap().starts_with("https://github.com/trailofbits/"));
        let other = Publisher::github("trailofbits/pypi-attestations", "tests.yml").unwrap();
        let error = verifier.verify(&attestation, &subject(file), Some(&other)).unwrap_err();
        assert!(matches!(error, VerifyError::Publisher(Mismatch::Workflow { .. })), "{error}");
        let other = Publisher::github("trailofbits/another", "release.yml").unwrap();
        let error = verifier.verify(&attestation, &subject(file), Some(&other)).unwrap_err();
        assert!(matches!(error, VerifyError::Publisher(Mismatch::Repository { .. })), "{error}");
    }
}

#[test]
fn attestations_of_other_publishers_are_proven() {
    let verifier = Verifier::public().unwrap();
    for (file, who) in [
        ("gitlab_oidc_project-0.0.3.tar.gz", "https://gitlab.com/"),
        ("circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl", "https://circleci.com/"),
    ] {
        let attestation = read(&PredicateType::Publish.file_name(file));
        let verified = verifier.verify(&attestation, &subject(file), None).unwrap();
        assert!(verified.signed_by.to_string().starts_with(who), "{}", verified.signed_by);
        let github = Publisher::github("acme/demo", "release.yml").unwrap();
        let error = verifier.verify(&attestation, &subject(file), Some(&github)).unwrap_err();
        assert!(matches!(error, VerifyError::Publisher(Mismatch::Issuer { .. })), "{error}");
    }
}

#[test]
fn the_provenance_of_an_index_is_read_and_proven() {
    for (file, publisher) in [
        ("pypi_attestations-0.0.19.tar.gz", "GitHub, trailofbits/pypi-attestations, release.yml"),
        ("gcb_attestation_test-0.0.0.tar.gz", "Google, "),
    ] {
        let provenance = Provenance::parse(&fixture(&format!("attestations/{file}.provenance"))).unwrap();
        assert!(provenance.bundles[0].publisher_line().starts_with(publisher), "{:?}", provenance.bundles[0].publisher);
        for attestation in provenance.attestations() {
            Verifier::public().unwrap().verify(attestation, &subject(file), None).unwrap();
        }
    }
    let file = "pypi_attestations-0.0.19.tar.gz";
    let provenance = Provenance::parse(&fixture(&format!("attestations/{file}.provenance"))).unwrap();
    let ours = read(&PredicateType::Publish.file_name(file));
    assert!(provenance.attestations().any(|listed| listed.is_same(&ours)));
    assert!(Provenance::parse(b"[]").is_err());
    assert!(Provenance::parse(br#"{"version":2,"attestation_bundles":[]}"#).is_err());
}
