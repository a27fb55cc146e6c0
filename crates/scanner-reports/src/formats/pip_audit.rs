//! pip-audit's JSON (`-f json`), of today and of the versions up to 2.0 (a bare list).
//!
//! It exits 0 when it could not look anything up: every such dependency has a `skip_reason` and no version. It has no severities.

use findings_model::{AdvisoryId, Gap, Package, PackageName, Rating, ReportFormat};
use serde::Deserialize;

use crate::{
    clean,
    draft::Draft,
    observe::{self, VulnerabilityParts},
    outline::{Claim, Outline},
    source::Source,
    wire::{Kind, List, Record, Text, Texts},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    dependencies: List<Record<Dependency<'a>>>,
}

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

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let current = outline.first_has("dependencies", &["vulns", "skip_reason"]);
    let legacy = outline.element_has(&["name", "vulns"]) || outline.element_has(&["name", "skip_reason"]);
    // CycloneDX and lock files have dependencies too, npm's as an object.
    let list = matches!(outline.kind("dependencies"), Some(Kind::Array | Kind::Null));
    Claim::sure_if(current || legacy).or_maybe_if(list || outline.has_only(&["dependencies", "fixes"]))
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let (key, dependencies) = if text.trim_start().starts_with('[') {
        ("list", serde_json::from_str(text)?)
    } else {
        ("dependencies", serde_json::from_str::<Document<'_>>(text)?.dependencies)
    };
    let dependencies = match dependencies.required("dependencies") {
        Ok(dependencies) => dependencies,
        Err(reason) => return Ok(vec![Draft::failed(ReportFormat::PipAudit, reason)]),
    };
    let mut draft = Draft::new(ReportFormat::PipAudit);
    draft.blank = dependencies.is_empty();
    let (mut audited, mut skipped) = (0_usize, 0_usize);
    for (index, record) in dependencies.iter().enumerate() {
        let Some(dependency) = draft.open(record, key, index) else {
            continue;
        };
        let name = match PackageName::parse(dependency.name.or_empty()) {
            Ok(name) => name,
            Err(error) => {
                draft.bad_record(format_args!("{key}[{index}]"), error);
                continue;
            }
        };
        let package = Package::pypi(&name);
        if let Some(reason) = dependency.skip_reason.get() {
            skipped += 1;
            if source.own_project != Some(&name) {
                draft.gap(Gap::Package(package), format!("{name} was skipped: {}", clean::words(reason)));
            }
            continue;
        }
        let vulns = match &dependency.vulns {
            List::Items(vulns) => vulns,
            List::Absent | List::Wrong(_) => {
                draft.bad_record_in(
                    Gap::Package(package),
                    format_args!("{key}[{index}] ({name})"),
                    "it has no list of `vulns`",
                );
                continue;
            }
        };
        audited += 1;
        draft.looked_at.packages.insert(package.clone(), dependency.version.get().and_then(clean::version));
        for (at, vuln) in vulns.iter().enumerate() {
            match vuln {
                Record::Good(vuln) => take(&mut draft, &package, dependency, vuln, at),
                Record::Bad(kind) => draft.bad_record_in(
                    Gap::Package(package.clone()),
                    format_args!("{name}'s vulns[{at}]"),
                    format_args!("it is {}, not an object", kind.words()),
                ),
            }
        }
    }
    if audited == 0 && skipped > 0 {
        draft.fail(format!("all {skipped} dependencies were skipped: nothing was audited"));
    } else if audited == 0 && !dependencies.is_empty() {
        draft.fail(format!("none of its {} dependencies can be read", dependencies.len()));
    }
    Ok(vec![draft])
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
