//! Who may depend on whom, held against `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, PackageId};

/// The rows of the house. A crate uses rows below its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    /// The shared nouns; no I/O, no clock.
    Words,
    Feature,
    /// The one crate that touches files, and the one that runs git.
    Edge,
    /// Plans a run and executes it.
    Flow,
    /// Asks services for what a run of the flow lacks; for binaries only.
    Remote,
    /// Arguments, configuration, exit codes; for binaries only.
    Glue,
    Bin,
    /// Helpers of tests and developers; no product crate links them.
    Dev,
}

/// The row of each crate. A binary under `bins/` needs no line.
const CRATES: [(&str, Layer); 24] = [
    ("findings-model", Layer::Words),
    ("retry", Layer::Words),
    ("web-address", Layer::Words),
    ("advisories", Layer::Feature),
    ("attestations", Layer::Feature),
    ("change-detect", Layer::Feature),
    ("credentials", Layer::Feature),
    ("dist-check", Layer::Feature),
    ("findings-export", Layer::Feature),
    ("findings-ledger", Layer::Feature),
    ("live-status", Layer::Feature),
    ("metrics", Layer::Feature),
    ("pypi-publish", Layer::Feature),
    ("release-decision", Layer::Feature),
    ("scanner-reports", Layer::Feature),
    ("setup-rules", Layer::Feature),
    ("git-command", Layer::Edge),
    ("state-store", Layer::Edge),
    ("orchestrate", Layer::Flow),
    ("advisory-sources", Layer::Remote),
    ("cli-support", Layer::Glue),
    ("fuzz", Layer::Dev),
    ("test-support", Layer::Dev),
    ("xtask", Layer::Dev),
];

/// Edges between siblings, each for a noun that the first must speak of.
const SIBLINGS: [(&str, &str); 4] = [
    ("attestations", "dist-check"),
    ("pypi-publish", "credentials"),
    ("pypi-publish", "dist-check"),
    ("release-decision", "change-detect"),
];

/// The crates that talk to a network, and so may link a runtime for it.
const NETWORK_CRATES: [&str; 4] = ["advisory-sources", "attestations", "credentials", "pypi-publish"];

/// What a crate that takes bytes and returns values has no use for.
const NETWORK: [&str; 4] = ["hyper", "reqwest", "sigstore-sign", "tokio"];

/// The binaries that decide; that they cannot reach a network is a promise.
const OFFLINE_BINARIES: [&str; 2] = ["decide-release", "detect-changes"];

/// Names (or beginnings of names) of packages with a network stack, TLS or an asynchronous runtime.
const STACKS: [&str; 35] = [
    "actix-",
    "async-executor",
    "async-global-executor",
    "async-io",
    "async-std",
    "attohttpc",
    "aws-",
    "boring",
    "curl",
    "embassy-",
    "futures-executor",
    "glommio",
    "h2",
    "h3",
    "hickory-",
    "hyper",
    "isahc",
    "mbedtls",
    "minreq",
    "mio",
    "monoio",
    "native-tls",
    "openssl",
    "quinn",
    "reqwest",
    "ring",
    "rustls",
    "s2n-",
    "schannel",
    "security-framework",
    "smol",
    "socket2",
    "surf",
    "tokio",
    "ureq",
];

/// One line of a dependency table.
struct Edge {
    from: String,
    to: String,
    /// The dependency is a member of this workspace.
    inside: bool,
    development: bool,
}

pub(super) fn problems(metadata: &Metadata) -> Result<Vec<String>> {
    let (layers, mut problems) = layers(metadata);
    problems.extend(edge_problems(&layers, &edges(metadata)));
    problems.extend(offline_problems(metadata)?);
    for package in &metadata.packages {
        if package.name.as_str() == "metrics" && package.source.is_some() {
            problems.push("Cargo.lock: the foreign crate `metrics` is banned; ours has that name".to_owned());
        }
    }
    Ok(problems)
}

fn layers(metadata: &Metadata) -> (BTreeMap<String, Layer>, Vec<String>) {
    let mut layers = BTreeMap::new();
    let mut problems = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.to_string();
        let known = CRATES.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer);
        let in_bins = package.manifest_path.as_str().contains("/bins/");
        match (known, in_bins) {
            (Some(layer), false) => drop(layers.insert(name, layer)),
            (None, true) => drop(layers.insert(name, Layer::Bin)),
            _ => problems.push(format!("{name}: not in the table of layers (xtask/src/tidy/layers.rs)")),
        }
    }
    (layers, problems)
}

