//! IAM policy documents as statements.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>.

use crate::node::{Node, Value};

/// A policy document.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) version: Option<String>,
    pub(super) statements: Vec<Statement>,
}

/// One statement that allows something; denials only take away and are left out.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) line: usize,
    pub(super) actions: Texts,
    pub(super) resources: Texts,
    pub(super) has_not_action: bool,
    pub(super) has_not_resource: bool,
    /// Principals by kind (`AWS`, `Federated`, `Service`, or `*` for anybody).
    pub(super) principals: Vec<(String, Texts)>,
    pub(super) conditions: Vec<Condition>,
    /// Whether a part of it is an expression that is not evaluated.
    pub(super) conditions_unresolved: bool,
}

/// One line of a condition: operator, key, values.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) operator: String,
    pub(super) key: String,
    pub(super) values: Texts,
    pub(super) line: usize,
}

/// Texts, and whether some of them are expressions that are not evaluated.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    pub(super) known: Vec<(String, usize)>,
    /// The expressions as written.
    pub(super) unresolved: Vec<String>,
}

impl Texts {
    pub(super) fn read(node: Option<&Node>) -> Self {
        let mut texts = Self::default();
        for member in node.map(Node::members).unwrap_or_default() {
            texts.add(member);
        }
        texts
    }

    fn add(&mut self, node: &Node) {
        match &node.value {
            Value::Text(text) if is_one_variable(text) => self.unresolved.push(text.clone()),
            Value::Text(text) => self.known.push((text.clone(), node.line)),
            Value::Expression(source) => self.unresolved.push(source.clone()),
            // `!If` inside a list leaves a list inside a list.
            Value::List(members) => members.iter().for_each(|member| self.add(member)),
            Value::Null => {}
            Value::Bool(_) | Value::Map(_) => self.unresolved.push(String::new()),
        }
    }

    pub(super) fn any(&self, mut test: impl FnMut(&str) -> bool) -> bool {
        self.known.iter().any(|(text, _)| test(text))
    }

    pub(super) fn is_resolved(&self) -> bool {
        self.unresolved.is_empty()
    }
}

/// Whether a text is nothing but one `${…}`.
fn is_one_variable(text: &str) -> bool {
    text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).is_some_and(|inner| !inner.contains("${"))
}

impl Policy {
    /// Reads a policy document from its tree, intrinsic functions and variables already resolved.
    pub(super) fn read(file: &str, node: &Node) -> Option<Self> {
        let statements = node.get("Statement")?;
        Some(Self {
            file: file.to_owned(),
            line: node.line,
            version: node.get("Version").and_then(Node::text).map(str::to_owned),
            statements: statements.members().iter().filter(|statement| allows(statement)).map(statement).collect(),
        })
    }

    /// Reads a document given as text (`AssumeRolePolicyDocument: |` or a here-document).
    pub(super) fn read_text(file: &str, text: &str, line: usize) -> Option<Self> {
        let mut node = Node::parse(text).ok()?;
        shift(&mut node, line.saturating_sub(1));
        Self::read(file, &node)
    }
}

/// Lines inside an embedded document, counted in the file around it.
fn shift(node: &mut Node, by: usize) {
    node.line += by;
    match &mut node.value {
        Value::List(members) => members.iter_mut().for_each(|member| shift(member, by)),
        Value::Map(entries) => {
            for entry in entries {
                entry.line += by;
                shift(&mut entry.node, by);
            }
        }
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::Expression(_) => {}
    }
}

/// Anything but a plain `Deny` counts as allowing.
fn allows(statement: &Node) -> bool {
    statement.get("Effect").and_then(Node::text) != Some("Deny")
}

fn statement(node: &Node) -> Statement {
    let condition = node.get("Condition");
    let mut conditions = Vec::new();
    let mut conditions_unresolved = condition.is_some_and(|condition| !condition.is_map());
    for operator in condition.map(Node::entries).unwrap_or_default() {
        conditions_unresolved |= !operator.node.is_map();
        for key in operator.node.entries() {
            conditions.push(Condition {
                operator: operator.key.clone(),
                key: key.key.clone(),
                values: Texts::read(Some(&key.node)),
                line: key.line,
            });
        }
    }
    let principals = match node.get("Principal") {
        Some(principal) if principal.is_map() => {
            principal.entries().iter().map(|entry| (entry.key.clone(), Texts::read(Some(&entry.node)))).collect()
        }
        Some(principal) => vec![("*".to_owned(), Texts::read(Some(principal)))],
        // Everybody but those that it lists.
        None => node
            .get("NotPrincipal")
            .map(|_| ("*".to_owned(), Texts { known: vec![("*".to_owned(), node.line)], unresolved: Vec::new() }))
            .into_iter()
            .collect(),
    };
    Statement {
        line: node.entries().first().map_or(node.line, |entry| entry.line),
        actions: Texts::read(node.get("Action")),
        resources: Texts::read(node.get("Resource")),
        has_not_action: node.get("NotAction").is_some(),
        has_not_resource: node.get("NotResource").is_some(),
        principals,
        conditions,
        conditions_unresolved,
    }
}

/// The host that GitHub's identity tokens come from.
pub(super) const GITHUB_HOST: &str = "token.actions.githubusercontent.com";

impl Statement {
    pub(super) fn acts(&self, action: &str) -> bool {
        self.actions.any(|found| found.eq_ignore_ascii_case(action))
    }

    pub(super) fn principal(&self, kind: &str) -> Option<&Texts> {
        self.principals.iter().find(|(name, _)| name == kind).map(|(_, texts)| texts)
    }

    /// Whether the statement lets holders of GitHub's identity tokens in, as far as it shows.
    pub(super) fn trusts_github(&self) -> bool {
        let federated = self.principal("Federated");
        let names_github = |text: &str| text.contains("actions.githubusercontent.com");
        if federated.is_some_and(|texts| texts.any(names_github))
            || self.conditions.iter().any(|condition| names_github(&condition.key))
        {
            return true;
        }
        let web = self
            .actions
            .any(|action| action.to_ascii_lowercase().contains("webidentity") || action == "sts:*" || action == "*");
        let anybody = self
            .principals
            .iter()
            .any(|(kind, texts)| matches!(kind.as_str(), "Federated" | "*") && texts.any(|text| text == "*"));
        let hidden = federated.is_some_and(|texts| !texts.is_resolved());
        let other_provider = self.conditions.iter().any(|condition| {
            condition.key.rsplit_once(':').is_some_and(|(host, _)| host.contains('.') && !host.contains("${"))
        });
        web && (anybody || hidden) && !other_provider
    }
}
