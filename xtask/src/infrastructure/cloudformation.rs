//! The policies as YAML with CloudFormation's `!Sub`, put into the blocks of the stack's template.

use std::fs;

use anyhow::{Context, Result};
use test_support::fixtures::workspace;

use super::model::{POLICIES, Policy, Principal, Statement, Value, filled};
use crate::generate::Generated;

pub(super) const STACK: &str = "infrastructure/cloudformation/relwarden.yml";

/// The stack's template with its generated blocks written anew.
pub(crate) fn stack() -> Result<Vec<Generated>> {
    let path = workspace().join(STACK);
    let mut text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    for policy in POLICIES {
        let name = policy.name;
        text = with_block(&text, policy).with_context(|| format!("{STACK} has no block `generated: {name}`"))?;
    }
    Ok(vec![Generated { path: STACK.into(), contents: text }])
}

/// The template with the lines between `# generated: NAME` and `# end` replaced, at the depth of the first of them.
fn with_block(text: &str, policy: &Policy) -> Option<String> {
    let mark = format!("# generated: {}\n", policy.name);
    let (before, rest) = text.split_once(&mark)?;
    let indent = before.rsplit('\n').next()?;
    let end = format!("{indent}# end\n");
    let (_, after) = rest.split_once(&end)?;
    let block: String = document(policy).lines().flat_map(|line| [indent, line, "\n"]).collect();
    Some(format!("{before}{mark}{block}{end}{after}"))
}

fn document(policy: &Policy) -> String {
    let mut out = String::from("Version: \"2012-10-17\"\nStatement:\n");
    for statement in policy.statements {
        for (at, line) in lines(statement).iter().enumerate() {
            out.push_str(if at == 0 { "  - " } else { "    " });
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn lines(statement: &Statement) -> Vec<String> {
    let mut lines = vec![format!("Sid: {}", statement.sid), format!("Effect: {}", statement.effect.word())];
    match statement.principal {
        Principal::Own => {}
        Principal::Anybody => lines.push("Principal: \"*\"".to_owned()),
        Principal::Federated(arn) => lines.extend(["Principal:".to_owned(), format!("  Federated: {}", scalar(arn))]),
        Principal::Aws(arn) => lines.extend(["Principal:".to_owned(), format!("  AWS: {}", scalar(arn))]),
    }
    list(&mut lines, "", "Action", statement.actions);
    if let Some(resource) = statement.resource {
        lines.push(format!("Resource: {}", scalar(resource)));
    }
    if !statement.conditions.is_empty() {
        lines.push("Condition:".to_owned());
    }
    for condition in statement.conditions {
        lines.push(format!("  {}:", condition.operator));
        for (key, values) in condition.lines {
            list(&mut lines, "    ", key, values);
        }
    }
    lines
}

/// One value beside its key, several below it.
fn list(lines: &mut Vec<String>, indent: &str, key: &str, values: &[&str]) {
    if let [only] = values {
        lines.push(format!("{indent}{key}: {}", scalar(only)));
        return;
    }
    lines.push(format!("{indent}{key}:"));
    lines.extend(values.iter().map(|value| format!("{indent}  - {}", scalar(value))));
}

fn scalar(text: &str) -> String {
    let expression = filled(text, |value| format!("${{{}}}", name(value)));
    if expression != text {
        return format!("!Sub \"{expression}\"");
    }
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":.-".contains(&b));
    if plain { text.to_owned() } else { format!("\"{text}\"") }
}

/// What CloudFormation calls it.
pub(super) fn name(value: Value) -> &'static str {
    match value {
        Value::Partition => "AWS::Partition",
        Value::Account => "AWS::AccountId",
        Value::Region => "AWS::Region",
        Value::DnsSuffix => "AWS::URLSuffix",
        Value::Owner => "GitHubOwner",
        Value::OwnerId => "GitHubOwnerId",
        Value::Repository => "GitHubRepository",
        Value::RepositoryId => "GitHubRepositoryId",
        Value::Environment => "Environment",
        Value::PublishWorkflow => "PublishWorkflow",
        Value::ReleaseWorkflow => "ReleaseWorkflow",
        Value::Branch => "Branch",
        Value::SecretName => "SecretName",
        Value::KeyArn => "Key.Arn",
        Value::RotatorArn => "RotatorArn",
    }
}
