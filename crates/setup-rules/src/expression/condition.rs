//! Whether an `if:` can hold in a run of a given event.

use super::{MAX_DEPTH, Parser, Token, tokens};

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// It never does.
    No,
    /// That depends on what only the run knows.
    Unknown,
    /// Whenever the jobs in front of it came to a good end.
    Yes,
}

/// What is known of a value.
#[derive(Debug, Clone)]
enum Value {
    Is(Truth),
    Text(String),
    /// A text that begins so.
    StartsWith(&'static str),
    /// A text that is none of those that only a release has.
    NotOfARelease,
    /// True in a run that went wrong.
    WentWrong,
}

/// Whether a condition holds in a run that this event started.
pub(crate) fn holds(condition: &str, event: &str) -> Truth {
    let condition = condition.trim();
    let source = match condition.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")) {
        Some(inner) if !inner.contains("${{") => inner,
        // Text around an expression makes a text of the whole, which is true whatever it says.
        _ if condition.contains("${{") => return Truth::Yes,
        _ => condition,
    };
    let tokens = tokens(source);
    let mut reader = Reader { parser: Parser { tokens: &tokens, at: 0 }, event };
    match reader.or(0) {
        Some(value) if reader.parser.at == tokens.len() => truth(&value),
        _ => Truth::Unknown,
    }
}

struct Reader<'a> {
    parser: Parser<'a>,
    event: &'a str,
}

impl Reader<'_> {
    fn or(&mut self, depth: usize) -> Option<Value> {
        let mut left = self.and(depth)?;
        while self.parser.take("||") {
            left = Value::Is(truth(&left).max(truth(&self.and(depth)?)));
        }
        Some(left)
    }

    fn and(&mut self, depth: usize) -> Option<Value> {
        let mut left = self.equality(depth)?;
        while self.parser.take("&&") {
            left = Value::Is(truth(&left).min(truth(&self.equality(depth)?)));
        }
        Some(left)
    }

    fn equality(&mut self, depth: usize) -> Option<Value> {
        let mut left = self.unary(depth)?;
        loop {
            left = if self.parser.take("==") {
                Value::Is(equal(&left, &self.unary(depth)?))
            } else if self.parser.take("!=") {
                Value::Is(not(equal(&left, &self.unary(depth)?)))
            } else if ["<=", ">=", "<", ">"].into_iter().any(|sign| self.parser.take(sign)) {
                self.unary(depth)?;
                Value::Is(Truth::Unknown)
            } else {
                return Some(left);
            };
        }
    }

    fn unary(&mut self, depth: usize) -> Option<Value> {
        let mut negated = false;
        let mut any = false;
        while self.parser.take("!") {
            (negated, any) = (!negated, true);
        }
        let value = self.primary(depth)?;
        Some(match (any, negated) {
            (false, _) => value,
            (true, true) if matches!(value, Value::WentWrong) => Value::Is(Truth::Yes),
            (true, false) => Value::Is(truth(&value)),
            (true, true) => Value::Is(not(truth(&value))),
        })
    }

    fn primary(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.parser.take("(") {
            let inner = self.or(depth + 1)?;
            return self.parser.take(")").then_some(inner);
        }
        let rest = &self.parser.tokens[self.parser.at..];
        match rest.first()? {
            Token::Literal(text) => {
                self.parser.at += 1;
                Some(Value::Text(text.clone()))
            }
            Token::Name(name) if rest.get(1) == Some(&Token::Sign("(")) => {
                self.parser.at += 2;
                self.call(&name.clone(), depth)
            }
            Token::Name(name) if matches!(name.as_str(), "true" | "false" | "null") => {
                let value = Value::Is(if name == "true" { Truth::Yes } else { Truth::No });
                self.parser.at += 1;
                Some(value)
            }
            Token::Name(_) => {
                let path = self.parser.path(depth)?;
                Some(path.first().map_or(Value::Is(Truth::Unknown), |path| self.known(path)))
            }
            Token::Sign(_) => None,
        }
    }

    fn call(&mut self, name: &str, depth: usize) -> Option<Value> {
        let mut arguments = Vec::new();
        while !self.parser.take(")") {
            if !arguments.is_empty() && !self.parser.take(",") {
                return None;
            }
            arguments.push(self.or(depth + 1)?);
        }
        Some(Value::Is(match (name, arguments.as_slice()) {
            ("always" | "success", []) => Truth::Yes,
            ("cancelled" | "failure", []) => return Some(Value::WentWrong),
            ("startswith", [Value::Text(text), Value::Text(start)]) => {
                known_bool(text.to_lowercase().starts_with(&start.to_lowercase()))
            }
            ("startswith", [Value::StartsWith(known), Value::Text(start)]) => {
                let start = start.to_lowercase();
                if known.starts_with(&start) {
                    Truth::Yes
                } else if start.starts_with(known) {
                    Truth::Unknown
                } else {
                    Truth::No
                }
            }
            _ => Truth::Unknown,
        }))
    }

    /// What the event tells of a value of the `github` context.
    fn known(&self, path: &[String]) -> Value {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let of_a_merge = matches!(self.event, "pull_request" | "pull_request_review" | "pull_request_review_comment");
        let of_a_branch = matches!(
            self.event,
            "pull_request_target"
                | "issue_comment"
                | "issues"
                | "discussion"
                | "discussion_comment"
                | "fork"
                | "watch"
                | "gollum"
                | "schedule"
        );
        match parts.as_slice() {
            ["github", "event_name"] => Value::Text(self.event.to_owned()),
            ["github", "ref"] if of_a_merge => Value::StartsWith("refs/pull/"),
            ["github", "ref"] if of_a_branch => Value::StartsWith("refs/heads/"),
            ["github", "ref_type"] if of_a_merge || of_a_branch => Value::Text("branch".to_owned()),
            ["github", "event", "action"] if of_a_merge || of_a_branch => Value::NotOfARelease,
            _ => Value::Is(Truth::Unknown),
        }
    }
}

