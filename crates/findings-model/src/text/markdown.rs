use std::ops::RangeInclusive;

use super::one_line;

/// Keeps two characters from being read as one thing, and has no width: `@` and a name, `www` and its dot. As an entity it is
/// there for all to see in the source.
const BREAK: &str = "&#8203;";

/// Lengths of a word of hexadecimal digits that may be a commit, abbreviated or of either hash.
const COMMIT: RangeInclusive<usize> = 7..=64;

/// Hexadecimal digits in a row that name no commit yet.
const NO_COMMIT: usize = 6;

/// One line of text as Markdown that renders as the text itself: no heading, link, image, HTML or table cell comes out of it.
///
/// That holds for GitHub too, which makes links of addresses (`https://…`, `www.…`, `a@b`), of people (`@user`), of issues (`#12`,
/// `GH-12`) and of commits by what the page *says*, whatever was escaped in its source: those are broken by a character without
/// width. Words of digits only stay whole, so that ids of advisories can be found.
pub fn markdown(text: &str) -> String {
    let mut out = markdown_inline(text);
    if out.starts_with(['-', '+', '=', ':']) {
        out.insert(0, '\\');
    }
    let digits = out.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && out[digits..].starts_with('.') {
        out.insert(digits, '\\');
    }
    out
}

/// As [`markdown`], for text that stands behind other words of a line: a dash or a number at its beginning makes no list there.
pub fn markdown_inline(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len() + 8);
    let mut rest = line.as_str();
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_alphanumeric() {
            let end = rest.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            push_word(&mut out, word, after);
            rest = after;
            continue;
        }
        let behind_word = line[..line.len() - rest.len()].ends_with(|c: char| c.is_ascii_alphanumeric());
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' | '@' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
        let is_joined = match c {
            // A finding's id may end in `@package`: that is neither a person nor an address of mail.
            '@' => !rest.is_empty() && !rest.starts_with(' ') && (!behind_word || is_host(rest)),
            '#' => rest.starts_with(|c: char| c.is_ascii_digit()),
            ':' => rest.starts_with("//"),
            _ => false,
        };
        if is_joined {
            out.push_str(BREAK);
        }
    }
    out
}

/// Whether a text may begin with the host of an address of mail: a word with a dot.
fn is_host(text: &str) -> bool {
    let word =
        text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'))).unwrap_or(text.len());
    text[..word].contains('.')
}

