//! Where the plans stand in the lines of the file.

use std::ops::Range;

use findings_model::text;
use serde_json::{Map, Value};

use super::PlansError;

/// The day that a plan went to the archive; written into it, and taken out again when it comes back.
pub(super) const ARCHIVED_DATE: &str = "archived_date";
/// Why it went there.
pub(super) const ARCHIVED_NOTE: &str = "archived_note";
/// The status that it had, word for word.
pub(super) const ARCHIVED_STATUS: &str = "archived_status";

/// The file, read as YAML and as lines.
pub(super) struct Layout<'t> {
    pub(super) lines: Vec<&'t str>,
    pub(super) eol: &'static str,
    pub(super) findings: Option<Section>,
    pub(super) archive: Option<Section>,
    /// The line that holds `last_updated` of the metadata.
    pub(super) last_updated: Option<usize>,
    /// Whether what was found line by line is what YAML says is there.
    pub(super) editable: Result<(), &'static str>,
}

/// A part of the file that holds plans.
pub(super) struct Section {
    pub(super) header: usize,
    /// The line behind its last one that is neither blank nor a comment at the margin.
    pub(super) end: usize,
    /// Spaces before a plan's id.
    pub(super) indent: usize,
    pub(super) entries: Vec<Entry>,
}

/// One plan.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Value,
    /// Its lines, with the comments right above it.
    pub(super) lines: Range<usize>,
    pub(super) has_comment: bool,
}

impl<'t> Layout<'t> {
    pub(super) fn read(content: &'t str) -> Result<Self, PlansError> {
        let document = parse(content)?;
        let lines: Vec<&str> = content.split_inclusive('\n').collect();
        let eol = if lines.first().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
        let mut layout = Self { lines, eol, findings: None, archive: None, last_updated: None, editable: Ok(()) };
        layout.findings = layout.section("findings", document.get("findings"), "findings")?;
        layout.archive = layout.section("archive", document.get("archive"), "archive")?;
        layout.last_updated = layout.top_level("metadata").and_then(|header| {
            let body = header + 1..layout.section_end(header);
            body.into_iter()
                .find(|at| key_of(layout.lines[*at].trim_start()).is_some_and(|(key, _)| key == "last_updated"))
        });
        Ok(layout)
    }

    fn section(
        &mut self,
        name: &str,
        value: Option<&Value>,
        part: &'static str,
    ) -> Result<Option<Section>, PlansError> {
        let empty = Map::new();
        let map = match value {
            None => return Ok(None),
            Some(Value::Null) => &empty,
            Some(Value::Object(map)) => map,
            Some(_) => return Err(PlansError::Shape(part)),
        };
        let Some(header) = self.top_level(name) else {
            self.editable = Err("a section does not begin a line of its own");
            return Ok(Some(unplaced(map)));
        };
        let rest = key_of(self.lines[header]).map_or("", |(_, rest)| rest);
        let on_header_line = !matches!(without_comment(rest), "" | "{}");
        let end = self.section_end(header);
        let mut section = Section { header, end, indent: 2, entries: self.entries(header + 1..end, map) };
        if let Some(first) = section.entries.first() {
            section.indent = self.entry_indent(first);
        }
        let complete = section.entries.len() == map.len();
        if on_header_line || !complete {
            self.editable = Err("the plans do not stand one below the other");
            return Ok(Some(unplaced(map)));
        }
        Ok(Some(section))
    }

    /// The line of a key at the margin.
    fn top_level(&self, name: &str) -> Option<usize> {
        self.lines.iter().position(|line| key_of(line).is_some_and(|(key, _)| key == name))
    }

    /// The line behind the last one of a section that is neither blank nor a comment at the margin.
    fn section_end(&self, header: usize) -> usize {
        let after = (header + 1..self.lines.len())
            .find(|at| {
                let line = self.lines[*at];
                !is_blank(line) && indent(line) == 0 && !line.starts_with('#')
            })
            .unwrap_or(self.lines.len());
        let last = (header + 1..after).rev().find(|at| !is_blank(self.lines[*at]) && !self.lines[*at].starts_with('#'));
        last.map_or(header + 1, |at| at + 1)
    }

