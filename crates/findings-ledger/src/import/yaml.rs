//! YAML of the old system, torn writes included: the whole where it can be read, else the entries that can.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::fault;
use crate::plans::{key_of, yaml_fault::YamlFault};

/// Most faults that are told of one file.
const TOLD: usize = 20;

/// An entry below a section: `findings:` → `GHSA-…:`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: Value,
}

/// What could be read of a file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sections {
    pub(super) entries: Vec<Entry>,
    /// What could not, a line each; empty for a sound file.
    pub(super) faults: Vec<String>,
}

/// Reads a file of sections (keys at the margin) with entries (keys below them).
pub(super) fn read(bytes: &[u8]) -> Sections {
    let mut faults = Vec::new();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) => {
            faults.push(format!("it is not UTF-8 text (byte {})", error.valid_up_to()));
            String::from_utf8_lossy(bytes).into_owned()
        }
    };
    if text.trim().is_empty() {
        faults.push("it is empty".to_owned());
        return Sections { entries: Vec::new(), faults };
    }
    match parse(&text) {
        Ok(Value::Object(document)) if faults.is_empty() => return whole(document),
        Ok(Value::Object(_)) => {}
        Ok(_) => {
            faults.push("it is not a mapping of keys to values".to_owned());
            return Sections { entries: Vec::new(), faults };
        }
        Err(why) => faults.push(fault(&why.to_string())),
    }
    let mut found = salvage(&text, &mut faults);
    found.retain(|entry| !entry.key.contains('\u{fffd}'));
    faults.truncate(TOLD);
    Sections { entries: found, faults }
}

fn whole(document: Map<String, Value>) -> Sections {
    let mut sections = Sections::default();
    for (section, value) in document {
        match value {
            Value::Object(entries) => sections.entries.extend(entries.into_iter().map(|(key, value)| Entry {
                section: section.clone(),
                key,
                value,
            })),
            // A section with nothing in it, or a single value at the margin: `last_updated`.
            Value::Null | Value::String(_) | Value::Number(_) | Value::Bool(_) => {}
            Value::Array(_) => sections.faults.push(fault(&format!("{section} is not a mapping of keys to values"))),
        }
    }
    sections
}

/// Reads YAML within limits that no file of that system comes near.
fn parse(text: &str) -> Result<Value, YamlFault> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 20_000_000,
            max_nodes: 10_000_000,
            max_total_scalar_bytes: 1 << 28,
        },
    };
    let value: Option<Value> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| YamlFault::of(&error))?;
    Ok(value.unwrap_or(Value::Null))
}

/// A block of lines that begins with a key.
struct Block<'t> {
    section: String,
    /// The number of its first line, from 1.
    at: usize,
    lines: Vec<&'t str>,
}

impl Block<'_> {
    /// A fault of the block, with its line in the file and the key that it begins with.
    fn said(&self, why: &YamlFault) -> String {
        let below =
            why.place.map_or(1, |(line, _)| usize::try_from(line).unwrap_or(1)).clamp(1, self.lines.len().max(1));
        let line = self.at + below - 1;
        match self.lines.first().and_then(|line| key_of(line)) {
            Some((key, _)) => format!("line {line}, in {key}: {}", why.words),
            None => format!("line {line}: {}", why.words),
        }
    }
}

fn salvage(text: &str, faults: &mut Vec<String>) -> Vec<Entry> {
    let mut entries: Vec<Option<Entry>> = Vec::new();
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    for block in blocks(text) {
        let (read, why) = read_block(&block);
        if let Some(why) = why {
            faults.push(fault(&block.said(&why)));
        }
        for (key, value) in read {
            if let Some(earlier) = places.insert((block.section.clone(), key.clone()), entries.len()) {
                // The old program read the last of them.
                faults.push(fault(&format!("line {}: {key} stands twice; the last one counts", block.at)));
                entries[earlier] = None;
            }
            entries.push(Some(Entry { section: block.section.clone(), key, value }));
        }
    }
    entries.into_iter().flatten().collect()
}

/// The blocks below each key at the margin, told apart by their indentation.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut section: Option<(String, Option<usize>)> = None;
    for (at, line) in text.lines().enumerate() {
        // A tab indents nothing in YAML: such a line belongs to the block that it damages.
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let indent = if line[spaces..].starts_with('\t') { spaces.max(8) } else { spaces };
        let is_text = !line.trim().is_empty() && !line.trim_start().starts_with('#');
        if is_text && indent == 0 {
            if let Some(name) = section_of(line) {
                section = Some((name, None));
            } else if let Some(block) = blocks.last_mut() {
                // What a torn write left at the margin: the block before it cannot be whole.
                block.lines.push(line);
            }
            continue;
        }
        let Some((name, margin)) = section.as_mut() else { continue };
        if is_text && indent <= *margin.get_or_insert(indent) {
            blocks.push(Block { section: name.clone(), at: at + 1, lines: vec![line.trim_start()] });
        } else if let Some(block) = blocks.last_mut().filter(|block| block.section == *name) {
            let margin = margin.unwrap_or_default().min(spaces);
            block.lines.push(line.get(margin..).unwrap_or(line));
        }
    }
    blocks
}

/// The section that a line at the margin begins: a word and a colon.
fn section_of(line: &str) -> Option<String> {
    let (name, rest) = line.split_once(':')?;
    let name = name.trim_matches(['"', '\'']);
    let is_word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (is_word && (rest.is_empty() || rest.starts_with([' ', '\r']))).then(|| name.to_owned())
}

/// What a block says, and why that is not all of it.
fn read_block(block: &Block<'_>) -> (Map<String, Value>, Option<YamlFault>) {
    let why = match parse(&block.lines.join("\n")) {
        Ok(Value::Object(entry)) => return (entry, None),
        Ok(_) => return (Map::new(), Some(YamlFault { words: "no key and value".to_owned(), place: None })),
        Err(why) => why,
    };
    match read_list(block) {
        Some(entry) => (entry, Some(YamlFault { words: format!("a part of it cannot be read: {}", why.words), ..why })),
        None => (Map::new(), Some(why)),
    }
}

/// A block with a list (`events:`) whose items are read one by one, and those that cannot be read left out.
fn read_list(block: &Block<'_>) -> Option<Map<String, Value>> {
    let first = block.lines.iter().position(|line| line.trim_start().starts_with("- "))?;
    let indent = block.lines[first].len() - block.lines[first].trim_start().len();
    let (head, body) = block.lines.split_at(first);
    let Value::Object(mut entry) = parse(&head.join("\n")).ok()? else { return None };
    let mut items: Vec<Vec<&str>> = Vec::new();
    for line in body {
        if line.get(indent..).is_some_and(|rest| rest.starts_with("- ")) && line[..indent].trim().is_empty() {
            items.push(Vec::new());
        }
        if let Some(item) = items.last_mut() {
            item.push(line);
        }
    }
    let read: Vec<Value> = items
        .into_iter()
        .filter_map(|item| match parse(&item.join("\n")) {
            Ok(Value::Array(values)) => Some(values),
            _ => None,
        })
        .flatten()
        .collect();
    // The list belongs to the key that the head ends with.
    let body = entry.values_mut().next()?.as_object_mut()?;
    body.insert("events".to_owned(), Value::Array(read));
    Some(entry)
}
