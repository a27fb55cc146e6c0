//! The simple page of a project: JSON (PEP 691, PEP 700) or HTML (PEP 503).

mod html;

pub(crate) use html::unescape;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use dist_check::{FileName, Sha256};
use findings_model::{PackageName, Timestamp};
use pep440_rs::Version;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// What an index lists of a project. The default is a project that the index does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectPage {
    /// Whether the index knows the project.
    pub is_known: bool,
    /// The files by name.
    pub files: BTreeMap<String, ListedFile>,
}

/// A file that an index lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedFile {
    /// Where the file is; none if the address is no URL.
    pub url: Option<Url>,
    /// The digest that the index gives; older indexes give none, or of another kind.
    pub sha256: Option<Sha256>,
    /// The file's size in bytes, where the index tells it (PEP 700).
    pub size: Option<u64>,
    /// When the file was uploaded, where the index tells it (PEP 700).
    pub upload_time: Option<Timestamp>,
    /// Where the index has the file's attestations (PEP 740).
    pub provenance: Option<String>,
    /// Whether it was withdrawn, so that installers pass it over (PEP 592).
    pub is_yanked: bool,
}

/// Why an answer is no simple page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Neither of the two content types.
    #[error("its content type {0:?} is not a simple-index content type")]
    ContentType(String),
    /// Not UTF-8.
    #[error("it is not UTF-8 text")]
    Encoding,
    /// JSON of another shape.
    #[error("it is not a JSON project page (PEP 691)")]
    Json(#[source] serde_json::Error),
    /// An API of another major version.
    #[error("it is of API version {0}, expected 1.x")]
    ApiVersion(String),
    /// HTML that lists no file and does not say that it is a simple page: a login form, or a proxy's own page.
    #[error("it lists no file and does not say that it is a page of links to files (PEP 503)")]
    NoLinks,
    /// The page of another project, as a proxy that mixes answers up sends it.
    #[error("it is the page of {0:?}")]
    OtherProject(String),
    /// Two files of one name that are not the same.
    #[error("it lists {0} twice, with different digests")]
    Twice(String),
}

#[derive(Deserialize)]
struct JsonPage {
    meta: JsonMeta,
    #[serde(default)]
    name: Option<String>,
    files: Vec<JsonFile>,
}

#[derive(Deserialize)]
struct JsonMeta {
    #[serde(rename = "api-version")]
    api_version: String,
}

#[derive(Deserialize)]
struct JsonFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
    // What another index makes of these keys must not hide its files.
    #[serde(default)]
    size: Value,
    #[serde(default, rename = "upload-time")]
    upload_time: Value,
    #[serde(default)]
    provenance: Value,
    #[serde(default)]
    yanked: Value,
}

/// The two forms of a page that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RawPage {
    Json(Vec<u8>),
    Html(String),
}

impl RawPage {
    /// Recognises an answer by its content type.
    pub(crate) fn new(content_type: &str, body: Vec<u8>) -> Result<Self, PageError> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/vnd.pypi.simple.v1+json" | "application/json" => Ok(Self::Json(body)),
            "text/html" | "application/vnd.pypi.simple.v1+html" => {
                String::from_utf8(body).map(Self::Html).map_err(|_| PageError::Encoding)
            }
            _ => Err(PageError::ContentType(findings_model::text::shorten(&kind, 60).into_owned())),
        }
    }

    /// The files on the page of a project. Relative addresses start at `base`.
    pub(crate) fn parse(&self, base: &Url, project: &PackageName) -> Result<ProjectPage, PageError> {
        let mut page = ProjectPage { is_known: true, ..ProjectPage::default() };
        match self {
            Self::Json(body) => {
                let json: JsonPage = serde_json::from_slice(body).map_err(PageError::Json)?;
                if json.meta.api_version.split('.').next() != Some("1") {
                    let version = findings_model::text::one_line(&json.meta.api_version);
                    return Err(PageError::ApiVersion(findings_model::text::shorten(&version, 40).into_owned()));
                }
                if let Some(other) = json.name.filter(|name| PackageName::parse(name).as_ref() != Ok(project)) {
                    let other = findings_model::text::one_line(&other);
                    return Err(PageError::OtherProject(findings_model::text::shorten(&other, 60).into_owned()));
                }
                for file in json.files {
                    let listed = ListedFile {
                        url: base.join(&file.url).ok(),
                        sha256: file.hashes.get("sha256").and_then(|digest| digest.parse().ok()),
                        size: file.size.as_u64(),
                        upload_time: file.upload_time.as_str().and_then(|time| time.parse().ok()),
                        provenance: file.provenance.as_str().map(str::to_owned),
                        // A text is the reason (PEP 691).
                        is_yanked: file.yanked.is_string() || file.yanked == Value::Bool(true),
                    };
                    page.add(file.filename, listed)?;
                }
            }
            Self::Html(html) => {
                for html::Link { href, is_yanked } in html::links(html) {
                    let Ok(mut url) = base.join(&href) else {
                        continue;
                    };
                    let digest = url.fragment().and_then(|fragment| fragment.strip_prefix("sha256="));
                    let sha256 = digest.and_then(|digest| digest.split('&').next()?.parse().ok());
                    url.set_fragment(None);
                    let Some(name) = html::file_name(&url) else {
                        continue;
                    };
                    page.add(name, ListedFile { url: Some(url), sha256, is_yanked, ..ListedFile::default() })?;
                }
                if !page.files.keys().any(|name| html::is_archive(name)) && !html::says_simple(html) {
                    return Err(PageError::NoLinks);
                }
            }
        }
        Ok(page)
    }
}

