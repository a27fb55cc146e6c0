//! Our readers beside the libraries that PyPI reads with: on texts that are nearly right, both say the same.

use test_support::peers;

use crate::{
    FileName,
    grammar::{
        address::is_address,
        content_type, license,
        name::{is_identifier, is_keyword, is_project_name},
        requirement::Requirement,
        specifier::is_specifier_set,
        uri::is_web_address,
        version::AnyVersion,
    },
    rst::{self, Certainty},
};

/// Numbers that look like chance and are the same in every run (xorshift).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }
}

/// Pieces that the languages of metadata are made of, to be put where they do not belong.
const PIECES: [&str; 60] = [
    "",
    " ",
    "\t",
    ",",
    ";",
    ";;",
    "'",
    "\"",
    "(",
    ")",
    "[",
    "]",
    "@",
    "<",
    ">",
    "=",
    "==",
    ">=",
    "~=",
    "!=",
    "===",
    ".*",
    ".",
    ":",
    "/",
    "//",
    "\\",
    "#",
    "?",
    "%",
    "%20",
    "+",
    "-",
    "_",
    "*",
    "!",
    "v",
    "1",
    "0",
    "1.0",
    "a",
    "rc",
    "dev",
    "post",
    " and ",
    " or ",
    " with ",
    " not in ",
    "extra",
    "os_name",
    "\u{e9}",
    "\u{17f}",
    "MIT",
    "LicenseRef-x",
    "http",
    "charset",
    "private",
    "class",
    "..",
    "C:",
];

/// The text with a few letters added, taken away, doubled or changed.
fn mutated(text: &str, chance: &mut Chance) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=chance.below(3) {
        let at = chance.below(chars.len() + 1);
        match chance.below(6) {
            0 | 1 => drop(chars.splice(at..at, chance.of(&PIECES).chars())),
            2 if at < chars.len() => drop(chars.remove(at)),
            3 if at < chars.len() => chars[at] = char::from(u8::try_from(33 + chance.below(94)).unwrap()),
            4 if at + 1 < chars.len() => chars.swap(at, at + 1),
            5 if at < chars.len() => {
                let c = chars[at];
                chars[at] = if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            }
            _ => {}
        }
    }
    chars.into_iter().collect()
}

