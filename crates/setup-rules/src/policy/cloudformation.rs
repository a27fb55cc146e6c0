//! CloudFormation's intrinsic functions.

use std::collections::BTreeMap;

use super::source::{MAX_SUBSTITUTE, substitute};
use crate::node::{Entry, Node, Value};

/// CloudFormation's functions replaced by what they give, as far as the template says it.
///
/// `!Sub` and `!Ref` of a parameter with a default give text; `!If` gives both branches; what only the deployment knows
/// stays an expression.
pub(super) fn resolve_intrinsics(node: &Node, defaults: &BTreeMap<&str, &str>) -> Node {
    let value = match intrinsic(node) {
        Some((function, argument)) => call(&function, &argument, defaults),
        None => match &node.value {
            Value::List(members) => {
                Value::List(members.iter().map(|member| resolve_intrinsics(member, defaults)).collect())
            }
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|entry| Entry { node: resolve_intrinsics(&entry.node, defaults), ..entry.clone() })
                    .collect(),
            ),
            other => other.clone(),
        },
    };
    Node { line: node.line, tag: None, value }
}

/// A function's name and argument, in the short form (`!Ref x`) or the long one (`{"Ref": "x"}`).
fn intrinsic(node: &Node) -> Option<(String, Node)> {
    if let Some(tag) = &node.tag {
        return Some((tag.clone(), Node { tag: None, ..node.clone() }));
    }
    match node.entries() {
        [only] if only.key == "Ref" => Some(("Ref".to_owned(), only.node.clone())),
        [only] => Some((only.key.strip_prefix("Fn::")?.to_owned(), only.node.clone())),
        _ => None,
    }
}

fn call(function: &str, argument: &Node, defaults: &BTreeMap<&str, &str>) -> Value {
    let resolved = |node: &Node| resolve_intrinsics(node, defaults);
    match function {
        "Ref" => {
            let name = argument.text().unwrap_or_default();
            defaults
                .get(name)
                .map_or_else(|| Value::Expression(name.to_owned()), |text| Value::Text((*text).to_owned()))
        }
        "Sub" => {
            let format = argument.text().or_else(|| argument.members().first().and_then(Node::text));
            let own = argument.members().get(1).map(resolved);
            let own: BTreeMap<&str, &str> = own
                .iter()
                .flat_map(Node::entries)
                .filter_map(|entry| Some((entry.key.as_str(), entry.node.text()?)))
                .filter(|(_, text)| text.len() <= MAX_SUBSTITUTE)
                .collect();
            match format {
                Some(format) => Value::Text(substitute(format, |name| {
                    own.get(name).or_else(|| defaults.get(name)).map(|text| (*text).to_owned())
                })),
                None => Value::Expression("Sub".to_owned()),
            }
        }
        "If" => Value::List(
            argument
                .members()
                .iter()
                .skip(1)
                .map(resolved)
                .filter(|node| node.value != Value::Expression("AWS::NoValue".to_owned()))
                .collect(),
        ),
        "GetAtt" => {
            let parts: Vec<&str> = argument.members().iter().filter_map(Node::text).collect();
            Value::Expression(parts.join("."))
        }
        "Join" => {
            let [separator, list] = argument.members() else {
                return Value::Expression("Join".to_owned());
            };
            let parts: Option<Vec<String>> = resolved(list)
                .members()
                .iter()
                .map(|member| match &member.value {
                    Value::Text(text) => Some(text.clone()),
                    Value::Expression(source) => Some(format!("${{{source}}}")),
                    _ => None,
                })
                .collect();
            parts.map_or_else(
                || Value::Expression("Join".to_owned()),
                |parts| Value::Text(parts.join(separator.text().unwrap_or_default())),
            )
        }
        other => Value::Expression(other.to_owned()),
    }
}