/// A listed file's name taken apart. Source archives were `.zip` files too, before PEP 625.
pub(crate) fn listed_name(name: &str) -> Option<FileName> {
    let name = name.strip_suffix(".zip").map_or(Cow::Borrowed(name), |stem| Cow::Owned(format!("{stem}.tar.gz")));
    FileName::parse(&name).ok()
}

impl ProjectPage {
    /// Which of two files of one name an installer gets is anybody's guess.
    fn add(&mut self, name: String, file: ListedFile) -> Result<(), PageError> {
        let before = self.files.get(&name).map(|before| before.sha256);
        if before.is_some_and(|before| before != file.sha256) {
            return Err(PageError::Twice(findings_model::text::one_line(&name)));
        }
        self.files.insert(name, file);
        Ok(())
    }

    /// The files of one version, by name.
    pub fn of_version<'a>(&'a self, version: &'a Version) -> impl Iterator<Item = (&'a str, &'a ListedFile)> {
        let is_of = move |name: &str| listed_name(name).is_some_and(|parsed| parsed.version() == version);
        self.files.iter().filter(move |(name, _)| is_of(name)).map(|(name, file)| (name.as_str(), file))
    }

    /// The page as a document after PEP 691 and PEP 700, with the versions that the file names tell.
    pub(crate) fn to_pep691(&self, project: &PackageName) -> Value {
        // Of a name with more hyphens than one, what is before the last would be another project.
        let is_own = |name: &FileName| PackageName::parse(name.name()).ok().as_ref() == Some(project);
        let names = self.files.keys().filter_map(|name| FileName::parse(name).ok()).filter(is_own);
        let versions: BTreeSet<_> = names.map(|name| name.version().clone()).collect();
        let files: Vec<Value> = self
            .files
            .iter()
            .map(|(name, file)| {
                let hashes = file.sha256.map(|digest| json!({ "sha256": digest.to_string() })).unwrap_or(json!({}));
                json!({ "filename": name, "url": file.url.as_ref().map(Url::as_str), "hashes": hashes })
            })
            .collect();
        json!({
            "meta": { "api-version": "1.0" },
            "name": project.as_str(),
            "versions": versions.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "files": files,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn parse(content_type: &str, body: &str) -> Result<ProjectPage, PageError> {
        let base = Url::parse("https://index.example/simple/a/").unwrap();
        RawPage::new(content_type, body.as_bytes().to_vec())?.parse(&base, &PackageName::parse("a").unwrap())
    }

    fn listed(page: &ProjectPage) -> Vec<(String, String, bool)> {
        let files = page.files.iter();
        files
            .map(|(name, file)| (name.clone(), file.url.as_ref().unwrap().to_string(), file.sha256.is_some()))
            .collect()
    }

    #[test]
    fn json_pages() {
        let body = format!(
            r#"{{"meta":{{"api-version":"1.4","x":1}},"name":"a","files":[
                {{"filename":"a-1.tar.gz","url":"../../files/a-1.tar.gz","hashes":{{"sha256":"{DIGEST}"}},"yanked":"bad"}},
                {{"filename":"a-2.tar.gz","url":"https://files.example/a-2.tar.gz","hashes":{{}},"yanked":false}}]}}"#
        );
        let page = parse("application/vnd.pypi.simple.v1+json; charset=utf-8", &body).unwrap();
        assert_eq!(page.files.values().map(|file| file.is_yanked).collect::<Vec<_>>(), [true, false]);
        assert_eq!(
            listed(&page),
            [
                ("a-1.tar.gz".into(), "https://index.example/files/a-1.tar.gz".into(), true),
                ("a-2.tar.gz".into(), "https://files.example/a-2.tar.gz".into(), false),
            ]
        );
        let newer = r#"{"meta":{"api-version":"2.0"},"files":[]}"#;
        assert!(matches!(parse("application/json", newer), Err(PageError::ApiVersion(_))));
        assert!(matches!(parse("application/json", "{}"), Err(PageError::Json(_))));
        assert!(matches!(parse("image/png", ""), Err(PageError::ContentType(_))));
        let other = r#"{"meta":{"api-version":"1.0"},"name":"b","files":[]}"#;
        assert!(matches!(parse("application/json", other), Err(PageError::OtherProject(_))));
        let spelt = other.replace("\"b\"", "\"A\"");
        assert!(parse("application/json", &spelt).is_ok());
    }

    #[test]
    fn html_pages() {
        let body = format!(
            "<!-- <a href='x-9.tar.gz'> --><A class=x\n HREF = \"/f/a%2B-1.tar.gz#sha256={DIGEST}&amp;egg=a\" data-yanked>a</A>\
             <a href='a-2.tar.gz'>two</a><a href=a-3.whl#md5=0>three</a><a>no</a><abbr href=no>"
        );
        let page = parse("text/html", &body).unwrap();
        assert_eq!(page.files.values().map(|file| file.is_yanked).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(
            listed(&page),
            [
                ("a+-1.tar.gz".into(), "https://index.example/f/a%2B-1.tar.gz".into(), true),
                ("a-2.tar.gz".into(), "https://index.example/simple/a/a-2.tar.gz".into(), false),
                ("a-3.whl".into(), "https://index.example/simple/a/a-3.whl".into(), false),
            ]
        );
    }

    #[test]
    fn a_file_that_is_listed_twice_is_one_file() {
        let once = format!("<a href='a-1.tar.gz#sha256={DIGEST}'>a</a>");
        assert_eq!(parse("text/html", &format!("{once}{once}")).unwrap().files.len(), 1);
        let other = once.replace("sha256=ba", "sha256=00");
        for twice in [format!("{once}{other}"), format!("{other}{once}"), format!("{once}<a href='/f/a-1.tar.gz'>")] {
            assert!(matches!(parse("text/html", &twice), Err(PageError::Twice(_))), "{twice}");
        }
    }

    #[test]
    fn a_page_without_files_says_that_it_is_a_simple_page() {
        for empty in [
            "<html><head><title>Links for a</title></head><body><h1>Links for a</h1></body></html>",
            "<meta name=\"pypi:repository-version\" content=\"1.0\"><body></body>",
            "<!DOCTYPE html><title>root/dev: links for a</title>",
        ] {
            assert_eq!(parse("text/html", empty).unwrap().files.len(), 0, "{empty}");
        }
        for other in ["", "<h1>Sign in</h1><a href='/login'>continue</a>", "<!-- links for a --><p>Bad gateway"] {
            assert!(matches!(parse("text/html", other), Err(PageError::NoLinks)), "{other}");
        }
    }

    #[test]
    fn a_page_becomes_a_document() {
        let body = format!(
            "<a href='a-1.0.tar.gz#sha256={DIGEST}'>a</a><a href='a-1.10-py3-none-any.whl'>a</a><a href='a-1.9.tar.gz'>\
             <a href='a-0.9-20200101.tar.gz'>a</a><a href='a-1.0.macosx-10.9.tar.gz'>a</a>"
        );
        let page = parse("text/html", &body).unwrap();
        let document = page.to_pep691(&PackageName::parse("a").unwrap());
        assert_eq!(document["versions"], json!(["1.0", "1.9", "1.10"]));
        let digests = document["files"].as_array().unwrap().iter().map(|file| file["hashes"]["sha256"].as_str());
        assert_eq!(digests.flatten().collect::<Vec<_>>(), [DIGEST]);
    }
}
