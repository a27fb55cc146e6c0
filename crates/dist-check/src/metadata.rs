//! Core metadata (METADATA, PKG-INFO): headers after RFC 822, the description as body (PEP 566).

use crate::grammar::content_type::{self, Markup};

/// Every field of a METADATA or PKG-INFO file, complete and as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    headers: Vec<(String, String)>,
    body: Option<String>,
    defects: Vec<Defect>,
}

/// Why bytes are no metadata file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not UTF-8, or with a byte order mark.
    #[error("it is not UTF-8 text without a byte order mark")]
    Encoding,
}

/// Something that every reader passes over, though its author did not mean it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// A line that is no field: it ends the fields, and everything from there on is read as the description.
    #[error("line {0} is neither a field nor its continuation, so the description begins there")]
    EndOfFields(usize),
    /// A continuation in front of the first field, or a line without a name.
    #[error("line {0} belongs to no field and is dropped")]
    Dropped(usize),
}

impl Metadata {
    /// Reads the bytes of a METADATA or PKG-INFO file as Python's `email` parser does, which PyPI and every installer use.
    ///
    /// A value keeps its line breaks and the indentation of its continuation lines; only white space between the colon and
    /// the value, and the last line break, are no part of it.
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        let text = std::str::from_utf8(bytes).map_err(|_| MetadataError::Encoding)?;
        if text.starts_with('\u{feff}') {
            return Err(MetadataError::Encoding);
        }
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut defects = Vec::new();
        // Whether the field that a continuation would belong to is among the headers.
        let mut is_open = false;
        let mut rest = text;
        let mut number = 0;
        let mut body = "";
        while !rest.is_empty() {
            number += 1;
            let (line, behind) = split_line(rest);
            if line.trim_end_matches(['\r', '\n']).is_empty() {
                body = behind;
                break;
            }
            if line.starts_with([' ', '\t']) {
                match headers.last_mut().filter(|_| is_open) {
                    Some((_, value)) => value.push_str(line),
                    None => defects.push(Defect::Dropped(number)),
                }
                rest = behind;
                continue;
            }
            let name = line.split_once(':').map(|(name, _)| name);
            let is_name = name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_graphic()));
            if line.starts_with("From ") {
                is_open = false;
                if number > 1 {
                    defects.push(Defect::Dropped(number));
                }
                rest = behind;
                continue;
            }
            let Some(name) = name.filter(|_| is_name) else {
                defects.push(Defect::EndOfFields(number));
                body = rest;
                break;
            };
            rest = behind;
            if name.is_empty() {
                is_open = false;
                defects.push(Defect::Dropped(number));
                continue;
            }
            is_open = true;
            headers.push((name.to_owned(), line[name.len() + 1..].trim_start_matches([' ', '\t']).to_owned()));
        }
        for (_, value) in &mut headers {
            value.truncate(value.trim_end_matches(['\r', '\n']).len());
        }
        Ok(Self { headers, body: Some(body.to_owned()).filter(|body| !body.is_empty()), defects })
    }

    /// Every header in the order of the file.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of a field; the name's case does not matter.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.headers().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All values of a field in the order of the file.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers().filter(move |(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// What stands behind the headers: the long description of metadata 2.1 and newer.
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// The long description, from the body or from the header of older files.
    pub fn description(&self) -> Option<&str> {
        self.body().or_else(|| self.first("Description"))
    }

    /// The metadata version as (major, minor), if it is one.
    pub fn metadata_version(&self) -> Option<(u32, u32)> {
        let (major, minor) = self.first("Metadata-Version")?.trim().split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    }

    /// Lines that every reader passes over or takes for something else.
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// The one value of a field as an index takes it from the upload form; an empty one is none.
    pub(crate) fn value(&self, name: &'static str) -> Option<&str> {
        self.values(name).first().copied().filter(|value| !value.is_empty())
    }

    /// All values of a field as an index takes them from the upload form: none of them if the last one is `UNKNOWN`.
    pub(crate) fn values(&self, name: &'static str) -> Vec<&str> {
        let values: Vec<&str> = self.all(name).collect();
        let is_dropped = values.last().is_some_and(|last| last.trim() == UNKNOWN) || values == [""];
        if is_dropped { Vec::new() } else { values }
    }

    /// The long description if there is one.
    pub(crate) fn long_description(&self) -> Option<&str> {
        self.description().filter(|text| !text.trim().is_empty() && text.trim() != UNKNOWN)
    }

    /// How the index shows the long description.
    pub(crate) fn markup(&self) -> Markup {
        match self.value("Description-Content-Type") {
            None => Markup::Rst,
            Some(text) => content_type::parse(text).unwrap_or(Markup::Plain),
        }
    }
}

/// What old build tools wrote for nothing, and the index drops.
pub(crate) const UNKNOWN: &str = "UNKNOWN";

