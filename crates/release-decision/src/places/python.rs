//! Versions in Python source, read without running it.

use std::ops::Range;

/// A plain text that is given to a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assigned<'t> {
    pub(super) name: &'t str,
    /// The text between the quotes.
    pub(super) span: Range<usize>,
}

/// Texts given to names at the top of a module: `__version__ = "1.2.3"`, `__version__: str = '1.2.3'`, `a = b = "1.2.3"`.
///
/// Only statements that begin a line without indentation and give nothing but one text count, in parentheses or not; what stands in a
/// docstring, a function or a condition does not.
pub(super) fn assignments(text: &str) -> Vec<Assigned<'_>> {
    let tokens = tokens(text);
    let statements = tokens.split(|token| token.kind == Kind::End);
    statements.filter(|s| s.first().is_some_and(|t| t.at_margin)).flat_map(|s| assigned_by(text, s)).collect()
}

/// The texts of an argument in calls of `setup`.
pub(super) fn setup_argument<'t>(text: &'t str, argument: &str) -> Vec<Assigned<'t>> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut calls: Vec<bool> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Sign(b'(' | b'[' | b'{') => {
                let is_named = |back, is: fn(&str) -> bool| {
                    let token = tokens[..at].iter().nth_back(back);
                    token.is_some_and(|t| t.kind == Kind::Name && is(&text[t.span.clone()]))
                };
                calls.push(is_named(0, is_setup) && !is_named(1, |word| word == "def"));
            }
            Kind::Sign(b')' | b']' | b'}') => drop(calls.pop()),
            Kind::Name if calls.last() == Some(&true) && &text[token.span.clone()] == argument => {
                if let [equals, value, after, ..] = &tokens[at + 1..]
                    && equals.kind == Kind::Sign(b'=')
                    && value.kind == Kind::Text
                    && matches!(after.kind, Kind::Sign(b',' | b')'))
                {
                    found.push(Assigned { name: &text[token.span.clone()], span: value.span.clone() });
                }
            }
            _ => {}
        }
    }
    found
}

fn is_setup(name: &str) -> bool {
    matches!(name, "setup" | "setuptools.setup" | "distutils.core.setup")
}

/// The names that one statement gives its text to; none if it does anything else.
fn assigned_by<'t>(text: &'t str, statement: &[Token]) -> Vec<Assigned<'t>> {
    let Some((value, before)) = plain_value(statement) else { return Vec::new() };
    let Some((Token { kind: Kind::Sign(b'='), .. }, targets)) = before.split_last() else { return Vec::new() };
    let mut found = Vec::new();
    for target in targets.split(|token| token.kind == Kind::Sign(b'=')) {
        match target {
            [name] if name.kind == Kind::Name => found.push(name),
            [name, colon, ..] if name.kind == Kind::Name && colon.kind == Kind::Sign(b':') => found.push(name),
            _ => return Vec::new(),
        }
    }
    let named = |name: &Token| Assigned { name: &text[name.span.clone()], span: value.span.clone() };
    found.into_iter().map(named).collect()
}

/// The text that a statement ends with, out of its parentheses, and what stands before it.
fn plain_value(statement: &[Token]) -> Option<(&Token, &[Token])> {
    let closed = statement.iter().rev().take_while(|token| token.kind == Kind::Sign(b')')).count();
    let (value, before) = statement[..statement.len() - closed].split_last()?;
    let (before, open) = before.split_at_checked(before.len().checked_sub(closed)?)?;
    let is_plain = value.kind == Kind::Text && open.iter().all(|token| token.kind == Kind::Sign(b'('));
    is_plain.then_some((value, before))
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    /// Of a text: what is between its quotes.
    span: Range<usize>,
    /// It begins a line without indentation and is in no bracket.
    at_margin: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Name,
    /// A text whose value is what stands between its quotes.
    Text,
    /// A text whose prefix or escapes give it another value, or one that does not end.
    OtherText,
    Sign(u8),
    /// The end of a statement.
    End,
}

fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    // A byte order mark belongs to no name.
    let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (mut at, mut depth, mut line_start) = (begin, 0_usize, begin);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let at_margin = start == line_start && depth == 0;
        let kind = match byte {
            b'\n' | b'\r' => {
                at += 1;
                line_start = at;
                if depth > 0 {
                    continue;
                }
                Kind::End
            }
            b';' => {
                at += 1;
                Kind::End
            }
            b'#' => {
                at = end_of_line(bytes, at);
                continue;
            }
            b'\\' => {
                // The next line goes on with this one.
                at = (end_of_line(bytes, at) + 1).min(bytes.len());
                continue;
            }
            b' ' | b'\t' | b'\x0c' => {
                at += 1;
                continue;
            }
            b'"' | b'\'' => {
                let (span, end, kind) = text_at(bytes, at);
                tokens.push(Token { kind, span, at_margin });
                at = end;
                continue;
            }
            _ if is_name(byte) => {
                while bytes.get(at).is_some_and(|b| is_name(*b)) {
                    at += 1;
                }
                let is_prefix = at - start <= 2 && matches!(bytes.get(at), Some(b'"' | b'\''));
                if is_prefix {
                    let (span, end, kind) = text_at(bytes, at);
                    let is_plain = matches!(&bytes[start..at], b"u" | b"U" | b"r" | b"R");
                    tokens.push(Token { kind: if is_plain { kind } else { Kind::OtherText }, span, at_margin });
                    at = end;
                    continue;
                }
                Kind::Name
            }
            sign => {
                at += 1;
                match sign {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                Kind::Sign(sign)
            }
        };
        tokens.push(Token { kind, span: start..at, at_margin });
    }
    tokens.push(Token { kind: Kind::End, span: at..at, at_margin: false });
    tokens
}

/// Letters, digits, underscores, dots between them, and everything beyond ASCII.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || byte >= 0x80
}

fn end_of_line(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |length| from + length)
}

/// The text whose first quote is here: what is between the quotes, where it ends, and what it is.
fn text_at(bytes: &[u8], from: usize) -> (Range<usize>, usize, Kind) {
    let quote = bytes[from];
    let width = if bytes[from..].starts_with(&[quote; 3]) { 3 } else { 1 };
    let mut kind = Kind::Text;
    let start = from + width;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                kind = Kind::OtherText;
                at += 2;
            }
            b'\n' if width == 1 => return (start..at, at, Kind::OtherText),
            _ if bytes[at..].starts_with(&[quote; 3][..width]) => return (start..at, at + width, kind),
            _ => at += 1,
        }
    }
    (start..bytes.len(), bytes.len(), Kind::OtherText)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        assignments(text).into_iter().map(|a| format!("{}={}", a.name, &text[a.span])).collect()
    }

    #[test]
    fn plain_texts_at_the_top_of_a_module() {
        assert_eq!(found("__version__ = \"1.2.3\"  # why\n"), ["__version__=1.2.3"]);
        assert_eq!(found("\u{feff}x = 1\r\n__version__: Final[str] = '1.2.3'\r\n"), ["__version__=1.2.3"]);
        assert_eq!(
            found("__version__ = version = '1.2'; x = 1\nrelease = '''1.3'''"),
            ["__version__=1.2", "version=1.2", "release=1.3"]
        );
        assert_eq!(found("__version__ = \\\n    '1.2.3'\n"), ["__version__=1.2.3"]);
        for value in ["('1.2.3')", "((\n    '1.2.3'\n))", "u'1.2.3'", "U\"1.2.3\"", "r'1.2.3'", "(u'1.2.3')  # why"] {
            assert_eq!(found(&format!("\u{feff}__version__ = {value}\n")), ["__version__=1.2.3"], "{value}");
        }
    }

    #[test]
    fn what_only_looks_like_one() {
        for text in [
            "\"\"\"\n__version__ = '1.2.3'\n\"\"\"\n",
            "# __version__ = '1.2.3'\n",
            "if True:\n    __version__ = '1.2.3'\n",
            "def f(\nversion = '1.2.3'\n): pass\n",
            "__version__ = '1.2.' '3'\n",
            "__version__ = f'1.2.{x}'\n",
            "__version__ = '1.2.3'.strip()\n",
            "__version__ = v('1.2.3')\n",
            "__version__ = ('1.2.3',)\n",
            "__version__ = ('1.2.3'\n",
            "('1.2.3')\n",
            "__version__ = b'1.2.3'\n",
            "__version__ = ['1.2.3']\n",
            "__version__ += '1.2.3'\n",
            "__version__ == '1.2.3'\n",
            "a.b['c'] = '1.2.3'\n",
            "__version__ = '1.2.3\n",
            "__version__ = '1.2\\x2e3'\n",
            "x = ('\n__version__ = \"1.2.3\"\n",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn the_argument_of_setup() {
        let found = |text: &str| {
            setup_argument(text, "version").into_iter().map(|a| text[a.span].to_owned()).collect::<Vec<_>>()
        };
        let call =
            "import setuptools\nsetuptools.setup(\n  name='x',\n  version='1.2.3',\n  extras=dict(version='9'))\n";
        assert_eq!(found(call), ["1.2.3"]);
        assert_eq!(found("setup(name='x', version=\"1.2.3\")"), ["1.2.3"]);
        for text in
            ["setup(version=VERSION, a=f(version='1'))", "def setup(version='1'):\n  pass\n", "(setup, version='1')"]
        {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }
}
