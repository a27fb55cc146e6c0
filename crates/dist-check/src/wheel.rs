//! The files of a wheel's `.dist-info` folder besides METADATA.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    archive::Strong,
    grammar::scan::{is_space, is_word},
};

/// One row of RECORD (PEP 376, PEP 427).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordRow {
    /// Algorithm and urlsafe base64 without padding, as `sha256=…`; none for RECORD itself.
    pub(crate) hash: Option<String>,
    /// Size in bytes as written; may be left out.
    pub(crate) size: Option<String>,
}

/// Why RECORD cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("RECORD is not UTF-8 text")]
    Encoding,
    #[error("RECORD line {0} is empty")]
    Empty(usize),
    #[error("RECORD line {0} has a value of more than 131072 characters")]
    Long(usize),
}

/// RECORD, read as Python's `csv` reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) rows: BTreeMap<String, RecordRow>,
    /// Paths that stand there more than once.
    pub(crate) repeated: Vec<String>,
}

/// Reads RECORD: comma-separated values, a path, a hash and a size a line.
pub(crate) fn parse_record(bytes: &[u8]) -> Result<Record, RecordError> {
    const LONGEST: usize = 131_072;
    let text = std::str::from_utf8(bytes).map_err(|_| RecordError::Encoding)?;
    let mut record = Record::default();
    let mut csv = Csv::default();
    for (number, line) in lines(text).enumerate().map(|(index, line)| (index + 1, line)) {
        if !csv.in_quotes && line.is_empty() {
            return Err(RecordError::Empty(number));
        }
        csv.add(line);
        if csv.in_quotes {
            continue;
        }
        record.add(csv.row(), number, LONGEST)?;
    }
    if csv.in_quotes {
        record.add(csv.row(), 0, LONGEST)?;
    }
    Ok(record)
}

impl Record {
    fn add(&mut self, fields: Vec<String>, number: usize, longest: usize) -> Result<(), RecordError> {
        if fields.iter().any(|field| field.chars().count() > longest) {
            return Err(RecordError::Long(number));
        }
        let mut fields = fields.into_iter();
        let path = fields.next().unwrap_or_default().replace('\\', "/");
        let mut value = || fields.next().filter(|value| !value.is_empty());
        let row = RecordRow { hash: value(), size: value() };
        match self.rows.entry(path) {
            Entry::Occupied(known) => self.repeated.push(known.key().clone()),
            Entry::Vacant(place) => drop(place.insert(row)),
        }
        Ok(())
    }
}

/// Lines as Python's `str.splitlines` has them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let ends =
        |c: char| matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(at) = rest.find(ends) else {
            return Some(std::mem::take(&mut rest));
        };
        let line = &rest[..at];
        let end = if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(1, char::len_utf8) };
        rest = &rest[at + end..];
        Some(line)
    })
}

/// A row of comma-separated values that may go on over several lines. As lenient as Python: nothing is an error.
#[derive(Default)]
struct Csv {
    fields: Vec<String>,
    field: String,
    in_quotes: bool,
}

impl Csv {
    fn add(&mut self, line: &str) {
        let mut chars = line.chars().peekable();
        let mut at_start = !self.in_quotes;
        while let Some(c) = chars.next() {
            match c {
                '"' if self.in_quotes => {
                    if chars.peek() == Some(&'"') {
                        chars.next();
                        self.field.push('"');
                    } else {
                        self.in_quotes = false;
                    }
                }
                '"' if at_start => self.in_quotes = true,
                ',' if !self.in_quotes => {
                    self.fields.push(std::mem::take(&mut self.field));
                    at_start = true;
                    continue;
                }
                c => self.field.push(c),
            }
            at_start = false;
        }
    }

    fn row(&mut self) -> Vec<String> {
        self.in_quotes = false;
        let last = std::mem::take(&mut self.field);
        self.fields.push(last);
        std::mem::take(&mut self.fields)
    }
}