fn known_bool(value: bool) -> Truth {
    if value { Truth::Yes } else { Truth::No }
}

fn not(truth: Truth) -> Truth {
    match truth {
        Truth::No => Truth::Yes,
        Truth::Unknown => Truth::Unknown,
        Truth::Yes => Truth::No,
    }
}

fn truth(value: &Value) -> Truth {
    match value {
        Value::Is(truth) => *truth,
        // A number is kept as a text, and 0 is no truth.
        Value::Text(text) if text == "0" => Truth::Unknown,
        Value::Text(text) => known_bool(!text.is_empty()),
        Value::StartsWith(_) | Value::NotOfARelease => Truth::Yes,
        Value::WentWrong => Truth::Unknown,
    }
}

fn equal(left: &Value, right: &Value) -> Truth {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => known_bool(left.eq_ignore_ascii_case(right)),
        (Value::StartsWith(start), Value::Text(text)) | (Value::Text(text), Value::StartsWith(start)) => {
            if text.to_lowercase().starts_with(start) { Truth::Unknown } else { Truth::No }
        }
        (Value::NotOfARelease, Value::Text(text)) | (Value::Text(text), Value::NotOfARelease) => {
            let of_a_release = ["published", "released", "prereleased"];
            if of_a_release.into_iter().any(|word| text.eq_ignore_ascii_case(word)) {
                Truth::No
            } else {
                Truth::Unknown
            }
        }
        _ => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_told_from_the_event_where_it_can_be() {
        for (condition, expected) in [
            ("always()", Truth::Yes),
            ("${{ !cancelled() }}", Truth::Yes),
            ("!failure() && !cancelled()", Truth::Yes),
            ("failure()", Truth::Unknown),
            ("failure() && github.event_name == 'push'", Truth::No),
            ("github.event_name == 'pull_request'", Truth::Yes),
            ("github.event_name != 'pull_request'", Truth::No),
            ("GitHub.event_name == 'Push'", Truth::No),
            ("github['event_name'] == 'push' && inputs.x", Truth::No),
            ("github.event_name == 'push' || inputs.x", Truth::Unknown),
            ("github.event_name == 'push' || always()", Truth::Yes),
            ("!(github.event_name == 'pull_request')", Truth::No),
            ("startsWith(github.ref, 'refs/tags/')", Truth::No),
            ("startsWith(github.ref, 'refs/')", Truth::Yes),
            ("github.ref == 'refs/heads/main'", Truth::No),
            ("github.ref == 'refs/pull/1/merge'", Truth::Unknown),
            ("github.ref_type == 'tag'", Truth::No),
            ("github.event.action == 'published'", Truth::No),
            ("github.event.action == 'closed'", Truth::Unknown),
            ("needs.a.outputs.b == 'true'", Truth::Unknown),
            ("${{ github.event_name == 'push' }} && true", Truth::Yes),
            ("false", Truth::No),
            ("github.event_name == (", Truth::Unknown),
            ("", Truth::Unknown),
        ] {
            assert_eq!(holds(condition, "pull_request"), expected, "{condition}");
        }
        assert_eq!(holds(&format!("{}true", "(".repeat(10_000)), "push"), Truth::Unknown);
    }
}
