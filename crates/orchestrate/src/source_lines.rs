//! What the lines of the project's own files say now.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
};

use findings_model::{CodeText, ScannerName, Subject, text};
use sha2::{Digest as _, Sha256};

use crate::{
    statement::{has_other_lines, has_other_lines_in_yaml},
    suppressions::{self, Dialect, Reach, Suppression},
    told_lines::ends_like,
};

/// What files of the project say, read when it is asked for.
pub(crate) struct SourceLines<F> {
    source: F,
    files: RefCell<HashMap<String, Option<Said>>>,
    /// What parts of so many characters the lines of a file have.
    parts: RefCell<HashMap<(String, usize), Option<Parts>>>,
    /// How much more of parts may be digested, in bytes.
    room: Cell<usize>,
    /// The digests of texts, with how many lines they have.
    digests: RefCell<HashMap<String, Option<(String, usize)>>>,
}

/// Parts of lines, each with whether all lines that it is in are parts of statements.
type Parts = HashMap<[u8; 10], bool>;

/// How much of parts of lines is digested in a run, in bytes: a blink of time. Of what is left then nothing can be told.
const ROOM: usize = 400_000_000;
/// What the digest of a part takes beside its own bytes.
const EACH: usize = 64;

impl<F: Fn(&str) -> Option<String>> SourceLines<F> {
    /// Of the files whose text `source` gives by their path.
    pub(crate) fn of(source: F) -> Self {
        Self {
            source,
            files: RefCell::default(),
            parts: RefCell::default(),
            room: Cell::new(ROOM),
            digests: RefCell::default(),
        }
    }

    /// Whether a file still says what a finding is about, or may say it: yes where it cannot be read or is not there, and where it
    /// is not known what the finding's line says. A comment behind it changes nothing.
    pub(crate) fn still_say(&self, path: &str, subject: &Subject) -> bool {
        if let Some((part, length)) = part_of(subject) {
            return self.ask_parts(path, length, |parts| parts.contains_key(&part)).unwrap_or(true);
        }
        let Some(text) = text_of(subject) else { return true };
        self.ask(path, |said| said.lines.contains(&text)).unwrap_or(true)
    }

    /// Whether the line of a finding stands in a file as a part of a longer statement: then it may be as it was and the statement not.
    /// A secret stands in its line.
    pub(crate) fn say_in_part(&self, path: &str, subject: &Subject) -> bool {
        if let Some((part, length)) = part_of(subject) {
            return self.ask_parts(path, length, |parts| parts.get(&part).copied()).flatten().unwrap_or(false);
        }
        let Some(text) = text_of(subject).filter(|_| matches!(subject, Subject::Code(_))) else { return false };
        self.ask(path, |said| said.parts.contains(&text)).unwrap_or(false)
    }

    /// Whether a file says what a finding is about, beside a comment that tells this scanner to leave it out.
    pub(crate) fn suppress(&self, path: &str, scanner: &ScannerName, subject: &Subject) -> bool {
        let Some((text, dialect)) = text_of(subject).zip(Dialect::of(scanner)) else { return false };
        self.ask(path, |said| said.suppress(&text, dialect, subject)).unwrap_or(false)
    }

    /// Whether any comment of a file may tell this scanner to leave out what a finding is about: yes where the file or the scanner's
    /// comments cannot be read.
    pub(crate) fn may_suppress(&self, path: &str, scanner: &ScannerName, subject: &Subject) -> bool {
        let Some((rule, dialect)) = rule_of(subject).zip(Dialect::of(scanner)) else { return true };
        let covers = |found: &Suppression| found.dialect == dialect && found.covers(rule);
        self.ask(path, |said| said.has_long_lines || said.suppressions.iter().any(covers)).unwrap_or(true)
    }

    /// The digest of a file's text, as [`findings_model::ScannerState::files`] has it; none where it cannot be read or has no such line,
    /// counted from 1: then it is not the text that the scanner read.
    pub(crate) fn digest(&self, path: &str, line: Option<u32>) -> Option<String> {
        let mut digests = self.digests.borrow_mut();
        let of_file = digests.entry(path.to_owned()).or_insert_with(|| {
            let text = (self.source)(path)?;
            Some((text::hex(&Sha256::digest(text.as_bytes())[..8]), text.lines().count()))
        });
        let (digest, lines) = of_file.as_ref()?;
        let has_it = line.is_none_or(|line| usize::try_from(line).is_ok_and(|line| line <= *lines));
        has_it.then(|| digest.clone())
    }

    fn ask_parts<T>(&self, path: &str, length: usize, question: impl FnOnce(&Parts) -> T) -> Option<T> {
        let mut parts = self.parts.borrow_mut();
        let key = (path.to_owned(), length);
        let of_file = parts.entry(key).or_insert_with(|| parts_in(path, &(self.source)(path)?, length, &self.room));
        of_file.as_ref().map(question)
    }

