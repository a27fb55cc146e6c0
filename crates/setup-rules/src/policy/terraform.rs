//! Terraform text as blocks and values, as far as policies need it.
//!
//! Reads blocks, attributes, objects, lists, strings and here-documents, and looks into `jsonencode(…)`. Any other
//! expression is kept as written ([`Value::Expression`]) and never guessed at. HCL's grammar:
//! <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>.

use crate::node::{Entry, Node, UnreadableDocument, Value};

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 32;

/// A block such as `resource "aws_iam_role" "publisher" { … }`.
#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) labels: Vec<String>,
    pub(super) line: usize,
    pub(super) attributes: Vec<Entry>,
    pub(super) blocks: Vec<Block>,
}

impl Block {
    pub(super) fn attribute(&self, name: &str) -> Option<&Node> {
        self.attributes.iter().find(|entry| entry.key == name).map(|entry| &entry.node)
    }

    pub(super) fn children<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

/// Reads the blocks of a file.
pub(super) fn parse(text: &str) -> Result<Vec<Block>, UnreadableDocument> {
    let mut reader = Reader { text, at: 0, line: 1 };
    let mut root = Block::default();
    reader.body(&mut root, 0)?;
    if reader.at < text.len() {
        return Err(reader.error("a closing bracket without an opening one"));
    }
    Ok(root.blocks)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self, bytes: usize) -> &'a str {
        let taken = &self.rest()[..bytes];
        self.line += taken.matches('\n').count();
        self.at += bytes;
        taken
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.advance(sign.len());
        }
        found
    }

    fn error(&self, reason: &str) -> UnreadableDocument {
        UnreadableDocument { line: Some(self.line), reason: reason.to_owned() }
    }

    /// Skips blanks and comments, and line ends if asked to.
    fn skip(&mut self, over_lines: bool) {
        loop {
            let blank = self
                .rest()
                .find(|c: char| !(c == ' ' || c == '\t' || c == '\r' || (over_lines && c == '\n')))
                .unwrap_or(self.rest().len());
            self.advance(blank);
            let comment = if self.rest().starts_with('#') || self.rest().starts_with("//") {
                self.rest().find('\n').unwrap_or(self.rest().len())
            } else if self.rest().starts_with("/*") {
                self.rest().find("*/").map_or(self.rest().len(), |end| end + 2)
            } else {
                return;
            };
            self.advance(comment);
        }
    }

    fn name(&mut self) -> Option<String> {
        let end =
            self.rest().find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(self.rest().len());
        (end > 0).then(|| self.advance(end).to_owned())
    }

    fn body(&mut self, block: &mut Block, depth: usize) -> Result<(), UnreadableDocument> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        loop {
            self.skip(true);
            if matches!(self.peek(), None | Some('}')) {
                return Ok(());
            }
            let line = self.line;
            let key = self.name().ok_or_else(|| self.error("neither an attribute nor a block"))?;
            self.skip(false);
            if self.peek() == Some('=') {
                self.advance(1);
                let node = self.value(depth + 1)?;
                block.attributes.push(Entry { key, line, node });
                continue;
            }
            let mut inner = Block { kind: key, line, ..Block::default() };
            loop {
                self.skip(false);
                match self.peek() {
                    Some('"') => inner.labels.push(self.string()?),
                    Some('{') => break,
                    _ => inner.labels.push(self.name().ok_or_else(|| self.error("neither an attribute nor a block"))?),
                }
            }
            self.advance(1);
            self.body(&mut inner, depth + 1)?;
            if !self.take("}") {
                return Err(self.error("a block is not closed"));
            }
            block.blocks.push(inner);
        }
    }

    /// One expression; what it is not sure about is kept as written.
    fn value(&mut self, depth: usize) -> Result<Node, UnreadableDocument> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        self.skip(false);
        let (start, line) = (self.at, self.line);
        let simple = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Some(Value::Text(self.string()?)),
            _ if self.rest().starts_with("<<") => Some(Value::Text(self.here_document()?)),
            _ if self.take("jsonencode(") => {
                self.skip(true);
                let inner = self.value(depth + 1)?;
                self.skip(true);
                self.take(")").then_some(inner.value)
            }
            _ => None,
        };
        let after = self.at;
        self.skip(false);
        let ends = matches!(self.peek(), None | Some('\n' | ',' | ']' | '}' | ')'));
        if let (Some(value), true) = (simple, ends) {
            return Ok(Node { line, tag: None, value });
        }
        self.at = after.max(start);
        self.raw()?;
        let source = self.text[start..self.at].trim();
        let value = match source {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ if !source.is_empty() && source.bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
                Value::Text(source.to_owned())
            }
            "" => return Err(self.error("an expression is missing")),
            _ => Value::Expression(source.to_owned()),
        };
        Ok(Node { line, tag: None, value })
    }

    /// Passes over an expression up to its end outside brackets and strings.
    fn raw(&mut self) -> Result<(), UnreadableDocument> {
        let mut depth = 0_usize;
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.string()?;
                    continue;
                }
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' | '\n' | ',' if depth == 0 => return Ok(()),
                ')' | ']' | '}' => depth -= 1,
                '#' => {
                    self.skip(false);
                    continue;
                }
                _ => {}
            }
            self.advance(c.len_utf8());
        }
        if depth == 0 { Ok(()) } else { Err(self.error("a bracket is not closed")) }
    }

    fn object(&mut self, depth: usize) -> Result<Option<Value>, UnreadableDocument> {
        self.advance(1);
        let mut entries = Vec::new();
        loop {
            self.skip(true);
            if self.take("}") {
                return Ok(Some(Value::Map(entries)));
            }
            if self.rest().starts_with("for ") {
                self.raw()?;
                self.take("}");
                return Ok(None);
            }
            let line = self.line;
            let key = match self.peek() {
                Some('"') => self.string()?,
                Some('(') => {
                    let start = self.at + 1;
                    self.advance(1);
                    self.raw()?;
                    let key = format!("${{{}}}", self.text[start..self.at].trim());
                    if !self.take(")") {
                        return Err(self.error("a bracket is not closed"));
                    }
                    key
                }
                _ => self.name().ok_or_else(|| self.error("an object's key is missing"))?,
            };
            self.skip(false);
            if !self.take("=") && !self.take(":") {
                return Err(self.error("an object's key without a value"));
            }
            let node = self.value(depth + 1)?;
            entries.push(Entry { key, line, node });
            self.skip(true);
            self.take(",");
        }
    }

    fn list(&mut self, depth: usize) -> Result<Option<Value>, UnreadableDocument> {
        self.advance(1);
        let mut members = Vec::new();
        loop {
            self.skip(true);
            if self.take("]") {
                return Ok(Some(Value::List(members)));
            }
            if self.rest().starts_with("for ") {
                self.raw()?;
                self.take("]");
                return Ok(None);
            }
            if self.peek().is_none() {
                return Err(self.error("a list is not closed"));
            }
            members.push(self.value(depth + 1)?);
            self.skip(true);
            self.take(",");
        }
    }

    /// A quoted text; `${…}` and `%{…}` stay in it as written.
    fn string(&mut self) -> Result<String, UnreadableDocument> {
        self.advance(1);
        let mut text = String::new();
        // Open braces of templates; inside one, quotes belong to the expression.
        let mut template = 0_usize;
        while let Some(c) = self.peek() {
            self.advance(c.len_utf8());
            match c {
                '\n' if template == 0 => return Err(self.error("a text is not closed")),
                '"' if template == 0 => return Ok(text),
                '\\' if template == 0 => {
                    let escaped = self.peek().ok_or_else(|| self.error("a text is not closed"))?;
                    self.advance(escaped.len_utf8());
                    text.push(match escaped {
                        'n' => '\n',
                        't' => '\t',
                        other => other,
                    });
                    continue;
                }
                '$' | '%' if self.peek() == Some('{') => {
                    text.push(c);
                    text.push('{');
                    self.advance(1);
                    template += 1;
                    continue;
                }
                '{' if template > 0 => template += 1,
                '}' => template = template.saturating_sub(1),
                _ => {}
            }
            text.push(c);
        }
        Err(self.error("a text is not closed"))
    }

    fn here_document(&mut self) -> Result<String, UnreadableDocument> {
        self.advance(2);
        self.take("-");
        let delimiter = self.name().ok_or_else(|| self.error("a here-document without a delimiter"))?;
        let mut text = String::new();
        let head = self.rest().find('\n').map_or(self.rest().len(), |end| end + 1);
        self.advance(head);
        loop {
            let length = self.rest().find('\n').unwrap_or(self.rest().len());
            if length == 0 && self.rest().is_empty() {
                return Err(self.error("a here-document is not closed"));
            }
            let line = self.advance(length);
            if line.trim() == delimiter {
                return Ok(text);
            }
            text.push_str(line);
            text.push('\n');
            self.take("\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_attributes_and_values_are_read() {
        let blocks = parse(
            r#"
# comment
resource "aws_iam_role" "publisher" { // trailing
  name = "x-${var.name}" /* c */
  list = [
    "a", var.b,
    "c",
  ]
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    "Key"   : { inner = true, "${local.host}:sub" = "s" }
    Other = var.x ? "a" : "b"
  })
  text = <<-EOT
    {"a": 1}
  EOT
  nested { n = 1 }
  f = [for x in var.y : "a-${x}"]
  g = merge({ a = 1 }, var.z)
}
"#,
        )
        .unwrap();
        let role = &blocks[0];
        assert_eq!(
            (role.kind.as_str(), role.labels.join("."), role.line),
            ("resource", "aws_iam_role.publisher".to_owned(), 3)
        );
        assert_eq!(role.attribute("name").unwrap().text(), Some("x-${var.name}"));
        let list = role.attribute("list").unwrap();
        assert_eq!(list.members().len(), 3);
        assert_eq!(list.members()[1].value, Value::Expression("var.b".to_owned()));
        let policy = role.attribute("assume_role_policy").unwrap();
        assert_eq!(policy.get("Key").unwrap().get("inner").unwrap().value, Value::Bool(true));
        assert_eq!(policy.entry("Key").unwrap().line, 11);
        assert_eq!(policy.get("Key").unwrap().get("${local.host}:sub").unwrap().text(), Some("s"));
        assert_eq!(policy.get("Other").unwrap().value, Value::Expression("var.x ? \"a\" : \"b\"".to_owned()));
        assert_eq!(role.attribute("text").unwrap().text(), Some("    {\"a\": 1}\n"));
        assert_eq!(role.blocks[0].attribute("n").unwrap().text(), Some("1"));
        assert!(matches!(role.attribute("f").unwrap().value, Value::Expression(_)));
        assert!(matches!(role.attribute("g").unwrap().value, Value::Expression(_)));
    }

    #[test]
    fn hostile_text_is_an_error() {
        for text in [
            "a {",
            "}",
            "a = ",
            "a = [",
            "a = {",
            "a = \"x",
            "a = \"${",
            "a = <<EOT\nx",
            "a = <<",
            "= 1",
            "a = { b }",
            "a = { (x = 1 }",
            "a \"b\" = 1",
            &format!("a = {}", "[".repeat(10_000)),
            &"a {".repeat(10_000),
            "a = (((",
            "\u{0}",
        ] {
            assert!(parse(text).is_err(), "{}", &text[..text.len().min(30)]);
        }
        assert!(parse("").unwrap().is_empty());
    }
}