fn edges(metadata: &Metadata) -> Vec<Edge> {
    let mut edges = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            edges.push(Edge {
                from: package.name.to_string(),
                to: dependency.name.clone(),
                inside: dependency.path.is_some(),
                development: dependency.kind == DependencyKind::Development,
            });
        }
    }
    edges
}

fn edge_problems(layers: &BTreeMap<String, Layer>, edges: &[Edge]) -> Vec<String> {
    let mut problems = Vec::new();
    for edge in edges {
        let Some(&from) = layers.get(&edge.from) else {
            continue;
        };
        let why = if edge.inside {
            layers.get(&edge.to).and_then(|&to| inside_problem(edge, from, to))
        } else {
            foreign_problem(edge, from)
        };
        if let Some(why) = why {
            problems.push(format!("{}: must not depend on {}: {why}", edge.from, edge.to));
        }
    }
    problems
}

fn inside_problem(edge: &Edge, from: Layer, to: Layer) -> Option<&'static str> {
    if edge.from == "test-support" {
        return Some("a test helper depends on no crate it helps to test");
    }
    if from == Layer::Dev {
        return None;
    }
    if to == Layer::Dev {
        return (!edge.development).then_some("it is for tests only");
    }
    if SIBLINGS.contains(&(&edge.from, &edge.to)) {
        return None;
    }
    if edge.development && from == Layer::Feature && to == Layer::Feature {
        return None;
    }
    match (from, to) {
        (Layer::Bin, Layer::Bin) => Some("binaries share code through the crates below them"),
        (Layer::Feature, Layer::Feature) => Some("a feature does not import its sibling"),
        (Layer::Edge, Layer::Feature) => Some("it deals in bytes, whatever is in them"),
        (_, Layer::Glue | Layer::Remote) if from != Layer::Bin => Some("it is for binaries only"),
        _ if to >= from => Some("it is not in a row below"),
        _ => None,
    }
}

fn foreign_problem(edge: &Edge, from: Layer) -> Option<&'static str> {
    let name = edge.to.as_str();
    if edge.development || from == Layer::Dev || from == Layer::Bin {
        return None;
    }
    if NETWORK.contains(&name) && !NETWORK_CRATES.contains(&edge.from.as_str()) {
        return Some("only the crates that publish, fetch credentials and ask advisory services use a network");
    }
    if matches!(name, "anyhow" | "clap") && from != Layer::Glue {
        return Some("libraries have typed errors and no command line");
    }
    None
}

/// Walks what the offline binaries link.
fn offline_problems(metadata: &Metadata) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for binary in OFFLINE_BINARIES {
        let linked = Linked::by(metadata, binary)?;
        problems.extend(linked.stacks.iter().map(|path| format!("{binary}: links a network stack: {path}")));
    }
    Ok(problems)
}

/// What a package links: its normal dependencies and theirs, on any platform, with every feature that anything in the workspace
/// asks for; a build of the package alone links a part of that.
struct Linked {
    packages: BTreeSet<String>,
    /// The ways to network stacks, as `binary -> package -> …`; none leads on from there.
    stacks: Vec<String>,
}

impl Linked {
    fn by(metadata: &Metadata, package: &str) -> Result<Self> {
        let resolve = metadata.resolve.as_ref().context("cargo metadata resolves no graph")?;
        let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
        let names: BTreeMap<&PackageId, &str> =
            metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
        let start = metadata.workspace_packages().into_iter().find(|known| known.name.as_str() == package);
        let start = &start.with_context(|| format!("the workspace has no {package}"))?.id;
        let mut linked = Self { packages: BTreeSet::new(), stacks: Vec::new() };
        let mut seen = BTreeSet::from([start]);
        let mut open = vec![(start, package.to_owned())];
        while let Some((id, path)) = open.pop() {
            let name = names.get(id).copied().with_context(|| format!("cargo metadata names no package {id}"))?;
            linked.packages.insert(name.to_owned());
            if STACKS.iter().any(|stack| is_of(name, stack)) {
                linked.stacks.push(path);
                continue;
            }
            let node = nodes.get(id).with_context(|| format!("the graph has no {name}"))?;
            for next in &node.deps {
                let is_linked = next.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
                if is_linked && seen.insert(&next.pkg) {
                    let name = names.get(&next.pkg).copied().unwrap_or_default();
                    open.push((&next.pkg, format!("{path} -> {name}")));
                }
            }
        }
        Ok(linked)
    }
}

