use std::collections::{BTreeMap, BTreeSet};

use crate::{DistKind, Distribution, Level, Problem};

/// What is wrong with files that are to be published together: they must be of one project and one version, with one
/// source archive at most, and no name twice.
///
/// Returns file name and problem, in the order of the files. Codes: `set-project`, `set-version`, `set-sdists`,
/// `set-file-twice`, each an error.
pub fn check_set(distributions: &[&Distribution]) -> Vec<(String, Problem)> {
    let mut problems = Vec::new();
    let mut note = |dist: &Distribution, code, message, hint: &str| {
        let problem = Problem { code, level: Level::Error, message, hint: hint.to_owned() };
        problems.push((dist.file_name().to_owned(), problem));
    };
    let Some(first) = distributions.first() else {
        return problems;
    };
    let mut sdists: BTreeMap<String, &str> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for dist in distributions {
        if dist.project() != first.project() {
            let message = format!("belongs to {}, but {} to {}", dist.project(), first.file_name(), first.project());
            note(dist, "set-project", message, "publish one project at a time");
        } else if dist.version() != first.version() {
            let message = format!("is version {}, but {} is {}", dist.version(), first.file_name(), first.version());
            note(dist, "set-version", message, "empty the folder before building, then publish one version at a time");
        }
        if dist.kind() == DistKind::Sdist {
            let key = format!("{} {}", dist.project(), dist.version());
            if let Some(other) = sdists.insert(key, dist.file_name()) {
                let message = format!("is a second source archive of this version beside {other}");
                note(dist, "set-sdists", message, "an index takes one source archive a version; publish one of them");
            }
        }
        if !names.insert(dist.file_name()) {
            let message = "is named twice".to_owned();
            note(dist, "set-file-twice", message, "name each file once");
        }
    }
    problems
}
