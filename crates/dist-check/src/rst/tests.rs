use super::*;

/// `line: message` of what is sure.
fn sure(text: &str) -> Vec<String> {
    let defects = check(text).into_iter().filter(|defect| defect.certainty == Certainty::Sure);
    defects.map(|defect| format!("{}: {}", defect.line, defect.message)).collect()
}

#[test]
fn what_docutils_warns_about() {
    for (text, expected) in [
        ("A long title\n======\n", "2: title underline too short"),
        ("======\nA long title\n======\n", "1: title overline too short"),
        ("=====\nTitle\n====\n", "1: title overline and underline mismatch"),
        ("para *unclosed\nhere\n", "1: inline emphasis start-string without end-string"),
        ("one\ntwo **three\n", "2: inline strong start-string without end-string"),
        ("a ``b\n", "1: inline literal start-string without end-string"),
        ("a `b\n", "1: inline interpreted text or phrase reference start-string without end-string"),
        ("*args and more\n", "1: inline emphasis start-string without end-string"),
        ("see link_\n", "1: unknown target name \"link\""),
        ("see `a b`_\n", "1: unknown target name \"a b\""),
        ("an |image|\n", "1: undefined substitution \"image\""),
        (":ref:`x`\n", "1: unknown interpreted text role \"ref\""),
        (".. toctree::\n\n   a\n", "1: unknown directive type \"toctree\""),
        (".. raw:: html\n\n   <b>\n", "1: \"raw\" directive disabled"),
        (".. include:: x\n", "1: \"include\" directive disabled"),
        ("-h, --help  shows *this\n\ntext\n", "1: inline emphasis start-string without end-string"),
        (".. code:: python\n   :linenos:\n\n   x\n", "1: error in \"code\" directive: unknown option \"linenos\""),
        (".. code:: python\n\nx\n", "1: content block expected for the \"code\" directive; none found"),
        (".. note::\n\nx\n", "1: content block expected for the \"note\" directive; none found"),
        (".. _a: x\n.. _A: y\n", "2: duplicate explicit target name \"a\""),
        ("- a\nnext\n", "2: bullet list ends without a blank line; unexpected unindent"),
        ("- a\n  b\n c\n", "3: bullet list ends without a blank line; unexpected unindent"),
        ("a\nb\n  c\n", "3: unexpected indentation"),
        ("a\n\n  b\nc\n", "4: block quote ends without a blank line; unexpected unindent"),
        ("a::\n\nb\n", "3: literal block expected; none found"),
        ("a::\n\n  b\nc\n", "4: literal block ends without a blank line; unexpected unindent"),
        ("a\n  b\nc\n", "3: definition list ends without a blank line; unexpected unindent"),
        (":a: b\nc\n", "2: field list ends without a blank line; unexpected unindent"),
        (".. note:: a\nb\n", "2: explicit markup ends without a blank line; unexpected unindent"),
        (
            "A\n====\n\nB\n----\n\nC\n====\n\nD\n++++\n\nE\n~~~~\n\nF\n----\n\nG\n~~~~\n",
            "10: inconsistent title style: a level is left out",
        ),
    ] {
        let found = sure(text);
        assert!(found.iter().any(|found| found == expected), "{text:?}: {found:?}");
    }
}

