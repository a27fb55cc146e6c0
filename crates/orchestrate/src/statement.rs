//! Whether a line of code is a whole statement.

/// Whether the statement that a line belongs to may have other lines: a bracket or a quote is open or closes here, or the line ends or
/// begins with what joins it to another one. A comment at its end counts for nothing.
pub(crate) fn has_other_lines(line: &str) -> bool {
    let Some(code) = plain(line) else { return true };
    let code = code.trim();
    let joins_next = code.ends_with(|c: char| "([{,:\\.+-*/%&|^=<>".contains(c));
    let joins_last = code.starts_with(|c: char| ")]}.,+-*/%&|^=<>".contains(c));
    let depth = |open: char, close: char| (code.matches(open).count(), code.matches(close).count());
    let is_balanced = [('(', ')'), ('[', ']'), ('{', '}')].into_iter().all(|(open, close)| {
        let (opened, closed) = depth(open, close);
        opened == closed
    });
    joins_next || joins_last || !is_balanced
}

/// The same of a line of YAML, where a sign in front makes an item of a list: it goes on in the `next` line with anything on it if that
/// begins as far to the right as the item does.
pub(crate) fn has_other_lines_in_yaml(line: &str, next: Option<&str>) -> bool {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let Some(item) = line.trim_start().strip_prefix("- ") else { return has_other_lines(line) };
    let column = line.len() - item.trim_start().len();
    next.is_some_and(|next| indent(next) >= column) || has_other_lines(item)
}

/// A line without what stands between its quotes, and without a comment behind `#`; none where a quote stays open.
fn plain(line: &str) -> Option<String> {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'', '#']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('#') {
            return Some(plain);
        }
        let quote = ["\"\"\"", "'''"].into_iter().find(|quote| rest.starts_with(quote)).unwrap_or(&rest[..1]);
        rest = &rest[quote.len()..];
        rest = &rest[end_of_text(rest, quote)?..];
        plain.push('_');
    }
    plain.push_str(rest);
    Some(plain)
}

/// Where the text ends that a quote has begun, behind its closing quote.
fn end_of_text(text: &str, quote: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if !is_escaped && text[at..].starts_with(quote) {
            return Some(at + quote.len());
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{has_other_lines, has_other_lines_in_yaml};

    #[test]
    fn a_line_that_stands_for_itself_has_no_other() {
        for line in [
            "    h = hashlib.md5(data)  # (why",
            "import pickle",
            "assert user.is_admin, 'not (an admin'",
            "password = \"a\\\"(b\"",
            "x = '''one line'''",
            "subprocess.run(cmd, shell=True)",
            "",
            "é = eval(ö)",
        ] {
            assert!(!has_other_lines(line), "{line}");
        }
    }

    #[test]
    fn a_line_of_a_longer_statement_has_others() {
        for line in [
            "subprocess.run(",
            "    verify=False,",
            ")",
            "    .format(name)",
            "query = \"\"\"SELECT *",
            "x = 'left open",
            "total = a + \\",
            "except Exception:",
            "x = {  # opens",
            "+ 'more'",
        ] {
            assert!(has_other_lines(line), "{line}");
        }
    }

    #[test]
    fn an_item_of_a_yaml_list_stands_for_itself_unless_it_goes_on() {
        let line = "  - uses: a/b@v1  # pinned";
        for (next, expected) in [
            (None, false),
            (Some("x: 1"), false),
            (Some("  - run: make"), false),
            (Some("    with:"), true),
            (Some("      more: 1"), true),
        ] {
            assert_eq!(has_other_lines_in_yaml(line, next), expected, "{next:?}");
        }
        assert!(!has_other_lines_in_yaml("permissions: write-all", Some("jobs:")));
        assert!(has_other_lines_in_yaml("- run: |", None) || has_other_lines_in_yaml("- steps:", None));
    }
}
