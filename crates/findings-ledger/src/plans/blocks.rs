//! Reads the plan file plan by plan, where it is written as this program writes it.
//!
//! A plan that nobody touched is known by its bytes; any other goes through the YAML parser alone. That is the same as parsing
//! the whole only where no construct reaches over the end of its plan, so everything that could is refused here and left to
//! [`Layout::read_whole`]: a plan that is no YAML by itself, an id that stands twice, another order of the sections, line ends
//! of another kind, anything at the margin that is not expected there.

use std::{borrow::Cow, collections::HashSet, ops::Range};

use memchr::memchr;

use super::{
    layout::{Entry, Layout, Said, Section, has_comment, indent, is_blank, is_comment, key_of, parse},
    untouched::{self, Form},
};

/// Spaces before a plan's id.
const MARGIN: usize = 2;

/// The file by its plans; none where it has to be read as a whole.
pub(super) fn read(content: &str) -> Option<Layout<'_>> {
    // A byte order mark begins with EF; whatever else does is looked at more closely.
    let bytes = content.as_bytes();
    if memchr(b'\r', bytes).is_some() || (memchr(0xef, bytes).is_some() && content.contains('\u{feff}')) {
        return None;
    }
    let mut rest = Rest { content, at: 0, untouched: Form::new(MARGIN, "\n") };
    let Head { last_updated } = head(&mut rest)?;
    let mut layout = Layout { content, eol: "\n", findings: None, archive: None, last_updated, editable: Ok(()) };
    layout.findings = Some(section(&mut rest, "findings")?);
    if rest.at < content.len() {
        layout.archive = Some(section(&mut rest, "archive")?);
    }
    (rest.at == content.len()).then_some(layout)
}

/// What is left to read.
struct Rest<'t> {
    content: &'t str,
    at: usize,
    /// How a plan is written that nobody touched.
    untouched: Form,
}

impl<'t> Rest<'t> {
    fn text(&self) -> &'t str {
        &self.content[self.at..]
    }

    /// The next line with its end; empty behind the last.
    fn line(&self) -> &'t str {
        self.text().split_inclusive('\n').next().unwrap_or_default()
    }
}

/// What matters of everything above the plans.
struct Head {
    /// The line of `last_updated`.
    last_updated: Option<Range<usize>>,
}

/// Reads everything above the plans: a mapping by itself.
fn head(rest: &mut Rest<'_>) -> Option<Head> {
    let mut last_updated = None;
    let mut below: Option<String> = None;
    while !rest.line().is_empty() && !rest.line().starts_with("findings:") {
        let line = rest.line();
        let span = rest.at..rest.at + line.len();
        rest.at = span.end;
        if is_blank(line) || is_comment(line) {
            continue;
        }
        if indent(line) == 0 {
            below = Some(key_of(line)?.0);
        } else if below.as_deref()? == "metadata" && last_updated.is_none() {
            let is_it = key_of(line.trim_start()).is_some_and(|(key, _)| key == "last_updated");
            last_updated = is_it.then_some(span);
        }
    }
    let head = parse(&rest.content[..rest.at]).ok()?;
    (!head.contains_key("findings") && !head.contains_key("archive")).then_some(Head { last_updated })
}

/// A section from its header on; the comments and blank lines behind it go with it.
fn section<'t>(rest: &mut Rest<'t>, name: &str) -> Option<Section<'t>> {
    let header = rest.line();
    let after = header.strip_prefix(name)?;
    let is_empty = after == ": {}\n";
    if !is_empty && after != ":\n" {
        return None;
    }
    let mut section = Section { header: rest.at..rest.at + header.len(), indent: MARGIN, ..Section::default() };
    rest.at = section.header.end;
    section.end = rest.at;
    let mut in_order = true;
    while let Next::Plan(entry) = next(rest)? {
        in_order &= section.entries.last().is_none_or(|last| last.key < entry.key);
        section.end = entry.span.end;
        section.entries.push(entry);
    }
    if (is_empty && !section.entries.is_empty()) || (!in_order && has_twins(&section.entries)) {
        return None;
    }
    // What is left up to the next section shows nothing; it must not hide anything either.
    while is_blank(rest.line()) || rest.line().starts_with('#') {
        let line = rest.line();
        if line.is_empty() {
            break;
        }
        if !line.bytes().all(|b| b == b'\n' || b == b' ' || b.is_ascii_graphic()) {
            return None;
        }
        rest.at += line.len();
    }
    Some(section)
}

