//! Versions in TOML and JSON.

use std::ops::Range;

use findings_model::PackageName;
use toml_edit::Item;

/// The text at a path of keys in a TOML document, without its quotes; none if there is none.
pub(super) fn toml(document: &Item, text: &str, path: &[&str]) -> Option<Range<usize>> {
    let (key, tables) = path.split_last()?;
    let value = table(document, tables)?.get(key)?.as_value()?;
    value.as_str()?;
    unquoted(text, value.span()?)
}

/// The version of the entry that a lock file has of the project itself: one of that name that comes from no index.
pub(super) fn lock(document: &Item, text: &str, name: &PackageName) -> Vec<Range<usize>> {
    let packages = document.get("package").and_then(Item::as_array_of_tables);
    let own = packages.into_iter().flatten().filter(|package| {
        let named = package.get("name").and_then(Item::as_str).and_then(|other| PackageName::parse(other).ok());
        named.as_ref() == Some(name) && package.get("source").is_none_or(is_own)
    });
    own.filter_map(|package| unquoted(text, package.get("version")?.as_value()?.span()?)).collect()
}

/// uv says where the project's own entry lies; Cargo says no source at all.
fn is_own(source: &Item) -> bool {
    ["editable", "virtual"].iter().any(|key| source.get(key).and_then(Item::as_str).is_some())
}

/// A table at a path of keys.
pub(crate) fn table<'a>(document: &'a Item, path: &[&str]) -> Option<&'a Item> {
    let mut item = document;
    for name in path {
        item = item.get(name)?;
    }
    (item.is_table() || item.is_inline_table()).then_some(item)
}

fn unquoted(text: &str, span: Range<usize>) -> Option<Range<usize>> {
    let value = text.get(span.clone())?;
    let width = if value.starts_with("\"\"\"") || value.starts_with("'''") { 3 } else { 1 };
    (value.len() > 2 * width).then(|| span.start + width..span.end - width)
}

/// The texts of keys of the outermost object of a JSON document, without their quotes.
pub(super) fn json(text: &str, keys: &[&str]) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    let mut key = None;
    let mut found = Vec::new();
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => key = None,
            b'"' => {
                let start = at;
                while bytes.get(at).is_some_and(|b| *b != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                let span = start..at.min(bytes.len());
                at += 1;
                match key {
                    _ if depth != 1 => {}
                    None => key = text.get(span),
                    Some(key) => found.extend(Some(span).filter(|_| keys.contains(&key))),
                }
            }
            _ => {}
        }
    }
    found
}
