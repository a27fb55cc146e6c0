//! What is wrong with a text that should be JSON, in words that hold nothing of the text.

use serde_json::error::Category;

/// The deepest nesting that is read.
const DEEPEST: usize = 128;

/// The reason for a JSON error: what and where, in lines, columns and bytes.
///
/// Messages about values may quote the value, which may be a secret; of those only the sort is told.
pub(crate) fn reason(text: &str, error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let what = what(error);
    let what = if starts_with_markup(text) { format!("{what}; it looks like an HTML or XML page") } else { what };
    format!("{what} at line {line}, column {column} (byte {})", offset(text, line, column))
}

/// What a JSON error is about, without its place.
pub(crate) fn what(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    match error.classify() {
        Category::Eof => format!("it is truncated: unexpected end ({message})"),
        Category::Syntax if message.starts_with("recursion limit") => {
            format!("it is nested deeper than {DEEPEST} levels")
        }
        Category::Syntax if message.starts_with("trailing characters") => {
            "there is something behind the JSON document (trailing characters)".to_owned()
        }
        Category::Syntax => format!("it is not JSON ({message})"),
        Category::Data if message.starts_with("duplicate field") => {
            format!("a key stands twice in one object ({message})")
        }
        Category::Data | Category::Io => "a value is of a kind that cannot be read".to_owned(),
    }
}

/// The reason for a document of no known format: an error of its syntax goes before what its keys are.
pub(crate) fn unrecognised(text: &str) -> String {
    let mut depth = 0_usize;
    let mut deepest = 0;
    let mut in_text = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return reason(text, &error);
    }
    if deepest > DEEPEST {
        return format!(
            "it is nested {deepest} levels deep, deeper than the {DEEPEST} that are read, and is not one of the known report formats"
        );
    }
    "it is not one of the known report formats".to_owned()
}

/// The byte offset (counted from 0) of a line and column (counted from 1) of serde_json.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}

fn starts_with_markup(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(text: &str) -> String {
        reason(text, &serde_json::from_str::<serde::de::IgnoredAny>(text).unwrap_err())
    }

    #[test]
    fn the_place_is_told_in_bytes_too() {
        insta::assert_snapshot!(reason_of("{\n \"a\": [1,\n"), @"it is truncated: unexpected end (EOF while parsing a value) at line 3, column 0 (byte 12)");
        insta::assert_snapshot!(reason_of("{\n \"a\": NaN}"), @"it is not JSON (expected value) at line 2, column 7 (byte 8)");
        insta::assert_snapshot!(reason_of("[] []"), @"there is something behind the JSON document (trailing characters) at line 1, column 4 (byte 3)");
        insta::assert_snapshot!(reason_of("<html>"), @"it is not JSON (expected value); it looks like an HTML or XML page at line 1, column 1 (byte 0)");
    }

    #[test]
    fn no_value_is_quoted() {
        let error = serde_json::from_str::<u8>("\"hunter2\"").unwrap_err();
        assert!(!reason("\"hunter2\"", &error).contains("hunter2"));
    }
}
