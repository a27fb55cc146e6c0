//! Just enough HTML for simple pages: each `<a>` with its `href`.

use url::Url;

/// Endings of files that an index has or once took.
const ARCHIVES: [&str; 9] = [".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".egg", ".exe", ".msi"];

/// Whether a link's file name is one of a distribution.
pub(super) fn is_archive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ARCHIVES.iter().any(|ending| name.ends_with(ending))
}

/// Whether a page says of itself that it is a project's page: by the tag of PEP 629, or by a title as the known indexes write it.
pub(super) fn says_simple(html: &str) -> bool {
    let mut shown = String::new();
    let mut rest = html;
    while let Some((before, comment)) = rest.split_once("<!--") {
        shown.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
    }
    shown.push_str(rest);
    let shown = shown.to_ascii_lowercase();
    shown.contains("pypi:repository-version") || shown.contains("links for ")
}

/// An anchor.
pub(super) struct Link {
    /// Where it leads, with character references resolved.
    pub(super) href: String,
    /// Whether it has the mark of PEP 592.
    pub(super) is_yanked: bool,
}

/// Every anchor that leads somewhere.
pub(super) fn links(html: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let name = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if rest[..name].eq_ignore_ascii_case("a") {
            let (link, behind) = attributes(&rest[name..]);
            links.extend(link);
            rest = behind;
        }
    }
    links
}

/// Reads the attributes of an anchor up to its `>`, and gives what stands behind it.
fn attributes(tag: &str) -> (Option<Link>, &str) {
    let (mut href, mut is_yanked) = (None, false);
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let behind = rest.strip_prefix('>');
        if rest.is_empty() || behind.is_some() {
            return (href.map(|href| Link { href, is_yanked }), behind.unwrap_or_default());
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
        // An attribute is never empty: a lone `=` is taken as its name.
        let end = if end == 0 { 1 } else { end };
        let name = &rest[..end];
        is_yanked |= name.eq_ignore_ascii_case("data-yanked");
        rest = rest[end..].trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            continue;
        };
        let value = value.trim_start();
        let (value, behind) = if let Some(quoted) = value.strip_prefix('"') {
            quoted.split_once('"').unwrap_or((quoted, ""))
        } else if let Some(quoted) = value.strip_prefix('\'') {
            quoted.split_once('\'').unwrap_or((quoted, ""))
        } else {
            value.split_at(value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len()))
        };
        if name.eq_ignore_ascii_case("href") && href.is_none() {
            href = Some(unescape(value));
        }
        rest = behind;
    }
}

/// A text with its character references resolved.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let reference = rest.find(';').filter(|end| *end <= 10).map(|end| &rest[1..end]);
        let resolved = reference.and_then(|name| Some((character(name)?, name.len() + 2)));
        let (c, length) = resolved.unwrap_or(('&', 1));
        out.push(c);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// The last segment of a URL's path, percent-decoded: the file's name.
pub(super) fn file_name(url: &Url) -> Option<String> {
    let segment = url.path_segments()?.next_back().filter(|segment| !segment.is_empty())?;
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let decoded = behind.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let decoded = decoded.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).ok()
}
