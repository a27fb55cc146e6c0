//! Links between our own documents lead somewhere.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use super::Files;

pub(super) fn problems(files: &Files) -> Result<Vec<String>> {
    let mut texts = BTreeMap::new();
    for path in files.ending(".md") {
        texts.insert(path.to_path_buf(), prose(&files.text(path)?));
    }
    let mut problems = Vec::new();
    for (path, text) in &texts {
        // A link in a recording is the recording's.
        if path.starts_with("fixtures/sample-project") {
            continue;
        }
        for (line, target) in links(text) {
            if let Some(why) = broken(path, target, &texts, &|found| files.root.join(found).exists()) {
                problems.push(format!("{}:{line}: {target}: {why}", path.display()));
            }
        }
    }
    Ok(problems)
}

/// The text with the lines of fenced blocks emptied, so that line numbers stay.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut prose = String::with_capacity(text.len());
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        if !fenced && !fence {
            prose.push_str(line);
        }
        fenced ^= fence;
        prose.push('\n');
    }
    prose
}

/// The targets of inline links, each with its line's number.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        line.match_indices("](").filter_map(move |(at, mark)| {
            let rest = &line[at + mark.len()..];
            let end = rest.find([')', ' '])?;
            Some((index + 1, &rest[..end]))
        })
    })
}

fn broken(
    from: &Path,
    target: &str,
    texts: &BTreeMap<PathBuf, String>,
    exists: &dyn Fn(&Path) -> bool,
) -> Option<&'static str> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, fragment) = target.split_once('#').map_or((target, None), |(file, fragment)| (file, Some(fragment)));
    let path = if file.is_empty() {
        from.to_path_buf()
    } else {
        match normalised(&from.parent().unwrap_or(Path::new("")).join(file)) {
            Some(path) => path,
            None => return Some("leads out of the repository"),
        }
    };
    if !exists(&path) {
        return Some("there is no such file");
    }
    let (text, fragment) = (texts.get(&path)?, fragment?);
    (!headings(text).any(|heading| heading == fragment)).then_some("there is no such heading")
}

fn normalised(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

/// The anchors that GitHub gives the headings (the first of equal ones).
fn headings(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'));
        kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{broken, links, prose};
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    fn check(target: &str) -> Option<&'static str> {
        let from = PathBuf::from("docs/guide.md");
        let texts = BTreeMap::from([
            (from.clone(), "# Guide\n## Exit codes, in full\n".to_owned()),
            (PathBuf::from("README.md"), "# Relwarden\n".to_owned()),
        ]);
        broken(&from, target, &texts, &|path| texts.contains_key(path) || path == Path::new("docs"))
    }

    #[test]
    fn good_links_are_silent() {
        for target in ["https://example.org/x", "#exit-codes-in-full", "../README.md#relwarden", "guide.md", "../docs"]
        {
            assert_eq!(check(target), None, "{target}");
        }
    }

    #[test]
    fn broken_links_are_named() {
        for target in ["nothing.md", "../../etc/passwd", "#exit-code", "../README.md#guide", "/README.md"] {
            assert!(check(target).is_some(), "{target}");
        }
    }

    #[test]
    fn links_in_code_are_no_links() {
        let text = prose("a [b](c.md) [d](e.md \"t\")\n```\n[x](y.md)\n```\n[f](g.md)\n");
        assert_eq!(links(&text).collect::<Vec<_>>(), [(1, "c.md"), (1, "e.md"), (5, "g.md")]);
    }
}
