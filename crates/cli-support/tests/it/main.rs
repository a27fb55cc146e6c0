//! How a process ends, seen from outside.

use std::{path::Path, process::Command};

/// A program that ends in a bug. Cargo builds the examples of a package beside its tests.
#[expect(clippy::unwrap_used, reason = "a test fails where it cannot find its program")]
fn bug() -> Command {
    let test = std::env::current_exe().unwrap();
    let mut command = Command::new(test.parent().and_then(Path::parent).unwrap().join("examples/bug"));
    command.env_remove("PYPI_TOKEN");
    command
}

#[test]
fn a_bug_that_says_a_secret_is_told_without_it() {
    let token = "pypi-canary-0123456789-CANARY";
    for value in [token.to_owned(), format!("{token}\n{token}-2")] {
        let output = bug().env("PYPI_TOKEN", &value).env("RUST_BACKTRACE", "full").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(101), "{said}");
        assert!(said.contains("a token where none was expected: Some(\"***"), "{said}");
        assert!(!said.contains("CANARY") && output.stdout.is_empty(), "{said}");
    }
}

/// That it is so without unwinding, too, `cargo xtask bench decide` shows with a release build.
#[test]
fn a_bug_is_told_and_ends_with_101() {
    let output = bug().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(101), "{said}");
    assert!(said.contains("a folder that is not empty, where none was expected"), "{said}");
    assert!(output.stdout.is_empty());
}
