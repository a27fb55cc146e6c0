//! Markdown from templates.
//!
//! Every value that a template prints is escaped for Markdown, unless a filter of this module made it: escaping is not
//! up to the template. Undefined names are errors.

use findings_model::text;
use minijinja::{Error, Value, value::Serde};
use serde::Serialize;

use crate::template;

/// Renders a template; what it prints is tidy: no more than one empty line in a row.
pub(crate) fn render(name: &str, source: &str, context: impl Serialize) -> Result<String, Error> {
    let mut environment = template::environment()?;
    environment.add_filter("code", |value: String| Value::from_safe_string(code(&value)));
    environment.add_filter("link", |value: String| Value::from_safe_string(link(&value)));
    environment.add_filter("own_words", |value: String| Value::from_safe_string(own_words(&value)));
    environment.add_filter("below_heading", |value: String| Value::from_safe_string(below_heading(&own_words(&value))));
    environment.render_named_str(name, source, Serde(context)).map(|text| tidy(&text))
}

/// Whole lines up to a number of bytes, with a remark where something was cut off.
pub(crate) fn limit(text: String, limit: usize, remark: &str) -> String {
    if text.len() <= limit {
        return text;
    }
    let remark = format!("\n{remark}\n");
    let room = text.floor_char_boundary(limit.saturating_sub(remark.len()));
    let end = text[..room].rfind('\n').map_or(room, |line_feed| line_feed + 1);
    format!("{}{remark}", &text[..end])
}

/// A code span, for ids, names and versions; a text with characters that no such thing has is escaped instead.
fn code(value: &str) -> String {
    let line = text::one_line(value);
    match text::shorten(&line, 200) {
        short if short.contains(['`', '<', '>', '&']) => text::markdown(&short),
        short if short.is_empty() => String::new(),
        short => format!("`{short}`"),
    }
}

/// An address that may be followed, as a link; any other text is shown and leads nowhere.
fn link(value: &str) -> String {
    if text::is_linkable(value) { format!("<{value}>") } else { text::markdown(value) }
}

/// A person's own Markdown: emphasis, lists and headings work; HTML, links and images are shown as text.
///
/// A line is never a workflow command, should a step print it.
fn own_words(value: &str) -> String {
    let value = value.replace("\r\n", "\n");
    let mut out = String::with_capacity(value.len());
    for line in text::clean(value.trim()).lines() {
        let indent = line.len() - line.trim_start().len();
        out.push_str(&line[..indent]);
        if line[indent..].starts_with("::") {
            out.push('\\');
        }
        for c in line[indent..].chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '[' | ']' => out.extend(['\\', c]),
                _ => out.push(c),
            }
        }
        out.push('\n');
    }
    out
}

/// At most one empty line in a row, none at the ends, one line feed at the end.
fn tidy(notes: &str) -> String {
    let mut out = String::with_capacity(notes.len());
    let mut empty = 0;
    for line in notes.lines().map(str::trim_end) {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        out.push_str(line);
        empty = 0;
    }
    out.push('\n');
    out
}

/// A person's own Markdown for a place below a heading of the third level: none of its lines is a heading, or makes the one before it
/// one.
fn below_heading(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for line in words.lines() {
        let content = line.trim_start();
        let underlines = |sign: char| !content.is_empty() && content.trim_end().chars().all(|c| c == sign);
        if content.starts_with('#') || underlines('=') || underlines('-') {
            out.push_str(&line[..line.len() - content.len()]);
            out.push('\\');
            out.push_str(content);
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}
