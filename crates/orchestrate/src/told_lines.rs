//! What the lines of findings say, from the project's own files, where a report does not tell it or tells it otherwise than the one
//! that is known.

use std::{cell::OnceCell, collections::HashSet};

use findings_model::{CodeSpot, CodeText, Finding, ReportFormat, Scan, Subject};

use crate::{project::Project, source_lines::forms};

/// Endings of files whose language writes texts between quotes: in others a secret stands bare in its line, and a digest of the
/// line could be guessed.
const QUOTING: [&str; 28] = [
    "c", "cc", "cjs", "cpp", "cs", "cxx", "go", "h", "hpp", "java", "js", "json", "jsx", "kt", "mjs", "php", "py",
    "pyi", "pyw", "pyx", "rb", "rs", "scala", "swift", "tf", "toml", "ts", "tsx",
];

/// Those of them in which `#` begins a comment.
const HASHED: [&str; 8] = ["php", "py", "pyi", "pyw", "pyx", "rb", "tf", "toml"];

/// Tells each record about code or a secret what its line says, from the project's own file, where the report does not.
///
/// Texts between quotes and comments are left out of it, and of a line with a secret everything that may be one. semgrep quotes lines in
/// its SARIF and hides them in its JSON: what is `known` of a line under its rule stays the word for it, so that it is one finding. A
/// scanner's fingerprint stays that word too; what the line says stands beside it, to be looked for once the scanner is silent.
pub(crate) fn tell(project: &Project, scans: &mut [Scan], known: &[Finding]) {
    let known = Known { findings: known, texts: OnceCell::new() };
    let mut open: Option<OpenFile> = None;
    for scan in scans {
        let scanner = &scan.scanner;
        let may_differ = matches!(scan.format, Some(ReportFormat::Sarif | ReportFormat::Semgrep));
        for observation in &mut scan.observations {
            let (path, line) = match &observation.subject {
                Subject::Code(spot) => {
                    let is_told = spot.text.as_ref().is_some_and(|text| text.line().is_some())
                        && !(may_differ && known.knows_otherwise(spot));
                    let may_be_part = spot.text.as_ref().is_some_and(|text| text.part().is_some());
                    if is_told
                        || !(may_be_part || quotes_texts(&spot.path))
                        || scanner_reports::is_about_secrets(scanner, &spot.rule)
                    {
                        continue;
                    }
                    (&spot.path, spot.line)
                }
                Subject::Secret(spot) if spot.text.is_none() => (&spot.path, spot.line),
                Subject::Secret(_) | Subject::Vulnerability(_) => continue,
            };
            let Some(line) = line else { continue };
            if open.as_ref().is_none_or(|file| file.path != *path) {
                open = Some(OpenFile::read(project, path));
            }
            let Some((file, said)) = open.as_ref().and_then(|file| Some((file, file.line(line)?))) else { continue };
            match &mut observation.subject {
                Subject::Code(spot) => spot.text = text_of(spot, said, || file.is_in_text(line), &known),
                Subject::Secret(spot) => spot.text = CodeText::of_secret(said),
                Subject::Vulnerability(_) => {}
            }
        }
    }
}

/// What stands for the line of a record: what is known of it, else what the report quotes, else the line without its literals.
fn text_of(spot: &CodeSpot, line: &str, is_in_text: impl Fn() -> bool, known: &Known<'_>) -> Option<CodeText> {
    let code = code_of(line, &spot.path);
    let words = || [line, code].into_iter().flat_map(forms).flatten();
    let mut quoted = spot.text.clone();
    if let Some(part) = quoted.as_ref().filter(|text| text.part().is_some()) {
        let Some(whole) = words().find(|word| word.as_str() == part.known_by()) else {
            let may_tell = quotes_texts(&spot.path) && is_in(part, line);
            let said = if may_tell { unquoted(line, code, is_in_text) } else { None };
            return Some(said.map_or_else(|| part.clone(), |said| part.beside(&said)));
        };
        quoted = Some(whole);
    }
    if let Some(fingerprint) = quoted.as_ref().filter(|text| !text.is_of_line()) {
        let said = unquoted(line, code, is_in_text);
        return Some(said.map_or_else(|| fingerprint.clone(), |said| fingerprint.beside(&said)));
    }
    let own = match quoted {
        // The file says something else than what the report quotes.
        Some(text) if words().all(|word| word != text) => return Some(text),
        Some(text) => Some(text),
        None => unquoted(line, code, is_in_text),
    };
    let is_settled = !known.knows(&spot.rule) || own.as_ref().is_some_and(|own| known.has(&spot.rule, own));
    let other = || words().find(|word| known.has(&spot.rule, word));
    if is_settled { own } else { other().or(own) }
}

