//! What the lines of the project's own files say, where a report does not tell it or did not look.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use findings_model::{CodeText, Scan, Subject};

use crate::project::Project;

/// Endings of files whose language writes texts between quotes: in others a secret stands bare in its line, and a digest of the
/// line could be guessed.
const QUOTING: [&str; 28] = [
    "c", "cc", "cjs", "cpp", "cs", "cxx", "go", "h", "hpp", "java", "js", "json", "jsx", "kt", "mjs", "php", "py",
    "pyi", "pyw", "pyx", "rb", "rs", "scala", "swift", "tf", "toml", "ts", "tsx",
];

/// Tells each record about code or a secret what its line says, from the project's own file, where the report does not.
///
/// Texts between quotes are left out of it, and of a line with a secret everything that may be one.
pub(crate) fn tell(project: &Project, scans: &mut [Scan]) {
    let mut open: Option<OpenFile> = None;
    for scan in scans {
        let scanner = &scan.scanner;
        for observation in &mut scan.observations {
            let (path, line, text, of): (_, _, _, fn(&str) -> Option<CodeText>) = match &mut observation.subject {
                Subject::Code(spot) => {
                    if !quotes_texts(&spot.path) || scanner_reports::is_about_secrets(scanner, &spot.rule) {
                        continue;
                    }
                    (&spot.path, spot.line, &mut spot.text, |line| CodeText::of(line, true))
                }
                Subject::Secret(spot) => (&spot.path, spot.line, &mut spot.text, CodeText::of_secret),
                Subject::Vulnerability(_) => continue,
            };
            let Some(line) = line.filter(|_| text.is_none()) else { continue };
            if open.as_ref().is_none_or(|file| file.path != *path) {
                open = Some(OpenFile::read(project, path));
            }
            *text = open.as_ref().and_then(|file| of(file.line(line)?));
        }
    }
}

fn quotes_texts(path: &str) -> bool {
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    ending.is_some_and(|(_, ending)| QUOTING.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// A file with its lines.
struct OpenFile {
    path: String,
    text: String,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl OpenFile {
    fn read(project: &Project, path: &str) -> Self {
        let text = project.source(path).unwrap_or_default();
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path: path.to_owned(), text, starts }
    }

    /// A line, counted from 1.
    fn line(&self, number: u32) -> Option<&str> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.text[*self.starts.get(at)?..].lines().next()
    }
}

/// What files of the project say, read when it is asked for.
pub(crate) struct SourceLines<F> {
    source: F,
    said: RefCell<HashMap<String, Option<HashSet<CodeText>>>>,
}

impl<F: Fn(&str) -> Option<String>> SourceLines<F> {
    /// Of the files whose text `source` gives by their path.
    pub(crate) fn of(source: F) -> Self {
        Self { source, said: RefCell::default() }
    }

    /// Whether a file still says what a finding is about, or may say it: yes where it cannot be read or is not there, and where it
    /// is not known what the finding's line says.
    pub(crate) fn still_say(&self, path: &str, subject: &Subject) -> bool {
        let text = match subject {
            Subject::Code(spot) => spot.text.as_ref(),
            Subject::Secret(spot) => spot.text.as_ref(),
            Subject::Vulnerability(_) => None,
        };
        let Some(text) = text.filter(|text| text.is_of_line()) else { return true };
        let mut said = self.said.borrow_mut();
        let lines = said.entry(path.to_owned()).or_insert_with(|| {
            let text = (self.source)(path)?;
            Some(
                text.lines()
                    .flat_map(|line| [CodeText::of(line, false), CodeText::of(line, true), CodeText::of_secret(line)])
                    .flatten()
                    .collect(),
            )
        });
        lines.as_ref().is_none_or(|lines| lines.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use findings_model::CodeSpot;

    use super::*;

    fn spot(path: &str, text: Option<CodeText>) -> Subject {
        Subject::Code(CodeSpot {
            rule: "R".to_owned(),
            former_rules: Vec::new(),
            path: path.to_owned(),
            line: Some(1),
            text,
            aliases: BTreeSet::new(),
        })
    }

    #[test]
    fn a_file_says_what_its_lines_say_with_or_without_their_literals() {
        let folder = tempfile::tempdir().unwrap();
        state_store::replace(&folder.path().join("a.py"), b"import x\n    login('hunter2')\r\n").unwrap();
        let project = Project::at(folder.path());
        let lines = SourceLines::of(|path: &str| project.source(path));
        let says =
            |path: &str, line: &str, masked: bool| lines.still_say(path, &spot(path, CodeText::of(line, masked)));
        assert!(says("a.py", "import  x", false));
        assert!(says("a.py", "login('hunter2')", false));
        assert!(says("a.py", "login('other')", true));
        assert!(!says("a.py", "logout()", false));
        assert!(says("b.py", "logout()", false), "nothing can be told of a file that is not there");
        assert!(says("../a.py", "logout()", false), "nor of one outside the project");
        assert!(lines.still_say("a.py", &spot("a.py", None)), "nor of a line that nobody knows");
        let fingerprint = CodeText::of_fingerprint("primaryLocationLineHash", "aa:1");
        assert!(lines.still_say("a.py", &spot("a.py", fingerprint)));
    }

    #[test]
    fn a_line_that_a_report_does_not_quote_is_read_from_the_file_and_without_its_literals() {
        let folder = tempfile::tempdir().unwrap();
        state_store::replace(&folder.path().join("a.py"), b"import x\nlogin('hunter2')\n").unwrap();
        state_store::replace(&folder.path().join("a.env"), b"import x\nPASSWORD=hunter2\n").unwrap();
        let project = Project::at(folder.path());
        let told = |scanner: &str, rule: &str, path: &str, line: u32, column: &str| {
            let sarif = format!(
                r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"{scanner}"}}}},"results":[{{"ruleId":"{rule}","message":{{"text":"m"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"{path}"}},"region":{{"startLine":{line}{column}}}}}}}]}}]}}]}}"#
            );
            let source = scanner_reports::Source {
                file: "x.sarif",
                declared: None,
                own_project: None,
                key: None,
                now: "2026-01-05T04:00:00Z".parse().unwrap(),
            };
            let mut scans = scanner_reports::read(sarif.as_bytes(), &source);
            tell(&project, &mut scans);
            match &scans[0].observations[0].subject {
                Subject::Code(spot) => spot.text.clone(),
                _ => unreachable!(),
            }
        };
        assert_eq!(told("Lint", "R", "a.py", 2, ""), CodeText::of("login('other')", true));
        assert_eq!(told("Lint", "R", "a.py", 3, ""), None, "there is no such line");
        assert_eq!(told("Lint", "R", "../a.py", 9, ""), None);
        assert_eq!(told("Lint", "R", "a.env", 2, ""), None, "what stands bare in its line may be a secret");
        assert_eq!(told("gitleaks", "R", "a.py", 2, ""), None);
        assert_eq!(told("Lint", "hardcoded-password", "a.py", 2, ""), None);
        let quoted = r#","snippet":{"text":"own(x)"}"#;
        assert_eq!(
            told("Lint", "R", "a.py", 2, quoted),
            CodeText::of("own(x)", false),
            "what the report says goes first"
        );
    }
}