/// A word of letters and digits, broken where it would become a link by itself or with what follows.
fn push_word(out: &mut String, word: &str, after: &str) {
    let is_hex = word.bytes().all(|b| b.is_ascii_hexdigit()) && !word.bytes().all(|b| b.is_ascii_digit());
    if is_hex && COMMIT.contains(&word.len()) {
        for (n, digit) in word.chars().enumerate() {
            if n > 0 && n % NO_COMMIT == 0 {
                out.push_str(BREAK);
            }
            out.push(digit);
        }
        return;
    }
    out.push_str(word);
    let ends_in = |end: &str| word.len() >= end.len() && word[word.len() - end.len()..].eq_ignore_ascii_case(end);
    let is_address = ends_in("www") && after.starts_with('.');
    let is_issue =
        ends_in("gh") && after.strip_prefix('-').is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
    if is_address || is_issue {
        out.push_str(BREAK);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

    use super::*;

    #[test]
    fn markdown_renders_as_itself() {
        assert_eq!(
            markdown("## <img onerror=x> [a](javascript:b)"),
            "\\#\\# &lt;img onerror=x&gt; \\[a\\]\\(javascript:b\\)"
        );
        assert_eq!(markdown("- item"), "\\- item");
        assert_eq!(markdown("1. item"), "1\\. item");
        assert_eq!(markdown("a|b"), "a\\|b");
        assert_eq!((markdown_inline("1. item"), markdown_inline("- x")), ("1. item".to_owned(), "- x".to_owned()));
    }

    #[test]
    fn what_github_makes_links_of_is_broken() {
        for (text, source) in [
            ("see https://x.example/a", "see https:&#8203;//x.example/a"),
            ("WWW.x.example", "WWW&#8203;.x.example"),
            ("jo@x.example", "jo\\@&#8203;x.example"),
            ("CVE-2023-4863@pillow", "CVE-2023-4863\\@pillow"),
            ("@jo, a @ b", "\\@&#8203;jo, a \\@ b"),
            ("o/r#12 # 1", "o/r\\#&#8203;12 \\# 1"),
            ("gh-12 GHSA-x84v-xcm2-53pg", "gh&#8203;-12 GHSA-x84v-xcm2-53pg"),
            ("at 1a2b3c4d5e6f7", "at 1a2b3c&#8203;4d5e6f&#8203;7"),
            ("CVE-2018-1000632 on 20240131", "CVE-2018-1000632 on 20240131"),
        ] {
            assert_eq!(markdown(text), source);
        }
    }

    /// Texts of parts that mean something to a renderer or to GitHub.
    fn hostile() -> impl Strategy<Value = String> {
        let parts = [
            "https://",
            "http:",
            "ftp://",
            "mailto:",
            "xmpp:",
            "www.",
            "//",
            "x.example",
            "a",
            "user",
            "@",
            "#",
            "12",
            "GH-",
            "gh-",
            "deadbeef",
            "1a2b3c4d5e",
            "0123456",
            "\\",
            "`",
            "``",
            "*",
            "_",
            "~~",
            "[",
            "]",
            "(",
            ")",
            "<",
            ">",
            "</b>",
            "<img src=x>",
            "<!--",
            "&",
            "&#64;",
            "&lt;",
            "!",
            "|",
            "---",
            "- ",
            "+ ",
            "1. ",
            "2) ",
            "# ",
            "::",
            "=",
            ":",
            ";",
            ".",
            "/",
            "$",
            "$$",
            " ",
            "\n",
            "\t",
            "é",
            "\u{200b}",
            "[^1]:",
            "[x]: y",
        ];
        prop::collection::vec(prop::sample::select(parts.to_vec()), 1..14).prop_map(|parts| parts.concat())
    }

    /// A page's text, with what GitHub would make a link of by the look of it.
    const JUDGE: &str = r"
import html, json, re, sys
import cmarkgfm
from cmarkgfm.cmark import Options

LINKS = [r'https?://', r'ftp://', r'\bwww\.', r'(?<![A-Za-z0-9])@[A-Za-z0-9]', r'#[0-9]', r'\bGH-[0-9]', r'\b(?![0-9]+\b)[0-9a-f]{7,64}\b']
problems = []
for text, source in json.load(sys.stdin):
    page = cmarkgfm.github_flavored_markdown_to_html(source, Options.CMARK_OPT_UNSAFE).strip()
    if not page:
        said, tags = '', []
    else:
        tags = re.findall(r'<[^>]*>', page)
        said = html.unescape(re.sub(r'<[^>]*>', '', page))
    if tags not in ([], ['<p>', '</p>']):
        problems.append((text, source, page))
    elif said.replace('\u200b', '') != text.replace('\u200b', ''):
        problems.append((text, source, page, 'reads otherwise'))
    elif any(re.search(link, said, re.I) for link in LINKS):
        problems.append((text, source, page, 'becomes a link on GitHub'))
json.dump(problems, sys.stdout)
";

    fn judged(pairs: &[(String, String)]) -> Vec<serde_json::Value> {
        let asked = serde_json::to_vec(pairs).unwrap();
        let outcome = test_support::peers::python().args(["-c", JUDGE]).stdin(asked).output().expect_success();
        outcome.json().as_array().unwrap().clone()
    }

    #[test]
    fn github_renders_it_as_the_text_itself() {
        let mut runner = TestRunner::deterministic();
        let strategy = hostile();
        let texts = (0..5000).map(|_| strategy.new_tree(&mut runner).unwrap().current());
        let pairs: Vec<(String, String)> = texts.map(|text| (one_line(&text), markdown(&text))).collect();
        let problems = judged(&pairs);
        assert!(
            problems.is_empty(),
            "{} of {}: {:#?}",
            problems.len(),
            pairs.len(),
            &problems[..problems.len().min(5)]
        );
        let raw: Vec<_> = pairs.into_iter().map(|(text, _)| (text.clone(), text)).collect();
        assert!(judged(&raw).len() > raw.len() / 2, "the judge lets everything pass");
    }
}