fn is_in(part: &CodeText, line: &str) -> bool {
    let digests = part.part().and_then(|(digest, length)| Some((digest, CodeText::parts(line, length)?)));
    digests.is_some_and(|(digest, mut of_line)| of_line.any(|other| other == digest))
}

/// A line without what may be a secret in it.
fn unquoted(line: &str, code: &str, is_in_text: impl Fn() -> bool) -> Option<CodeText> {
    if line.contains(['"', '\'']) || is_in_text() { CodeText::of(line, true) } else { CodeText::of(code, false) }
}

/// A line up to its comment.
fn code_of<'l>(line: &'l str, path: &str) -> &'l str {
    let signs: &[&str] = if ends_like(path, &HASHED) { &["#"] } else { &["//", "/*"] };
    let end = signs.iter().filter_map(|sign| line.find(sign)).min();
    end.map_or(line, |end| &line[..end])
}

/// What is known of the lines of code findings.
struct Known<'f> {
    findings: &'f [Finding],
    texts: OnceCell<Texts<'f>>,
}

#[derive(Default)]
struct Texts<'f> {
    rules: HashSet<&'f str>,
    /// With their rules.
    texts: HashSet<(&'f str, &'f CodeText)>,
}

impl<'f> Known<'f> {
    fn texts(&self) -> &Texts<'f> {
        self.texts.get_or_init(|| {
            let mut known = Texts::default();
            for finding in self.findings {
                if let Subject::Code(spot) = &finding.subject
                    && let Some(text) = &spot.text
                {
                    known.rules.insert(&spot.rule);
                    known.texts.insert((&spot.rule, text));
                }
            }
            known
        })
    }

    fn has(&self, rule: &str, text: &CodeText) -> bool {
        self.texts().texts.contains(&(rule, text))
    }

    fn knows(&self, rule: &str) -> bool {
        self.texts().rules.contains(rule)
    }

    /// Whether lines are known under the record's rule, and what it says is none of them.
    fn knows_otherwise(&self, spot: &CodeSpot) -> bool {
        let text = spot.text.as_ref().filter(|text| text.is_of_line());
        text.is_some_and(|text| self.knows(&spot.rule) && !self.has(&spot.rule, text))
    }
}

fn quotes_texts(path: &str) -> bool {
    ends_like(path, &QUOTING)
}

/// Whether a file's name has one of some endings.
pub(crate) fn ends_like(path: &str, endings: &[&str]) -> bool {
    let ending = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    ending.is_some_and(|(_, ending)| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// A file with its lines.
struct OpenFile {
    path: String,
    text: String,
    /// Where each line begins.
    starts: Vec<usize>,
    /// Where each sign stands between which a text may go over several lines.
    marks: OnceCell<[Vec<usize>; 3]>,
}

impl OpenFile {
    fn read(project: &Project, path: &str) -> Self {
        let text = project.source(path).unwrap_or_default();
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path: path.to_owned(), text, starts, marks: OnceCell::new() }
    }

    /// A line, counted from 1.
    fn line(&self, number: u32) -> Option<&str> {
        self.text[self.start(number)?..].lines().next()
    }

    fn start(&self, number: u32) -> Option<usize> {
        self.starts.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
    }

    /// Whether a line may stand inside a text of several lines, in which a secret needs no quotes.
    fn is_in_text(&self, number: u32) -> bool {
        let Some(start) = self.start(number) else { return true };
        let marks = self.marks.get_or_init(|| {
            ["\"\"\"", "'''", "`"].map(|mark| self.text.match_indices(mark).map(|(at, _)| at).collect())
        });
        marks.iter().any(|places| places.partition_point(|at| *at < start) % 2 == 1)
    }
}

#[cfg(test)]
mod tests;
