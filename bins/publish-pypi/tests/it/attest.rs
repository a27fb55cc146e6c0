//! Attestations beside the files, by a Sigstore on loopback.

use serde_json::json;
use test_support::{
    Run, Scratch, binary, fixture,
    github::{BEARER, GitHub},
    index::{Index, Settings},
    sigstore::{Fault, Part, Sigstore, Workflow},
};

const WHEEL: &str = "dist/sample_package-1.0.0-py3-none-any.whl";
const SDIST: &str = "dist/sample_package-1.0.0.tar.gz";

/// A project with the two files in `dist`, and what its workflow speaks to.
struct World {
    project: Scratch,
    sigstore: Sigstore,
    github: GitHub,
}

fn world() -> World {
    let (project, sigstore, github) = (Scratch::empty(), Sigstore::start(), GitHub::start());
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
    let at = "acme/sample/.github/workflows/release.yml@refs/heads/main";
    for (name, value) in [("repository", "acme/sample"), ("workflow_ref", at), ("job_workflow_ref", at)] {
        github.claim(name, json!(value));
    }
    World { project, sigstore, github }
}

impl World {
    /// A run as a step of a job of this workflow.
    fn job(&self, workflow: &str) -> Run {
        self.github
            .job(binary!("publish-pypi").run().project(self.project.path()))
            .env("GITHUB_REPOSITORY", "acme/sample")
            .env("GITHUB_WORKFLOW_REF", format!("acme/sample/.github/workflows/{workflow}@refs/heads/main"))
            .args(["--format", "json"])
    }

    fn attest(&self, workflow: &str) -> Run {
        self.job(workflow).args(["attest", "dist"])
    }

    /// `publish --attest` with a credential of this kind.
    fn publish(&self, index: &Index, auth: &str) -> Run {
        let args = ["publish", "--attest", "--auth", auth, "--wait", "0", "--index", &index.url(), "dist"];
        self.job("release.yml").env("PYPI_TOKEN", "pypi-a-token-for-this-index").args(args)
    }

    fn verify(&self, index: &Index) -> Run {
        let args = ["--format", "json", "verify", "--wait", "0", "--index", &index.url(), "dist"];
        binary!("publish-pypi").run().project(self.project.path()).args(args)
    }
}

fn origins(document: &serde_json::Value) -> Vec<&str> {
    let files = document["files"].as_array().into_iter().flatten();
    files.map(|file| file["attestations"][0]["origin"].as_str().unwrap_or("none")).collect()
}

#[test]
fn files_are_signed_once_and_the_same_attestations_are_used_again() {
    let world = world();
    let World { project, sigstore, .. } = &world;
    let document = world.attest("release.yml").output().expect_success().json();
    assert_eq!(document["ok"], true);
    assert_eq!(document["publisher"], "release.yml of acme/sample");
    assert_eq!(origins(&document), ["signed", "signed"]);
    let held = &document["files"][0]["attestations"][0];
    assert_eq!(
        (held["type"].as_str(), held["path"].as_str()),
        (Some("publish"), Some(&*format!("{WHEEL}.publish.attestation")))
    );
    assert_eq!(held["signed_by"]["repository"], "https://github.com/acme/sample");
    assert_eq!(project.json(&format!("{SDIST}.publish.attestation"))["version"], 1);

    // The shell writes all names out, those of the attestations too.
    let before = project.bytes(&format!("{WHEEL}.publish.attestation"));
    let all =
        [format!("{WHEEL}.publish.attestation"), format!("{SDIST}.publish.attestation"), "dist/SHA256SUMS".into()];
    let again = world.attest("release.yml").args(all).output().expect_success().json();
    assert_eq!(origins(&again), ["reused", "reused"]);
    assert_eq!((sigstore.entries(), project.bytes(&format!("{WHEEL}.publish.attestation"))), (2, before));

    let only = world.attest("release.yml").arg("--verify-only").output().expect_success().json();
    assert_eq!(origins(&only), ["reused", "reused"]);
    assert_eq!(only["sha256sums"], json!([]));
}

#[test]
fn sha256sum_reads_the_digests() {
    let world = world();
    let World { project, .. } = &world;
    let document = world.attest("release.yml").output().expect_success().json();
    assert_eq!(document["sha256sums"], json!(["dist/SHA256SUMS"]));
    let folder = project.join("dist").display().to_string();
    let check = Run::new("/bin/sh").args(["-c", "cd \"$0\" && sha256sum --check --strict SHA256SUMS"]).arg(folder);
    let said = check.output().expect_success().stdout;
    assert_eq!(said, "sample_package-1.0.0-py3-none-any.whl: OK\nsample_package-1.0.0.tar.gz: OK\n");
}