/// A digest of RECORD by an algorithm that is compared, as base64 without padding. The algorithm's case does not matter, as it
/// does not to Python's `hashlib`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordHash<'r> {
    Sha256(&'r str),
    Sha384(&'r str),
    Sha512(&'r str),
}

impl<'r> RecordHash<'r> {
    pub(crate) fn parse(text: &'r str) -> Option<Self> {
        let (algorithm, digest) = text.split_once('=')?;
        let digest = digest.trim_end_matches('=');
        match algorithm.to_ascii_lowercase().as_str() {
            "sha256" => Some(Self::Sha256(digest)),
            "sha384" => Some(Self::Sha384(digest)),
            "sha512" => Some(Self::Sha512(digest)),
            _ => None,
        }
    }

    /// Whether it is another digest than that of a file's content.
    pub(crate) fn differs(self, sha256: &crate::Sha256, strong: Option<&Strong>) -> bool {
        let (given, found) = match (self, strong) {
            (Self::Sha256(given), _) => (given, Some(&sha256.as_bytes()[..])),
            (Self::Sha384(given), strong) => (given, strong.map(|strong| &strong.sha384[..])),
            (Self::Sha512(given), strong) => (given, strong.map(|strong| &strong.sha512[..])),
        };
        found.is_none_or(|found| BASE64_URL_SAFE_NO_PAD.encode(found) != given)
    }
}

/// The text of `sha256=…` in RECORD for a digest: urlsafe base64 without padding.
#[cfg(test)]
pub(crate) fn record_hash(digest: &crate::Sha256) -> String {
    format!("sha256={}", BASE64_URL_SAFE_NO_PAD.encode(digest.as_bytes()))
}

/// The fields of WHEEL that are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WheelFile {
    pub(crate) wheel_version: Option<String>,
    pub(crate) root_is_purelib: Option<String>,
    pub(crate) build: Option<String>,
    pub(crate) tags: Vec<String>,
}

/// Reads WHEEL: `Key: value` lines.
pub(crate) fn parse_wheel(bytes: &[u8]) -> Option<WheelFile> {
    let metadata = crate::Metadata::parse(bytes).ok()?;
    let value = |name| metadata.first(name).map(|value| value.trim().to_owned());
    let mut tags: Vec<String> = metadata.all("Tag").map(|tag| tag.trim().to_owned()).collect();
    tags.sort_unstable();
    tags.dedup();
    Some(WheelFile {
        wheel_version: value("Wheel-Version"),
        root_is_purelib: value("Root-Is-Purelib"),
        build: value("Build"),
        tags,
    })
}

/// Why entry_points.txt cannot be used; the number is the line's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EntryPointsError {
    #[error("entry_points.txt is not UTF-8 text")]
    Encoding,
    #[error("entry_points.txt line {0} is neither a group nor name = object")]
    Line(usize),
    #[error("entry_points.txt line {0} repeats a group or a name")]
    Duplicate(usize),
    #[error("entry_points.txt line {0}: the name of a script may hold letters, digits, `.`, `-` and `_` only")]
    ScriptName(usize),
}

impl EntryPointsError {
    /// How PyPI's words for it begin.
    pub(crate) fn index(&self) -> &'static str {
        match self {
            Self::Encoding => "entry_points.txt is not decodable as UTF-8",
            Self::Line(_) | Self::Duplicate(_) => "entry_points.txt is not a valid INI file",
            Self::ScriptName(_) => "Invalid entry point name",
        }
    }
}

/// One entry point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryPoint {
    pub(crate) group: String,
    pub(crate) name: String,
    /// `package.module:object [extra]`, as written.
    pub(crate) object: String,
}

const SCRIPT_GROUPS: [&str; 2] = ["console_scripts", "gui_scripts"];

