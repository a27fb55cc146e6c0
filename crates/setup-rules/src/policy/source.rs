//! Finds the policies of roles in templates: plain JSON, CloudFormation, Terraform.

use std::collections::BTreeMap;

use super::cloudformation::resolve_intrinsics;
use super::module::Values;
use super::statement::{Policy, Statement};
use super::terraform::{self, Block};
use crate::node::{Node, UnreadableDocument, Value};
use crate::{TextFile, Unread};

/// Longest default of a parameter or variable that is put in its place.
pub(super) const MAX_SUBSTITUTE: usize = 256;

/// The policies that templates hold.
#[derive(Debug, Default)]
pub(super) struct Policies {
    pub(super) trust: Vec<Policy>,
    /// Permissions, except of roles that are visibly for something else than GitHub.
    pub(super) permissions: Vec<Policy>,
    /// Documents that hold a policy that cannot be evaluated, with the line and the reason.
    pub(super) opaque: Vec<(String, usize, String)>,
    /// Files that were looked at and hold a template or a policy.
    pub(super) files: usize,
    pub(super) unread: Vec<Unread>,
}

/// What a role is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RoleUse {
    GitHub,
    Other,
}

impl Policies {
    pub(super) fn read(files: &[TextFile<'_>], unread: &[Unread]) -> Self {
        let mut found = Self { unread: unread.to_vec(), ..Self::default() };
        let mut modules: BTreeMap<&str, Vec<(&str, Block)>> = BTreeMap::new();
        for file in files {
            let outcome = match file.path.rsplit_once('.').map(|(_, ending)| ending) {
                Some("tf") => terraform::parse(file.text).map(|blocks| {
                    found.files += 1;
                    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    modules.entry(folder).or_default().extend(blocks.into_iter().map(|block| (file.path, block)));
                }),
                Some("json" | "yaml" | "yml" | "template") => {
                    Node::parse(file.text).map(|root| found.document(file.path, &root))
                }
                _ => Ok(()),
            };
            if let Err(UnreadableDocument { line, reason }) = outcome {
                let at = line.map(|line| format!(", line {line}")).unwrap_or_default();
                found
                    .unread
                    .push(Unread { path: file.path.to_owned(), reason: format!("cannot be parsed: {reason}{at}") });
            }
        }
        for blocks in modules.values() {
            found.module(blocks);
        }
        found
    }

    /// Why no hit proves nothing: files that could not be read.
    pub(super) fn gap(&self) -> Option<String> {
        let names: Vec<&str> = self.unread.iter().map(|unread| unread.path.as_str()).collect();
        (!names.is_empty()).then(|| format!("{} could not be read", names.join(", ")))
    }

    fn document(&mut self, file: &str, root: &Node) {
        if let Some(policy) = Policy::read(file, root) {
            self.files += 1;
            self.bare(policy);
        } else if let Some(resources) = root
            .get("Resources")
            .filter(|resources| resources.entries().iter().any(|entry| entry.node.get("Type").is_some()))
        {
            self.files += 1;
            self.template(file, root.get("Parameters"), resources);
        }
    }

    /// A document that stands by itself. Who is trusted stands under `Principal`; what has none says what its holder may do.
    fn bare(&mut self, policy: Policy) {
        let trusts = |statement: &Statement| {
            statement.trusts_github()
                || (!statement.principals.is_empty()
                    && statement.actions.any(|action| action.to_ascii_lowercase().starts_with("sts:assume")))
        };
        let permits = |statement: &Statement| statement.principals.is_empty() && !trusts(statement);
        if policy.statements.iter().any(permits) || policy.statements.is_empty() {
            let statements = policy.statements.iter().filter(|statement| permits(statement)).cloned().collect();
            self.permissions.push(Policy { statements, ..policy.clone() });
        }
        if policy.statements.iter().any(trusts) {
            self.trust.push(policy);
        }
    }

    fn template(&mut self, file: &str, parameters: Option<&Node>, resources: &Node) {
        let defaults: BTreeMap<&str, &str> = parameters
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| Some((entry.key.as_str(), entry.node.get("Default")?.text()?)))
            .filter(|(_, text)| text.len() <= MAX_SUBSTITUTE)
            .collect();
        let resources: Vec<(&str, &str, Node)> = resources
            .entries()
            .iter()
            .filter_map(|entry| {
                Some((
                    entry.key.as_str(),
                    entry.node.get("Type")?.text()?,
                    resolve_intrinsics(entry.node.get("Properties")?, &defaults),
                ))
            })
            .collect();
        let mut roles: BTreeMap<&str, RoleUse> = BTreeMap::new();
        for (name, _, properties) in resources.iter().filter(|(_, kind, _)| *kind == "AWS::IAM::Role") {
            if let Some(role) = self.trust_of(file, properties.get("AssumeRolePolicyDocument")) {
                roles.insert(name, role);
            }
        }
        for (name, kind, properties) in &resources {
            let documents: Vec<&Node> = match *kind {
                "AWS::IAM::Role" if roles.get(name) != Some(&RoleUse::Other) => properties
                    .get("Policies")
                    .map(Node::members)
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|policy| policy.get("PolicyDocument"))
                    .collect(),
                "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::RolePolicy" => {
                    let key = if properties.get("RoleName").is_some() { "RoleName" } else { "Roles" };
                    let mut users: Vec<String> = expressions(properties.get(key));
                    for (role, _, role_properties) in resources.iter().filter(|(_, kind, _)| *kind == "AWS::IAM::Role")
                    {
                        if expressions(role_properties.get("ManagedPolicyArns")).iter().any(|used| used == name) {
                            users.push((*role).to_owned());
                        }
                    }
                    if is_only_for_others(&users, &roles) {
                        Vec::new()
                    } else {
                        properties.get("PolicyDocument").into_iter().collect()
                    }
                }
                _ => Vec::new(),
            };
            for document in documents {
                self.permission(file, document);
            }
        }
    }

    fn module(&mut self, blocks: &[(&str, Block)]) {
        let values = Values::of(blocks);
        let resources = |kind: &'static str| {
            blocks
                .iter()
                .filter(move |(_, block)| {
                    block.kind == "resource" && block.labels.first().is_some_and(|label| label == kind)
                })
                .map(|(file, block)| (*file, block))
        };
        let mut roles: BTreeMap<&str, RoleUse> = BTreeMap::new();
        for (file, block) in resources("aws_iam_role") {
            let policy = values.policy(blocks, file, block.attribute("assume_role_policy"));
            if let (Some(role), Some(name)) = (self.trust_of_terraform(file, block, policy), block.labels.get(1)) {
                roles.insert(name, role);
            }
        }
        for (file, block) in resources("aws_iam_role_policy").chain(resources("aws_iam_policy")) {
            let mut users = role_names(block.attribute("role"));
            let own = block.labels.get(1).map(|name| format!("aws_iam_policy.{name}."));
            for (_, attachment) in resources("aws_iam_role_policy_attachment") {
                let attached = attachment
                    .attribute("policy_arn")
                    .and_then(source_of)
                    .zip(own.as_deref())
                    .is_some_and(|(arn, own)| arn.contains(own));
                if attached {
                    users.extend(role_names(attachment.attribute("role")));
                }
            }
            if is_only_for_others(&users, &roles) {
                continue;
            }
            match values.policy(blocks, file, block.attribute("policy")) {
                Some(policy) => self.permissions.push(policy),
                None => self.opaque.push((
                    file.to_owned(),
                    block.line,
                    "the permission policy is an expression that is not evaluated".to_owned(),
                )),
            }
        }
    }

    fn trust_of(&mut self, file: &str, document: Option<&Node>) -> Option<RoleUse> {
        let document = document?;
        let Some(policy) = read_document(file, document) else {
            self.opaque.push((
                file.to_owned(),
                document.line,
                "the trust policy is an expression that is not evaluated".to_owned(),
            ));
            return None;
        };
        Some(self.classify(policy))
    }

    fn trust_of_terraform(&mut self, file: &str, block: &Block, policy: Option<Policy>) -> Option<RoleUse> {
        let Some(policy) = policy else {
            self.opaque.push((
                file.to_owned(),
                block.line,
                "the trust policy is an expression that is not evaluated".to_owned(),
            ));
            return None;
        };
        Some(self.classify(policy))
    }

    fn classify(&mut self, policy: Policy) -> RoleUse {
        if policy.statements.iter().any(Statement::trusts_github) {
            self.trust.push(policy);
            RoleUse::GitHub
        } else {
            RoleUse::Other
        }
    }

    fn permission(&mut self, file: &str, document: &Node) {
        match read_document(file, document) {
            Some(policy) => self.permissions.push(policy),
            None => self.opaque.push((
                file.to_owned(),
                document.line,
                "the permission policy is an expression that is not evaluated".to_owned(),
            )),
        }
    }
}

