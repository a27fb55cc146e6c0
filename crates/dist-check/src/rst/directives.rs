//! The directives of docutils 0.23: their arguments, options and contents.

use super::{Line, marks::field_marker};

/// What an option's value must be.
#[derive(Clone, Copy)]
pub(super) enum Value {
    Any,
    Required,
    Flag,
    Class,
    Whole,
    NotNegative,
    Percentage,
    Length {
        percent: bool,
    },
    OneOf(&'static [&'static str]),
    /// A number, or nothing.
    FirstLine,
    /// Numbers from 1, or one of two words.
    Widths,
    /// What is not looked at.
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    None,
    Allowed,
    Demanded,
}

/// How a directive is written.
pub(super) struct Directive {
    pub(super) names: &'static [&'static str],
    required: usize,
    optional: usize,
    /// Whether the last argument may have spaces in it.
    spaces: bool,
    content: Content,
    options: &'static [(&'static str, Value)],
}

/// A directive's block, taken apart.
pub(super) struct Parts {
    pub(super) argument: Vec<Line>,
    pub(super) options: Vec<(String, Option<String>)>,
    pub(super) content: Vec<Line>,
}

impl Parts {
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(option, _)| option == name).and_then(|(_, value)| value.as_deref())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| option == name)
    }

    pub(super) fn argument_text(&self) -> String {
        self.argument.iter().map(|line| line.text.trim()).collect::<Vec<_>>().join(" ")
    }
}

const CLASS: (&str, Value) = ("class", Value::Class);
const NAME: (&str, Value) = ("name", Value::Any);
const COMMON: &[(&str, Value)] = &[CLASS, NAME];
const PERCENT: Value = Value::Length { percent: true };
const SIDES: &[&str] = &["left", "center", "right"];
const PLACES: &[&str] = &["top", "middle", "bottom", "left", "center", "right"];

const IMAGE: &[(&str, Value)] = &[
    ("alt", Value::Any),
    ("height", Value::Length { percent: false }),
    ("width", PERCENT),
    ("scale", Value::Percentage),
    ("align", Value::OneOf(PLACES)),
    ("target", Value::Required),
    ("loading", Value::OneOf(&["embed", "link", "lazy"])),
    CLASS,
    NAME,
];
const FIGURE: &[(&str, Value)] = &[
    ("alt", Value::Any),
    ("height", Value::Length { percent: false }),
    ("width", PERCENT),
    ("scale", Value::Percentage),
    ("align", Value::OneOf(SIDES)),
    ("target", Value::Required),
    ("loading", Value::OneOf(&["embed", "link", "lazy"])),
    CLASS,
    NAME,
    ("figwidth", Value::Unknown),
    ("figclass", Value::Class),
    ("figname", Value::Any),
];
const NUMBERS: &[(&str, Value)] =
    &[("depth", Value::Whole), ("start", Value::Whole), ("prefix", Value::Required), ("suffix", Value::Required)];
const RAW: &[(&str, Value)] = &[("file", Value::Any), ("url", Value::Any), ("encoding", Value::Unknown), CLASS];

const fn directive(
    names: &'static [&'static str],
    required: usize,
    optional: usize,
    content: Content,
    options: &'static [(&'static str, Value)],
) -> Directive {
    Directive { names, required, optional, spaces: true, content, options }
}

