//! The file's name and size.

use super::{Rule, problem_if};
use crate::{FileName, FileNameError, Level, Target, inspect::Facts};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "file-name",
        level: Level::Error,
        says: "the name is that of a wheel (PEP 427) or a source archive (PEP 625)",
        hint: "do not rename what the build wrote; build again with `python -m build`",
        check: name,
    },
    Rule {
        code: "file-name-length",
        level: Level::Error,
        says: "the name has at most 246 bytes, so that the index can add `.metadata`",
        hint: "shorten the project's name or the build tag",
        check: length,
    },
    Rule {
        code: "file-name-metadata",
        level: Level::Error,
        says: "project and version in the name are those of the metadata",
        hint: "do not rename what the build wrote; build again with `python -m build`",
        check: agrees,
    },
    Rule {
        code: "file-name-normal",
        level: Level::Error,
        says: "the name is in normal form: lower case, `_` for `-` and `.`, version as PEP 440 writes it",
        hint: "build again with a current version of the build backend",
        check: normal,
    },
    Rule {
        code: "file-name-platform",
        level: Level::Error,
        says: "a wheel for Linux says which C library it needs (manylinux, musllinux)",
        hint: "run `auditwheel repair` on the wheel and publish what it writes",
        check: platform,
    },
    Rule {
        code: "file-size",
        level: Level::Error,
        says: "the file is not empty and not larger than the limit (PyPI: 100 MiB)",
        hint: "leave data out of the package, or ask the index for a higher limit and set `limits.file_bytes`",
        check: size,
    },
];

fn name(facts: &Facts<'_>) -> Vec<String> {
    facts.name.as_ref().err().map(FileNameError::to_string).into_iter().collect()
}

fn length(facts: &Facts<'_>) -> Vec<String> {
    problem_if(facts.file_name.len() > 246, || format!("the name has {} bytes", facts.file_name.len()))
}

fn agrees(facts: &Facts<'_>) -> Vec<String> {
    let mut messages = Vec::new();
    let Ok(name) = &facts.name else {
        return messages;
    };
    if let Some(project) = facts.project()
        && findings_model::PackageName::parse(name.name()).ok().as_ref() != Some(&project)
    {
        messages.push(format!("the name says {}, the metadata {project}", name.name()));
    }
    if let Some(version) = facts.version()
        && *name.version() != version
    {
        messages.push(format!("the name says version {}, the metadata {version}", name.version()));
    }
    messages
}

fn normal(facts: &Facts<'_>) -> Vec<String> {
    let (Ok(name), Some(stem)) = (&facts.name, facts.normal_stem()) else {
        return Vec::new();
    };
    if !agrees(facts).is_empty() {
        return Vec::new();
    }
    match name {
        FileName::Sdist { .. } => {
            let expected = format!("{stem}.tar.gz");
            problem_if(facts.file_name != expected, || format!("it should be {expected}"))
        }
        FileName::Wheel { .. } => {
            // PyPI compares versions by value here, and only the project's part by its spelling.
            let project = stem.split('-').next().unwrap_or_default();
            problem_if(name.name() != project, || format!("it should begin with {project}, not {}", name.name()))
        }
    }
}

fn platform(facts: &Facts<'_>) -> Vec<String> {
    let (Ok(FileName::Wheel { tags, .. }), Target::PyPi) = (&facts.name, facts.options.target) else {
        return Vec::new();
    };
    let refused =
        |tag: &&str| tag.strip_prefix("linux_").is_some_and(|machine| !matches!(machine, "armv6l" | "armv7l"));
    tags.platform
        .split('.')
        .filter(refused)
        .map(|tag| format!("the platform tag {tag} does not say which C library the wheel needs"))
        .collect()
}

fn size(facts: &Facts<'_>) -> Vec<String> {
    let limit = facts.options.limits.file_bytes;
    if facts.size == 0 {
        return vec!["the file is empty".to_owned()];
    }
    problem_if(facts.size > limit, || {
        format!("the file has {} bytes, the limit is {limit}; its contents were not looked at", facts.size)
    })
}