pub(super) fn read_document(file: &str, document: &Node) -> Option<Policy> {
    match &document.value {
        Value::Text(text) => Policy::read_text(file, text, document.line),
        _ => Policy::read(file, document),
    }
}

fn is_only_for_others(users: &[String], roles: &BTreeMap<&str, RoleUse>) -> bool {
    !users.is_empty() && users.iter().all(|user| roles.get(user.as_str()) == Some(&RoleUse::Other))
}

/// The resources that references name: `Role` of `!Ref Role` and of `!GetAtt Role.Arn`.
fn expressions(node: Option<&Node>) -> Vec<String> {
    node.map(Node::members)
        .unwrap_or_default()
        .iter()
        .filter_map(|member| match &member.value {
            Value::Expression(source) => Some(source.split('.').next().unwrap_or(source).to_owned()),
            _ => None,
        })
        .collect()
}

/// A text with its `${name}` replaced where a value is known.
pub(super) fn substitute(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}') else {
            break;
        };
        out.push_str(&rest[..start]);
        match value(rest[start + 2..start + end].trim()) {
            Some(known) => out.push_str(&known),
            None => out.push_str(&rest[start..=start + end]),
        }
        rest = &rest[start + end + 1..];
    }
    out.push_str(rest);
    out
}

fn source_of(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Expression(source) | Value::Text(source) => Some(source),
        _ => None,
    }
}

fn role_names(node: Option<&Node>) -> Vec<String> {
    let name = node
        .and_then(source_of)
        .and_then(|source| source.split_once("aws_iam_role."))
        .and_then(|(_, rest)| rest.split(['.', '[', '}']).next());
    name.map(str::to_owned).into_iter().collect()
}
