//! Documents as JSON text, by one writer: with one for indented and one for compact text a program has the code of each type twice.

mod findings;
mod objects;

use std::io::{self, Write};

pub use findings::write_with_findings;
use objects::Objects;
use serde::{Deserialize, Serialize};
use serde_json::ser::Formatter;

/// How a document is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// A key or value on each line, indented by two spaces.
    Indented,
    /// On one line, without any space.
    Compact,
}

/// A document as text, without a line feed at its end.
pub fn to_string(document: &impl Serialize, layout: Layout) -> Result<String, serde_json::Error> {
    text(document, layout, 0)
}

/// The text of a value that stands in so many lists and objects of a document.
fn text(value: &impl Serialize, layout: Layout, depth: usize) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::with_capacity(256);
    let lines = Lines { layout, depth, is_empty: false };
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, lines))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// Reads a document. What is a struct here is an object there; the general reader takes a list of its values, too.
pub fn from_slice<'b, T: Deserialize<'b>>(document: &'b [u8]) -> Result<T, serde_json::Error> {
    // Looked at once as a whole; the reader of bytes looks at each text by itself.
    let text = std::str::from_utf8(document).map_err(serde::de::Error::custom)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = T::deserialize(Objects(&mut reader))?;
    reader.end()?;
    Ok(read)
}

/// A comma, a line feed and the indentation of most documents.
const INDENTATION: &[u8] = b",\n                                ";

struct Lines {
    layout: Layout,
    depth: usize,
    /// Whether nothing stands in the innermost list or object yet.
    is_empty: bool,
}

impl Lines {
    fn open<W: Write + ?Sized>(&mut self, writer: &mut W, sign: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.is_empty = true;
        writer.write_all(sign)
    }

    fn close<W: Write + ?Sized>(&mut self, writer: &mut W, sign: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if !self.is_empty && self.layout == Layout::Indented {
            self.line(writer, 1)?;
        }
        self.is_empty = false;
        writer.write_all(sign)
    }

    /// Goes on to the next key or value.
    fn next<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.is_empty = false;
        match self.layout {
            Layout::Indented => self.line(writer, usize::from(first)),
            Layout::Compact if first => Ok(()),
            Layout::Compact => writer.write_all(b","),
        }
    }

    /// Begins a line, behind a comma unless that is left out.
    fn line<W: Write + ?Sized>(&self, writer: &mut W, from: usize) -> io::Result<()> {
        let end = 2 + 2 * self.depth;
        writer.write_all(&INDENTATION[from..end.min(INDENTATION.len())])?;
        for _ in INDENTATION.len()..end {
            writer.write_all(b" ")?;
        }
        Ok(())
    }
}

impl Formatter for Lines {
    fn begin_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(match self.layout {
            Layout::Indented => b": ",
            Layout::Compact => b":",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::{Value, json, value::RawValue};

    use super::{Layout, from_slice, to_string};

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer<'a> {
        name: &'a str,
        #[serde(default)]
        inner: Option<Box<Inner>>,
        all: BTreeMap<String, Vec<Inner>>,
        pair: (u8, bool),
        word: Word,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        number: f64,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        One,
    }

    #[test]
    fn it_reads_what_the_general_reader_reads_but_lists_for_objects() {
        let whole =
            br#"{"name": "n", "inner": {"number": 1, "more": []}, "all": {"a": [{"number": 2.5}]}, "pair": [1, true],
            "word": "one", "beside": {"a": [null]}}"#;
        let read: Outer<'_> = from_slice(whole).unwrap();
        assert_eq!(read, serde_json::from_slice(whole).unwrap());
        assert_eq!(read.rest.len(), 1);
        assert_eq!(from_slice::<Vec<&RawValue>>(b" [1, {\"a\": 2}] ").unwrap()[1].get(), "{\"a\": 2}");
        assert!(serde_json::from_slice::<Inner>(b"[1.0]").is_ok());
        for text in
            ["[1.0]", "1", "{}", "{\"number\": 1, \"number\": 2}", "{\"number\": 1} x", "{\"number\": [1]}", "{"]
        {
            let error = from_slice::<Inner>(text.as_bytes()).unwrap_err();
            assert!(error.line() == 1, "{text}: {error}");
        }
        let error = from_slice::<Value>(b"{\"a\": \"\xff\"}").unwrap_err();
        assert!(error.to_string().contains("from index 7"), "{error}");
    }

    #[test]
    fn it_writes_what_the_general_writers_write() {
        let mut deep = json!(["a\"\n\u{1f600}", 1.5, null, {}]);
        for depth in 0..24 {
            deep = if depth % 2 == 0 { json!({ "list": deep, "empty": [] }) } else { json!([{}, deep, []]) };
        }
        for document in [json!({}), json!([]), json!("text"), json!([[], [[]], { "a": [] }, 1]), deep] {
            assert_eq!(
                to_string(&document, Layout::Indented).unwrap(),
                serde_json::to_string_pretty(&document).unwrap()
            );
            assert_eq!(to_string(&document, Layout::Compact).unwrap(), serde_json::to_string(&document).unwrap());
        }
    }
}
