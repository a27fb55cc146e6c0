use std::{fmt, str::FromStr};

use findings_model::text;
use pep440_rs::Version;
use toml_edit::{Document, Item, Value};

use crate::places::tree::table;

/// The version that a project file gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CurrentVersion {
    /// It is written down.
    Static(Version),
    /// The build backend takes it from elsewhere.
    Dynamic(DynamicVersion),
    /// It was looked for elsewhere, and not found.
    Unknown {
        /// Where the build backend takes it from.
        source: DynamicVersion,
        /// Why it is not known, as the end of a sentence.
        reason: String,
    },
}

/// Where a dynamic version comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DynamicVersion {
    /// A Python attribute (`package.__version__`).
    Attribute(String),
    /// A file, relative to the project.
    File(String),
    /// A tag of the version control system.
    Tag,
    /// The value of an expression that the build backend evaluates.
    Expression(String),
    /// A way of the build backend's own that this program does not know.
    Backend,
}

impl fmt::Display for DynamicVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(path) => {
                write!(f, "it comes from the attribute {}", text::one_line(path))
            }
            Self::File(path) => write!(f, "it comes from the file {}", text::one_line(path)),
            Self::Tag => f.write_str("it comes from a version control tag"),
            Self::Expression(code) => {
                write!(
                    f,
                    "it is the value of `{}`, and nothing is run to find it",
                    text::shorten(&text::one_line(code), 100)
                )
            }
            Self::Backend => f.write_str("the build backend decides it"),
        }
    }
}

