//! The plan of a finding that nobody has thought about yet, as it is written and known again.

use std::{borrow::Cow, fmt::Write as _};

use findings_model::{date_text, parse_date, text};
use serde_json::Value;
use time::Date;

use super::{Plan, PlanStatus, Priority, default};

/// What stands behind a key of such a plan.
#[derive(Clone, Copy)]
enum Field {
    /// The finding's id.
    Id,
    /// Always the same.
    Word(&'static str),
    /// The day that the plan was made, in quotes.
    Today,
}

/// The lines of such a plan, in order.
const FIELDS: [(&str, Field); 11] = [
    ("finding_id", Field::Id),
    ("status", Field::Word("new")),
    ("planned_action", Field::Word(default::ACTION)),
    ("assigned_to", Field::Word(default::ASSIGNED)),
    ("notes", Field::Word(default::NOTES)),
    ("workaround", Field::Word(default::WORKAROUND)),
    ("target_date", Field::Word("null")),
    ("priority", Field::Word("medium")),
    ("business_impact", Field::Word(default::IMPACT)),
    ("created_date", Field::Today),
    ("updated_date", Field::Today),
];

/// What differs from one such plan to another.
enum Part {
    Id,
    Today,
}

/// The text of such a plan at a margin: what stands before each part that differs, and behind the last. A file has a hundred
/// thousand of them, so what is the same in all is compared and copied in one piece.
pub(super) struct Form {
    parts: Vec<(String, Part)>,
    end: String,
}

impl Form {
    pub(super) fn new(margin: usize, eol: &str) -> Self {
        let mut parts = vec![(" ".repeat(margin), Part::Id)];
        let mut text = format!(":{eol}");
        for (name, value) in FIELDS {
            let _infallible = write!(text, "{:margin$}  {name}: ", "");
            match value {
                Field::Id => parts.push((std::mem::take(&mut text), Part::Id)),
                Field::Word(word) => text.push_str(word),
                Field::Today => {
                    text.push('"');
                    parts.push((std::mem::replace(&mut text, "\"".to_owned()), Part::Today));
                }
            }
            text.push_str(eol);
        }
        Self { parts, end: text }
    }

    /// Writes the plan of a finding, made today (as `2026-01-05`).
    pub(super) fn write(&self, out: &mut String, id: &str, today: &str) {
        let id = quoted(id);
        for (before, part) in &self.parts {
            out.push_str(before);
            out.push_str(match part {
                Part::Id => &id,
                Part::Today => today,
            });
        }
        out.push_str(&self.end);
    }

    /// The plan that a text begins with: its id as it is written, the days of making and changing it, and what follows.
    pub(super) fn read<'t>(&self, text: &'t str) -> Option<(&'t str, [Date; 2], &'t str)> {
        let mut parts = self.parts.iter();
        let mut rest = text.strip_prefix(parts.next()?.0.as_str())?;
        let id = rest[..rest.find('\n')?].strip_suffix(':')?;
        rest = &rest[id.len()..];
        let mut days = [None, None];
        for (before, part) in parts {
            rest = rest.strip_prefix(before.as_str())?;
            rest = match part {
                Part::Id => rest.strip_prefix(id)?,
                Part::Today => {
                    let (day, rest) = rest.split_at_checked(10)?;
                    *days.iter_mut().find(|day| day.is_none())? = Some(parse_date(day)?);
                    rest
                }
            };
        }
        let rest = rest.strip_prefix(self.end.as_str())?;
        let [Some(created), Some(updated)] = days else { return None };
        Some((id, [created, updated], rest))
    }
}

/// What such a plan says.
pub(crate) fn plan(key: &str, days: Option<[Date; 2]>) -> Plan {
    Plan {
        key: key.to_owned(),
        status: PlanStatus::New,
        planned_action: default::ACTION.into(),
        assigned_to: default::ASSIGNED.into(),
        notes: default::NOTES.into(),
        workaround: default::WORKAROUND.into(),
        target_date: None,
        priority: Priority::Medium,
        business_impact: default::IMPACT.into(),
        created: days.map(|[created, _]| created),
        updated: days.map(|[_, updated]| updated),
        expires: None,
        reason: None,
        owner: None,
        severity: None,
        archived: false,
        edited: false,
    }
}

/// Whether every reader of YAML takes an id for text without quotes.
fn is_plain(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.contains('-')
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@' | b'~' | b'/'))
}

/// An id as a YAML scalar: plain where every reader takes it for text, else in double quotes.
fn quoted(id: &str) -> Cow<'_, str> {
    if is_plain(id) {
        return Cow::Borrowed(id);
    }
    let mut out = String::with_capacity(id.len() + 2);
    out.push('"');
    for c in text::one_line(id).chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    Cow::Owned(out)
}

/// The id that a scalar stands for, if it is written as above and in ASCII.
pub(super) fn read_id(scalar: &str) -> Option<Cow<'_, str>> {
    if is_plain(scalar) {
        return Some(Cow::Borrowed(scalar));
    }
    let inner = scalar.strip_prefix('"')?.strip_suffix('"')?;
    let mut id = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => id.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            ' '..='~' if c != '"' => id.push(c),
            _ => return None,
        }
    }
    Some(Cow::Owned(id))
}

/// The same as YAML reads it.
pub(super) fn value(key: &str, created: Date, updated: Date) -> Value {
    let mut days = [created, updated].into_iter().map(date_text);
    let said = FIELDS.map(|(name, value)| {
        let value = match value {
            Field::Id => key.into(),
            Field::Word("null") => Value::Null,
            Field::Word(word) => word.into(),
            Field::Today => days.next().into(),
        };
        (name.to_owned(), value)
    });
    Value::Object(said.into_iter().collect())
}
