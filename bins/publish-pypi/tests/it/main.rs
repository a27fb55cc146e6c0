//! The binary as a workflow step calls it: against the index of test-support, and against a real pypiserver.

mod attest;
mod canary;
mod check;
mod credentials;
mod devpi;
mod faults;
mod inputs;
mod killed;
mod moto;
mod pypiserver;
mod real;
mod told;
mod twine;

use test_support::{Run, Scratch, binary, fixture_path};

/// The wheel and the source archive of the recorded sample project, version 1.0.0.
fn dist() -> [String; 2] {
    ["sample_package-1.0.0-py3-none-any.whl", "sample_package-1.0.0.tar.gz"].map(path)
}

fn path(file: &str) -> String {
    fixture_path("sample-project/dist").join(file).display().to_string()
}

/// The binary in a project with a name and nothing else.
fn publish_pypi(project: &Scratch) -> Run {
    project.write("pyproject.toml", "[project]\nname = \"sample-package\"\nversion = \"1.0.0\"\n");
    binary!("publish-pypi").run().project(project.path()).now("2026-01-05T03:00:00Z")
}
