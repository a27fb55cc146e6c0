//! Rules about the text of files.

use std::path::Path;

use anyhow::Result;

use super::Files;

/// Lines that a file may have without a reason.
const LONGEST: usize = 600;

/// The same for files of tests, most of whose lines are cases.
const LONGEST_TESTS: usize = 1000;

/// Longer files, each with its reason.
const LONG_FILES: [(&str, &str); 0] = [];

/// What never belongs into a file, and why. Written in two parts so that this file does not hold it.
const FORBIDDEN: [(&str, &str, &str); 5] = [
    ("/ro", "ot/.", "a path of one machine"),
    ("/Us", "ers/", "a path of one machine"),
    ("/ho", "me/", "a path of one machine"),
    ("TO", "DO", "unfinished work is an issue, not a comment"),
    ("FIX", "ME", "unfinished work is an issue, not a comment"),
];

/// Files that speak of what is forbidden, and a published schema that is kept as it is.
const EXEMPT: [&str; 3] = ["Cargo.lock", "fixtures/record/record.py", "fixtures/schemas/bom-1.6.schema.json"];

pub(super) fn problems(files: &Files) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in &files.paths {
        let bytes = std::fs::read(files.root.join(path))?;
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        problems.extend(text_problems(path, &text).into_iter().map(|problem| format!("{}{problem}", path.display())));
    }
    for (path, _) in LONG_FILES {
        if !files.paths.iter().any(|found| found == Path::new(path)) {
            problems.push(format!("{path}: listed as a long file, and does not exist"));
        }
    }
    Ok(problems)
}

fn text_problems(path: &Path, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let lines = text.lines().count();
    let listed = LONG_FILES.iter().any(|(known, _)| path == Path::new(known));
    let code = path.extension().is_some_and(|end| ["rs", "py", "mjs"].iter().any(|code| end == *code));
    let tests = path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests");
    let longest = if tests { LONGEST_TESTS } else { LONGEST };
    if code && lines > longest && !listed {
        problems.push(format!(": {lines} lines; split it, or list it with a reason (xtask/src/tidy/sources.rs)"));
    }
    if EXEMPT.iter().any(|exempt| path == Path::new(exempt)) {
        return problems;
    }
    for (number, line) in text.lines().enumerate() {
        for (start, end, why) in FORBIDDEN {
            if holds(line, &format!("{start}{end}")) {
                problems.push(format!(":{}: `{start}{end}`: {why}", number + 1));
            }
        }
    }
    problems
}

/// Whether `line` holds `word` at the beginning of a word (the same letters later in an address are no path of a
/// machine), and not as the folder where GitHub's runners keep every checkout.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let inside = line[..at].ends_with(|sign: char| sign.is_alphanumeric() || sign == '}');
        !inside && !line[at..].starts_with(concat!("/ho", "me/runner/"))
    })
}

#[cfg(test)]
mod tests {
    use super::text_problems;
    use std::path::Path;

    #[test]
    fn a_path_of_one_machine_is_named_with_its_line() {
        let text = format!("first\nsee {}someone/x\n", concat!("/ho", "me/"));
        let problems = text_problems(Path::new("docs/x.md"), &text);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with(":2: "), "{problems:?}");
        let address = format!("https://example.org{}page\n", concat!("/ho", "me/"));
        assert!(text_problems(Path::new("docs/x.md"), &address).is_empty());
        let runner = format!("{}runner/work/x\n", concat!("/ho", "me/"));
        assert!(text_problems(Path::new("docs/x.md"), &runner).is_empty());
    }

    #[test]
    fn a_long_file_of_code_needs_a_reason() {
        let text = "//\n".repeat(601);
        assert_eq!(text_problems(Path::new("crates/x/src/lib.rs"), &text).len(), 1);
        assert!(text_problems(Path::new("docs/long.md"), &text).is_empty());
        assert!(text_problems(Path::new("crates/x/src/tests.rs"), &text).is_empty());
    }
}
