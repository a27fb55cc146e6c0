//! Changes to a document: to its bytes, and to its values where it is JSON.

use serde_json::Value;

use crate::chance::Chance;

/// What was done to a seed, as far as laws ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Everything from some byte on is gone.
    Cut,
    /// One record of the array that holds them is no longer an object.
    RecordReplaced,
    /// A value became another, a key went or came twice, elements were repeated or left out, all in place.
    InPlace,
    /// Text may stand where it never stands: bytes changed, keys or values moved, two seeds joined.
    Anywhere,
}

/// A seed and what a change may know of it.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Where the records stand (a JSON pointer), if a record that is no object must be noticed.
    pub(crate) records: Option<&'static str>,
    /// Texts that tell the parser where a secret is; a secret may show once one of them is gone.
    pub(crate) guards: &'static [&'static str],
}

/// What stands in for a text that is no JSON value, until the document is written.
const RAW: &str = "@@raw@@";

/// Values that parsers do not expect.
const ODD: [&str; 22] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e400",
    "-0.0",
    "1.5",
    "99999999999999999999",
    "4294967296",
    "18446744073709551616",
    "\"\"",
    "\" \"",
    "\"x\"",
    "\"\\ud83d\\ude00\\u202e\\u0000\\u001b[31m\"",
    "\"\u{202e}\u{feff}\u{2028}é\"",
    "\"2026-13-45T99:00:00Z\"",
    "\"../../../etc/passwd\"",
    "[]",
    "{}",
    "[[[]]]",
    "{\"a\": {\"b\": []}}",
];

/// Bytes that mean something to a parser.
const TOKENS: [&str; 20] = [
    "{", "}", "[", "]", "\"", ":", ",", "\\", "null", "\n", "\r\n", "- ", ": ", "#", "&a", "*a", "\u{0}", "\u{202e}",
    "\u{feff}", "\\ud800",
];

/// A changed seed and what was done to it.
pub(crate) fn mutate(seeds: &[Seed], chance: &mut Chance) -> (Vec<u8>, Change, usize) {
    let at = chance.below(seeds.len());
    let seed = &seeds[at];
    let document = serde_json::from_slice::<Value>(&seed.bytes).ok();
    let (bytes, change) = match (chance.below(12), document) {
        (0, _) => (seed.bytes[..chance.below(seed.bytes.len())].to_vec(), Change::Cut),
        (1, _) => (splice(seed, &seeds[chance.below(seeds.len())], chance), Change::Anywhere),
        (4, Some(document)) if seed.records.is_some() => replace_record(document, seed, chance),
        (5, Some(document)) => (swap(document, chance), Change::Anywhere),
        (6.., Some(mut document)) => {
            let mut raw = Vec::new();
            for _ in 0..=chance.below(3) {
                in_place(&mut document, &mut raw, chance);
            }
            (written(&document, &raw), Change::InPlace)
        }
        _ => (some_bytes(seed.bytes.clone(), chance), Change::Anywhere),
    };
    (bytes, change, at)
}

fn splice(one: &Seed, other: &Seed, chance: &mut Chance) -> Vec<u8> {
    let head = &one.bytes[..chance.below(one.bytes.len())];
    let tail = &other.bytes[chance.below(other.bytes.len())..];
    [head, tail].concat()
}