fn split_line(text: &str) -> (&str, &str) {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => text.split_at(at + 2),
        Some(at) => text.split_at(at + 1),
        None => (text, ""),
    }
}

/// How often a field may stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occurs {
    Once,
    Many,
}

/// A field of the core metadata specification.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) occurs: Occurs,
    /// The metadata version that introduced it.
    pub(crate) since: (u32, u32),
}

const fn field(name: &'static str, occurs: Occurs, since: (u32, u32)) -> Field {
    Field { name, occurs, since }
}

/// The fields of <https://packaging.python.org/en/latest/specifications/core-metadata/>, metadata versions 1.0 to 2.5.
pub(crate) const FIELDS: &[Field] = &[
    field("Metadata-Version", Occurs::Once, (1, 0)),
    field("Name", Occurs::Once, (1, 0)),
    field("Version", Occurs::Once, (1, 0)),
    field("Platform", Occurs::Many, (1, 0)),
    field("Summary", Occurs::Once, (1, 0)),
    field("Description", Occurs::Once, (1, 0)),
    field("Keywords", Occurs::Once, (1, 0)),
    field("Home-page", Occurs::Once, (1, 0)),
    field("Author", Occurs::Once, (1, 0)),
    field("Author-email", Occurs::Once, (1, 0)),
    field("License", Occurs::Once, (1, 0)),
    field("Supported-Platform", Occurs::Many, (1, 1)),
    field("Download-URL", Occurs::Once, (1, 1)),
    field("Classifier", Occurs::Many, (1, 1)),
    field("Requires", Occurs::Many, (1, 1)),
    field("Provides", Occurs::Many, (1, 1)),
    field("Obsoletes", Occurs::Many, (1, 1)),
    field("Maintainer", Occurs::Once, (1, 2)),
    field("Maintainer-email", Occurs::Once, (1, 2)),
    field("Requires-Dist", Occurs::Many, (1, 2)),
    field("Provides-Dist", Occurs::Many, (1, 2)),
    field("Obsoletes-Dist", Occurs::Many, (1, 2)),
    field("Requires-Python", Occurs::Once, (1, 2)),
    field("Requires-External", Occurs::Many, (1, 2)),
    field("Project-URL", Occurs::Many, (1, 2)),
    field("Description-Content-Type", Occurs::Once, (2, 1)),
    field("Provides-Extra", Occurs::Many, (2, 1)),
    field("Dynamic", Occurs::Many, (2, 2)),
    field("License-Expression", Occurs::Once, (2, 4)),
    field("License-File", Occurs::Many, (2, 4)),
    field("Import-Name", Occurs::Many, (2, 5)),
    field("Import-Namespace", Occurs::Many, (2, 5)),
];

/// The metadata versions that PyPI takes; there never was a 2.0.
pub(crate) const METADATA_VERSIONS: &[(u32, u32)] = &[(1, 0), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_kept_as_written() {
        let text = "Metadata-Version: 2.1\r\nname:  A.b \r\nClassifier: x\r\nClassifier: y\r\nLicense: one\r\n        two\r\n\r\nBody: text\n\nend\n";
        let metadata = Metadata::parse(text.as_bytes()).unwrap();
        assert_eq!(metadata.first("Name"), Some("A.b "));
        assert_eq!(metadata.all("classifier").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(metadata.first("License"), Some("one\r\n        two"));
        assert_eq!(metadata.description(), Some("Body: text\n\nend\n"));
        assert_eq!(metadata.metadata_version(), Some((2, 1)));
        assert!(metadata.defects().is_empty());
    }

    #[test]
    fn without_body_the_header_describes() {
        let metadata = Metadata::parse(b"Name: a\nDescription: one\n        |two").unwrap();
        assert_eq!((metadata.body(), metadata.description()), (None, Some("one\n        |two")));
    }

    #[test]
    fn what_is_no_field_is_read_as_python_reads_it() {
        assert_eq!(Metadata::parse(b"Name: \xff"), Err(MetadataError::Encoding));
        assert_eq!(Metadata::parse("\u{feff}Name: a".as_bytes()), Err(MetadataError::Encoding));
        let read = |text: &str| Metadata::parse(text.as_bytes()).unwrap();
        let metadata = read("Name: a\nno field\nVersion: 1\n");
        assert_eq!((metadata.first("Version"), metadata.body()), (None, Some("no field\nVersion: 1\n")));
        assert_eq!(metadata.defects(), [Defect::EndOfFields(2)]);
        let metadata = read(" lost\n: lost\n too\nName: a\nFrom : lost\n too\nVersion: 1");
        assert_eq!((metadata.first("Name"), metadata.first("Version")), (Some("a"), Some("1")));
        assert_eq!(metadata.defects(), [1, 2, 3, 5, 6].map(Defect::Dropped));
        assert_eq!(read("a b: c\n").defects(), [Defect::EndOfFields(1)]);
    }
}
