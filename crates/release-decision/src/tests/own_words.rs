//! A person's own words, judged by the renderer that GitHub's is made of.

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::Value;

use crate::own_words::own_words;

const LIMIT: usize = 30_000;

#[test]
fn code_comes_out_as_it_was_written() {
    for words in [
        "Types: `list[int]`, `a < b`, `` a`b ``, `**x**`",
        "```python\nif a < b:  \n\n\n    x[0] = \"<b>\"\n```\n\ntext",
        "~~~\n[x]: y\n<!--\n~~~",
        "- item\n\n  ```\n  a[0]  \n\n\n  <b>\n  ```\n- next",
        "> ```\n> a[0] <b>\n> ```",
        "text:\n\n    indented[0] < 1\n\n\n    more\n\nend",
        "1. one\n\n   ~~~~\n   ~~~\n   <b>\n   ~~~~\n\n2. two",
        "a code span `that goes[0]\non < here` and ends",
        "a hard  \nbreak",
        "| a | `b[0]` |\n| --- | --- |\n| `c < d` | e |",
        "See [the guide](https://x.example/a), [`f`](https://x.example/f), <https://x.example>, https://x.example, @jo and #12.",
        "## Heading\n\n* **bold**\n  * _more_\n\nTitle\n---\n\n***",
    ] {
        assert_eq!(own_words(words, LIMIT), format!("{words}\n"), "{words}");
    }
}

#[test]
fn what_is_no_code_is_no_structure() {
    for (words, safe) in [
        ("<b>x</b> a < b", "&lt;b>x&lt;/b> a &lt; b\n"),
        ("[x]: https://x.example", "\\[x\\]: https://x.example\n"),
        ("![x](https://x.example/y.png)", "!\\[x\\](https://x.example/y.png)\n"),
        ("[x](javascript:alert)", "\\[x\\](javascript:alert)\n"),
        ("a ` b `` <i>", "a \\` b \\`\\` &lt;i>\n"),
        ("a `\n\n<i>`", "a \\`\n\n&lt;i>\\`\n"),
        ("::add-mask::x", "\\::add-mask::x\n"),
        ("```\n::add-mask::x ##[group]y", "```\n: :add-mask::x ## [group]y\n```\n"),
        ("a | b\n--|--\n`x | <i>` | y", "a | b\n--|--\n\\`x | &lt;i>\\` | y\n"),
        ("a | b\n--|--\n~~~\n<i>", "a | b\n--|--\n\\~~~\n&lt;i>\n"),
        ("\n\n  text  \n\n", "  text\n"),
        ("a\r\nb\rc\u{202e}", "a\nb\nc\u{fffd}\n"),
        ("", ""),
        (" \n ", ""),
    ] {
        assert_eq!(own_words(words, LIMIT), safe, "{words}");
    }
}

#[test]
fn a_fence_that_is_open_is_closed_where_it_stands() {
    for (words, closing) in [
        ("```", "```"),
        ("~~~~ python\nx\n~~~", "~~~~"),
        ("- a\n  ```\n  x", "  ```"),
        ("> ~~~\n> x", "> ~~~"),
        ("> 1. ```\n>    x", ">    ```"),
    ] {
        assert_eq!(own_words(words, LIMIT), format!("{words}\n{closing}\n"), "{words}");
    }
    // What ends a list or a quote ends the fence in it; a fence behind it would be a new one.
    for words in ["- ```\n  x\n\ntext", "> ```\n> x\n\ntext", "- ```\n- x"] {
        assert_eq!(own_words(words, LIMIT), format!("{words}\n"), "{words}");
    }
}

#[test]
fn a_part_says_how_much_is_left_out() {
    let lines = "a line of `code[0]` and <b>\n".repeat(4000);
    let fence = format!("```\n{}", "x\n".repeat(40_000));
    let one = "ä<`[".repeat(20_000);
    let heading = format!("# T\n\n{}", "word ".repeat(20_000));
    for words in [&lines, &fence, &one, &heading] {
        let short = own_words(words, LIMIT);
        assert!(short.len() <= LIMIT && short.len() > LIMIT / 2, "{}", short.len());
        let (kept, said) = short.trim_end().rsplit_once("\n\n").unwrap();
        assert!(said.starts_with("(Shortened here: ") && said.ends_with(" more characters were given.)"), "{said}");
        assert_eq!(kept.ends_with("\n```"), words.starts_with("```"), "a fence is closed before the cut is told of");
    }
    assert_eq!(own_words(&"x".repeat(LIMIT - 1), LIMIT).len(), LIMIT);
}