fn some_bytes(mut bytes: Vec<u8>, chance: &mut Chance) -> Vec<u8> {
    for _ in 0..=chance.below(6) {
        if bytes.is_empty() {
            break;
        }
        let at = chance.below(bytes.len());
        match chance.below(6) {
            0 => bytes[at] ^= 1 << chance.below(8),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, u8::try_from(chance.below(256)).unwrap_or(0)),
            3 => drop(bytes.splice(at..at, chance.pick(&TOKENS).bytes())),
            4 => {
                let end = (at + 1 + chance.below(40)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let times = 1 + chance.below(4);
                bytes.splice(at..at, part.repeat(times));
            }
            _ => {
                let end = (at + 1 + chance.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
    bytes
}

fn replace_record(mut document: Value, seed: &Seed, chance: &mut Chance) -> (Vec<u8>, Change) {
    let records = seed.records.and_then(|at| document.pointer_mut(at)).and_then(Value::as_array_mut);
    match records {
        Some(records) if !records.is_empty() => {
            let at = chance.below(records.len());
            let with = chance.pick(&["7", "null", "\"x\"", "true", "[]"]);
            records[at] = serde_json::from_str(with).unwrap_or_default();
            (document.to_string().into_bytes(), Change::RecordReplaced)
        }
        _ => (seed.bytes.clone(), Change::None),
    }
}

/// Two values of the document change places.
fn swap(mut document: Value, chance: &mut Chance) -> Vec<u8> {
    let count = values(&document);
    let (one, other) = (chance.below(count), chance.below(count));
    let taken = nth(&mut document, &mut one.clone()).map(Value::take).unwrap_or_default();
    if let Some(value) = nth(&mut document, &mut other.clone()) {
        let back = std::mem::replace(value, taken);
        if let Some(value) = nth(&mut document, &mut one.clone()) {
            *value = back;
        }
    }
    document.to_string().into_bytes()
}

/// One change that leaves every text where it stands.
fn in_place(document: &mut Value, raw: &mut Vec<String>, chance: &mut Chance) {
    let count = values(document);
    let Some(value) = nth(document, &mut chance.below(count)) else { return };
    let mut put = |value: &mut Value, text: String| {
        *value = Value::String(format!("{RAW}{}{RAW}", raw.len()));
        raw.push(text);
    };
    match value {
        Value::Array(items) if !items.is_empty() && chance.once_in(2) => {
            let at = chance.below(items.len());
            match chance.below(4) {
                0 => drop(items.remove(at)),
                1 => {
                    let item = items[at].clone();
                    let times = 1 + chance.below(30);
                    items.splice(at..at, vec![item; times]);
                }
                2 => items.reverse(),
                _ => items.truncate(at),
            }
        }
        Value::Object(entries) if !entries.is_empty() && chance.once_in(2) => {
            let Some(key) = entries.keys().nth(chance.below(entries.len())).cloned() else { return };
            if chance.once_in(2) {
                entries.remove(&key);
            } else if let Some(value) = entries.get_mut(&key) {
                let name = serde_json::to_string(&key).unwrap_or_default();
                put(value, format!("{value}, {name}: {value}"));
            }
        }
        value if chance.once_in(24) => {
            let depth = 1 << chance.below(12);
            put(value, format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        }
        value => put(value, chance.pick(&ODD).to_owned()),
    }
}

fn written(document: &Value, raw: &[String]) -> Vec<u8> {
    let mut text = document.to_string();
    // The newest first: an older one may stand inside it.
    for (at, raw) in raw.iter().enumerate().rev() {
        text = text.replace(&format!("\"{RAW}{at}{RAW}\""), raw);
    }
    text.into_bytes()
}

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(entries) => entries.values().map(values).sum(),
        _ => 0,
    }
}

/// The nth value, the outer ones before what is in them.
fn nth<'v>(value: &'v mut Value, left: &mut usize) -> Option<&'v mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(entries) => entries.values_mut().find_map(|item| nth(item, left)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_input() {
        let seed = Seed {
            name: "s".to_owned(),
            bytes: br#"{"a": [1, {"b": "c"}], "d": null}"#.to_vec(),
            records: Some("/a"),
            guards: &[],
        };
        let seeds = [seed.clone(), seed];
        let mut changes = Vec::new();
        for nth in 0..300 {
            let one = mutate(&seeds, &mut Chance::of(7, "t", nth));
            assert_eq!(one, mutate(&seeds, &mut Chance::of(7, "t", nth)));
            changes.push(one.1);
        }
        for change in [Change::Cut, Change::RecordReplaced, Change::InPlace, Change::Anywhere] {
            assert!(changes.contains(&change), "{change:?}");
        }
    }

    #[test]
    fn every_value_is_found() {
        let mut value: Value = serde_json::from_str(r#"{"a": [1, {"b": "c"}], "d": null}"#).unwrap();
        let count = values(&value);
        assert_eq!(count, 6);
        for at in 0..count {
            assert!(nth(&mut value, &mut at.clone()).is_some());
        }
        assert!(nth(&mut value, &mut count.clone()).is_none());
    }
}