/// What the libraries say to each text.
fn judged(cases: &[(&str, String)]) -> Vec<bool> {
    let lines: Vec<String> = cases.iter().map(|case| serde_json::to_string(case).unwrap()).collect();
    let run = peers::python().args(["-W", "ignore", "-c", include_str!("judge.py")]).stdin(lines.join("\n")).output();
    let run = run.expect_success();
    let answers: Vec<bool> = run.stdout.lines().map(|line| line == "true").collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn ours(kind: &str, text: &str) -> bool {
    match kind {
        "version" => AnyVersion::parse(text).is_some(),
        "specifier" => is_specifier_set(text),
        "requirement" => Requirement::parse(text).is_some(),
        "license" => license::check(text).is_ok(),
        "name" => is_project_name(text),
        "content-type" => content_type::parse(text).is_ok(),
        "address" => is_web_address(text),
        "email" => is_address(text),
        "import-name" => {
            let (name, option) =
                text.split_once(';').map_or((text, "private"), |(name, option)| (name, option.trim_start()));
            let good = |part: &str| is_identifier(part) && !is_keyword(part);
            name.trim_end().split('.').all(good) && option == "private"
        }
        _ => unreachable!("{kind}"),
    }
}

#[test]
fn the_languages_of_metadata_are_read_as_packaging_reads_them() {
    const SEEDS: [(&str, &str); 24] = [
        ("version", "1.0.0"),
        ("version", "1!2.0rc1.post2.dev3+local.4"),
        ("version", "v1.0-1"),
        ("specifier", ">=3.9,<4,!=3.10.*"),
        ("specifier", "~=1.2.post1, ===any"),
        ("requirement", "requests>=2; python_version < '4'"),
        ("requirement", "attrs[x,y] (>=1.0,<2) ; extra == 'z' and (os_name == \"nt\" or sys_platform in 'linux')"),
        ("requirement", "a @ https://example.org/a.whl ; extra == 'b'"),
        ("requirement", "a===1.0,!=1.1"),
        ("license", "MIT OR (Apache-2.0 AND BSD-3-Clause)"),
        ("license", "GPL-3.0-only WITH Classpath-exception-2.0"),
        ("license", "LicenseRef-My-Own"),
        ("name", "Sample.Package_1"),
        ("content-type", "text/markdown; charset=UTF-8; variant=GFM"),
        ("content-type", "text/x-rst"),
        ("content-type", "text/plain; charset=\"utf-8\""),
        ("address", "https://example.org/path?query=a&b=c#part"),
        ("address", "http://user:word@example.org:8080/"),
        ("address", "https://[::1]:80/a"),
        ("import-name", "package.module"),
        ("import-name", "package ; private"),
        ("version", "2024.01.01a1"),
        ("specifier", ">=3.8.1"),
        ("license", "mit"),
    ];
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut cases: Vec<(&str, String)> = SEEDS.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
    for (kind, text) in SEEDS.iter().cycle().take(6000) {
        cases.push((kind, mutated(text, &mut chance)));
    }
    let mut good = 0;
    for ((kind, text), theirs) in cases.iter().zip(judged(&cases)) {
        assert_eq!(ours(kind, text), theirs, "{kind}: {text:?}");
        good += usize::from(theirs);
    }
    assert!((500..5500).contains(&good), "{good} of {} are good, which shows little", cases.len());
}

#[test]
fn names_of_wheels_are_read_as_packaging_reads_them() {
    let mut chance = Chance(0x2545_f491_4f6c_dd1d);
    let mut cases = Vec::new();
    for seed in ["sample_package-1.0.0-py3-none-any.whl", "a-1.0-2b-py2.py3-none-any.whl"].iter().cycle().take(1500) {
        cases.push(("wheel", mutated(seed, &mut chance)));
    }
    for ((_, name), theirs) in cases.iter().zip(judged(&cases)) {
        let ours = name.strip_suffix(".whl").is_some() && FileName::parse(name).is_ok();
        let unshowable = name.contains(['/', '\\']) || name.chars().any(char::is_control);
        // A name whose project is spelled oddly is taken by packaging and refused by PyPI, which we are.
        let odd = name.split('-').next().is_some_and(|project| !is_project_name(project));
        assert!(ours == theirs || theirs && (odd || unshowable), "{name:?}: {ours} {theirs}");
    }
}

#[test]
fn addresses_do_not_begin_with_a_mark() {
    let ranges = [
        '\u{a1}'..='\u{ac}',
        '\u{300}'..='\u{36f}',
        '\u{483}'..='\u{489}',
        '\u{900}'..='\u{977}',
        '\u{1ab0}'..='\u{1ace}',
        '\u{203f}'..='\u{2054}',
        '\u{20d0}'..='\u{20f0}',
        '\u{fe00}'..='\u{fe0f}',
    ];
    let chars = ranges.into_iter().flatten();
    let cases: Vec<(&str, String)> = chars.map(|c| ("email", format!("{c}@example.org"))).collect();
    for ((_, address), theirs) in cases.iter().zip(judged(&cases)) {
        assert_eq!(ours("email", address), theirs, "{address:?}");
    }
}

/// Descriptions in reStructuredText that docutils takes, among them those of real projects.
#[expect(clippy::disallowed_methods, reason = "a test reads the distributions that were downloaded for it")]
fn descriptions() -> Vec<String> {
    let mut texts: Vec<String> = SEEDS.map(str::to_owned).to_vec();
    for path in peers::distributions() {
        let mut file = std::fs::File::open(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let inspection = crate::inspect(&name, &mut file, &crate::CheckOptions::default()).unwrap();
        let metadata = inspection.distribution.as_ref().map(crate::Distribution::metadata);
        let is_rst = metadata.is_some_and(|metadata| metadata.markup() == content_type::Markup::Rst);
        texts.extend(metadata.filter(|_| is_rst).and_then(|metadata| metadata.long_description()).map(str::to_owned));
    }
    texts
}

const SEEDS: [&str; 2] = [
    "Title\n=====\n\nIntro with *emphasis*, **strong**, ``literal``, `link <http://x>`_ and ref_.\n\n.. _ref: http://example.org\n\n\
     Section\n-------\n\n- item one\n- item two\n\n  more\n\n  * sub\n\n1. first\n2. second\n\n::\n\n    code *here\n\n\
     .. code-block:: python\n\n   x = 1\n\n.. image:: x.png\n   :alt: y\n\nterm\n  definition *here*\n\n.. note:: text\n   goes on\n",
    "Sub\n~~~\n\n======  ====\na       b\n======  ====\n1       2\n======  ====\n\n+---+---+\n| a | b |\n+---+---+\n\nquote::\n\n> x\n\n\
     -h, --help   show\n--foo=BAR    bar\n\n| line\n| block\n\n.. |sub| replace:: text\n\nUse |sub| and [1]_ and http://e.org/x_y.\n\n\
     .. [1] foot\n\n:field: value\n:other: value\n   goes on\n\n----\n\nEnd.\n",
];

/// The text with lines added, taken away, moved, indented or changed.
fn mutated_lines(text: &str, chance: &mut Chance) -> String {
    const LINES: [&str; 16] = [
        "",
        "=====",
        "-----",
        "~~~",
        "- x",
        "* x",
        "1. x",
        "#. x",
        ".. foo::",
        ".. image::",
        "    x",
        "text",
        "*x",
        "`a`_",
        ":ref:`x`",
        "::",
    ];
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=chance.below(3) {
        let at = chance.below(lines.len());
        match chance.below(6) {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 => lines.insert(at, chance.of(&LINES).to_owned()),
            2 => lines[at] = mutated(&lines[at], chance),
            3 => lines[at].insert_str(0, &" ".repeat(1 + chance.below(4))),
            4 => lines[at] = lines[at].trim_start().to_owned(),
            _ => {
                let other = chance.below(lines.len());
                lines.swap(at, other);
            }
        }
    }
    lines.join("\n")
}

#[test]
fn a_description_that_fails_is_at_least_unsure() {
    let texts: Vec<String> =
        include_str!("descriptions.txt").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let cases: Vec<(&str, String)> = texts.iter().map(|text| ("rst", text.clone())).collect();
    let (mut wrong, mut sure, mut failing, mut doubted) = (Vec::new(), 0, 0, 0);
    for ((_, text), renders) in cases.iter().zip(judged(&cases)) {
        let defects = rst::check(text);
        let worst = defects.iter().max_by_key(|defect| defect.certainty);
        match (renders, worst.map(|defect| defect.certainty)) {
            (true, Some(Certainty::Sure | Certainty::Likely)) | (false, None) => {
                wrong.push(format!("renders: {renders}: {text:?}: {worst:?}"));
            }
            _ => {}
        }
        failing += usize::from(!renders);
        sure += usize::from(!renders && worst.is_some_and(|defect| defect.certainty == Certainty::Sure));
        doubted += usize::from(renders && worst.is_some());
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        sure * 100 >= failing * 90 && doubted < 10,
        "{sure} of {failing} are known for sure, {doubted} are doubted"
    );
}

#[test]
fn what_is_sure_of_a_description_is_so() {
    let seeds = descriptions();
    let mut chance = Chance(0x1234_5678_9abc_def1);
    let mut cases: Vec<(&str, String)> = seeds.iter().map(|text| ("rst", text.clone())).collect();
    for text in seeds.iter().cycle().take(600) {
        cases.push(("rst", mutated_lines(text, &mut chance)));
    }
    let (mut failing, mut sure) = (0, 0);
    for ((_, text), renders) in cases.iter().zip(judged(&cases)) {
        let defects = rst::check(text);
        let ours = defects.iter().find(|defect| defect.certainty == Certainty::Sure);
        if let Some(defect) = ours {
            assert!(!renders, "{defect:?} is wrong:\n{text}");
        }
        failing += usize::from(!renders);
        sure += usize::from(ours.is_some());
    }
    assert!(failing > 100 && sure * 100 >= failing * 90, "{sure} of {failing} are known for sure");
}