/// Why a project file gives no version.
#[derive(Debug, thiserror::Error)]
pub enum PyprojectError {
    /// Not TOML.
    #[error("the project file is not TOML")]
    Toml(#[source] toml_edit::TomlError),
    /// Neither `[project]` nor `[tool.poetry]` has a version.
    #[error("neither [project] nor [tool.poetry] has a version, and `dynamic` does not name it")]
    Missing,
    /// The version is no text.
    #[error("{key} is not text")]
    NotText {
        /// `project.version` or `tool.poetry.version`.
        key: &'static str,
    },
    /// The version is not one of PEP 440.
    #[error("{key} {value:?} is not a valid PEP 440 version")]
    Invalid {
        /// `project.version` or `tool.poetry.version`.
        key: &'static str,
        /// What stands there.
        value: String,
        /// What is wrong with it.
        #[source]
        source: pep440_rs::VersionParseError,
    },
    /// Both tables have a version, and they differ.
    #[error("project.version is {project} and tool.poetry.version is {poetry}: they must agree")]
    Disagree {
        /// Of `[project]`.
        project: Version,
        /// Of `[tool.poetry]`.
        poetry: Version,
    },
}

const PROJECT: (&[&str], &str) = (&["project"], "project.version");
/// Plug-ins of hatch that take the version from a tag.
const HATCH_TAGS: [&str; 3] = ["vcs", "uv-dynamic-versioning", "versioningit"];
const POETRY: (&[&str], &str) = (&["tool", "poetry"], "tool.poetry.version");

/// Reads the project's version from the text of `pyproject.toml`.
pub fn current_version_of(pyproject: &str) -> Result<CurrentVersion, PyprojectError> {
    let document = Document::parse(pyproject).map_err(PyprojectError::Toml)?;
    current(document.as_item())
}

fn current(document: &Item) -> Result<CurrentVersion, PyprojectError> {
    let project = written(document, PROJECT)?;
    let poetry = written(document, POETRY)?;
    match (project, poetry) {
        (Some(project), Some(poetry)) if project != poetry => Err(PyprojectError::Disagree { project, poetry }),
        // Poetry wants a placeholder where its dynamic plug-in fills in the tag.
        (None, Some(_)) if is_on(document, &["tool", "poetry-dynamic-versioning"], "enable") => {
            Ok(CurrentVersion::Dynamic(DynamicVersion::Tag))
        }
        (Some(version), _) | (None, Some(version)) => Ok(CurrentVersion::Static(version)),
        (None, None) if names_version_dynamic(document) => Ok(CurrentVersion::Dynamic(dynamic_source(document))),
        (None, None) => Err(PyprojectError::Missing),
    }
}

fn written(document: &Item, (tables, key): (&[&str], &'static str)) -> Result<Option<Version>, PyprojectError> {
    let Some(item) = table(document, tables).and_then(|t| t.get("version")) else {
        return Ok(None);
    };
    let value = item.as_str().ok_or(PyprojectError::NotText { key })?;
    Version::from_str(value).map(Some).map_err(|source| PyprojectError::Invalid {
        key,
        value: text::shorten(&text::one_line(value), 60).into_owned(),
        source,
    })
}

fn names_version_dynamic(document: &Item) -> bool {
    table(document, &["project"])
        .and_then(|t| t.get("dynamic"))
        .and_then(Item::as_array)
        .is_some_and(|names| names.iter().any(|name| name.as_str() == Some("version")))
}

fn dynamic_source(document: &Item) -> DynamicVersion {
    let text_at = |tables: &[&str], key: &str| table(document, tables).and_then(|t| t.get(key)).and_then(first_text);
    let setuptools: &[&str] = &["tool", "setuptools", "dynamic", "version"];
    let hatch_source = text_at(&["tool", "hatch", "version"], "source");
    let computed = text_at(&["tool", "hatch", "version"], "expression")
        .filter(|code| hatch_source.as_deref() == Some("code") && !is_identifier(code.trim()));
    let backend = text_at(&["build-system"], "build-backend").unwrap_or_default();
    if let Some(attribute) = text_at(setuptools, "attr") {
        DynamicVersion::Attribute(attribute)
    } else if let Some(file) = text_at(setuptools, "file") {
        DynamicVersion::File(file)
    } else if let Some(code) = computed {
        DynamicVersion::Expression(code)
    } else if let Some(file) =
        text_at(&["tool", "hatch", "version"], "path").or_else(|| text_at(&["tool", "pdm", "version"], "path"))
    {
        DynamicVersion::File(file)
    } else if hatch_source.as_deref().is_some_and(|source| HATCH_TAGS.contains(&source))
        || text_at(&["tool", "pdm", "version"], "source").as_deref() == Some("scm")
        || table(document, &["tool", "setuptools_scm"]).is_some()
        || is_on(document, &["tool", "poetry-dynamic-versioning"], "enable")
        || needs_setuptools_scm(document)
    {
        DynamicVersion::Tag
    } else if backend.starts_with("flit") {
        let module =
            text_at(&["tool", "flit", "module"], "name").or_else(|| text_at(&["project"], "name")).unwrap_or_default();
        DynamicVersion::Attribute(format!("{}.__version__", module.replace('-', "_")))
    } else if backend == "maturin" {
        let manifest = text_at(&["tool", "maturin"], "manifest-path");
        DynamicVersion::File(manifest.unwrap_or_else(|| "Cargo.toml".to_owned()))
    } else {
        DynamicVersion::Backend
    }
}

/// A name of Python's, which stands for what a module gives to it.
fn is_identifier(code: &str) -> bool {
    !code.starts_with(|c: char| c.is_ascii_digit()) && code.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Newer releases of setuptools-scm need no table of their own.
fn needs_setuptools_scm(document: &Item) -> bool {
    let requires = table(document, &["build-system"]).and_then(|t| t.get("requires")).and_then(Item::as_array);
    requires.into_iter().flatten().filter_map(Value::as_str).any(|requirement| {
        let name = requirement.split(['[', '<', '>', '=', '~', '!', ';', ' ']).next().unwrap_or_default();
        name.replace('_', "-").eq_ignore_ascii_case("setuptools-scm")
    })
}

fn first_text(item: &Item) -> Option<String> {
    let first = match item.as_array() {
        Some(array) => array.get(0).and_then(Value::as_str),
        None => item.as_str(),
    };
    first.map(str::to_owned)
}

fn is_on(document: &Item, tables: &[&str], key: &str) -> bool {
    table(document, tables).and_then(|t| t.get(key)).and_then(Item::as_bool) == Some(true)
}
