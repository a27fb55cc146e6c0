//! Content types of descriptions, as `packaging.metadata` reads them with Python's `email`.

use super::scan::Scan;

/// A content type that PyPI shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    Plain,
    Rst,
    Markdown,
}

/// Why a content type is none that PyPI takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ContentTypeError {
    #[error("it must be one of text/plain, text/x-rst and text/markdown")]
    Unknown,
    #[error("it is not a valid content type with parameters (`type/subtype; name=value`)")]
    Syntax,
    #[error("the charset is {0:?}, it can only be UTF-8")]
    Charset(String),
    #[error("the Markdown variant is {0:?}, it can be GFM or CommonMark")]
    Variant(String),
}

/// Reads a content type.
pub(crate) fn parse(text: &str) -> Result<Markup, ContentTypeError> {
    if text.contains(['\n', '\r']) {
        return Err(ContentTypeError::Syntax);
    }
    let (kind, parameters) = match text.split_once(';') {
        Some((kind, parameters)) => (kind, Some(parameters)),
        None => (text, None),
    };
    let kind = kind.trim_matches([' ', '\t']);
    let markup = match kind.to_lowercase().as_str() {
        "text/plain" => Markup::Plain,
        "text/x-rst" => Markup::Rst,
        "text/markdown" => Markup::Markdown,
        _ => return Err(ContentTypeError::Unknown),
    };
    let parameters = parameters.map_or(Some(Vec::new()), read_parameters).ok_or(ContentTypeError::Syntax)?;
    for (name, value) in parameters {
        match name.as_str() {
            "charset" if !value.eq_ignore_ascii_case("utf-8") => return Err(ContentTypeError::Charset(value)),
            "variant" if markup == Markup::Markdown && !matches!(value.as_str(), "GFM" | "CommonMark") => {
                return Err(ContentTypeError::Variant(value));
            }
            _ => {}
        }
    }
    Ok(markup)
}

/// `name=value; name="value"`; one empty parameter at the end is good.
fn read_parameters(text: &str) -> Option<Vec<(String, String)>> {
    let mut scan = Scan::new(text);
    let mut parameters: Vec<(String, String)> = Vec::new();
    loop {
        spaces(&mut scan)?;
        if scan.is_at_end() {
            return Some(parameters);
        }
        let name = word(&mut scan);
        if name.is_empty() {
            return None;
        }
        let mut name = name.to_lowercase();
        let mut section = None;
        let mut extended = false;
        if scan.eat("*") {
            let number = scan.digits();
            section = (!number.is_empty()).then(|| number.to_owned());
            extended = section.is_none() || scan.eat("*");
        }
        spaces(&mut scan)?;
        if !scan.eat("=") {
            return None;
        }
        spaces(&mut scan)?;
        let mut value = if scan.eat("\"") { quoted(&mut scan)? } else { value_word(&mut scan, extended)? };
        if extended && section.as_deref().is_none_or(|number| number == "0") {
            let mut parts = value.splitn(3, '\'');
            value = match (parts.next(), parts.next(), parts.next()) {
                (_, Some(_), Some(rest)) => rest.to_owned(),
                _ => return None,
            };
        }
        spaces(&mut scan)?;
        match (parameters.iter_mut().find(|(known, _)| *known == name), section) {
            (Some((_, known)), Some(_)) => known.push_str(&value),
            (Some(_), None) => return None,
            (None, _) => parameters.push((std::mem::take(&mut name), value)),
        }
        if scan.is_at_end() {
            return Some(parameters);
        }
        if !scan.eat(";") {
            return None;
        }
    }
}

/// White space and comments; none if a comment has no end.
fn spaces(scan: &mut Scan<'_>) -> Option<()> {
    loop {
        scan.eat_all(|c| matches!(c, ' ' | '\t'));
        if !scan.eat("(") {
            return Some(());
        }
        let mut depth = 1;
        while depth > 0 {
            match scan.eat_one(|_| true)? {
                '(' => depth += 1,
                ')' => depth -= 1,
                '\\' => drop(scan.eat_one(|_| true)?),
                _ => {}
            }
        }
    }
}

/// Characters that end a word of a parameter.
fn ends_word(c: char) -> bool {
    c.is_ascii_control() || c == ' ' || "()<>@,:;\\\"/[]?=*'%".contains(c)
}

fn word<'a>(scan: &mut Scan<'a>) -> &'a str {
    scan.eat_all(|c| !ends_word(c))
}

fn value_word(scan: &mut Scan<'_>, extended: bool) -> Option<String> {
    let value = scan.eat_all(|c| !ends_word(c) || extended && matches!(c, '\'' | '%'));
    (!value.is_empty()).then(|| value.to_owned())
}

fn quoted(scan: &mut Scan<'_>) -> Option<String> {
    let mut value = String::new();
    loop {
        match scan.eat_one(|_| true)? {
            '"' => return Some(value),
            '\\' => value.push(scan.eat_one(|_| true)?),
            c if c.is_ascii_control() && c != '\t' => return None,
            c => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types() {
        for (text, markup) in [
            ("text/plain; variant=X", Markup::Plain),
            (" Text/X-RST ", Markup::Rst),
            ("text/markdown;", Markup::Markdown),
            ("text/markdown; CharSet = \"utf-8\" ; variant=GFM (c); x=y;", Markup::Markdown),
            ("text/markdown; charset*=UTF-8''UTF-8", Markup::Markdown),
            ("text/markdown; charset*0=UTF-; charset*1=8", Markup::Markdown),
        ] {
            assert_eq!(parse(text), Ok(markup), "{text}");
        }
        for bad in [
            "",
            "markdown",
            "text/html",
            "text/markdown (c)",
            "text/markdown;;",
            "text/markdown; variant",
            "text/markdown; charset=",
            "text/markdown; charset='UTF-8'",
            "text/markdown; charset=UTF-8 x",
            "text/markdown; charset=a; charset=UTF-8",
            "text/markdown, text/plain",
            "text/markdown; variant=gfm",
            "text/markdown; charset=utf8",
            "text/markdown; charset=\"UTF-8",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
