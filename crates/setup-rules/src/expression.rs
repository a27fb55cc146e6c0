//! GitHub's expression language (`${{ … }}`), as far as needed to tell which values can end up in the text.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>. A comparison or a negation only
//! yields a boolean; `a && b` yields `b` or something empty; a function such as `contains` yields a boolean. So
//! `${{ inputs.loud == 'yes' && '--verbose' || '' }}` lets nothing of the input through.

mod condition;

pub(crate) use condition::{Truth, holds};

/// Deepest nesting of brackets and operators that is followed.
const MAX_DEPTH: usize = 40;

/// An expression inside a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Embedded<'a> {
    /// What stands between the braces.
    pub(crate) source: &'a str,
    /// Lines of the text in front of it.
    pub(crate) line: usize,
}

/// A context value, as its parts in lower case: `github.event.inputs.x` is `["github", "event", "inputs", "x"]`.
/// An index that is no literal, and `*`, is the part `*`.
pub(crate) type Reference = Vec<String>;

/// The expressions in a text.
pub(crate) fn embedded(text: &str) -> Vec<Embedded<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 0);
    while let Some(start) = text[at..].find("${{") {
        let start = at + start + 3;
        let Some(length) = end_of_expression(&text[start..]) else {
            break;
        };
        line += text[at..start].matches('\n').count();
        found.push(Embedded { source: text[start..start + length].trim(), line });
        line += text[start..start + length].matches('\n').count();
        at = start + length + 2;
    }
    found
}

/// Where `}}` stands outside a string literal.
fn end_of_expression(text: &str) -> Option<usize> {
    let mut quoted = false;
    let bytes = text.as_bytes();
    bytes.iter().enumerate().find_map(|(at, byte)| {
        quoted ^= *byte == b'\'';
        (!quoted && bytes[at..].starts_with(b"}}")).then_some(at)
    })
}

/// The context values of which text can come out of an expression.
///
/// An expression that cannot be parsed counts as letting every context through that it names.
pub(crate) fn leaks(source: &str) -> Vec<Reference> {
    let tokens = tokens(source);
    let mut parser = Parser { tokens: &tokens, at: 0 };
    match parser.or(0) {
        Some(references) if parser.at == tokens.len() => references,
        _ => references_of(&tokens),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Literal(String),
    Sign(&'static str),
}

const SIGNS: [&str; 15] = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", "."];

fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' {
            let end = string_end(rest);
            tokens.push(Token::Literal(rest[1..end].trim_end_matches('\'').replace("''", "'")));
            end
        } else if first.is_ascii_digit() || (first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let end =
                rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).map_or(rest.len(), |end| end + 1);
            tokens.push(Token::Literal(rest[..end].to_owned()));
            end
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            sign.len()
        } else {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '*'))).unwrap_or(rest.len());
            let end = end.max(first.len_utf8());
            tokens.push(Token::Name(rest[..end].to_lowercase()));
            end
        };
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Length of the string literal that a text starts with; `''` inside is an escaped quote.
fn string_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) == Some(&b'\'') {
                at += 1;
            } else {
                return at + 1;
            }
        }
        at += 1;
    }
    text.len()
}

