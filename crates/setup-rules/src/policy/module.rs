//! A Terraform module: what its variables and locals are, and the policies that its blocks make.

use std::collections::BTreeMap;

use super::source::{MAX_SUBSTITUTE, read_document, substitute};
use super::statement::Policy;
use super::terraform::Block;
use crate::node::{Entry, Node, Value};

/// What a Terraform module's variables and locals are, where that is written down.
pub(super) struct Values {
    known: BTreeMap<String, Node>,
    /// The file that each local stands in.
    files: BTreeMap<String, String>,
}

impl Values {
    pub(super) fn of(blocks: &[(&str, Block)]) -> Self {
        let mut values = Self { known: BTreeMap::new(), files: BTreeMap::new() };
        for (_, block) in blocks.iter().filter(|(_, block)| block.kind == "variable") {
            if let (Some(name), Some(default)) =
                (block.labels.first(), block.attribute("default").filter(|node| node.value != Value::Null))
            {
                values.known.insert(format!("var.{name}"), default.clone());
            }
        }
        let locals: Vec<(&str, &Entry)> = blocks
            .iter()
            .filter(|(_, block)| block.kind == "locals")
            .flat_map(|(file, block)| block.attributes.iter().map(move |entry| (*file, entry)))
            .collect();
        let resolved: Vec<Node> = locals.iter().map(|(_, entry)| values.resolve(&entry.node)).collect();
        for ((file, entry), node) in locals.into_iter().zip(resolved) {
            let name = format!("local.{}", entry.key);
            values.files.insert(name.clone(), file.to_owned());
            values.known.insert(name, node);
        }
        values
    }

    fn resolve(&self, node: &Node) -> Node {
        let value = match &node.value {
            Value::Text(text) => Value::Text(substitute(text, |name| {
                self.known.get(name).and_then(Node::text).filter(|text| text.len() <= MAX_SUBSTITUTE).map(str::to_owned)
            })),
            Value::Expression(source) => {
                self.known.get(source).map_or_else(|| node.value.clone(), |known| known.value.clone())
            }
            Value::List(members) => Value::List(members.iter().map(|member| self.resolve(member)).collect()),
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|entry| Entry {
                        node: self.resolve(&entry.node),
                        key: self.resolve_key(&entry.key),
                        line: entry.line,
                    })
                    .collect(),
            ),
            other => other.clone(),
        };
        Node { line: node.line, tag: None, value }
    }

    fn resolve_key(&self, key: &str) -> String {
        substitute(key, |name| {
            self.known.get(name).and_then(Node::text).filter(|text| text.len() <= MAX_SUBSTITUTE).map(str::to_owned)
        })
    }

    /// The policy that an attribute holds: `jsonencode`, a text, or a data block that it refers to.
    pub(super) fn policy(&self, blocks: &[(&str, Block)], file: &str, attribute: Option<&Node>) -> Option<Policy> {
        let attribute = attribute?;
        let file = match &attribute.value {
            Value::Expression(source) => self.files.get(source).map_or(file, String::as_str),
            _ => file,
        };
        let attribute = self.resolve(attribute);
        let Value::Expression(source) = &attribute.value else {
            return read_document(file, &attribute);
        };
        let name = source.strip_prefix("data.aws_iam_policy_document.")?.split(['.', '[']).next()?;
        let (file, block) = blocks.iter().find(|(_, block)| {
            block.kind == "data" && block.labels.iter().map(String::as_str).eq(["aws_iam_policy_document", name])
        })?;
        // What other documents add to this one is not followed, so the whole is not known.
        if ["source_policy_documents", "override_policy_documents"].iter().any(|key| block.attribute(key).is_some())
            || block.blocks.iter().any(|inner| inner.kind == "dynamic")
        {
            return None;
        }
        Policy::read(file, &self.data_document(block))
    }

    /// A data block in the shape of the JSON that it makes.
    fn data_document(&self, block: &Block) -> Node {
        let statements = block.children("statement").map(|statement| self.data_statement(statement)).collect();
        let mut entries = vec![entry("Statement", block.line, Value::List(statements))];
        let version = block
            .attribute("version")
            .map_or_else(|| Value::Text("2012-10-17".to_owned()), |version| self.resolve(version).value);
        entries.push(entry("Version", block.line, version));
        Node { line: block.line, tag: None, value: Value::Map(entries) }
    }

    fn data_statement(&self, block: &Block) -> Node {
        let mut entries = Vec::new();
        for (from, to) in [
            ("effect", "Effect"),
            ("actions", "Action"),
            ("not_actions", "NotAction"),
            ("resources", "Resource"),
            ("not_resources", "NotResource"),
        ] {
            if let Some(node) = block.attribute(from) {
                entries.push(entry(to, node.line, self.resolve(node).value));
            }
        }
        let principals: Vec<Entry> = block
            .children("principals")
            .filter_map(|principals| {
                Some(entry(
                    principals.attribute("type")?.text()?,
                    principals.line,
                    self.resolve(principals.attribute("identifiers")?).value,
                ))
            })
            .collect();
        if !principals.is_empty() {
            entries.push(entry("Principal", block.line, Value::Map(principals)));
        }
        let conditions: Vec<Entry> = block
            .children("condition")
            .filter_map(|condition| {
                let key = self.resolve_key(condition.attribute("variable")?.text()?);
                let values = self.resolve(condition.attribute("values")?);
                let inner = Entry { key, line: condition.line, node: values };
                Some(entry(condition.attribute("test")?.text()?, condition.line, Value::Map(vec![inner])))
            })
            .collect();
        // A dynamic block adds what is not visible here.
        let hidden = block.blocks.iter().any(|inner| inner.kind == "dynamic");
        if hidden {
            entries.push(entry("Condition", block.line, Value::Expression("dynamic".to_owned())));
        } else if !conditions.is_empty() {
            entries.push(entry("Condition", block.line, Value::Map(conditions)));
        }
        Node { line: block.line, tag: None, value: Value::Map(entries) }
    }
}

fn entry(key: &str, line: usize, value: Value) -> Entry {
    Entry { key: key.to_owned(), line, node: Node { line, tag: None, value } }
}