/// Words of parts that mean something to a parser of Markdown.
fn hostile() -> impl Strategy<Value = String> {
    let parts = [
        "```",
        "````",
        "~~~",
        "~~~~",
        "`",
        "``",
        "\\",
        "> ",
        ">",
        "- ",
        "-",
        "* ",
        "+ ",
        "1. ",
        "2) ",
        "10. ",
        "# ",
        "---",
        "===",
        "***",
        "--|--",
        "|",
        "| a | b |",
        ":-:",
        "<evil>",
        "<evil\n>",
        "</evil>",
        "<!--",
        "-->",
        "<![CDATA[",
        "<?",
        "<!X",
        "<pre>",
        "<script>",
        "<div>\n",
        "<https://x.example>",
        "<https://<evil>",
        "[",
        "]",
        "(",
        ")",
        "[x](https://x.example)",
        "[x]: /y",
        "![",
        "[^1]: z",
        "!",
        "**",
        "_",
        "~~",
        "a",
        "word ",
        " ",
        "  ",
        "   ",
        "    ",
        "     ",
        "\t",
        "\n",
        "\n",
        "\n",
        "\n\n",
        "\n  ",
        "\n    ",
        "\r\n",
        "::x::y",
        "##[x]y",
        "&",
        "&lt;",
        "\\|",
        "\\`",
        "é",
        "https://x.example/<evil>",
    ];
    let part = prop::sample::select(parts.to_vec());
    prop::collection::vec(part, 1..24).prop_map(|parts| parts.concat())
}

/// Renders each document between two headings and says in which one the words did more than stand there.
const JUDGE: &str = r"
import html.parser, json, re, sys
import cmarkgfm
from cmarkgfm.cmark import Options

KNOWN = set('p br em strong del code pre ul ol li blockquote h1 h2 h3 h4 h5 h6 hr a table thead tbody tr th td input'.split())
ALONE = {'br', 'hr', 'input'}

class Reader(html.parser.HTMLParser):
    CDATA_CONTENT_ELEMENTS = ()
    def __init__(self):
        super().__init__()
        self.problems, self.depth = [], 0
    def handle_starttag(self, tag, attributes):
        if tag not in KNOWN:
            self.problems.append('makes <%s>' % tag)
        if tag == 'a' and not dict(attributes).get('href', '').startswith(('http://', 'https://', 'mailto:', 'ftp://')):
            self.problems.append('leads to %r' % (attributes,))
        self.depth += tag not in ALONE
    def handle_endtag(self, tag):
        self.depth -= tag not in ALONE
    def handle_comment(self, data):
        self.problems.append('makes a comment')
    def handle_decl(self, data):
        self.problems.append('makes a declaration')
    def handle_pi(self, data):
        self.problems.append('makes an instruction')
    unknown_decl = handle_decl

render = lambda source: cmarkgfm.github_flavored_markdown_to_html(source, Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES)
problems = []
for given, made in json.load(sys.stdin):
    page = render('# Before\n\nof <https://x.example> [x] [^1]\n\n' + made + '\n## After-it\n\nSee [x] and `y`.\n')
    reader = Reader()
    reader.feed(page)
    reader.close()
    found = reader.problems
    if reader.depth != 0:
        found.append('leaves an element open')
    if not page.endswith('<h2>After-it</h2>\n<p>See [x] and <code>y</code>.</p>\n'):
        found.append('changes what is behind it')
    for line in made.split('\n'):
        if '##[' in line or re.match(r'\s*::.*::', line):
            found.append('is a command for the runner')
    if found:
        problems.append([given, made, page, found])
json.dump(problems, sys.stdout)
";

fn judged(pairs: &[(String, String)]) -> Vec<Value> {
    let asked = serde_json::to_vec(pairs).unwrap();
    let outcome = test_support::peers::python().args(["-c", JUDGE]).stdin(asked).output().expect_success();
    outcome.json().as_array().unwrap().clone()
}

#[test]
fn nothing_behind_it_is_hidden_or_changed() {
    let mut runner = TestRunner::deterministic();
    let strategy = hostile();
    let words = (0..10_000).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let pairs: Vec<_> = words.map(|words| (words.clone(), own_words(&words, LIMIT))).collect();
    let mut problems = judged(&pairs);
    problems.sort_by_key(|problem| problem[0].as_str().map(str::len));
    assert!(problems.is_empty(), "{} of {}: {:#?}", problems.len(), pairs.len(), &problems[..problems.len().min(4)]);
    let raw: Vec<_> = pairs.into_iter().take(1000).map(|(words, _)| (words.clone(), words + "\n")).collect();
    assert!(judged(&raw).len() > raw.len() / 4, "the judge lets everything pass");
}
