//! Where the plans stand in the lines of the file.

use std::{borrow::Cow, ops::Range};

use serde_json::{Map, Value};
use time::Date;

use super::{PlansError, blocks, yaml_fault::YamlFault};

/// The day that a plan went to the archive; written into it, and taken out again when it comes back.
pub(super) const ARCHIVED_DATE: &str = "archived_date";
/// Why it went there.
pub(super) const ARCHIVED_NOTE: &str = "archived_note";
/// The status that it had, word for word.
pub(super) const ARCHIVED_STATUS: &str = "archived_status";

/// Where everything stands in the file. Every span is one of whole lines, in bytes.
#[derive(Debug)]
pub(super) struct Layout<'t> {
    pub(super) content: &'t str,
    pub(super) eol: &'static str,
    pub(super) findings: Option<Section<'t>>,
    pub(super) archive: Option<Section<'t>>,
    /// The line that holds `last_updated` of the metadata.
    pub(super) last_updated: Option<Range<usize>>,
    /// Whether what was found line by line is what YAML says is there.
    pub(super) editable: Result<(), &'static str>,
}

/// A part of the file that holds plans.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Section<'t> {
    pub(super) header: Range<usize>,
    /// Behind its last line that is neither blank nor a comment at the margin.
    pub(super) end: usize,
    /// Spaces before a plan's id.
    pub(super) indent: usize,
    pub(super) entries: Vec<Entry<'t>>,
}

/// One plan.
#[derive(Debug, PartialEq)]
pub(super) struct Entry<'t> {
    pub(super) key: Cow<'t, str>,
    pub(super) said: Said,
    /// Its lines, with the comments right above it.
    pub(super) span: Range<usize>,
    pub(super) has_comment: bool,
}

/// What a plan says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// Word for word what this program writes for a finding that nobody has thought about yet.
    Untouched { created: Date, updated: Date },
    /// As YAML reads it.
    Yaml(Value),
}

impl<'t> Layout<'t> {
    /// Reads the file, plan by plan where it is written as this program writes it, else as one YAML document.
    pub(super) fn read(content: &'t str) -> Result<Self, PlansError> {
        match blocks::read(content) {
            Some(layout) => Ok(layout),
            None => Self::read_whole(content),
        }
    }

    /// Reads the file as one YAML document, and then as lines.
    pub(super) fn read_whole(content: &'t str) -> Result<Self, PlansError> {
        let document = parse(content)?;
        let lines = Lines::of(content);
        let eol = if lines.lines.first().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
        let findings = lines.section("findings", document.get("findings"))?;
        let archive = lines.section("archive", document.get("archive"))?;
        let editable = [&findings, &archive].into_iter().flatten().try_for_each(|found| found.placed);
        Ok(Self {
            content,
            eol,
            findings: findings.map(|found| found.section),
            archive: archive.map(|found| found.section),
            last_updated: lines.top_level("metadata").and_then(|header| lines.last_updated(header)),
            editable,
        })
    }
}

/// A section, and whether its plans can be changed line by line.
struct Found<'t> {
    section: Section<'t>,
    placed: Result<(), &'static str>,
}