#[test]
fn what_proves_nothing_is_signed_again_or_told() {
    let world = world();
    let World { project, sigstore, .. } = &world;
    let only = || world.attest("release.yml").arg("--verify-only").output();
    let missing = only().expect_code(1).json();
    assert_eq!(missing["ok"], false);
    assert!(missing["files"][0]["problem"].as_str().unwrap().ends_with("there is none"), "{missing}");

    world.attest("release.yml").output().expect_success();
    // The wheel's stands beside the archive now, and the wheel's own is no document.
    project.write(&format!("{SDIST}.publish.attestation"), project.bytes(&format!("{WHEEL}.publish.attestation")));
    project.write(&format!("{WHEEL}.publish.attestation"), "{}");
    let wrong = only().expect_code(1).json();
    assert!(wrong["files"][0]["problem"].as_str().unwrap().contains("not an attestation object"), "{wrong}");
    assert!(wrong["files"][1]["problem"].as_str().unwrap().contains("not about"), "{wrong}");
    assert_eq!(sigstore.entries(), 2);
    let run = world.attest("release.yml").output().expect_success();
    assert_eq!(origins(&run.json()), ["signed_again", "signed_again"]);
    assert!(run.stderr.contains("signing again"), "{}", run.stderr);
    only().expect_success();
}

#[test]
fn another_workflow_is_not_the_one_that_is_expected() {
    let world = world();
    let World { project, .. } = &world;
    // The job says it is another workflow than its identity token does.
    let run = world.attest("test.yml").output().expect_code(1);
    assert!(
        run.stderr.contains("expected https://github.com/acme/sample/.github/workflows/test.yml"),
        "{}",
        run.stderr
    );
    assert!(!project.join(&format!("{WHEEL}.publish.attestation")).exists());
    world.attest("release.yml").output().expect_success();
    world.attest("test.yml").arg("--verify-only").output().expect_code(1);
}

#[test]
fn each_failure_has_its_exit_code_and_what_was_signed_stays() {
    let world = world();
    let World { sigstore, .. } = &world;
    sigstore.fail_next(Part::Fulcio, [Fault::Echo(403)]);
    let run = world.attest("release.yml").arg("-vv").env("RUST_LOG", "trace").output().expect_code(5);
    assert!(run.stderr.contains("refused with status 403") && run.stderr.contains("hint:"), "{}", run.stderr);
    // The runner is told what to mask, and only that line holds it.
    let shown: Vec<&str> = run.stderr.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    for secret in ["eyJ", BEARER] {
        assert!(shown.iter().all(|line| !line.contains(secret)) && !run.stdout.contains(secret), "{shown:#?}");
    }
    let absent = world.attest("release.yml").env("ACTIONS_ID_TOKEN_REQUEST_URL", "").output();
    let absent = absent.expect_code(2);
    assert!(absent.stderr.contains("id-token: write"), "{}", absent.stderr);
    sigstore.fail_next(Part::Rekor, [Fault::Nonsense]);
    world.attest("release.yml").output().expect_code(4);
    let document = world.attest("release.yml").output().expect_success().json();
    assert!(origins(&document).iter().all(|origin| ["signed", "reused"].contains(origin)), "{document}");
}

#[test]
fn a_sigstore_of_ones_own_is_named_whole() {
    let world = world();
    let World { project, .. } = &world;
    let with = |table: &str| {
        let head = "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n[tool.relwarden.publish.attestations]\n";
        project.write("pyproject.toml", format!("{head}{table}"));
        world.attest("release.yml").arg("--verify-only").output()
    };
    let half = with("fulcio = \"https://fulcio.example\"\n").expect_code(2);
    assert!(half.stderr.contains("all of fulcio, rekor and trusted_root"), "{}", half.stderr);
    with("trusted_root = \"no.json\"\n").expect_code(2);
    with("trusted_root = \"pyproject.toml\"\n").expect_code(3);
    with("repository = \"demo\"\nworkflow = \"release.yml\"\n").expect_code(2);
    let plain = "fulcio = \"http://f.example\"\nrekor = \"https://r.example\"\ntrusted_root = \"trusted_root.json\"\n";
    with(plain).expect_code(2);
}