fn has_twins(entries: &[Entry<'_>]) -> bool {
    let mut keys = HashSet::with_capacity(entries.len());
    entries.iter().any(|entry| !keys.insert(entry.key.as_ref()))
}

/// What comes next in a section.
enum Next<'t> {
    Plan(Entry<'t>),
    End,
}

/// Reads the next plan of a section; none where the file has to be read as a whole.
fn next<'t>(rest: &mut Rest<'t>) -> Option<Next<'t>> {
    let start = rest.at;
    if let Some(entry) = untouched_entry(rest) {
        // Anything but the next plan or the next section makes it a plan that somebody touched.
        let next = rest.line();
        if next.is_empty() || is_plan(next) || is_at_margin(next) {
            return Some(Next::Plan(entry));
        }
        rest.at = start;
    }
    edited_entry(rest)
}

/// Whether a line begins a plan.
fn is_plan(line: &str) -> bool {
    indent(line) == MARGIN && !is_blank(line) && !is_comment(line)
}

/// Whether a line ends a section.
fn is_at_margin(line: &str) -> bool {
    indent(line) == 0 && !is_blank(line) && !line.starts_with('#')
}

/// A plan as this program writes it.
fn untouched_entry<'t>(rest: &mut Rest<'t>) -> Option<Entry<'t>> {
    let start = rest.at;
    let (id, [created, updated], behind) = rest.untouched.read(rest.text())?;
    if updated < created {
        return None;
    }
    // An id that is written in another way is left to the YAML parser, from where it stands.
    let key = untouched::read_id(id)?;
    rest.at = rest.content.len() - behind.len();
    let said = Said::Untouched { created, updated };
    Some(Entry { key, said, span: start..rest.at, has_comment: false })
}

/// Any other plan: its lines are YAML by themselves, with its id as the only key.
fn edited_entry<'t>(rest: &mut Rest<'t>) -> Option<Next<'t>> {
    let lines = || {
        let mut at = rest.at;
        rest.text().split_inclusive('\n').map(move |line| {
            at += line.len();
            (at - line.len(), line)
        })
    };
    // Comments right above a plan belong to it.
    let mut attached = None;
    let mut found = None;
    for (at, line) in lines() {
        if is_plan(line) {
            found = Some((at, line));
            break;
        }
        if is_blank(line) {
            attached = None;
        } else if !is_comment(line) {
            return is_at_margin(line).then_some(Next::End);
        } else if indent(line) <= MARGIN {
            attached = attached.or(Some(at));
        } else {
            attached = None;
        }
    }
    let Some((plan, id_line)) = found else { return Some(Next::End) };
    let start = attached.unwrap_or(plan);
    let mut above_next = None;
    let mut last = plan + id_line.len();
    let mut next = rest.content.len();
    let mut is_last = true;
    for (at, line) in lines().skip_while(|(at, _)| *at <= plan) {
        if is_plan(line) || is_at_margin(line) {
            next = at;
            is_last = !is_plan(line);
            break;
        }
        if !is_blank(line) && !line.starts_with('#') {
            last = at + line.len();
        }
        if is_comment(line) && indent(line) <= MARGIN {
            above_next = above_next.or(Some(at));
        } else {
            above_next = None;
        }
    }
    // What stands behind the last plan is no part of it, but may say something to a text that is not over yet.
    let end = if is_last { last } else { above_next.unwrap_or(next) };
    let parsed = parse(&rest.content[rest.at..if is_last { next } else { end }]).ok()?;
    let mut fields = parsed.into_iter();
    let (Some((key, value)), None) = (fields.next(), fields.next()) else { return None };
    if key_of(id_line.trim_start())?.0 != key {
        return None;
    }
    rest.at = end;
    let span = start..end;
    let has_comment = rest.content[span.clone()].split_inclusive('\n').any(has_comment);
    Some(Next::Plan(Entry { key: Cow::Owned(key), said: Said::Yaml(value), span, has_comment }))
}