const DIRECTIVES: &[Directive] = &[
    directive(
        &["attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning"],
        0,
        0,
        Content::Demanded,
        COMMON,
    ),
    directive(&["admonition", "topic"], 1, 0, Content::Demanded, COMMON),
    directive(&["sidebar"], 0, 1, Content::Demanded, &[CLASS, NAME, ("subtitle", Value::Required)]),
    directive(&["class", "rst-class"], 1, 0, Content::Allowed, &[]),
    Directive {
        names: &["code", "code-block", "sourcecode"],
        required: 0,
        optional: 1,
        spaces: false,
        content: Content::Demanded,
        options: &[CLASS, NAME, ("number-lines", Value::FirstLine)],
    },
    directive(&["compound", "line-block", "math", "parsed-literal"], 0, 0, Content::Demanded, COMMON),
    directive(&["container"], 0, 1, Content::Demanded, &[NAME]),
    directive(
        &["contents"],
        0,
        1,
        Content::None,
        &[
            ("depth", Value::NotNegative),
            ("local", Value::Flag),
            ("backlinks", Value::OneOf(&["top", "entry", "none"])),
            CLASS,
        ],
    ),
    directive(
        &["csv-table"],
        0,
        1,
        Content::Allowed,
        &[
            ("header-rows", Value::NotNegative),
            ("stub-columns", Value::NotNegative),
            ("header", Value::Any),
            ("width", PERCENT),
            ("widths", Value::Widths),
            ("file", Value::Any),
            ("url", Value::Any),
            ("encoding", Value::Unknown),
            CLASS,
            NAME,
            ("align", Value::OneOf(SIDES)),
            ("delim", Value::Unknown),
            ("keepspace", Value::Flag),
            ("quote", Value::Unknown),
            ("escape", Value::Unknown),
        ],
    ),
    directive(&["date"], 0, 0, Content::Allowed, &[]),
    Directive {
        names: &["default-role"],
        required: 0,
        optional: 1,
        spaces: false,
        content: Content::None,
        options: &[],
    },
    directive(
        &["epigraph", "footer", "header", "highlights", "meta", "pull-quote", "replace"],
        0,
        0,
        Content::Demanded,
        &[],
    ),
    directive(&["figure"], 1, 0, Content::Allowed, FIGURE),
    directive(&["image"], 1, 0, Content::None, IMAGE),
    directive(&["include"], 1, 0, Content::None, RAW),
    directive(
        &["list-table"],
        0,
        1,
        Content::Demanded,
        &[
            ("header-rows", Value::NotNegative),
            ("stub-columns", Value::NotNegative),
            ("width", PERCENT),
            ("widths", Value::Widths),
            CLASS,
            NAME,
            ("align", Value::OneOf(SIDES)),
        ],
    ),
    directive(&["raw"], 1, 0, Content::Allowed, RAW),
    directive(&["restructuredtext-test-directive"], 0, 1, Content::Allowed, &[("option", Value::Required)]),
    directive(&["role"], 0, 0, Content::Allowed, &[]),
    directive(&["rubric"], 1, 0, Content::None, COMMON),
    directive(&["sectnum", "section-numbering"], 0, 0, Content::None, NUMBERS),
    directive(
        &["table"],
        0,
        1,
        Content::Demanded,
        &[CLASS, NAME, ("align", Value::OneOf(SIDES)), ("width", PERCENT), ("widths", Value::Widths)],
    ),
    directive(&["target-notes"], 0, 0, Content::None, &[CLASS]),
    directive(&["title"], 1, 0, Content::None, &[]),
    directive(
        &["unicode"],
        1,
        0,
        Content::None,
        &[("trim", Value::Flag), ("ltrim", Value::Flag), ("rtrim", Value::Flag)],
    ),
];

impl Directive {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        DIRECTIVES.iter().find(|directive| directive.names.contains(&name))
    }

    /// Takes a block apart as docutils does; the error is what is wrong with it.
    pub(super) fn parts(&self, argument: &Line, body: &[Line]) -> Result<Parts, String> {
        let mut lines: Vec<Line> = std::iter::once(argument).chain(body).cloned().collect();
        if lines.first().is_some_and(Line::is_blank) {
            lines.remove(0);
        }
        while lines.last().is_some_and(Line::is_blank) {
            lines.pop();
        }
        let takes_block = self.required + self.optional > 0 || !self.options.is_empty();
        let mut parts = Parts { argument: Vec::new(), options: Vec::new(), content: lines };
        if takes_block {
            let end = parts.content.iter().position(Line::is_blank).unwrap_or(parts.content.len());
            let behind = parts.content.split_off(end);
            parts.argument = std::mem::replace(&mut parts.content, behind);
        }
        if !self.options.is_empty()
            && let Some(start) = parts.argument.iter().position(|line| field_marker(&line.text).is_some())
        {
            let block = parts.argument.split_off(start);
            parts.options = self.read_options(&block)?;
        }
        if self.required + self.optional == 0 && !parts.argument.is_empty() {
            let behind = std::mem::take(&mut parts.content);
            parts.content = std::mem::take(&mut parts.argument);
            parts.content.extend(behind);
        }
        let blank = parts.content.iter().take_while(|line| line.is_blank()).count();
        parts.content.drain(..blank);
        let given: usize = parts.argument.iter().map(|line| line.text.split_whitespace().count()).sum();
        if given < self.required {
            return Err(format!("{} argument required, none supplied", self.required));
        }
        if given > self.required + self.optional && !(self.spaces && self.required + self.optional > 0) {
            return Err(format!("maximum {} argument allowed, {given} supplied", self.required + self.optional));
        }
        match self.content {
            Content::None if !parts.content.is_empty() => Err("no content permitted".to_owned()),
            _ => Ok(parts),
        }
    }

    pub(super) fn demands_content(&self) -> bool {
        self.content == Content::Demanded
    }

    fn read_options(&self, block: &[Line]) -> Result<Vec<(String, Option<String>)>, String> {
        let mut found: Vec<(String, Option<String>)> = Vec::new();
        for line in block {
            let Some(start) = field_marker(&line.text) else {
                match found.last_mut() {
                    Some((_, value)) if line.is_indented() => {
                        let more = line.text.trim();
                        *value = Some(value.take().map_or_else(|| more.to_owned(), |first| format!("{first}\n{more}")));
                        continue;
                    }
                    _ => return Err("invalid option block".to_owned()),
                }
            };
            let marker: String = line.text.chars().take(start).collect();
            let value: String = line.text.chars().skip(start).collect();
            let name = marker.trim_end().trim_matches(':').to_lowercase();
            if found.iter().any(|(known, _)| *known == name) {
                return Err(format!("duplicate option {name:?}"));
            }
            found.push((name, Some(value.trim().to_owned()).filter(|value| !value.is_empty())));
        }
        for (name, value) in &found {
            let Some((_, kind)) = self.options.iter().find(|(known, _)| known == name) else {
                return Err(format!("unknown option {name:?}"));
            };
            if !kind.takes(value.as_deref()) {
                let shown = value.as_deref().unwrap_or_default();
                return Err(format!("invalid option value for {name:?}: {shown:?}"));
            }
        }
        Ok(found)
    }
}

