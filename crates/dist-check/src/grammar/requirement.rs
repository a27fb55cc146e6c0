//! Requirements (PEP 508), as `packaging.requirements` reads them.

use super::{
    name,
    scan::{Scan, is_word},
    specifier::{eat_specifier, is_specifier_set},
};

/// A requirement, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement<'a> {
    /// The project's name as written.
    pub(crate) name: &'a str,
    /// The address it is to be had from, if it names one.
    pub(crate) url: Option<&'a str>,
    /// The extras that its marker compares with, normalised, sorted.
    pub(crate) marker_extras: Vec<String>,
}

/// The most parentheses within each other in a marker; far beyond what anybody writes.
const DEEPEST: usize = 200;

impl<'a> Requirement<'a> {
    /// Reads a requirement; none if the text is none.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut scan = Scan::new(text);
        spaces(&mut scan);
        let name = identifier(&mut scan)?;
        spaces(&mut scan);
        extras(&mut scan)?;
        spaces(&mut scan);
        let mut marker_extras = Vec::new();
        let mut url = None;
        if scan.eat("@") {
            spaces(&mut scan);
            let address = scan.eat_all(|c| !matches!(c, ' ' | '\t'));
            if address.is_empty() {
                return None;
            }
            url = Some(address);
            let spaced = spaces(&mut scan);
            if scan.is_at_end() {
                return Some(Self { name, url, marker_extras });
            }
            if !spaced {
                return None;
            }
        } else {
            specifiers(&mut scan)?;
            spaces(&mut scan);
            if scan.is_at_end() {
                return Some(Self { name, url, marker_extras });
            }
        }
        if !scan.eat(";") {
            return None;
        }
        marker(&mut scan, &mut marker_extras, DEEPEST)?;
        spaces(&mut scan);
        marker_extras.sort_unstable();
        marker_extras.dedup();
        scan.is_at_end().then_some(Self { name, url, marker_extras })
    }
}

fn spaces(scan: &mut Scan<'_>) -> bool {
    !scan.eat_all(|c| matches!(c, ' ' | '\t')).is_empty()
}

/// A name that begins and ends at a word's edge.
fn identifier<'a>(scan: &mut Scan<'a>) -> Option<&'a str> {
    if scan.before().is_some_and(is_word) || !scan.peek().is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let start = *scan;
    let run = scan.eat_all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let next = scan.peek();
    let mut end = run.len();
    while end > 0 {
        let last = run[..end].chars().next_back()?;
        let behind = if end == run.len() { next } else { run[end..].chars().next() };
        if is_word(last) != behind.is_some_and(is_word) {
            break;
        }
        end -= 1;
    }
    if end == 0 {
        return None;
    }
    scan.back_to(start);
    scan.eat(&run[..end]);
    Some(&run[..end])
}

fn extras(scan: &mut Scan<'_>) -> Option<()> {
    if !scan.eat("[") {
        return Some(());
    }
    spaces(scan);
    if identifier(scan).is_some() {
        loop {
            spaces(scan);
            if !scan.eat(",") {
                break;
            }
            spaces(scan);
            identifier(scan)?;
        }
    }
    spaces(scan);
    scan.eat("]").then_some(())
}

fn specifiers(scan: &mut Scan<'_>) -> Option<()> {
    let in_parentheses = scan.eat("(");
    spaces(scan);
    let start = scan.position();
    while eat_specifier(scan) {
        let rest = scan.rest();
        let local = rest.strip_prefix('+').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
        if rest.starts_with(".*") || local {
            return None;
        }
        spaces(scan);
        if !scan.eat(",") {
            break;
        }
        spaces(scan);
    }
    // A comma inside of `===` belongs to its text here, and separates specifiers in the second reading.
    if !is_specifier_set(scan.since(start)) {
        return None;
    }
    spaces(scan);
    (!in_parentheses || scan.eat(")")).then_some(())
}

/// `a and b or c`
fn marker(scan: &mut Scan<'_>, extras: &mut Vec<String>, depth: usize) -> Option<()> {
    atom(scan, extras, depth)?;
    while word(scan, &["or", "and"]).is_some() {
        atom(scan, extras, depth)?;
    }
    Some(())
}