/// The lines of the file, and where each begins.
struct Lines<'t> {
    lines: Vec<&'t str>,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(content: &'t str) -> Self {
        let lines: Vec<&str> = content.split_inclusive('\n').collect();
        let mut starts = Vec::with_capacity(lines.len() + 1);
        let mut at = 0;
        for line in &lines {
            starts.push(at);
            at += line.len();
        }
        starts.push(at);
        Self { lines, starts }
    }

    /// The bytes of some lines.
    fn span(&self, lines: Range<usize>) -> Range<usize> {
        self.starts[lines.start]..self.starts[lines.end]
    }

    /// A section, if there is one.
    fn section(&self, name: &'static str, value: Option<&Value>) -> Result<Option<Found<'t>>, PlansError> {
        let empty = Map::new();
        let map = match value {
            None => return Ok(None),
            Some(Value::Null) => &empty,
            Some(Value::Object(map)) => map,
            Some(_) => return Err(PlansError::Shape(name)),
        };
        let Some(header) = self.top_level(name) else {
            return Ok(Some(unplaced(map, "a section does not begin a line of its own")));
        };
        let on_header_line = !is_header(self.lines[header], name);
        let end = self.section_end(header);
        let is_said_below = || self.lines[header + 1..end].iter().any(|line| !is_blank(line) && !is_comment(line));
        if map.is_empty() && (on_header_line || is_said_below()) {
            return Ok(Some(unplaced(map, "a section without a plan is not written as {} behind its name")));
        }
        let (entries, margin) = self.entries(header + 1..end, map);
        if on_header_line || entries.len() != map.len() {
            return Ok(Some(unplaced(map, "the plans do not stand one below the other")));
        }
        let indent = if entries.is_empty() { 2 } else { margin };
        let section = Section { header: self.span(header..header + 1), end: self.starts[end], indent, entries };
        Ok(Some(Found { section, placed: Ok(()) }))
    }

    /// The line of a key at the margin.
    fn top_level(&self, name: &str) -> Option<usize> {
        self.lines.iter().position(|line| key_of(line).is_some_and(|(key, _)| key == name))
    }

    fn last_updated(&self, header: usize) -> Option<Range<usize>> {
        let mut body = header + 1..self.section_end(header);
        let at = body.find(|at| key_of(self.lines[*at].trim_start()).is_some_and(|(key, _)| key == "last_updated"))?;
        Some(self.span(at..at + 1))
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

    /// The plans of a section, and the margin that they stand at.
    fn entries(&self, body: Range<usize>, map: &Map<String, Value>) -> (Vec<Entry<'t>>, usize) {
        let Some(margin) = body.clone().map(|at| self.lines[at]).find(|l| !is_blank(l) && !is_comment(l)).map(indent)
        else {
            return (Vec::new(), 2);
        };
        let mut starts: Vec<(usize, String)> = Vec::new();
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
            starts.push((first.unwrap_or(at), key));
        }
        let ends: Vec<usize> = starts.iter().skip(1).map(|(first, _)| *first).chain([body.end]).collect();
        let entries = starts
            .into_iter()
            .zip(ends)
            .filter_map(|((first, key), end)| {
                let said = Said::Yaml(map.get(&key)?.clone());
                let has_comment = (first..end).any(|l| has_comment(self.lines[l]));
                Some(Entry { key: Cow::Owned(key), said, span: self.span(first..end), has_comment })
            })
            .collect();
        (entries, margin)
    }
}

/// Plans that can be read but not placed.
fn unplaced<'t>(map: &Map<String, Value>, why: &'static str) -> Found<'t> {
    let entries = map
        .iter()
        .map(|(key, value)| Entry {
            key: Cow::Owned(key.clone()),
            said: Said::Yaml(value.clone()),
            span: 0..0,
            has_comment: false,
        })
        .collect();
    Found { section: Section { header: 0..0, end: 0, indent: 2, entries }, placed: Err(why) }
}

/// Reads YAML that holds a mapping, or nothing.
pub(super) fn parse(content: &str) -> Result<Map<String, Value>, PlansError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 100_000_000,
            max_nodes: 50_000_000,
            max_total_scalar_bytes: 1 << 30,
        },
    };
    let value: Option<Value> = serde_saphyr::from_str_with_options(content, options)
        .map_err(|error| PlansError::Yaml(YamlFault::of(&error).to_string()))?;
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
pub(super) fn has_comment(line: &str) -> bool {
    is_comment(line) || line.contains(" #")
}

fn without_comment(rest: &str) -> &str {
    let rest = rest.trim();
    if rest.starts_with('#') { "" } else { rest.split(" #").next().unwrap_or_default().trim() }
}

/// Whether a line is the header of a section whose plans stand below it, or that has none.
pub(crate) fn is_header(line: &str, name: &str) -> bool {
    key_of(line).is_some_and(|(key, rest)| key == name && without_comment(nothing(rest).unwrap_or(rest)).is_empty())
}

/// What follows where the text behind a section's name says that there is nothing in it.
pub(super) fn nothing(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    let after = ["{}", "{ }", "~", "null", "Null", "NULL"].into_iter().find_map(|word| rest.strip_prefix(word))?;
    (after.is_empty() || after.starts_with([' ', '\t', '\r', '\n'])).then_some(after)
}

/// The key that a line begins with, and what stands behind its colon.
pub(crate) fn key_of(line: &str) -> Option<(String, &str)> {
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