    fn entry_indent(&self, entry: &Entry) -> usize {
        entry.lines.clone().map(|at| self.lines[at]).find(|l| !is_blank(l) && !is_comment(l)).map_or(2, indent)
    }

    fn entries(&self, body: Range<usize>, map: &Map<String, Value>) -> Vec<Entry> {
        let Some(margin) = body.clone().map(|at| self.lines[at]).find(|l| !is_blank(l) && !is_comment(l)).map(indent)
        else {
            return Vec::new();
        };
        let mut starts: Vec<(usize, usize, String)> = Vec::new();
        for at in body.clone() {
            let line = self.lines[at];
            if is_blank(line) || is_comment(line) || indent(line) != margin {
                continue;
            }
            let Some((key, _)) = key_of(line.trim_start()) else { continue };
            // Comments right above a plan belong to it.
            let first = (body.start..at)
                .rev()
                .take_while(|above| is_comment(self.lines[*above]) && indent(self.lines[*above]) <= margin)
                .last();
            starts.push((first.unwrap_or(at), at, key));
        }
        let ends: Vec<usize> = starts.iter().skip(1).map(|(first, ..)| *first).chain([body.end]).collect();
        starts
            .into_iter()
            .zip(ends)
            .filter_map(|((first, _, key), end)| {
                let value = map.get(&key)?.clone();
                let has_comment = (first..end).any(|l| has_comment(self.lines[l]));
                Some(Entry { key, value, lines: first..end, has_comment })
            })
            .collect()
    }
}

/// Plans that can be read but not placed.
fn unplaced(map: &Map<String, Value>) -> Section {
    let entries = map
        .iter()
        .map(|(key, value)| Entry { key: key.clone(), value: value.clone(), lines: 0..0, has_comment: false })
        .collect();
    Section { header: 0, end: 0, indent: 2, entries }
}

/// Reads the whole file as YAML.
fn parse(content: &str) -> Result<Map<String, Value>, PlansError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 100_000_000,
            max_nodes: 50_000_000,
            max_total_scalar_bytes: 1 << 30,
        },
    };
    let value: Option<Value> = serde_saphyr::from_str_with_options(content, options).map_err(|e| {
        PlansError::Yaml(text::shorten(&text::one_line(&e.without_snippet().to_string()), 300).into_owned())
    })?;
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(PlansError::Shape("the document")),
    }
}

pub(super) fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

pub(super) fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether a line may hold a comment; a `#` inside a quoted text counts as one, which only keeps more.
fn has_comment(line: &str) -> bool {
    is_comment(line) || line.contains(" #")
}

fn without_comment(rest: &str) -> &str {
    let rest = rest.trim();
    if rest.starts_with('#') { "" } else { rest.split(" #").next().unwrap_or_default().trim() }
}

/// The key that a line begins with, and what stands behind its colon.
pub(super) fn key_of(line: &str) -> Option<(String, &str)> {
    let line = line.trim_end_matches(['\r', '\n']);
    let (key, rest) = match line.chars().next()? {
        ' ' | '\t' | '#' | '-' | '[' | '{' | '?' | '&' | '*' | '!' | '|' | '>' | '%' => return None,
        '"' => {
            let mut escaped = false;
            let end = line.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                ends
            })?;
            let quoted = &line[..=end.0];
            (serde_saphyr::from_str::<String>(quoted).ok()?, &line[end.0 + 1..])
        }
        '\'' => {
            let mut at = 1;
            loop {
                let next = at + line[at..].find('\'')?;
                if line[next + 1..].starts_with('\'') {
                    at = next + 2;
                } else {
                    break (line[1..next].replace("''", "'"), &line[next + 1..]);
                }
            }
        }
        _ => {
            let end = line.find(": ").or_else(|| line.trim_end().strip_suffix(':').map(str::len))?;
            if line[..end].contains(" #") {
                return None;
            }
            (line[..end].trim_end().to_owned(), &line[end..])
        }
    };
    let rest = rest.trim_start().strip_prefix(':')?;
    Some((key, rest))
}