/// What `verify` says of the attestations of each file.
fn states(document: &serde_json::Value) -> Vec<(&str, Option<bool>)> {
    let attestations = document["files"].as_array().into_iter().flatten().map(|file| &file["attestations"]);
    attestations.map(|found| (found["state"].as_str().unwrap_or("null"), found["ours"].as_bool())).collect()
}

#[test]
fn with_a_token_the_attestations_stay_beside_the_files() {
    let (world, index) = (world(), Index::start());
    let World { project, sigstore, .. } = &world;
    let dry = world.publish(&index, "env").arg("--dry-run").output().expect_success();
    assert!(dry.stderr.contains("a publish would sign it"), "{}", dry.stderr);
    assert_eq!((sigstore.entries(), index.count("POST")), (0, 0));
    assert!(!project.join("dist/SHA256SUMS").exists());

    let run = world.publish(&index, "env").output().expect_success();
    assert!(run.stderr.contains("with trusted publishing only"), "{}", run.stderr);
    let document = run.json();
    assert_eq!(document["attestations"]["uploaded_with_files"], false);
    assert_eq!(origins(&document["attestations"]), ["signed", "signed"]);
    assert_eq!(document["sha256sums"], json!(["dist/SHA256SUMS"]));
    assert!(index.uploads().iter().all(|upload| upload.field("attestations").is_empty()));
    let receipt = project.json("receipt.json");
    assert_eq!(receipt["attestations"], document["attestations"]);
    assert_eq!(receipt["verified"], true);

    let again = world.publish(&index, "env").output().expect_success().json();
    assert_eq!(origins(&again["attestations"]), ["reused", "reused"]);
}

#[test]
fn nothing_is_sent_where_nothing_can_be_signed() {
    let (world, index) = (world(), Index::start());
    let World { sigstore, .. } = &world;
    sigstore.fail_next(Part::Fulcio, [Fault::Status(403)]);
    let run = world.publish(&index, "env").output().expect_code(5);
    assert_eq!(run.json()["failure"]["stage"], "attest");
    assert_eq!(index.count("POST"), 0);
    // Where the index has other bytes, nothing goes into the public log.
    index.put("sample-package", "sample_package-1.0.0.tar.gz", b"other");
    let asked = sigstore.asked(Part::Fulcio);
    world.publish(&index, "env").output().expect_code(1);
    assert_eq!(sigstore.asked(Part::Fulcio), asked);
}

#[test]
fn what_the_index_has_is_proven_and_told() {
    let (world, index) = (world(), Index::start());
    let World { project, .. } = &world;
    for file in [WHEEL, SDIST] {
        index.put("sample-package", &file[5..], &project.bytes(file));
    }
    let none = world.verify(&index).output().expect_success().json();
    assert_eq!((none["verified"].as_bool(), states(&none)), (Some(true), vec![("none", None), ("none", None)]));
    let required = world.verify(&index).arg("--require-attestations").output().expect_code(1);
    assert!(required.stderr.contains("no attestations of a file"), "{}", required.stderr);
    assert_eq!(required.json()["verified"], false);

    world.attest("release.yml").output().expect_success();
    for file in [WHEEL, SDIST] {
        index.set_attestations(&file[5..], &format!("[{}]", project.text(&format!("{file}.publish.attestation"))));
    }
    let run = world.verify(&index).arg("--require-attestations").output().expect_success();
    assert_eq!(states(&run.json()), [("attested", Some(true)), ("attested", Some(true))]);
    let found = &run.json()["files"][0]["attestations"];
    assert_eq!(found["publishers"], json!(["GitHub, acme/sample, release.yml"]));
    assert_eq!(found["signed_by"][0]["repository"], "https://github.com/acme/sample");

    // From anywhere: without the attestations beside the files.
    for file in [WHEEL, SDIST] {
        std::fs::remove_file(project.join(&format!("{file}.publish.attestation"))).unwrap();
    }
    let anywhere = world.verify(&index).arg("--require-attestations").output().expect_success().json();
    assert_eq!(states(&anywhere), [("attested", None), ("attested", None)]);
}