fn atom(scan: &mut Scan<'_>, extras: &mut Vec<String>, depth: usize) -> Option<()> {
    spaces(scan);
    if scan.eat("(") {
        spaces(scan);
        marker(scan, extras, depth.checked_sub(1)?)?;
        spaces(scan);
        if !scan.eat(")") {
            return None;
        }
    } else {
        let left = operand(scan)?;
        spaces(scan);
        operator(scan)?;
        spaces(scan);
        let right = operand(scan)?;
        for pair in [(left, right), (right, left)] {
            if let (Operand::Variable("extra"), Operand::Text(text)) = pair {
                extras.push(name::normal(text));
            }
        }
    }
    spaces(scan);
    Some(())
}

#[derive(Clone, Copy)]
enum Operand<'a> {
    Variable(&'static str),
    Text(&'a str),
}

fn operand<'a>(scan: &mut Scan<'a>) -> Option<Operand<'a>> {
    const VARIABLES: [&str; 20] = [
        "python_version",
        "python_full_version",
        "os_name",
        "os.name",
        "sys_platform",
        "sys.platform",
        "platform_release",
        "platform_system",
        "platform_version",
        "platform.version",
        "platform_machine",
        "platform.machine",
        "platform_python_implementation",
        "platform.python_implementation",
        "python_implementation",
        "implementation_name",
        "implementation_version",
        "extras",
        "extra",
        "dependency_groups",
    ];
    if let Some(variable) = word(scan, &VARIABLES) {
        return Some(Operand::Variable(variable));
    }
    let quote = scan.eat_one(|c| matches!(c, '\'' | '"'))?;
    let content = scan.eat_all(|c| c != quote);
    scan.eat_one(|c| c == quote)?;
    is_python_string(content).then_some(Operand::Text(content))
}

/// Whether the text between two quotes is what Python reads as one string.
fn is_python_string(content: &str) -> bool {
    let mut scan = Scan::new(content);
    let hex = |scan: &mut Scan<'_>, length: usize| {
        let digits = scan.rest().get(..length).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    while let Some(c) = scan.eat_one(|_| true) {
        match c {
            '\n' | '\r' | '\0' => return false,
            '\\' => {
                let fits = match scan.eat_one(|_| true) {
                    // The closing quote is escaped, or a character that source cannot hold follows.
                    None | Some('\0') => false,
                    Some('x') => hex(&mut scan, 2).is_some(),
                    Some('u') => hex(&mut scan, 4).is_some(),
                    Some('U') => hex(&mut scan, 8).is_some_and(|code| code <= 0x10_ffff),
                    Some('N') => scan.rest().starts_with('{') && scan.rest().contains('}'),
                    Some(_) => true,
                };
                if !fits {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}

fn operator(scan: &mut Scan<'_>) -> Option<()> {
    if word(scan, &["in"]).is_some() {
        return Some(());
    }
    if word(scan, &["not"]).is_some() {
        return (spaces(scan) && word(scan, &["in"]).is_some()).then_some(());
    }
    let operators = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];
    operators.iter().any(|operator| scan.eat(operator)).then_some(())
}

/// Steps over one of the words if it stands here on its own.
fn word(scan: &mut Scan<'_>, words: &[&'static str]) -> Option<&'static str> {
    if scan.before().is_some_and(is_word) {
        return None;
    }
    for word in words {
        let before = *scan;
        if scan.eat(word) {
            if !scan.peek().is_some_and(is_word) {
                return Some(word);
            }
            scan.back_to(before);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_come_apart() {
        for good in [
            "requests",
            " requests [ a , b ] >= 2 , < 3 ; python_version < '4'",
            "a_",
            "requests (>=2)",
            "requests()",
            "a[]",
            "a===b;extra=='x'",
            "a>=1,; os.name in \"x\" and (extra == 'y' or 'z' not  in extra)",
            "a @ file:///x",
            "a@b ; extra == 'x'",
            "a>=1.0.dev",
        ] {
            assert!(Requirement::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a b",
            "a>=>1",
            "a>=1 <2",
            "a[b c]",
            "a[b",
            "a>=1.*",
            "a>=1+local",
            "a;",
            "a; python_version",
            "a; python_version < 4",
            "a; nothing == 'x'",
            "a; extra == 'x' and",
            "a @ ",
            "a @ b; extra == 'x'c",
            "a(>=1",
            "a===b,c",
            "a\u{e9}",
            "a; extra == '\\'",
        ] {
            assert!(Requirement::parse(bad).is_none(), "{bad}");
        }
        let parsed = Requirement::parse("A.b @ https://x ; extra == 'One_Two' or 'q' == extra").unwrap();
        assert_eq!((parsed.name, parsed.url), ("A.b", Some("https://x")));
        assert_eq!(parsed.marker_extras, ["one-two", "q"]);
    }
}