#[test]
fn what_docutils_takes() {
    for text in [
        "",
        "Title\n=====\n\nSub\n---\n\ntext\n",
        "2 * 3 and **bold**, *it*, ``lit``, `role`, \\*args and (*) \"*\"\n",
        "`text <http://x>`_ and `text <http://x>`__ and http://example.org/a_b\n",
        "see a_ and `b c`_\n\n.. _a: http://x\n.. _b c: http://y\n",
        "see Title_\n\nTitle\n=====\n",
        "- a\n- b\n\n  * c\n\n- d\n",
        "1. a\n2. b\n\n   c\n\n#. d\n",
        "1984 was a year. It\nwent on\n",
        "a::\n\n  b\n\nc\n",
        "a::\n\n> b\n> c\n\nd\n",
        "====  ====\na     b\n====  ====\n*     2\n====  ====\n\ntext\n",
        "+---+\n| * |\n+---+\n\ntext\n",
        ".. image:: x.png\n   :alt: y\n   :target: z\n",
        ".. code-block:: python\n\n   x = *y\n",
        "..\n   a comment with *stars\n\ntext\n",
        "-h, --help  shows this\n\ntext\n",
        "- 1. a\n\n  2. b\n",
        "an |image|\n\n.. |image| image:: x.png\n",
        ":math:`x` and `y`:sup:\n",
        ".. role:: red\n\n:red:`x`\n",
        "term\n  definition\nother\n  definition\n",
        "text\n\n----\n\ntext\n",
        "text [1]_\n\n.. [1] note\n",
        "text\n\n.. _a: x\n.. _a: x\n",
    ] {
        assert_eq!(sure(text), [""; 0], "{text:?}");
    }
}

/// A form so many times, with a number for `N` and the next one for `M`.
fn numbered(form: &str, times: usize) -> String {
    (0..times).map(|n| form.replace('N', &n.to_string()).replace('M', &(n + 1).to_string())).collect()
}

#[test]
fn hostile_text_is_read_in_a_time_that_grows_with_its_length() {
    let numbered = |form: &str| numbered(form, 20_000);
    let chain = numbered(".. _aN: aM_\n");
    let begun = std::time::Instant::now();
    for text in [
        "*a ".repeat(100_000),
        "**a ".repeat(100_000),
        "``a ".repeat(100_000),
        "_`a ".repeat(100_000),
        "|a ".repeat(100_000),
        "`a ".repeat(100_000),
        "x\n*a\n".repeat(50_000),
        "|a| ".repeat(50_000),
        "a_ ".repeat(50_000),
        "[1]_ ".repeat(50_000),
        "a-".repeat(100_000),
        "a:".repeat(100_000),
        ":a".repeat(100_000),
        "[a:".repeat(100_000),
        "a\n".repeat(100_000) + "b_",
        numbered("aN_ "),
        numbered("|aN| ") + "\n\n" + &numbered(".. |aN| replace:: x\n"),
        numbered("aN_ ") + "\n\n::\n\n" + &numbered("  _aN:\n"),
        numbered("aN_ ") + "\n\n" + &numbered("tN\n=======\n\n"),
        numbered("aN_ ") + "\n\n" + &numbered(".. _tN: x\n") + ".. [#] x\n",
        chain.clone() + "\n.. _a20000: http://x\n",
        chain + "\n.. _a20000: a0_\n",
    ] {
        drop(check(&text));
    }
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn reading_stops_when_enough_is_wrong() {
    let text = "a *b\n\n".repeat(200) + "see nothing_\n";
    let found = check(&text);
    assert_eq!(found.len(), ENOUGH);
    assert!(found.iter().all(|defect| defect.message.contains("emphasis")), "{found:?}");
    assert_eq!(sure(&("*b **c ".repeat(40) + "\n``d\n")).len(), 3, "what is wrong twice in a line counts once");
    assert_eq!(sure(&numbered("aN_\n", 100)).len(), ENOUGH);
}

#[test]
fn targets_that_lead_to_each_other_are_told_from_those_that_end() {
    let circular = |text: &str| -> Vec<usize> {
        let defects = check(text).into_iter().filter(|defect| defect.message.contains("circular"));
        defects.map(|defect| defect.line).collect()
    };
    assert_eq!(circular(".. _a: b_\n.. _b: c_\n.. _c: b_\n.. _d: e_\n.. _e: http://x\n"), [1, 2, 3]);
    assert_eq!(circular(".. _a: b_\n.. _b: c_\n.. _c: http://x\n.. _z: z_\n"), [4]);
}