#[test]
fn a_publisher_that_did_not_sign_is_a_no_however_it_is_written() {
    let (world, index) = (world(), Index::start());
    world.attest("release.yml").output().expect_success();
    for file in [WHEEL, SDIST] {
        index.put("sample-package", &file[5..], &world.project.bytes(file));
        index
            .set_attestations(&file[5..], &format!("[{}]", world.project.text(&format!("{file}.publish.attestation"))));
    }
    for publisher in [
        json!({ "kind": "GitHub", "repository": "evil/x", "workflow": "release.yml" }),
        json!({ "kind": "GitHub", "repository": "evil/x", "workflow": "release.yml " }),
        json!({ "kind": "github", "repository": "evil/x", "workflow": "release.yml" }),
        json!({ "kind": "GitLab", "repository": "gitlab/other" }),
        json!({}),
    ] {
        index.set_publisher(publisher.clone());
        let run = world.verify(&index).output().expect_code(1);
        assert_eq!(states(&run.json())[0].0, "invalid", "{publisher}");
        assert!(run.stderr.contains("acme/sample"), "{publisher}: {}", run.stderr);
    }
    index.set_publisher(json!({ "kind": "GitHub", "repository": "acme/sample", "workflow": "release.yml" }));
    let run = binary!("publish-pypi").run().project(world.project.path());
    let run = run.args(["verify", "--wait", "0", "--index", &index.url(), "dist"]).output().expect_success();
    assert!(run.stdout.contains("signed by https://github.com/acme/sample/"), "{}{}", run.stdout, run.stderr);
}

#[test]
fn what_proves_nothing_on_the_index_is_a_no() {
    let (world, index) = (world(), Index::start());
    let World { project, sigstore, .. } = &world;
    for file in [WHEEL, SDIST] {
        index.put("sample-package", &file[5..], &project.bytes(file));
    }
    let name = &WHEEL[5..];
    world.attest("release.yml").output().expect_success();
    let state = |attestations: &str| {
        index.set_attestations(name, attestations);
        let run = world.verify(&index).output().expect_code(1);
        assert!(run.stderr.contains("prove nothing") && run.stderr.contains("hint:"), "{}", run.stderr);
        states(&run.json())[0].0.to_owned()
    };
    // Of the other file, of another workflow, another one of ours, and no attestation.
    let of_the_archive = project.text(&format!("{SDIST}.publish.attestation"));
    assert_eq!(state(&format!("[{of_the_archive}]")), "invalid");
    let digest = project.text("dist/SHA256SUMS")[..64].to_owned();
    let statement = test_support::sigstore::publish_statement(name, &digest);
    let by = |file: &str| format!("[{}]", sigstore.attest(&Workflow::new("acme/sample", file), &statement));
    assert_eq!(state(&by("test.yml")), "invalid");
    assert_eq!(state(&by("release.yml")), "invalid");
    assert_eq!(state("[{}]"), "invalid");
    std::fs::remove_file(project.join(&format!("{WHEEL}.publish.attestation"))).unwrap();
    index.set_attestations(name, &by("release.yml"));
    world.verify(&index).output().expect_success();
}

#[test]
fn with_trusted_publishing_the_attestations_go_with_the_files_and_come_back_proven() {
    let (world, index) = (world(), Index::start_with(Settings { strict: true, ..Settings::default() }));
    // The build job signs, the publish job of the same workflow uploads.
    world.attest("release.yml").output().expect_success();
    let run = world.publish(&index, "trusted").env("PYPI_TOKEN", "").output().expect_success();
    let document = run.json();
    assert_eq!(document["verified"], true);
    assert_eq!(document["attestations"]["uploaded_with_files"], true);
    assert_eq!(origins(&document["attestations"]), ["reused", "reused"]);
    assert_eq!(run.stderr.matches(": attested, published by ").count(), 2, "{}", run.stderr);
    for upload in index.uploads() {
        let sent: serde_json::Value = serde_json::from_str(upload.field("attestations")[0]).unwrap();
        let path = format!("dist/{}.publish.attestation", upload.file_name);
        assert_eq!(sent, json!([world.project.json(&path)]));
    }
    let found = world.verify(&index).arg("--require-attestations").output().expect_success().json();
    assert_eq!(states(&found), [("attested", Some(true)), ("attested", Some(true))]);
    for secret in world.github.tokens() {
        let shown = run.stderr.lines().filter(|line| !line.starts_with("::add-mask::"));
        assert!(shown.chain(run.stdout.lines()).all(|line| !line.contains(&secret)));
    }
}