    fn ask<T>(&self, path: &str, question: impl FnOnce(&Said) -> T) -> Option<T> {
        let mut files = self.files.borrow_mut();
        let said = files.entry(path.to_owned()).or_insert_with(|| Some(Said::of(path, &(self.source)(path)?)));
        said.as_ref().map(question)
    }
}

/// What the line of a finding says, where that is known.
fn text_of(subject: &Subject) -> Option<CodeText> {
    let text = match subject {
        Subject::Code(spot) => spot.text.as_ref(),
        Subject::Secret(spot) => spot.text.as_ref(),
        Subject::Vulnerability(_) => None,
    };
    text?.line()
}

fn rule_of(subject: &Subject) -> Option<&str> {
    match subject {
        Subject::Code(spot) => Some(&spot.rule),
        Subject::Secret(spot) => Some(&spot.rule),
        Subject::Vulnerability(_) => None,
    }
}

/// What may be a part of the line of a finding, and its length, where no more is known of the line.
fn part_of(subject: &Subject) -> Option<([u8; 10], usize)> {
    match subject {
        Subject::Code(spot) => spot.text.as_ref()?.part(),
        Subject::Secret(_) | Subject::Vulnerability(_) => None,
    }
}

/// The parts of a file's lines; none where that would take too long.
fn parts_in(path: &str, text: &str, length: usize, room: &Cell<usize>) -> Option<Parts> {
    let mut parts = Parts::new();
    for (line, is_part_of_statement) in lines_of(path, text) {
        for part in CodeText::parts(line, length)? {
            room.set(room.get().checked_sub(EACH + length)?);
            *parts.entry(part).or_insert(true) &= is_part_of_statement;
        }
    }
    Some(parts)
}

/// The lines of a file, each with whether it is a part of a statement.
fn lines_of<'t>(path: &str, text: &'t str) -> impl Iterator<Item = (&'t str, bool)> {
    let is_yaml = ends_like(path, &["yaml", "yml"]);
    let lines: Vec<&str> = text.lines().collect();
    (0..lines.len()).map(move |at| {
        let next = || lines[at + 1..].iter().copied().find(|next| !next.trim().is_empty());
        let goes_on = if is_yaml { has_other_lines_in_yaml(lines[at], next()) } else { has_other_lines(lines[at]) };
        (lines[at], goes_on)
    })
}

/// What the lines of a file say.
#[derive(Default)]
struct Said {
    lines: HashSet<CodeText>,
    /// Those of them that are a part of a statement.
    parts: HashSet<CodeText>,
    suppressions: Vec<Suppression>,
    /// Whether it has lines that are too long for their comments to be looked at.
    has_long_lines: bool,
    /// What lines say that suppressions reach, without them.
    suppressed: HashMap<CodeText, Vec<usize>>,
    /// Suppressions that reach every line.
    of_file: Vec<usize>,
}

impl Said {
    fn of(path: &str, text: &str) -> Self {
        let mut said = Self::default();
        // Those of the line above, and those that go on until they are taken back.
        let (mut above, mut open): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for (line, is_part_of_statement) in lines_of(path, text) {
            let own = forms(line);
            said.has_long_lines |= line.len() > suppressions::LONGEST;
            for reaching in std::mem::take(&mut above).into_iter().chain(open.iter().copied()) {
                said.add_suppressed(&own, reaching);
            }
            let all: Vec<_> =
                own.into_iter().chain(suppressions::uncommented(line).flat_map(forms)).flatten().collect();
            if is_part_of_statement {
                said.parts.extend(all.iter().cloned());
            }
            said.lines.extend(all);
            if suppressions::takes_back(line) {
                open.clear();
            }
            for suppression in suppressions::in_line(line) {
                let index = said.suppressions.len();
                match suppression.reach {
                    Reach::Line => suppression.without.iter().for_each(|line| said.add_suppressed(&forms(line), index)),
                    Reach::Next => above.push(index),
                    Reach::Region => add(&mut open, index),
                    Reach::File => add(&mut said.of_file, index),
                }
                said.suppressions.push(suppression);
            }
        }
        said
    }

    fn add_suppressed(&mut self, line: &[Option<CodeText>], by: usize) {
        for text in line.iter().flatten() {
            add(self.suppressed.entry(text.clone()).or_default(), by);
        }
    }

    fn suppress(&self, text: &CodeText, dialect: Dialect, subject: &Subject) -> bool {
        let Some(rule) = rule_of(subject) else { return false };
        let of_file = if self.lines.contains(text) { &self.of_file[..] } else { &[] };
        let reaching = self.suppressed.get(text).into_iter().flatten().chain(of_file);
        reaching.map(|index| &self.suppressions[*index]).any(|found| found.dialect == dialect && found.covers(rule))
    }
}

