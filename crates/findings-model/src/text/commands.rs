//! What a workflow step prints is read by the Actions runner, line by line, for commands.
//!
//! Two forms are commands: `::name …::value` at the beginning of a line, white space before it left aside, and the older
//! `##[name …]value` *anywhere* in a line (`ActionCommand.TryParseV2` and `TryParse` of the runner). Neither may come out of a
//! text that is only to be read. Each is taken apart with a space, which every reader sees: some ways of comparing text look over
//! characters without width, so that one of those would not do.

use std::borrow::Cow;

/// The beginning of a command that may stand anywhere in a line.
pub(super) const ANYWHERE: &str = "##[";

/// The beginning of a command at the beginning of a line, and the end of its name.
const AT_START: &str = "::";

/// A text of any number of lines in which the Actions runner finds no command.
///
/// Everything that goes to stdout or stderr of a program goes through this at the edge, commands that are meant aside. Texts
/// without a command, nearly all, are left as they are.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if is_harmless(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive(['\n', '\r']) {
        let words = line.trim_start();
        if starts_as_command(words) {
            out.push_str(&line[..line.len() - words.len()]);
            out.push_str(": ");
            out.push_str(&words[1..]);
        } else {
            out.push_str(line);
        }
    }
    Cow::Owned(apart(out))
}

/// Whether the Actions runner finds no command in a text.
pub fn is_harmless(text: &str) -> bool {
    // Two colons in a row are rare, and so is a look at every line.
    let at_start = text.contains(AT_START) && text.split(['\n', '\r']).any(starts_as_command);
    !at_start && !text.contains(ANYWHERE)
}

/// JSON in which the Actions runner finds no command, and which says the same: `##[` can only stand inside a string, where its
/// bracket may be written as an escape; a line of JSON begins with no colon.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    if json.contains(ANYWHERE) { Cow::Owned(json.replace(ANYWHERE, r"##\u005b")) } else { Cow::Borrowed(json) }
}

/// A line without a command in its midst.
pub(super) fn apart(line: String) -> String {
    if line.contains(ANYWHERE) { line.replace(ANYWHERE, "## [") } else { line }
}

/// Whether a line begins as a command does; it takes the end of the name to make one.
fn starts_as_command(line: &str) -> bool {
    line.trim_start().strip_prefix(AT_START).is_some_and(|rest| rest.contains(AT_START))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{is_plain_line, markdown, markdown_inline, one_line};

    /// What the runner takes for a command, as its source says it.
    fn runs(line: &str) -> bool {
        let at_start = line.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"));
        let anywhere = line.find("##[").is_some_and(|at| line[at..].contains(']'));
        at_start || anywhere
    }

    fn is_quiet(text: &str) -> bool {
        !text.split(['\n', '\r']).any(runs)
    }

    #[test]
    fn a_command_comes_apart_and_stays_readable() {
        for (text, shown) in [
            ("##[add-mask]true", "## [add-mask]true"),
            ("a ###[group]b", "a ### [group]b"),
            ("##[a]##[b]", "## [a]## [b]"),
            ("x\n  ::add-mask::true", "x\n  : :add-mask::true"),
            ("\u{a0}::stop-commands::x\r::y::", "\u{a0}: :stop-commands::x\r: :y::"),
        ] {
            assert_eq!(harmless(text), shown);
            assert!(is_quiet(shown));
        }
        for text in ["", "a ::b:: c", "::std::", ":: a", "# [x]", "##", "std::mem::swap", "[x]: y\n"] {
            if !runs(text) {
                assert!(matches!(harmless(text), Cow::Borrowed(_)), "{text}");
            }
        }
        assert_eq!(one_line("##[add-mask]\ttrue"), "## [add-mask] true");
    }

    #[test]
    fn json_says_the_same() {
        let said = serde_json::json!({ "a": "##[add-mask]true", "##[b]": ["\\##[c]", "##"] });
        let json = said.to_string();
        let quiet = harmless_json(&json);
        assert!(is_quiet(&quiet), "{quiet}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&quiet).unwrap(), said);
        assert!(matches!(harmless_json("[\"#\"]"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn no_command_comes_out(parts in prop::collection::vec(
            prop::sample::select(&["##[", "::", ":", "#", "[", "]", " ", "\n", "\r", "\t", "\u{a0}", "\u{200b}", "add-mask", "é", "\0", "\\", "\""][..]),
            0..24,
        )) {
            let text = parts.concat();
            let quiet = harmless(&text);
            prop_assert!(is_quiet(&quiet) && is_harmless(&quiet), "{:?}", quiet);
            prop_assert_eq!(harmless(&quiet), quiet.as_ref());
            prop_assert_eq!(text.replace(' ', ""), quiet.replace(' ', ""));

            let line = one_line(&text);
            prop_assert!(!line.contains(ANYWHERE), "{:?}", line);
            prop_assert_eq!(one_line(&line), line.as_str());
            prop_assert_eq!(is_plain_line(&text), text.is_ascii() && line == text);
            for shown in [markdown(&text), markdown_inline(&text)] {
                prop_assert!(!shown.contains(ANYWHERE), "{:?}", shown);
            }
            prop_assert!(is_quiet(&markdown(&text)));

            let json = serde_json::to_string_pretty(&serde_json::json!([&text, { &text: 1 }])).unwrap();
            prop_assert!(is_quiet(&harmless_json(&json)));
            prop_assert_eq!(
                serde_json::from_str::<serde_json::Value>(&harmless_json(&json)).unwrap(),
                serde_json::from_str::<serde_json::Value>(&json).unwrap()
            );
        }
    }
}
