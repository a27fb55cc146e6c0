//! Attestations beside the files, by a Sigstore on loopback.

use test_support::{
    Run, Scratch, binary, fixture,
    sigstore::{Fault, Part, REQUEST_TOKEN, Sigstore, Workflow},
};

const WHEEL: &str = "dist/sample_package-1.0.0-py3-none-any.whl";
const SDIST: &str = "dist/sample_package-1.0.0.tar.gz";

/// A project with the two files in `dist`, and a Sigstore that its configuration names.
fn project() -> (Scratch, Sigstore) {
    let (project, sigstore) = (Scratch::empty(), Sigstore::start(Workflow::new("acme/demo", "release.yml")));
    for file in [WHEEL, SDIST] {
        project.write(file, fixture(&format!("sample-project/{file}")));
    }
    project.write("trusted_root.json", sigstore.trusted_root());
    project.write(
        "pyproject.toml",
        format!(
            "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n[tool.relwarden.publish.attestations]\n\
             fulcio = \"{0}\"\nrekor = \"{0}\"\ntrusted_root = \"trusted_root.json\"\n",
            sigstore.url()
        ),
    );
    (project, sigstore)
}

/// `attest` as a job of a workflow runs it.
fn attest(project: &Scratch, sigstore: &Sigstore, workflow: &str) -> Run {
    binary!("publish-pypi")
        .run()
        .project(project.path())
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_REPOSITORY", "acme/demo")
        .env("GITHUB_WORKFLOW_REF", format!("acme/demo/.github/workflows/{workflow}@refs/heads/main"))
        .env("ACTIONS_ID_TOKEN_REQUEST_URL", sigstore.request_url())
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
        .args(["--format", "json", "attest", "dist"])
}

fn origins(document: &serde_json::Value) -> Vec<&str> {
    let files = document["files"].as_array().into_iter().flatten();
    files.map(|file| file["attestations"][0]["origin"].as_str().unwrap_or("none")).collect()
}

#[test]
fn files_are_signed_once_and_the_same_attestations_are_used_again() {
    let (project, sigstore) = project();
    let document = attest(&project, &sigstore, "release.yml").output().expect_success().json();
    assert_eq!(document["ok"], true);
    assert_eq!(document["publisher"], "release.yml of acme/demo");
    assert_eq!(origins(&document), ["signed", "signed"]);
    let held = &document["files"][0]["attestations"][0];
    assert_eq!(
        (held["type"].as_str(), held["path"].as_str()),
        (Some("publish"), Some(&*format!("{WHEEL}.publish.attestation")))
    );
    assert_eq!(held["signed_by"]["repository"], "https://github.com/acme/demo");
    assert_eq!(project.json(&format!("{SDIST}.publish.attestation"))["version"], 1);

    // The shell writes all names out, those of the attestations too.
    let before = project.bytes(&format!("{WHEEL}.publish.attestation"));
    let all =
        [format!("{WHEEL}.publish.attestation"), format!("{SDIST}.publish.attestation"), "dist/SHA256SUMS".into()];
    let again = attest(&project, &sigstore, "release.yml").args(all).output().expect_success().json();
    assert_eq!(origins(&again), ["reused", "reused"]);
    assert_eq!((sigstore.entries(), project.bytes(&format!("{WHEEL}.publish.attestation"))), (2, before));

    let only = attest(&project, &sigstore, "release.yml").arg("--verify-only").output().expect_success().json();
    assert_eq!(origins(&only), ["reused", "reused"]);
    assert_eq!(only["sha256sums"], serde_json::json!([]));
}

#[test]
fn sha256sum_reads_the_digests() {
    let (project, sigstore) = project();
    let document = attest(&project, &sigstore, "release.yml").output().expect_success().json();
    assert_eq!(document["sha256sums"], serde_json::json!(["dist/SHA256SUMS"]));
    let folder = project.join("dist").display().to_string();
    let check = Run::new("/bin/sh").args(["-c", "cd \"$0\" && sha256sum --check --strict SHA256SUMS"]).arg(folder);
    let said = check.output().expect_success().stdout;
    assert_eq!(said, "sample_package-1.0.0-py3-none-any.whl: OK\nsample_package-1.0.0.tar.gz: OK\n");
}