/// Reads entry_points.txt as Python's `configparser` reads it: groups in brackets, `name = object` below them.
pub(crate) fn parse_entry_points(bytes: &[u8]) -> Result<Vec<EntryPoint>, EntryPointsError> {
    let text = std::str::from_utf8(bytes).map_err(|_| EntryPointsError::Encoding)?;
    let mut group: Option<&str> = None;
    let (mut groups, mut named) = (BTreeSet::new(), BTreeSet::new());
    let mut points: Vec<EntryPoint> = Vec::new();
    let mut bad_name = None;
    let (mut indent, mut in_value) = (0, false);
    for (number, line) in text.split('\n').enumerate().map(|(index, line)| (index + 1, line)) {
        let content = line.trim_matches(is_space);
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        let depth = line.chars().take_while(|c| is_space(*c)).count();
        if group.is_some() && in_value && depth > indent {
            // The value above goes on.
            continue;
        }
        indent = depth;
        if let Some((name, _)) = content.strip_prefix('[').and_then(|rest| rest.rsplit_once(']'))
            && !name.is_empty()
        {
            if name != DEFAULT_GROUP && !groups.insert(name) {
                return Err(EntryPointsError::Duplicate(number));
            }
            (group, in_value) = (Some(name), false);
            continue;
        }
        let (Some(group), Some((name, object))) = (group, content.split_once('=')) else {
            return Err(EntryPointsError::Line(number));
        };
        let name = name.trim_matches(is_space);
        if name.is_empty() {
            return Err(EntryPointsError::Line(number));
        }
        if !named.insert((group, name)) {
            return Err(EntryPointsError::Duplicate(number));
        }
        let named_well = name.chars().all(|c| is_word(c) || matches!(c, '.' | '-'));
        if !named_well && (SCRIPT_GROUPS.contains(&group) || group == DEFAULT_GROUP) {
            bad_name.get_or_insert((group, number));
        }
        in_value = true;
        let object = object.trim_matches(is_space).to_owned();
        points.push(EntryPoint { group: group.to_owned(), name: name.to_owned(), object });
    }
    match bad_name {
        // What stands in the group of defaults belongs to every other group.
        Some((group, number)) if group != DEFAULT_GROUP || SCRIPT_GROUPS.iter().any(|group| groups.contains(group)) => {
            Err(EntryPointsError::ScriptName(number))
        }
        _ => Ok(points),
    }
}

/// The group whose entries `configparser` gives to every group.
const DEFAULT_GROUP: &str = "DEFAULT";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_rows() {
        let record = parse_record(b"a.py,sha256=x,3\r\n\"b,\"\"c\"\"\",,\nd\na.py,,").unwrap();
        assert_eq!(record.rows["a.py"], RecordRow { hash: Some("sha256=x".into()), size: Some("3".into()) });
        assert_eq!(record.rows["b,\"c\""], RecordRow { hash: None, size: None });
        assert_eq!(record.rows["d"], RecordRow { hash: None, size: None });
        assert_eq!(record.repeated, ["a.py"]);
        assert_eq!(parse_record(b"\"a\nb\",,").unwrap().rows.keys().collect::<Vec<_>>(), ["ab"]);
        assert_eq!(parse_record(b"a,,\n\nb,,\n"), Err(RecordError::Empty(2)));
        assert_eq!(parse_record(b"\xff"), Err(RecordError::Encoding));
    }

    #[test]
    fn record_hash_is_what_pip_writes() {
        // hashlib.sha256(b"").digest() through base64.urlsafe_b64encode().rstrip(b"=")
        assert_eq!(record_hash(&crate::Sha256::of(b"")), "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }

    #[test]
    fn entry_points() {
        let parse = |text: &str| parse_entry_points(text.as_bytes()).map(|points| points.len());
        assert_eq!(parse("[console_scripts]\na = b:c\n# x\n[x.y]\nz=w\n  more\n[other] x\n"), Ok(2));
        assert_eq!(parse("[x]\na b = c\n"), Ok(1));
        assert_eq!(parse("[DEFAULT]\na b = c\n[x]\n"), Ok(1));
        assert_eq!(parse("a = b"), Err(EntryPointsError::Line(1)));
        assert_eq!(parse("[g]\na"), Err(EntryPointsError::Line(2)));
        assert_eq!(parse("[g]\na=b\na=c"), Err(EntryPointsError::Duplicate(3)));
        assert_eq!(parse("[g]\n[g]"), Err(EntryPointsError::Duplicate(2)));
        assert_eq!(parse("[gui_scripts]\na/b=c"), Err(EntryPointsError::ScriptName(2)));
        assert_eq!(parse("[DEFAULT]\na b = c\n[gui_scripts]\n"), Err(EntryPointsError::ScriptName(2)));
    }
}
