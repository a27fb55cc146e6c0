//! How a process ends, seen from outside.

use std::{path::Path, process::Command};

/// That it is so without unwinding, too, `cargo xtask bench decide` shows with a release build.
#[test]
fn a_bug_is_told_and_ends_with_101() {
    // Cargo builds the examples of a package beside its tests.
    let test = std::env::current_exe().unwrap();
    let bug = test.parent().and_then(Path::parent).unwrap().join("examples/bug");
    let output = Command::new(bug).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(101), "{said}");
    assert!(said.contains("a folder that is not empty, where none was expected"), "{said}");
    assert!(output.stdout.is_empty());
}
