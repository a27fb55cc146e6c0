//! Markdown from templates.
//!
//! Every value that a template prints is escaped for Markdown, unless a filter of this module made it: escaping is not
//! up to the template. Undefined names are errors.

use findings_model::text;
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::{
    blocks::{self, Line},
    own_words::{largest, own_words},
    template,
};

/// The most bytes of a document, and of what may grow in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lengths {
    /// Of all.
    pub(crate) whole: usize,
    /// Of a person's own words.
    pub(crate) own_words: usize,
    /// The most rows of each list.
    pub(crate) rows: usize,
}

/// Renders a template; what it prints is tidy: no more than one empty line in a row.
///
/// Where that is too long the lists get shorter, each by itself, before anything else does.
pub(crate) fn render_within(
    name: &str,
    source: &str,
    lengths: Lengths,
    context: &dyn Fn(usize) -> Value,
) -> Result<String, Error> {
    let environment = environment(lengths.own_words)?;
    let template = environment.template_from_named_str(name, source)?;
    let with = |rows| template.render(context(rows)).map(|text| tidy(&text));
    let text = with(lengths.rows)?;
    if text.len() <= lengths.whole {
        return Ok(text);
    }
    let fits = |rows| with(rows).is_ok_and(|text| text.len() <= lengths.whole);
    let rows = largest(lengths.rows.saturating_sub(1), fits);
    with(rows).map(|text| limit(text, lengths.whole))
}

/// What a template is tried on before the day that it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    /// A release that the findings ask for.
    Automatic,
    /// A release that a person asked for.
    Manual,
    /// A release of which little is known.
    Bare,
}

/// Looks for faults in a template without anything to write: names that nothing has, filters that there are not.
///
/// What a template does with values that are not known is its own affair, for they may always be known in its project.
pub(crate) fn check(
    name: &str,
    source: &str,
    own_words: usize,
    context: &dyn Fn(Sample) -> Value,
) -> Result<(), Error> {
    let environment = environment(own_words)?;
    let template = environment.template_from_named_str(name, source)?;
    for sample in [Sample::Automatic, Sample::Manual, Sample::Bare] {
        match template.render(context(sample)) {
            Err(error) if sample != Sample::Bare || error.kind() == ErrorKind::UndefinedError => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// What makes Markdown of a text, of a person's own words with so many bytes at the most.
type Shown = fn(&str, usize) -> String;

fn environment<'t>(words: usize) -> Result<Environment<'t>, Error> {
    let mut environment = template::environment()?;
    let safe = |text: &str, shown: Shown, words| Value::from_safe_string(shown(text, words));
    let shown: [(&str, Shown); 4] = [
        ("code", |text, _| code(text)),
        ("link", |text, _| link(text)),
        ("own_words", own_words),
        ("below_heading", |text, words| below_heading(&own_words(text, words))),
    ];
    for (name, show) in shown {
        environment.add_filter(name, move |value: Value| template::of_known(&value, |text| safe(text, show, words)));
    }
    Ok(environment)
}

/// Whole lines up to a number of bytes and how many there are beside, for templates that print more than any choice of rows makes
/// fit. A code block does not stay open.
fn limit(text: String, limit: usize) -> String {
    if text.len() <= limit {
        return text;
    }
    let cut = |end: usize| {
        let kept = &text[..text.floor_char_boundary(end)];
        let closing = blocks::read(kept).closing.map(|line| line + "\n").unwrap_or_default();
        let more = text[kept.len()..].trim_start().lines().count();
        format!("{kept}\n{closing}\n(Shortened here: {more} more lines.)\n")
    };
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).take_while(|at| *at <= limit).collect();
    match ends.partition_point(|end| cut(*end).len() <= limit).checked_sub(1) {
        Some(last) => cut(ends[last]),
        None => cut(largest(limit, |end| cut(end).len() <= limit)),
    }
}

/// The most characters of a code span.
const CODE: usize = 200;

/// A code span, for ids, names and versions; a text with characters that no such thing has is escaped instead.
fn code(value: &str) -> String {
    let line = text::one_line(value);
    match text::shorten(&line, CODE) {
        short if short.contains(['`', '<', '>', '&']) => text::markdown(&short),
        short if short.is_empty() => String::new(),
        short => format!("`{short}`"),
    }
}

/// An address that may be followed, as a link; any other text is shown and leads nowhere.
fn link(value: &str) -> String {
    if text::is_linkable(value) { format!("<{value}>") } else { text::markdown(value) }
}

/// At most one empty line in a row, none at the ends, one line feed at the end. Code is left as it is.
fn tidy(text: &str) -> String {
    let blocks = blocks::read(text);
    let mut out = String::with_capacity(text.len());
    let mut empty = false;
    for (line, read) in text.lines().zip(&blocks.lines) {
        if *read == Line::Blank {
            empty = true;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty { "\n\n" } else { "\n" });
        }
        out.push_str(line);
        empty = false;
    }
    out.push('\n');
    text::harmless(&out).into_owned()
}

/// A person's own Markdown for a place between headings of the third level, which tell by their name what is below them: its headings
/// are of the fourth level or below, and no line makes the one before it one.
fn below_heading(words: &str) -> String {
    let lowered = with_headings(words, &|level, title| format!("{}{title}", "#".repeat(level.max(4))));
    // Behind what was a heading, an indented line was code and is text now.
    with_headings(&lowered, &|level, title| {
        format!("{}{}{title}", if level < 4 { "\\" } else { "" }, "#".repeat(level))
    })
}

/// Words with other headings in place of theirs, made of the level and what is behind the signs. What only looks like one, and lines
/// that underline one, are text.
fn with_headings(words: &str, heading: &dyn Fn(usize, &str) -> String) -> String {
    let mut out = String::new();
    let blocks = blocks::read(words);
    for (line, read) in words.lines().zip(&blocks.lines) {
        // Behind the marks of a quote or a list; in code nothing is a heading.
        let content = match *read {
            Line::Text { start, .. } => &line[start..],
            Line::Blank | Line::Code => "",
        };
        let title = content.trim_start_matches('#');
        let level = content.len() - title.len();
        let underlines = |sign: char| !content.is_empty() && content.trim_end().chars().all(|c| c == sign);
        out.push_str(&line[..line.len() - content.len()]);
        if (1..=6).contains(&level) && title.starts_with([' ', '\t']) && !title.trim().is_empty() {
            out.push_str(&heading(level, title));
        } else {
            if level > 0 || underlines('=') || underlines('-') {
                out.push('\\');
            }
            out.push_str(content);
        }
        out.push('\n');
    }
    out
}
