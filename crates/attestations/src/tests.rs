use crate::{Attestation, AttestationError, LARGEST, Publisher, PublisherError, Verifier};

#[test]
fn what_is_no_attestation_says_why() {
    let parse = |text: &str| Attestation::parse(text.as_bytes()).unwrap_err();
    let whole = |version: u64, entries: &str, signature: &str| {
        format!(
            r#"{{"version":{version},"verification_material":{{"certificate":"AA==","transparency_entries":{entries}}},
                "envelope":{{"statement":"e\n30=","signature":"{signature}"}}}}"#
        )
    };
    assert!(matches!(parse(""), AttestationError::Json(_)));
    assert!(matches!(parse("{}"), AttestationError::Json(_)));
    assert!(matches!(parse(&whole(2, "[{}]", "AA==")), AttestationError::Version(2)));
    assert!(matches!(parse(&whole(1, "[]", "AA==")), AttestationError::NoLogEntry));
    assert!(matches!(parse(&whole(1, "[{}]", "A*")), AttestationError::Base64 { field: "signature", .. }));
    assert!(matches!(parse(&" ".repeat(usize::try_from(LARGEST).unwrap() + 1)), AttestationError::TooLarge));
    // Python writes line breaks into base64.
    assert!(Attestation::parse(whole(1, "[{}]", "AA\\n==").as_bytes()).is_ok());
}

#[test]
fn a_publisher_is_a_repository_and_a_workflow_file() {
    for workflow in
        ["release.yml", ".github/workflows/release.yml", "acme/demo/.github/workflows/release.yml@refs/tags/v1@x/y.z"]
    {
        assert_eq!(Publisher::github("acme/demo", workflow).unwrap().workflow(), "release.yml", "{workflow}");
    }
    for repository in ["acme", "acme/", "/demo", "acme/demo/x", "https://github.com/acme/demo", "acme/de mo"] {
        let error = Publisher::github(repository, "release.yml").unwrap_err();
        assert!(matches!(error, PublisherError::Repository(_)), "{repository}");
    }
    for workflow in ["", "release", ".yml", "re lease.yml", "release.yml/"] {
        let error = Publisher::github("acme/demo", workflow).unwrap_err();
        assert!(matches!(error, PublisherError::Workflow(_)), "{workflow}");
    }
}

#[test]
fn the_root_that_is_built_in_can_be_used() {
    assert!(Verifier::public().is_ok());
}