/// Notes one more suppression, of so many that each can be asked.
fn add(suppressions: &mut Vec<usize>, index: usize) {
    const MOST: usize = 32;
    if suppressions.len() < MOST {
        suppressions.push(index);
    }
}

/// What stands for a line in findings: as it is, without its literals, without its secret.
pub(crate) fn forms(line: &str) -> [Option<CodeText>; 3] {
    [CodeText::of(line, false), CodeText::of(line, true), CodeText::of_secret(line)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use findings_model::{CodeSpot, SecretSpot};

    use super::*;
    use crate::project::Project;

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
    fn a_line_may_be_a_part_of_a_statement() {
        let lines = SourceLines::of(|_: &str| Some("get(  # why\n  url)\nmd5(x)\nkeys = ['a',\n".to_owned()));
        let in_part = |line: &str| lines.say_in_part("a.py", &spot("a.py", CodeText::of(line, false)));
        assert_eq!([in_part("get("), in_part("md5(x)"), in_part("gone(")], [true, false, false]);
        let text = CodeText::of_secret("keys = ['a',");
        let secret = SecretSpot { rule: "R".to_owned(), path: "a.py".to_owned(), line: Some(4), text, mark: None };
        assert!(!lines.say_in_part("a.py", &Subject::Secret(secret)));
    }

    #[test]
    fn a_comment_behind_a_line_or_above_it_suppresses_for_its_own_scanner() {
        let text = "md5(x)  # noqa: S324\n# nosemgrep\n  md5(y)\nmd5(z)  # why\n# ruff: disable[S1]\na\n# ruff: enable[S1]\nb\n";
        let lines = SourceLines::of(|_: &str| Some(text.to_owned()));
        let of = |scanner: &str, rule: &str, line: &str| {
            let Subject::Code(spot) = spot("a.py", CodeText::of(line, false)) else { unreachable!() };
            let subject = Subject::Code(CodeSpot { rule: rule.to_owned(), ..spot });
            let scanner = ScannerName::parse(scanner).unwrap();
            (lines.still_say("a.py", &subject), lines.suppress("a.py", &scanner, &subject))
        };
        assert_eq!(of("ruff", "S324", "md5(x)"), (true, true));
        assert_eq!(of("ruff", "S105", "md5(x)"), (true, false), "it is about another rule");
        assert_eq!(of("bandit", "B324", "md5(x)"), (true, false), "it is another scanner's");
        assert_eq!(of("semgrep", "md5", "md5(y)"), (true, true));
        assert_eq!(of("semgrep", "md5", "md5(z)"), (true, false), "a comment that says nothing is no change");
        assert_eq!((of("ruff", "S1", "a"), of("ruff", "S1", "b")), ((true, true), (true, false)));
        assert_eq!(of("ruff", "S324", "sha256(x)"), (false, false));
        let gone = SourceLines::of(|_: &str| None);
        let subject = spot("a.py", CodeText::of("md5(x)", false));
        assert!(!gone.suppress("a.py", &ScannerName::parse("ruff").unwrap(), &subject));
    }

    #[test]
    fn a_part_of_a_line_is_looked_for_as_long_as_that_takes_no_time_without_end() {
        let text = "jobs:\n  - uses: a/b@v1\n    with: c\n  - uses: d/e@v1\n";
        let lines = SourceLines::of(|path: &str| match path {
            "c.yml" => Some(text.to_owned()),
            "long.yml" => Some("x".repeat(1_000_000)),
            "many.yml" => Some("line with words\n".repeat(100)),
            _ => None,
        });
        let says = |path: &str, quote: &str| {
            let subject = spot(path, CodeText::of_part(quote));
            (lines.still_say(path, &subject), lines.say_in_part(path, &subject))
        };
        assert_eq!(says("c.yml", "uses: a/b"), (true, true), "the step goes on");
        assert_eq!(says("c.yml", "uses: d/e"), (true, false));
        assert_eq!(says("c.yml", "uses: f/g"), (false, false));
        assert_eq!(says("long.yml", "uses: f/g"), (true, false), "nobody can tell");
        assert_eq!(says("many.yml", "word"), (true, false));
        lines.room.set(1000);
        assert_eq!(says("many.yml", "mean"), (false, false), "parts of that length are known");
        assert_eq!(says("many.yml", "means"), (true, false), "nobody can tell");
    }

    #[test]
    fn comments_without_end_take_no_time_without_end() {
        let text = "# ruff: disable[S1]\n# ruff: noqa: S1\nmd5(x)  # noqa: S1\n".repeat(20_000);
        let lines = SourceLines::of(|_: &str| Some(text.clone()));
        let subject = spot("a.py", CodeText::of("md5(x)", false));
        assert!(!lines.suppress("a.py", &ScannerName::parse("ruff").unwrap(), &subject));
    }
}
