//! Why a configuration cannot be read, for the person who wrote it.

use std::{fmt, ops::Range};

use serde::de::{self, Unexpected};

/// Why a document cannot be read, and where that stands.
#[derive(Debug)]
pub struct ReadError(Box<Fault>);

#[derive(Debug)]
struct Fault {
    message: String,
    /// The keys that lead to it, with dots between them.
    keys: String,
    place: Option<Range<usize>>,
}

impl ReadError {
    pub(super) fn new(message: String) -> Self {
        Self(Box::new(Fault { message, keys: String::new(), place: None }))
    }

    /// With a place, unless something inside of it has told its own.
    pub(super) fn at(mut self, place: Option<Range<usize>>) -> Self {
        if self.0.place.is_none() {
            self.0.place = place;
        }
        self
    }

    /// Inside of what stands under a key.
    pub(super) fn below(mut self, key: &str) -> Self {
        let keys = &mut self.0.keys;
        if !keys.is_empty() {
            keys.insert(0, '.');
        }
        keys.insert_str(0, key);
        self
    }

    /// With the line of the text that it is about.
    pub(super) fn in_text(self, text: &str) -> Self {
        let Fault { message, mut keys, place } = *self.0;
        let Some(place) = place else { return Self::new(message) };
        let before = text.get(..place.start).unwrap_or(text);
        let (number, start) = (before.matches('\n').count() + 1, before.rfind('\n').map_or(0, |feed| feed + 1));
        let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let column = before.get(start..).unwrap_or_default().chars().count();
        let marked = text.get(place).unwrap_or_default().chars().count();
        let marks = "^".repeat(marked.min(line.chars().count().saturating_sub(column)).max(1));
        let margin = " ".repeat(number.to_string().len() + 1);
        if !keys.is_empty() {
            keys.push_str(", ");
        }
        Self::new(format!(
            "{keys}line {number}, column {}\n{margin}|\n{number} | {line}\n{margin}| {:column$}{marks}\n{message}",
            column + 1,
            "",
        ))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = expected.to_string();
        let expected = match expected.split(' ').next() {
            Some("u32" | "u64" | "usize") => "a whole number, 0 or more",
            Some("struct") => "a table",
            Some("enum") => "a text in quotes",
            _ => match &*expected {
                "a string" => "a text in quotes",
                "a sequence" => "a list",
                "a boolean" => "true or false",
                other => other,
            },
        };
        Self::new(match found {
            Unexpected::Str(text) => format!("expected {expected}, found the text {text:?}"),
            Unexpected::Signed(number) => format!("expected {expected}, found the number {number}"),
            Unexpected::Float(number) => format!("expected {expected}, found the number {number}"),
            Unexpected::Bool(is_so) => format!("expected {expected}, found {is_so}"),
            Unexpected::Map => format!("expected {expected}, found a table"),
            Unexpected::Seq => format!("expected {expected}, found a list"),
            other => format!("expected {expected}, found a {other}"),
        })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("unknown key {key:?}; known are {}", known.join(", ")))
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("unknown value {word:?}; known are {}", known.join(", ")))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}
