use std::ops::Range;

use findings_model::{PackageName, text};
use pep440_rs::Version;
use toml_edit::Document;

use super::{Declared, Pattern, PlaceError, lines, python, tree};

/// How a file says the project's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// `version` of `[project]` and `[tool.poetry]` in `pyproject.toml`.
    Pyproject,
    /// The settings of version tools in a `pyproject.toml`: bump-my-version, tbump, commitizen.
    PyprojectTools,
    /// A text that is given to one of these names at the top of Python source.
    Python(Vec<String>),
    /// Sphinx' `conf.py`: `release`, and `version`, which may be its first two numbers.
    Sphinx,
    /// `version=` in a call of `setup`.
    SetupPy,
    /// `version` of `[metadata]` in `setup.cfg`.
    SetupCfg,
    /// `version` of `[package]`, or of `[workspace.package]`, in `Cargo.toml`.
    Cargo,
    /// The project's own entry in `uv.lock` or `Cargo.lock`.
    Lock(PackageName),
    /// `current_version` of `[bumpversion]`, in the older format of that tool.
    BumpversionCfg,
    /// `current_version` in `.bumpversion.toml`.
    BumpversionToml,
    /// `current` of `[version]` in `tbump.toml`.
    Tbump,
    /// `version` at the top of a YAML file, such as `CITATION.cff`.
    Yaml,
    /// `version` or `softwareVersion` of the outermost object of a JSON file, such as `codemeta.json`.
    Json,
    /// The whole file is the version.
    Whole,
    /// Wherever a pattern holds.
    Pattern(Pattern),
    /// Wherever a regular expression with a group `version` matches, as hatch has it.
    Expression(String),
}

/// The names that a module gives its version to.
const NAMES: [&str; 4] = ["__version__", "version", "release", "VERSION"];

type Found = (Range<usize>, Option<String>);

impl Format {
    /// Python source with the names that are usual for a version.
    pub fn python() -> Self {
        Self::Python(NAMES.map(str::to_owned).to_vec())
    }

    /// The format that a file's name tells; none for a name that tells nothing.
    pub fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        Some(match name {
            "pyproject.toml" => Self::Pyproject,
            "setup.py" => Self::SetupPy,
            "setup.cfg" => Self::SetupCfg,
            "conf.py" => Self::Sphinx,
            "Cargo.toml" => Self::Cargo,
            "tbump.toml" => Self::Tbump,
            ".bumpversion.cfg" => Self::BumpversionCfg,
            ".bumpversion.toml" => Self::BumpversionToml,
            "VERSION" | "VERSION.txt" | "version.txt" | ".version" => Self::Whole,
            _ => match name.rsplit_once('.').map(|(_, end)| end) {
                Some("py" | "pyi") => Self::python(),
                Some("cff" | "yaml" | "yml") => Self::Yaml,
                Some("json") => Self::Json,
                _ => return None,
            },
        })
    }

    /// Where versions stand, with the names that they are given to.
    pub(super) fn find(&self, text: &str) -> Result<Vec<Found>, PlaceError> {
        let unnamed = |spans: Vec<Range<usize>>| spans.into_iter().map(|span| (span, None)).collect();
        Ok(match self {
            Self::Pyproject => toml(text, &[&["project", "version"], &["tool", "poetry", "version"]])?,
            Self::PyprojectTools => toml(
                text,
                &[
                    &["tool", "bumpversion", "current_version"],
                    &["tool", "tbump", "version", "current"],
                    &["tool", "commitizen", "version"],
                ],
            )?,
            Self::Cargo => toml(text, &[&["package", "version"], &["workspace", "package", "version"]])?,
            Self::BumpversionToml => {
                toml(text, &[&["tool", "bumpversion", "current_version"], &["bumpversion", "current_version"]])?
            }
            Self::Tbump => toml(text, &[&["version", "current"]])?,
            Self::Lock(name) => {
                let document = Document::parse(text).map_err(|e| not_toml(&e))?;
                unnamed(tree::lock(document.as_item(), text, name))
            }
            Self::Python(names) => python(text, |name| names.iter().any(|n| n == name)),
            Self::Sphinx => python(text, |name| matches!(name, "version" | "release")),
            Self::SetupPy => {
                python::setup_argument(text, "version").into_iter().map(|a| (a.span, Some(a.name.to_owned()))).collect()
            }
            Self::SetupCfg => {
                let mut spans = lines::ini(text, "metadata", "version");
                spans.retain(|span| {
                    !text[span.clone()].starts_with("attr:") && !text[span.clone()].starts_with("file:")
                });
                unnamed(spans)
            }
            Self::BumpversionCfg => unnamed(lines::ini(text, "bumpversion", "current_version")),
            Self::Yaml => unnamed(lines::yaml(text, "version")),
            Self::Json => unnamed(tree::json(text, &["version", "softwareVersion"])),
            Self::Whole => unnamed(lines::whole(text).into_iter().collect()),
            Self::Pattern(pattern) => unnamed(lines::between(text, pattern.start(), pattern.end())),
            Self::Expression(expression) => unnamed(matches(text, expression)?),
        })
    }

    /// The short version that Sphinx calls `version`: the first two numbers of the current one, and of the next one.
    pub(super) fn short_of(
        &self,
        place: &Declared,
        current: Option<&Version>,
        next: &Version,
    ) -> Option<(String, String)> {
        if !matches!(self, Self::Sphinx) || place.name.as_deref() != Some("version") {
            return None;
        }
        let short = |version: &Version| match version.release() {
            [first, second, _, ..] => Some(format!("{first}.{second}")),
            _ => None,
        };
        let (of_next, value) = (short(next)?, place.value.clone());
        (Some(&value) == current.and_then(short).as_ref() || value == of_next).then_some((value, of_next))
    }

    /// Whether another version may stand in such a place beside the project's own.
    pub(super) fn is_one_of_many(&self, place: &Declared) -> bool {
        matches!(self, Self::Python(_)) && place.name.as_deref() != Some("__version__")
    }
}

fn toml(text: &str, paths: &[&[&str]]) -> Result<Vec<Found>, PlaceError> {
    let document = Document::parse(text).map_err(|e| not_toml(&e))?;
    Ok(paths.iter().filter_map(|path| Some((tree::toml(document.as_item(), text, path)?, None))).collect())
}

fn not_toml(error: &toml_edit::TomlError) -> PlaceError {
    PlaceError::Toml(text::shorten(&text::one_line(error.message()), 200).into_owned())
}

fn python(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Found> {
    let assigned = python::assignments(text).into_iter().filter(|assigned| wanted(assigned.name));
    assigned.map(|assigned| (assigned.span, Some(assigned.name.to_owned()))).collect()
}

/// Where the group `version` of an expression of Python's matches; expressions that need to look around are not known here.
fn matches(text: &str, expression: &str) -> Result<Vec<Range<usize>>, PlaceError> {
    let unfit = |why: String| PlaceError::Expression(text::shorten(&text::one_line(&why), 200).into_owned());
    // As hatch compiles it.
    let built = regex_lite::RegexBuilder::new(expression).multi_line(true).size_limit(1 << 20).build();
    let built = built.map_err(|e| unfit(e.to_string()))?;
    if !built.capture_names().flatten().any(|name| name == "version") {
        return Err(unfit("it has no group named version".to_owned()));
    }
    let first = built.captures(text).and_then(|groups| groups.name("version"));
    Ok(first.map(|group| group.range()).into_iter().collect())
}
