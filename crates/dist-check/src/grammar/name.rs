//! Names: of projects and extras (PEP 508), of Python modules.

use unicode_ident::{is_xid_continue, is_xid_start};

/// Words that cannot be names of modules (Python 3.7 to 3.14).
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Whether a text is a project's or an extra's name as written: nothing is trimmed.
pub(crate) fn is_project_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The name in normal form (PEP 503): lower case, runs of `-`, `_` and `.` as one `-`. The text need not be a name.
pub(crate) fn normal(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        let c = if matches!(c, '_' | '.') { '-' } else { c };
        if !(c == '-' && normal.ends_with('-')) {
            normal.push(c);
        }
    }
    normal
}

/// The form that names take in file names: normal, with `_` for `-`.
pub(crate) fn file_form(text: &str) -> String {
    normal(text).replace('-', "_")
}

/// Whether a text is a Python identifier.
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || is_xid_start(c)) && chars.all(is_xid_continue)
}

/// Whether a Python identifier is a keyword.
pub(crate) fn is_keyword(text: &str) -> bool {
    KEYWORDS.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_projects() {
        for good in ["a", "A.b", "a-_-b", "0"] {
            assert!(is_project_name(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a b", "a ", "\u{e9}", "a\n"] {
            assert!(!is_project_name(bad), "{bad:?}");
        }
        assert_eq!((normal("A.-_b"), file_form("Foo.Bar-baz")), ("a-b".to_owned(), "foo_bar_baz".to_owned()));
    }

    #[test]
    fn identifiers() {
        assert!(is_identifier("_a1") && is_identifier("\u{e9}t\u{e9}") && !is_identifier("1a") && !is_identifier(""));
        assert!(KEYWORDS.is_sorted() && is_keyword("async") && !is_keyword("match"));
    }
}
