//! The index's own library judges what we sign: `pypi-attestations`, over `sigstore`, with the trusted root of the loopback
//! Sigstore in place of the public one.

use attestations::{Instance, Publisher, Signer, Verifier};
use serde_json::{Value, json};
use test_support::{
    Scratch, peers,
    sigstore::{Sigstore, Workflow, publish_statement},
};

use crate::{FILE, publisher, sigstore, statement, subject, workflow};

/// Reads cases from stdin; answers each with null or why it is refused.
const JUDGE: &str = r#"
import json, sys
from pypi_attestations import Attestation, Distribution, GitHubPublisher, AttestationError
from pypi_attestations import _impl
from sigstore.models import TrustedRoot
from sigstore.verify import Verifier

class Loopback:
    @staticmethod
    def production(offline=False):
        return Verifier(trusted_root=TrustedRoot.from_file(sys.argv[1]))

_impl.Verifier = Loopback
verdicts = []
for case in json.load(sys.stdin):
    try:
        dist = Distribution(name=case["file"], digest=case["sha256"])
        publisher = GitHubPublisher(repository=case["repository"], workflow=case["workflow"])
        Attestation.model_validate_json(case["attestation"]).verify(publisher, dist, offline=True)
        verdicts.append(None)
    except (AttestationError, ValueError) as error:
        verdicts.append(f"{type(error).__name__}: {error}")
json.dump(verdicts, sys.stdout)
"#;

fn verdicts(sigstore: &Sigstore, cases: &[Value]) -> Vec<Option<String>> {
    let folder = Scratch::empty();
    folder.write("trusted_root.json", sigstore.trusted_root());
    let run = peers::python().args(["-c", JUDGE]).arg(folder.join("trusted_root.json"));
    let answer = run.stdin(json!(cases).to_string()).output().expect_success().json();
    serde_json::from_value(answer).unwrap()
}

fn case(attestation: &str, publisher: &Publisher) -> Value {
    json!({
        "attestation": attestation, "file": FILE, "sha256": subject().sha256().to_string(),
        "repository": publisher.repository(), "workflow": publisher.workflow(),
    })
}

#[tokio::test]
async fn the_indexs_own_library_takes_ours_and_refuses_other_publishers() {
    let sigstore = sigstore();
    let instance = Instance::new(&sigstore.url(), &sigstore.url()).unwrap();
    let signer = Signer::new(&instance, &workflow().identity()).unwrap();
    let mut cases = Vec::new();
    // Several, so that the log is a tree with paths of several lengths.
    for _ in 0..3 {
        let signed = signer.sign(&subject(), &async |_| ()).await.unwrap().to_json();
        cases.push(case(&signed, &publisher()));
        cases.push(case(&signed, &Publisher::github("acme/demo", "test.yml").unwrap()));
        cases.push(case(&signed, &Publisher::github("acme/other", "release.yml").unwrap()));
    }
    let verdicts = verdicts(&sigstore, &cases);
    for verdict in verdicts.chunks(3) {
        assert_eq!(verdict[0], None);
        assert!(verdict[1].as_deref().unwrap().contains("Build Config URI"), "{verdict:?}");
        assert!(verdict[2].as_deref().unwrap().contains("OIDCSourceRepositoryURI"), "{verdict:?}");
    }
}

#[test]
fn both_judge_alike() {
    let sigstore = sigstore();
    let verifier = Verifier::with_root(sigstore.trusted_root().as_bytes()).unwrap();
    let digest = subject().sha256().to_string();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut json: Value = serde_json::from_str(&statement()).unwrap();
        change(&mut json);
        sigstore.attest(&workflow(), &json.to_string())
    };
    let two = json!([
        { "name": FILE, "digest": { "sha256": digest } },
        { "name": "sample_package-1.0.0.tar.gz", "digest": { "sha256": digest } },
    ]);
    let good = sigstore.attest(&workflow(), &statement());
    let of_another_log = Sigstore::start().attest(&workflow(), &statement());
    let mut swapped: Value = serde_json::from_str(&good).unwrap();
    swapped["verification_material"]["transparency_entries"] =
        serde_json::from_str::<Value>(&with(&|_| ())).unwrap()["verification_material"]["transparency_entries"].clone();
    let elsewhere = Workflow { issuer: "https://issuer.example".to_owned(), ..workflow() };
    let tag = Workflow { git_ref: "refs/tags/v1.0@x".to_owned(), ..workflow() };
    let cases = [
        ("good", good.clone(), true),
        ("tag", sigstore.attest(&tag, &statement()), true),
        (
            "name of the same meaning",
            sigstore.attest(&workflow(), &publish_statement("Sample.Package-1.0-py3-none-any.whl", &digest)),
            true,
        ),
        ("predicate {}", with(&|s| s["predicate"] = json!({})), true),
        ("slsa", with(&|s| s["predicateType"] = "https://slsa.dev/provenance/v1".into()), true),
        ("other file", sigstore.attest(&workflow(), &publish_statement("sample_package-1.0.0.tar.gz", &digest)), false),
        ("other digest", sigstore.attest(&workflow(), &publish_statement(FILE, &"0".repeat(64))), false),
        ("digest in upper case", sigstore.attest(&workflow(), &publish_statement(FILE, &digest.to_uppercase())), false),
        ("two subjects", with(&|s| s["subject"] = two.clone()), false),
        ("no subject", with(&|s| s["subject"] = json!([])), false),
        ("no name", with(&|s| s["subject"][0]["name"] = Value::Null), false),
        ("other predicate", with(&|s| s["predicateType"] = "https://example.com/p".into()), false),
        ("other statement", with(&|s| s["_type"] = "https://in-toto.io/Statement/v0.1".into()), false),
        ("other issuer", sigstore.attest(&elsewhere, &statement()), false),
        ("other root", of_another_log, false),
        ("other entry", swapped.to_string(), false),
        ("no entry", good.replace("\"transparency_entries\":[", "\"transparency_entries\":[],\"x\":["), false),
        ("version 2", good.replace("\"version\":1", "\"version\":2"), false),
    ];
    let asked: Vec<Value> = cases.iter().map(|(_, attestation, _)| case(attestation, &publisher())).collect();
    let theirs = verdicts(&sigstore, &asked);
    for ((what, attestation, expected), theirs) in cases.iter().zip(theirs) {
        let ours = attestations::Attestation::parse(attestation.as_bytes())
            .map_err(|error| error.to_string())
            .and_then(|attestation| {
                let verified = verifier.verify(&attestation, &subject(), Some(&publisher()));
                verified.map_err(|error| error.to_string())
            });
        assert_eq!(ours.is_ok(), *expected, "{what}: {ours:?}");
        assert_eq!(theirs.is_none(), *expected, "{what}: {theirs:?}");
    }
}