#[test]
fn what_proves_nothing_is_signed_again_or_told() {
    let (project, sigstore) = project();
    let only = || attest(&project, &sigstore, "release.yml").arg("--verify-only").output();
    let missing = only().expect_code(1).json();
    assert_eq!(missing["ok"], false);
    assert!(missing["files"][0]["problem"].as_str().unwrap().ends_with("there is none"), "{missing}");

    attest(&project, &sigstore, "release.yml").output().expect_success();
    // The wheel's stands beside the archive now, and the wheel's own is no document.
    project.write(&format!("{SDIST}.publish.attestation"), project.bytes(&format!("{WHEEL}.publish.attestation")));
    project.write(&format!("{WHEEL}.publish.attestation"), "{}");
    let wrong = only().expect_code(1).json();
    assert!(wrong["files"][0]["problem"].as_str().unwrap().contains("no attestation object"), "{wrong}");
    assert!(wrong["files"][1]["problem"].as_str().unwrap().contains("not about"), "{wrong}");
    assert_eq!(sigstore.entries(), 2);
    let run = attest(&project, &sigstore, "release.yml").output().expect_success();
    assert_eq!(origins(&run.json()), ["signed_again", "signed_again"]);
    assert!(run.stderr.contains("signing again"), "{}", run.stderr);
    only().expect_success();
}

#[test]
fn another_workflow_is_not_the_one_that_is_expected() {
    let (project, sigstore) = project();
    // The job says it is another workflow than its identity token does.
    let run = attest(&project, &sigstore, "test.yml").output().expect_code(1);
    assert!(run.stderr.contains("expected https://github.com/acme/demo/.github/workflows/test.yml"), "{}", run.stderr);
    assert!(!project.join(&format!("{WHEEL}.publish.attestation")).exists());
    attest(&project, &sigstore, "release.yml").output().expect_success();
    attest(&project, &sigstore, "test.yml").arg("--verify-only").output().expect_code(1);
}

#[test]
fn each_failure_has_its_exit_code_and_what_was_signed_stays() {
    let (project, sigstore) = project();
    sigstore.fail_next(Part::Fulcio, [Fault::Echo(403)]);
    let run = attest(&project, &sigstore, "release.yml").output().expect_code(5);
    assert!(run.stderr.contains("refused with status 403") && run.stderr.contains("hint:"), "{}", run.stderr);
    assert!(!run.stderr.contains("eyJ"), "{}", run.stderr);
    let absent = attest(&project, &sigstore, "release.yml").env("ACTIONS_ID_TOKEN_REQUEST_URL", "").output();
    let absent = absent.expect_code(2);
    assert!(absent.stderr.contains("id-token: write"), "{}", absent.stderr);
    sigstore.fail_next(Part::Rekor, [Fault::Nonsense]);
    attest(&project, &sigstore, "release.yml").output().expect_code(4);
    let document = attest(&project, &sigstore, "release.yml").output().expect_success().json();
    assert!(origins(&document).iter().all(|origin| ["signed", "reused"].contains(origin)), "{document}");
}

#[test]
fn a_sigstore_of_ones_own_is_named_whole() {
    let (project, sigstore) = project();
    let with = |table: &str| {
        let head = "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n[tool.relwarden.publish.attestations]\n";
        project.write("pyproject.toml", format!("{head}{table}"));
        attest(&project, &sigstore, "release.yml").arg("--verify-only").output()
    };
    let half = with("fulcio = \"https://fulcio.example\"\n").expect_code(2);
    assert!(half.stderr.contains("all of fulcio, rekor and trusted_root"), "{}", half.stderr);
    with("trusted_root = \"no.json\"\n").expect_code(2);
    with("trusted_root = \"pyproject.toml\"\n").expect_code(3);
    with("repository = \"demo\"\nworkflow = \"release.yml\"\n").expect_code(2);
    let plain = "fulcio = \"http://f.example\"\nrekor = \"https://r.example\"\ntrusted_root = \"trusted_root.json\"\n";
    with(plain).expect_code(2);
}
