//! What a report says that it looked at.

use crate::support::{scan_of, scans_of};

fn target(file: &str, report: &str) -> Option<String> {
    scan_of(file, report).coverage.looked_at.target.map(|target| target.as_str().to_owned())
}

#[test]
fn trivy_says_by_its_artifact_what_it_looked_at() {
    let of = |kind: &str, name: &str| {
        let kind = format!(r#""ArtifactType": "{kind}", "ArtifactName": "{name}""#);
        target("trivy.json", &format!(r#"{{"SchemaVersion": 2, {kind}, "Results": [{{"Target": "x"}}]}}"#))
    };
    assert_eq!(of("filesystem", "/github/workspace").as_deref(), Some("project"));
    assert_eq!(of("repository", "https://example.org/app").as_deref(), Some("project"));
    assert_eq!(of("container_image", "ghcr.io/org/app:1.2").as_deref(), Some("image ghcr.io/org/app"));
    assert_eq!(of("cyclonedx", "bom.json"), None, "a bill of materials may be of anything");
    let cluster = r#"{"ClusterName": "prod", "Resources": []}"#;
    assert_eq!(target("trivy.json", cluster).as_deref(), Some("cluster prod"));
}

#[test]
fn grype_says_by_its_source_what_it_looked_at() {
    let of = |source: &str| {
        target("grype.json", &format!(r#"{{"matches": [], "source": {source}, "descriptor": {{"name": "grype"}}}}"#))
    };
    assert_eq!(of(r#"{"type": "directory", "target": "."}"#).as_deref(), Some("project"));
    let image = r#"{"type": "image", "target": {"userInput": "registry:alpine:3.18"}}"#;
    assert_eq!(of(image).as_deref(), Some("image alpine"));
    assert_eq!(of(r#"{"type": "image", "target": "?"}"#).as_deref(), Some("image"));
    assert_eq!(of(r#"{"type": "purl", "target": "x"}"#), None);
    assert_eq!(of("null"), None);
}

#[test]
fn cyclonedx_says_by_its_own_component_what_it_is_about() {
    let of = |metadata: &str| {
        let head = r#""bomFormat": "CycloneDX", "specVersion": "1.6", "components": [], "vulnerabilities": []"#;
        target("x.cdx.json", &format!(r#"{{{head}, "metadata": {{{metadata}}}}}"#))
    };
    let component = |kind: &str, name: &str| {
        of(&format!(r#""component": {{"type": "{kind}", "name": "{name}", "version": "1.2"}}"#))
    };
    assert_eq!(component("container", "app:1.2").as_deref(), Some("image app"));
    assert_eq!(component("application", "Sample_Package").as_deref(), Some("project sample-package"));
    assert_eq!(component("application", "sample-package-1.2").as_deref(), Some("project sample-package"));
    assert_eq!(component("application", ".").as_deref(), Some("project"));
    assert_eq!(component("file", "/tmp/x").as_deref(), Some("project"));
    assert_eq!(of(""), None);
}

#[test]
fn osv_scanner_says_by_its_sources_what_it_looked_at() {
    let of = |source: &str| {
        target("osv-scanner.json", &format!(r#"{{"results": [{{"source": {source}, "packages": []}}]}}"#))
    };
    assert_eq!(of(r#"{"path": "/github/workspace/uv.lock", "type": "lockfile"}"#).as_deref(), Some("project"));
    assert_eq!(of(r#"{"path": "app:1", "type": "docker"}"#).as_deref(), Some("image app"));
    assert_eq!(of("null"), None);
    let image = r#"{"results": [{"packages": []}], "image_metadata": {"os": "Alpine"}}"#;
    assert_eq!(target("osv-scanner.json", image).as_deref(), Some("image"));
}

#[test]
fn a_sarif_run_says_its_category() {
    let run = |id: &str| {
        format!(
            r#"{{"tool": {{"driver": {{"name": "CodeQL"}}}}, "results": [], "automationDetails": {{"id": "{id}"}}}}"#
        )
    };
    let (python, actions) = (run("/language:python/"), run("/language:actions/2026-01-05"));
    let scans = scans_of("x.sarif", &format!(r#"{{"version": "2.1.0", "runs": [{python}, {actions}]}}"#));
    let targets: Vec<_> = scans.iter().filter_map(|scan| scan.coverage.looked_at.target.as_ref()).collect();
    let targets: Vec<&str> = targets.iter().map(|target| target.as_str()).collect();
    assert_eq!(targets, ["category /language:python", "category /language:actions"]);
    assert_eq!(target("x.sarif", &format!(r#"{{"version": "2.1.0", "runs": [{}]}}"#, run("2026-01-05"))), None);
}