/// Every context path that a row of tokens names, however the expression is built.
fn references_of(tokens: &[Token]) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let mut parser = Parser { tokens, at };
        match (&tokens[at], parser.path(0)) {
            (Token::Name(name), Some(mut references)) if name.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                found.append(&mut references);
                at = parser.at.max(at + 1);
            }
            _ => at += 1,
        }
    }
    found
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self, depth: usize) -> Option<Vec<Reference>> {
        let mut leaked = self.and(depth)?;
        while self.take("||") {
            leaked.extend(self.and(depth)?);
        }
        Some(leaked)
    }

    fn and(&mut self, depth: usize) -> Option<Vec<Reference>> {
        let mut leaked = self.equality(depth)?;
        while self.take("&&") {
            leaked = self.equality(depth)?;
        }
        Some(leaked)
    }

    fn equality(&mut self, depth: usize) -> Option<Vec<Reference>> {
        let mut leaked = self.unary(depth)?;
        while ["==", "!=", "<=", ">=", "<", ">"].into_iter().any(|sign| self.take(sign)) {
            self.unary(depth)?;
            leaked = Vec::new();
        }
        Some(leaked)
    }

    fn unary(&mut self, depth: usize) -> Option<Vec<Reference>> {
        let mut negated = false;
        while self.take("!") {
            negated = true;
        }
        let leaked = self.primary(depth)?;
        Some(if negated { Vec::new() } else { leaked })
    }

    fn primary(&mut self, depth: usize) -> Option<Vec<Reference>> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.take("(") {
            let inner = self.or(depth + 1)?;
            return self.take(")").then_some(inner);
        }
        match self.tokens.get(self.at)? {
            Token::Literal(_) => {
                self.at += 1;
                Some(Vec::new())
            }
            Token::Name(_) => self.path(depth),
            Token::Sign(_) => None,
        }
    }

    /// A constant, a function call or a context path.
    fn path(&mut self, depth: usize) -> Option<Vec<Reference>> {
        let Some(Token::Name(name)) = self.tokens.get(self.at) else {
            return None;
        };
        self.at += 1;
        if matches!(name.as_str(), "true" | "false" | "null" | "nan" | "infinity") {
            return Some(Vec::new());
        }
        if self.take("(") {
            return self.call(name, depth);
        }
        let mut path = vec![name.clone()];
        loop {
            if self.take(".") {
                let Some(Token::Name(part)) = self.tokens.get(self.at) else {
                    return None;
                };
                path.push(part.clone());
                self.at += 1;
            } else if self.take("[") {
                path.push(self.index(depth)?);
            } else {
                return Some(vec![path]);
            }
        }
    }

    /// What stands in brackets behind a value: a literal's own text, or `*`.
    fn index(&mut self, depth: usize) -> Option<String> {
        let rest = &self.tokens[self.at..];
        if let [Token::Literal(part), Token::Sign("]"), ..] = rest {
            let part = part.to_lowercase();
            self.at += 2;
            return Some(part);
        }
        if depth > MAX_DEPTH {
            return None;
        }
        self.or(depth + 1)?;
        self.take("]").then(|| "*".to_owned())
    }

    fn call(&mut self, name: &str, depth: usize) -> Option<Vec<Reference>> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut leaked = Vec::new();
        if !self.take(")") {
            loop {
                leaked.extend(self.or(depth + 1)?);
                if self.take(")") {
                    break;
                }
                if !self.take(",") {
                    return None;
                }
            }
        }
        let harmless = matches!(
            name,
            "contains" | "startswith" | "endswith" | "success" | "failure" | "always" | "cancelled" | "hashfiles"
        );
        Some(if harmless { Vec::new() } else { leaked })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        leaks(source).into_iter().map(|path| path.join(".")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_values_that_reach_the_text_are_named() {
        for (source, expected) in [
            ("inputs.notes", "inputs.notes"),
            ("github.event.inputs['custom_notes']", "github.event.inputs.custom_notes"),
            ("GitHub.Event.Issue.Title", "github.event.issue.title"),
            ("inputs.loud == 'yes' && '--verbose' || ''", ""),
            ("inputs.a && inputs.b || 'x'", "inputs.b"),
            ("inputs.a || github.head_ref", "inputs.a github.head_ref"),
            ("contains(inputs.a, 'x')", ""),
            ("format('{0}-{1}', inputs.a, github.sha)", "inputs.a github.sha"),
            ("toJSON(github.event)", "github.event"),
            ("github.event.commits[0].message", "github.event.commits.0.message"),
            ("github.event[inputs.key]", "github.event.*"),
            ("github.event.commits.*.message", "github.event.commits.*.message"),
            ("!inputs.a", ""),
            ("(inputs.a)", "inputs.a"),
            ("'it''s inputs.a'", ""),
            ("-1.5", ""),
        ] {
            assert_eq!(shown(source), expected, "{source}");
        }
    }

    #[test]
    fn what_cannot_be_parsed_leaks_all_it_names() {
        assert_eq!(shown("inputs.a +++ github.sha"), "inputs.a github.sha");
        assert_eq!(shown("inputs.a == ("), "inputs.a");
        let deep = format!("{}inputs.a{}", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(shown(&deep), "inputs.a");
        assert_eq!(shown(&format!("{}inputs.a", "a[".repeat(10_000))), "inputs.a");
        assert_eq!(shown("é ü inputs.a"), "é ü inputs.a");
    }

    #[test]
    fn expressions_are_found_in_text() {
        let found = embedded("a ${{ x }} b\n${{ '}}' }} ${{ open");
        assert_eq!(found, [Embedded { source: "x", line: 0 }, Embedded { source: "'}}'", line: 1 }]);
    }
}