fn is_of(name: &str, stack: &str) -> bool {
    let rest = name.strip_prefix(stack);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-') || stack.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use cargo_metadata::MetadataCommand;
    use test_support::fixtures::workspace;

    use super::{Edge, Layer, Linked, edge_problems, is_of};

    fn check(from: &str, to: &str, development: bool) -> Vec<String> {
        let mut layers: BTreeMap<String, Layer> =
            super::CRATES.iter().map(|(name, layer)| ((*name).to_owned(), *layer)).collect();
        layers.insert("update-findings".to_owned(), Layer::Bin);
        layers.insert("publish-pypi".to_owned(), Layer::Bin);
        let edge = Edge { from: from.to_owned(), to: to.to_owned(), inside: layers.contains_key(to), development };
        edge_problems(&layers, &[edge])
    }

    #[test]
    fn the_edges_of_the_house_are_allowed() {
        for (from, to) in [
            ("update-findings", "cli-support"),
            ("update-findings", "clap"),
            ("publish-pypi", "tokio"),
            ("orchestrate", "metrics"),
            ("orchestrate", "state-store"),
            ("release-decision", "change-detect"),
            ("pypi-publish", "reqwest"),
            ("attestations", "dist-check"),
            ("attestations", "sigstore-sign"),
            ("advisory-sources", "orchestrate"),
            ("advisory-sources", "reqwest"),
            ("update-findings", "advisory-sources"),
            ("cli-support", "anyhow"),
            ("xtask", "cli-support"),
        ] {
            assert_eq!(check(from, to, false), Vec::<String>::new(), "{from} {to}");
        }
        assert!(check("metrics", "test-support", true).is_empty());
    }

    #[test]
    fn edges_that_go_up_or_sideways_are_not() {
        for (from, to) in [
            ("findings-model", "metrics"),
            ("metrics", "live-status"),
            ("change-detect", "release-decision"),
            ("metrics", "state-store"),
            ("state-store", "metrics"),
            ("orchestrate", "cli-support"),
            ("update-findings", "publish-pypi"),
            ("metrics", "test-support"),
            ("metrics", "tokio"),
            ("metrics", "sigstore-sign"),
            ("attestations", "pypi-publish"),
            ("orchestrate", "reqwest"),
            ("orchestrate", "advisory-sources"),
            ("cli-support", "advisory-sources"),
            ("cli-support", "tokio"),
            ("dist-check", "anyhow"),
            ("state-store", "clap"),
            ("test-support", "findings-model"),
        ] {
            assert_eq!(check(from, to, false).len(), 1, "{from} {to}");
        }
        assert_eq!(check("test-support", "findings-model", true).len(), 1);
    }

    #[test]
    fn a_stack_is_known_with_its_relatives_only() {
        assert!(is_of("tokio", "tokio") && is_of("tokio-util", "tokio") && is_of("aws-config", "aws-"));
        assert!(!is_of("mionote", "mio") && !is_of("awsome", "aws-"));
        assert!(is_of("ring", "ring") && !is_of("smol_str", "smol") && is_of("openssl-sys", "openssl"));
    }

    /// The check of the binaries that decide would pass on anything if it did not walk the graph or knew no stack.
    #[test]
    fn a_stack_is_found_where_there_is_one() {
        let metadata = MetadataCommand::new().current_dir(workspace()).exec().unwrap();
        let publishing = Linked::by(&metadata, "publish-pypi").unwrap();
        assert!(publishing.stacks.iter().any(|path| path.ends_with("-> reqwest")), "{:?}", publishing.stacks);
        assert!(publishing.stacks.iter().any(|path| path.ends_with("-> tokio")), "{:?}", publishing.stacks);
        for binary in super::OFFLINE_BINARIES {
            let linked = Linked::by(&metadata, binary).unwrap();
            assert_eq!(linked.stacks, Vec::<String>::new());
            for package in ["cli-support", "clap_builder", "findings-model", "serde_json", "state-store"] {
                assert!(linked.packages.contains(package), "{binary} links {package}: {:?}", linked.packages);
            }
            assert!(!linked.packages.contains("proptest"), "{binary}: dependencies of tests are not linked");
        }
        assert!(Linked::by(&metadata, "no-such-binary").is_err());
    }
}
