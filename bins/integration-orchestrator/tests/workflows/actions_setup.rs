//! How the programs get onto a runner.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use test_support::{Outcome, PROGRAMS, Run, Scratch, fixtures::workspace};

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/bash\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// An archive of programs that only say their version, and the digest of it.
fn archive(scratch: &Scratch, at: &str) -> String {
    for program in PROGRAMS {
        script(&scratch.join("programs").join(program), &format!("echo {program} 1.2.3"));
    }
    let target = scratch.join(at);
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    Run::new("tar")
        .args(["--create", "--gzip", "--file"])
        .arg(&target)
        .arg("--directory")
        .arg(scratch.join("programs"))
        .args(PROGRAMS)
        .output()
        .expect_success();
    let sum = Run::new("sha256sum").arg(&target).output().expect_success().stdout;
    sum.split_whitespace().next().unwrap().to_owned()
}

fn setup(scratch: &Scratch, env: &[(&str, &str)]) -> Outcome {
    let action = workspace().join(".github/actions/setup");
    for name in ["path", "output"] {
        scratch.write(name, "");
    }
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", scratch.join("stubs").display());
    let target = scratch.join("target");
    let mut run = Run::new("bash")
        .arg(action.join("programs.sh"))
        .env("PATH", path)
        .env("RUNNER_TEMP", scratch.join("temp"))
        .env("GITHUB_ACTION_PATH", &action)
        .env("GITHUB_PATH", scratch.join("path"))
        .env("GITHUB_OUTPUT", scratch.join("output"))
        .env("REPOSITORY", "octo/relwarden")
        .env("CARGO_TARGET_DIR", target);
    fs::create_dir_all(scratch.join("temp")).unwrap();
    for (name, value) in env {
        run = run.env(name, value);
    }
    run.output()
}

#[test]
fn from_a_folder_of_the_runner() {
    let scratch = Scratch::empty();
    archive(&scratch, "unused.tar.gz");
    let folder = scratch.join("programs");
    setup(&scratch, &[("BIN_DIR", &folder.to_string_lossy())]).expect_success();
    assert_eq!(scratch.text("path").trim(), folder.to_string_lossy());
    assert!(scratch.text("output").contains("version=1.2.3\n"));
    fs::remove_file(folder.join("update-status")).unwrap();
    let refused = setup(&scratch, &[("BIN_DIR", &folder.to_string_lossy())]).expect_code(2);
    assert!(refused.stdout.contains("update-status is not in"), "{}", refused.stdout);
}

#[test]
fn from_an_artifact_with_its_digest_only() {
    let scratch = Scratch::empty();
    let digest = archive(&scratch, "temp/relwarden-download/relwarden-programs.tar.gz");
    setup(&scratch, &[("ARTIFACT", "relwarden-programs"), ("SHA256", &digest)]).expect_success();
    assert!(scratch.text("path").contains("relwarden-bin"));
    for wrong in ["", "0000", &"0".repeat(64)] {
        let outcome = setup(&scratch, &[("ARTIFACT", "relwarden-programs"), ("SHA256", wrong)]);
        assert!(matches!(outcome.code, Some(2 | 5)), "{wrong:?}: {outcome:?}");
    }
}

/// A `gh` that gives the release's files out, and judges attestations as it is told.
fn release(scratch: &Scratch, sums: &str, attested: bool) {
    scratch.write("release/SHA256SUMS", sums);
    let folder = scratch.join("release").display().to_string();
    let verdict = if attested { "exit 0" } else { "echo 'no attestation' >&2; exit 1" };
    let text = format!(
        r#"case "$1 $2" in
  "release download") while [ $# -gt 0 ]; do if [ "$1" = --dir ]; then into="$2"; fi; shift; done; cp "{folder}"/* "$into/" ;;
  "attestation verify") {verdict} ;;
esac"#
    );
    script(&scratch.join("stubs/gh"), &text);
}

#[test]
fn from_a_release_that_is_verified_twice() {
    let scratch = Scratch::empty();
    let machine = Run::new("uname").arg("-m").output().expect_success().stdout.trim().to_owned();
    let name = format!("relwarden-{machine}-unknown-linux-gnu.tar.gz");
    let digest = archive(&scratch, &format!("release/{name}"));
    let version = [("VERSION", "1.2.3")];

    release(&scratch, &format!("{digest}  {name}\n"), true);
    setup(&scratch, &version).expect_success();
    setup(&scratch, &[("VERSION", "1.2.3"), ("SHA256", &digest)]).expect_success();
    setup(&scratch, &[("VERSION", "1.2.3"), ("SHA256", &"1".repeat(64))]).expect_code(5);

    release(&scratch, &format!("{digest}  {name}\n"), false);
    assert_ne!(setup(&scratch, &version).code, Some(0), "no attestation");
    release(&scratch, &format!("{}  {name}\n", "1".repeat(64)), true);
    setup(&scratch, &version).expect_code(5);
    release(&scratch, "", true);
    setup(&scratch, &version).expect_code(2);

    for hostile in ["1.2.3; touch x", "../1", "latest", "$(id)"] {
        setup(&scratch, &[("VERSION", hostile)]).expect_code(2);
    }
}

/// A `cargo` that notes what it is asked for and lays the programs where they would be built.
#[test]
fn from_source_with_the_small_programs_each_by_itself() {
    let scratch = Scratch::empty();
    archive(&scratch, "unused.tar.gz");
    let (log, programs, target) = (scratch.join("log"), scratch.join("programs"), scratch.join("target"));
    let text = format!(
        r#"echo "$*" >> "{}"
mkdir -p "{target}/release" "{target}/small"
while [ $# -gt 0 ]; do
  case "$1" in --release) into=release ;; --profile) into="$2" ;; --package) cp "{}/$2" "{target}/$into" ;; esac
  shift
done"#,
        log.display(),
        programs.display(),
        target = target.display(),
    );
    script(&scratch.join("stubs/cargo"), &text);
    setup(&scratch, &[]).expect_success();
    let asked = scratch.text("log");
    let of =
        |program: &str| asked.lines().filter(|line| line.contains(&format!("--package {program}"))).collect::<Vec<_>>();
    for program in PROGRAMS {
        assert!(scratch.join("target/programs").join(program).is_file(), "{program}");
        assert_eq!(of(program).len(), 1, "{asked}");
    }
    for program in ["detect-changes", "decide-release"] {
        let line = of(program)[0];
        assert!(line.starts_with("rustc --profile small --locked") && line.matches("--package").count() == 1, "{line}");
    }
}