impl Value {
    fn takes(self, value: Option<&str>) -> bool {
        let text = value.unwrap_or_default();
        match self {
            Self::Any | Self::Unknown => true,
            Self::Required => value.is_some(),
            Self::Flag => value.is_none(),
            Self::Class => value.is_some() && are_class_names(text),
            Self::Whole => is_whole(text.strip_prefix('-').unwrap_or(text)),
            Self::NotNegative => is_whole(text),
            Self::Percentage => is_whole(text.trim_end_matches([' ', '%'])),
            Self::Length { percent } => is_length(text, percent),
            Self::OneOf(words) => words.contains(&text.to_lowercase().as_str()),
            Self::FirstLine => value.is_none() || is_whole(text.strip_prefix('-').unwrap_or(text)),
            Self::Widths => {
                let is_width = |part: &str| is_whole(part.trim()) && part.trim() != "0";
                matches!(text, "auto" | "grid")
                    || if text.contains(',') {
                        text.split(',').all(is_width)
                    } else {
                        value.is_some() && text.split_whitespace().all(is_width)
                    }
            }
        }
    }
}

/// Numbers as Python's `int` takes them, but for oddities that nobody writes.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_digit = |c: char| c.is_ascii_digit() || c == '_' || (!c.is_ascii() && c.is_numeric());
    !digits.is_empty() && digits.chars().all(is_digit)
}

/// Whether each word leaves something of an identifier: a letter, as an identifier does not begin with a digit.
pub(super) fn are_class_names(text: &str) -> bool {
    text.split_whitespace().all(|word| word.contains(|c: char| c.is_ascii_alphabetic() || !c.is_ascii()))
}

fn is_length(text: &str, percent: bool) -> bool {
    const UNITS: [&str; 16] =
        ["em", "ex", "ch", "rem", "vw", "vh", "vmin", "vmax", "cm", "mm", "Q", "in", "pt", "pc", "px", ""];
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let digits = &text[..text.len() - number.len()];
    let unit = number.trim_start();
    digits.parse::<f64>().is_ok() && (UNITS.contains(&unit) || percent && unit == "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let length = |text| Value::Length { percent: true }.takes(Some(text));
        assert!(length("10") && length("2.5 em") && length("50%") && length(".5px"));
        assert!(!length("x") && !length("10 parsecs") && !length("-1") && !length(""));
        assert!(!Value::Length { percent: false }.takes(Some("50%")));
        assert!(
            Value::Widths.takes(Some("1, 2")) && Value::Widths.takes(Some("auto")) && !Value::Widths.takes(Some("0 1"))
        );
        assert!(Value::Percentage.takes(Some("50 %")) && !Value::Percentage.takes(Some("0.5")));
        assert!(Value::FirstLine.takes(None) && !Value::FirstLine.takes(Some("a")));
        assert!(Value::Class.takes(Some("a b")) && !Value::Class.takes(Some("1")) && !Value::Class.takes(None));
    }
}
