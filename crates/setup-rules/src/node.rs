//! A YAML or JSON document as a tree that remembers lines and tags.
//!
//! The typed way (a struct per document) would refuse a document for a key that no rule looks at, and would lose
//! CloudFormation's short tags (`!Sub`, `!Ref`). JSON is read as the YAML it is.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Spanned, Tagged};

/// Deepest nesting that is read; a real workflow or template stays below 20.
pub(crate) const MAX_DEPTH: usize = 64;
/// Most nodes that are read, aliases expanded.
const MAX_NODES: usize = 200_000;

/// One value of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Line of the file, from 1.
    pub(crate) line: usize,
    /// The tag without its `!`, such as `Sub`.
    pub(crate) tag: Option<String>,
    pub(crate) value: Value,
}

/// What a value is. Numbers are kept as text: no rule calculates with one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// An expression of Terraform that is not evaluated, as written.
    Expression(String),
}

/// A key of a mapping with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// Line of the key, from 1.
    pub(crate) line: usize,
    pub(crate) node: Node,
}

/// Why a document could not be read, with the line where reading stopped when it is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct UnreadableDocument {
    pub(crate) line: Option<usize>,
    pub(crate) reason: String,
}

impl Node {
    /// Reads one YAML or JSON document under limits of depth, size and alias expansion.
    pub(crate) fn parse(text: &str) -> Result<Self, UnreadableDocument> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_depth: MAX_DEPTH,
                max_nodes: MAX_NODES,
                max_documents: 1,
            },
            alias_limits: serde_saphyr::alias_limits! {
                max_total_replayed_events: MAX_NODES,
                max_replay_stack_depth: 16,
            },
            duplicate_keys: DuplicateKeyPolicy::Error,
            strict_booleans: true,
            with_snippet: false,
            emit_comments: false,
        };
        serde_saphyr::from_str_with_options(text, options).map_err(|error| UnreadableDocument {
            line: error.location().and_then(|place| usize::try_from(place.line()).ok()),
            reason: findings_model::text::shorten(&findings_model::text::one_line(&error.to_string()), 200)
                .into_owned(),
        })
    }

    /// The value under a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The entry of a mapping under a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a mapping, in the order of the file; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The members of a list; anything else counts as a list of itself, as IAM and workflows read it.
    pub(crate) fn members(&self) -> &[Node] {
        match &self.value {
            Value::List(members) => members,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tagged<Value>>::deserialize(deserializer)?;
        let tag = spanned.value.1.map(|tag| tag.trim_start_matches('!').to_owned());
        Ok(Self {
            line: usize::try_from(spanned.referenced.line()).unwrap_or(0),
            tag: tag.filter(|tag| !tag.starts_with("tag:yaml.org")),
            value: spanned.value.0,
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = list.next_element()? {
            members.push(member);
        }
        Ok(Value::List(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = map.next_entry::<Spanned<String>, Node>()? {
            let line = usize::try_from(key.referenced.line()).unwrap_or(0);
            entries.push(Entry { key: key.value, line, node });
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_tags_and_the_key_on_survive() {
        let root =
            Node::parse("# head\non: push\njobs:\n  a:\n    run: |\n      one\n      two\n    arn: !Sub 'x${Y}'\n")
                .unwrap();
        assert_eq!(root.get("on").unwrap().text(), Some("push"));
        assert_eq!(root.get("jobs").unwrap().entry("a").unwrap().line, 4);
        let job = root.get("jobs").unwrap().get("a").unwrap();
        assert_eq!(job.get("run").unwrap().text(), Some("one\ntwo\n"));
        assert_eq!(job.get("run").unwrap().line, 6, "a block's line is that of its first content line");
        assert_eq!(job.get("arn").unwrap().tag.as_deref(), Some("Sub"));
        assert_eq!(job.get("arn").unwrap().line, 8);
        assert_eq!(root.get("on").unwrap().tag, None);
    }

    #[test]
    fn json_is_read_with_its_lines() {
        let root = Node::parse(
            "{\n\t\"Statement\": [\n\t\t{\"Effect\": \"Allow\", \"n\": 1.5, \"b\": true, \"z\": null}\n\t]\n}\n",
        )
        .unwrap();
        let statement = &root.get("Statement").unwrap().members()[0];
        assert_eq!(statement.line, 3);
        assert_eq!(statement.get("n").unwrap().text(), Some("1.5"));
        assert_eq!(statement.get("b").unwrap().value, Value::Bool(true));
        assert_eq!(statement.get("z").unwrap().value, Value::Null);
    }

    #[test]
    fn hostile_documents_are_errors() {
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        let deep_block = (0..400).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "a:\n");
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f]\n";
        for text in [
            deep.as_str(),
            deep_block.as_str(),
            bomb,
            "a: [",
            "a: 1\na: 2\n",
            "\u{0}\u{1}",
            "a: b: c",
            "--- a\n--- b\n",
            "a: &a [*a]",
        ] {
            assert!(Node::parse(text).is_err(), "{}", &text[..text.len().min(40)]);
        }
    }
}
