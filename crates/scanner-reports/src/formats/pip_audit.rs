//! pip-audit's JSON (`-f json`), of today and of the versions up to 2.0 (a bare list).
//!
//! It exits 0 when it could not look anything up: every such dependency has a `skip_reason` and no version. It has no severities.

use std::fmt::Arguments;

use findings_model::{AdvisoryId, Gap, Package, PackageName, Rating, ReportFormat};
use serde::Deserialize;

use crate::{
    clean,
    draft::Draft,
    observe::{self, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    stream,
    wire::{Kind, List, Record, Text, Texts},
};

#[derive(Deserialize)]
struct Dependency<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    skip_reason: Text<'a>,
    #[serde(borrow, default)]
    vulns: List<Record<Vuln<'a>>>,
}

#[derive(Deserialize)]
struct Vuln<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    fix_versions: Texts<'a>,
    #[serde(borrow, default)]
    aliases: Texts<'a>,
    #[serde(borrow, default)]
    description: Text<'a>,
}

/// Reads a document into its wire types and drops it behind `done`: what the benchmark measures against.
#[cfg(feature = "bench")]
pub(super) fn deserialise(bytes: &[u8], done: &mut dyn FnMut()) -> Result<(), serde_json::Error> {
    #[derive(Deserialize)]
    struct Document<'a> {
        #[expect(dead_code, reason = "only made")]
        #[serde(borrow, default)]
        dependencies: List<Record<Dependency<'a>>>,
    }

    let _document: Document<'_> = serde_json::from_slice(bytes)?;
    done();
    Ok(())
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let current = outline.first_has("dependencies", &["vulns", "skip_reason"]);
    let legacy = outline.element_has(&["name", "vulns"]) || outline.element_has(&["name", "skip_reason"]);
    let empty = outline.is_empty_list("dependencies") && outline.has("fixes");
    // CycloneDX, lock files and OWASP's dependency-check have dependencies too, npm's as an object.
    let list = matches!(outline.kind("dependencies"), Some(Kind::Array | Kind::Null));
    let bare = outline.has_only(&["dependencies", "fixes"]);
    Claim::sure_if(current || legacy)
        .or_maybe_if(bare && (empty || outline.first_has("dependencies", &["name"])))
        .or_if_named(list || bare)
}

/// Whether a line is what pip-audit says of its result to people.
pub(super) fn is_summary(line: &str) -> bool {
    line.starts_with("No known vulnerabilities found")
        || (line.starts_with("Found ") && line.contains(" known vulnerabilit"))
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let key = if text.trim_start().starts_with('[') { "list" } else { "dependencies" };
    let mut draft = Draft::of_text(ReportFormat::PipAudit, text);
    let mut counts = Counts::default();
    let dependencies = stream::each(text, "dependencies", |index, record: Record<Dependency<'_>>| {
        if let Some(dependency) = draft.open(&record, key, index) {
            take_dependency(&mut draft, dependency, format_args!("{key}[{index}]"), &mut counts, source);
        }
    })?;
    let dependencies = match dependencies.required("dependencies") {
        Ok(dependencies) => dependencies,
        Err(reason) => return Ok(vec![Draft::failed(ReportFormat::PipAudit, reason)]),
    };
    draft.blank = dependencies == 0;
    draft.looked_at.lists_packages = dependencies > 0;
    let Counts { audited, skipped } = counts;
    if audited == 0 && skipped > 0 {
        draft.fail(format!("all {skipped} dependencies were skipped: nothing was audited"));
    } else if audited == 0 && dependencies > 0 {
        draft.fail(format!("none of its {dependencies} dependencies can be read"));
    }
    Ok(vec![draft])
}

/// How many dependencies were looked up, and how many not.
#[derive(Default)]
struct Counts {
    audited: usize,
    skipped: usize,
}

fn take_dependency(
    draft: &mut Draft,
    dependency: &Dependency<'_>,
    place: Arguments<'_>,
    counts: &mut Counts,
    source: &Source<'_>,
) {
    let name = match PackageName::parse(dependency.name.or_empty()) {
        Ok(name) => name,
        Err(error) => return draft.bad_record(place, error),
    };
    let package = Package::pypi(&name);
    if let Some(reason) = dependency.skip_reason.get() {
        counts.skipped += 1;
        if source.own_project != Some(&name) {
            draft.gap(Gap::Package(package.clone()), format!("{name} was skipped: {}", clean::words(reason)));
        }
        take_vulns(draft, &package, dependency, dependency.vulns.items());
        return;
    }
    let vulns = match &dependency.vulns {
        List::Items(vulns) => vulns,
        List::Absent | List::Wrong(_) => {
            let place = format_args!("{place} ({name})");
            return draft.bad_record_in(Gap::Package(package), place, "it has no list of `vulns`");
        }
    };
    counts.audited += 1;
    take_vulns(draft, &package, dependency, vulns);
    draft.looked_at_package(package, dependency.version.get().and_then(clean::version));
}

fn take_vulns(draft: &mut Draft, package: &Package, dependency: &Dependency<'_>, vulns: &[Record<Vuln<'_>>]) {
    for (at, vuln) in vulns.iter().enumerate() {
        match vuln {
            Record::Good(vuln) => take(draft, package, dependency, vuln, at),
            Record::Bad(kind) => draft.bad_record_in(
                Gap::Package(package.clone()),
                format_args!("{}'s vulns[{at}]", package.name()),
                format_args!("it is {}, not an object", kind.words()),
            ),
        }
    }
}

fn take(draft: &mut Draft, package: &Package, dependency: &Dependency<'_>, vuln: &Vuln<'_>, at: usize) {
    let id = match AdvisoryId::parse(vuln.id.or_empty()) {
        Ok(id) => id,
        Err(error) => {
            return draft.bad_record_in(
                Gap::Package(package.clone()),
                format_args!("{}'s vulns[{at}]", package.name()),
                error,
            );
        }
    };
    draft.vulnerability(observe::vulnerability(VulnerabilityParts {
        package: package.clone(),
        version: dependency.version.get(),
        id,
        aliases: observe::aliases(vuln.aliases.iter()),
        fix_versions: observe::versions(&vuln.fix_versions),
        rating: Rating::unknown(),
        description: vuln.description.get().filter(|d| *d != "N/A").unwrap_or_default(),
        url: None,
        clearance: None,
    }));
}
