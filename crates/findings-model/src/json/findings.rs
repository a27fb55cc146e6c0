//! Documents that hold findings.

use std::io::{self, Write};

use serde::Serialize;

use super::{Layout, text};
use crate::{Extra, Finding};

/// Writes an object whose last key but those of a newer writer (`extra`) is `findings`: a finding is one line, so that what changes in
/// one finding is one line in a comparison; the rest is indented. There is no line feed at the end.
///
/// `head` has the keys before it, of which there must be one. `depth` tells in how many lists and objects of a document it stands.
pub fn write_with_findings(
    out: &mut dyn Write,
    depth: usize,
    head: &impl Serialize,
    findings: &[Finding],
    extra: &Extra,
) -> io::Result<()> {
    let head = text(head, Layout::Indented, depth)?;
    let extra = if extra.is_empty() { String::new() } else { text(extra, Layout::Indented, depth)? };
    write_around(out, depth, inner(&head), findings, inner(&extra))
}

/// What stands between the braces of an object.
fn inner(object: &str) -> &str {
    object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(object).trim_end()
}

fn write_around(out: &mut dyn Write, depth: usize, head: &str, findings: &[Finding], extra: &str) -> io::Result<()> {
    let indentation = " ".repeat(2 * depth);
    write!(out, "{{{head},\n{indentation}  \"findings\": [")?;
    let mut line = Vec::with_capacity(2048);
    for (at, finding) in findings.iter().enumerate() {
        line.clear();
        line.extend_from_slice(if at == 0 { b"\n    " } else { b",\n    " });
        line.extend_from_slice(indentation.as_bytes());
        finding.write_json(&mut line)?;
        out.write_all(&line)?;
    }
    if !findings.is_empty() {
        write!(out, "\n{indentation}  ")?;
    }
    out.write_all(b"]")?;
    if !extra.is_empty() {
        write!(out, ",{extra}")?;
    }
    write!(out, "\n{indentation}}}")
}
