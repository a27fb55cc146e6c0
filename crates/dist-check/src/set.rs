use std::collections::{BTreeMap, BTreeSet};

use crate::{DistKind, Distribution, Problem, rules::set_problem};

/// What is wrong with files that are to be published together: they must be of one project and one version, with one
/// source archive at most, no name twice, and wheels and source archive must say the same.
///
/// Returns file name and problem, in the order of the files. Codes: `set-project`, `set-version`, `set-sdists`,
/// `set-file-twice`, each an error, and `set-metadata`, a warning.
pub fn check_set(distributions: &[&Distribution]) -> Vec<(String, Problem)> {
    let mut problems = Vec::new();
    let mut note = |dist: &Distribution, code, message| {
        problems.extend(set_problem(code, message).map(|problem| (dist.file_name().to_owned(), problem)));
    };
    let Some(first) = distributions.first() else {
        return problems;
    };
    let mut sdists: BTreeMap<String, &Distribution> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for dist in distributions {
        if dist.project() != first.project() {
            let message = format!("belongs to {}, but {} to {}", dist.project(), first.file_name(), first.project());
            note(dist, "set-project", message);
        } else if dist.version() != first.version() {
            let message = format!("is version {}, but {} is {}", dist.version(), first.file_name(), first.version());
            note(dist, "set-version", message);
        }
        if dist.kind() == DistKind::Sdist
            && let Some(other) = sdists.insert(release(dist), dist)
        {
            let message = format!("is a second source archive of this version beside {}", other.file_name());
            note(dist, "set-sdists", message);
        }
        if !names.insert(dist.file_name()) {
            note(dist, "set-file-twice", "is named twice".to_owned());
        }
    }
    for wheel in distributions.iter().filter(|dist| dist.kind() == DistKind::Wheel) {
        if let Some(sdist) = sdists.get(&release(wheel)) {
            for field in different_fields(sdist, wheel) {
                note(wheel, "set-metadata", format!("{field} differs from that of {}", sdist.file_name()));
            }
        }
    }
    problems
}

fn release(dist: &Distribution) -> String {
    format!("{} {}", dist.project(), dist.version())
}

/// The fields of a wheel that must be as in its source archive (PEP 643), and are not.
fn different_fields(sdist: &Distribution, wheel: &Distribution) -> Vec<&'static str> {
    const COMPARED: [&str; 9] = [
        "Requires-Python",
        "Requires-Dist",
        "Provides-Extra",
        "Summary",
        "License-Expression",
        "License-File",
        "Classifier",
        "Import-Name",
        "Import-Namespace",
    ];
    let (source, built) = (sdist.metadata(), wheel.metadata());
    if source.metadata_version().is_none_or(|version| version < (2, 2)) {
        // Older metadata promises nothing.
        return Vec::new();
    }
    let is_dynamic = |field: &str| source.all("Dynamic").any(|dynamic| dynamic.eq_ignore_ascii_case(field));
    let differs = |field: &&'static str| {
        let (mut left, mut right): (Vec<&str>, Vec<&str>) = (source.all(field).collect(), built.all(field).collect());
        left.sort_unstable();
        right.sort_unstable();
        left != right && !is_dynamic(field)
    };
    COMPARED.into_iter().filter(differs).collect()
}
