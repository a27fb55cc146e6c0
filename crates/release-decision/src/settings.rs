//! Where and how a new version is written.

use std::{fmt, path::Component, path::Path};

use findings_model::text;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Pattern;

/// Where the next version is written, and what becomes of it in git: `[tool.relwarden.bump]`.
///
/// `pyproject.toml`, the file that a dynamic version comes from and the project's own entry in `uv.lock` are known without being named.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BumpSettings {
    /// What `decide-release bump` does with the changed files.
    pub mode: BumpMode,
    /// Further files that hold the version: a path, or a table with `path` and `pattern` (`version: {version}`).
    #[cfg_attr(feature = "schema", schemars(with = "Vec<FileSchema>"))]
    pub files: Vec<BumpFile>,
    /// The name of the tag; mode `commit` makes one.
    pub tag: Pattern,
    /// The message of the commit and of the tag.
    pub message: Pattern,
    /// The name of the branch that mode `pull-request` makes.
    pub branch: Pattern,
    /// Whether branch and tag are pushed.
    pub push: bool,
    /// Where they are pushed to: the name of a remote, or its address.
    pub remote: String,
    /// The changelog in the form of Keep a Changelog, `false` for none. By default `CHANGELOG.md` if it is there and has that form.
    #[cfg_attr(feature = "schema", schemars(with = "Option<ChangelogSchema>"))]
    pub changelog: ChangelogSetting,
}

/// What becomes of the changed files.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BumpMode {
    /// They lie in the work tree.
    #[default]
    Workspace,
    /// They are committed and tagged.
    Commit,
    /// They are committed on a branch of their own, without a tag.
    PullRequest,
}

/// A file that holds the version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BumpFile {
    /// The path, relative to the project.
    pub path: ProjectPath,
    /// How the version stands there; without one, the file's name tells.
    pub pattern: Option<Pattern>,
}

/// A path below the project, with `/` between its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ProjectPath(String);

/// Which file is the changelog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ChangelogSetting {
    /// `CHANGELOG.md`, if it is there and has the form.
    #[default]
    IfThere,
    /// This one, which is made if it is not there.
    File(ProjectPath),
    /// None.
    Off,
}

/// A path that does not stay below the project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid path of a file below the project")]
pub struct ProjectPathError(String);

impl Default for BumpSettings {
    #[expect(clippy::expect_used, reason = "three texts that hold the sign once")]
    fn default() -> Self {
        let pattern = |text: &str| Pattern::parse(text).expect("it holds the sign once");
        Self {
            mode: BumpMode::Workspace,
            files: Vec::new(),
            tag: pattern("v{version}"),
            message: pattern("chore(release): {version}"),
            branch: pattern("release/{version}"),
            push: false,
            remote: "origin".to_owned(),
            changelog: ChangelogSetting::IfThere,
        }
    }
}

impl BumpMode {
    /// The word: `workspace`, `commit` or `pull-request`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Commit => "commit",
            Self::PullRequest => "pull-request",
        }
    }
}

impl ProjectPath {
    /// Reads a path; `./` and empty parts are left out.
    pub fn parse(path: &str) -> Result<Self, ProjectPathError> {
        let bad = || ProjectPathError(text::shorten(&text::one_line(path), 100).into_owned());
        let mut parts = Vec::new();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => parts.push(name.to_str().ok_or_else(bad)?),
                Component::CurDir => {}
                _ => return Err(bad()),
            }
        }
        let inside_git = parts.first() == Some(&".git");
        if parts.is_empty() || inside_git || path.ends_with('/') || path.chars().any(char::is_control) {
            return Err(bad());
        }
        Ok(Self(parts.join("/")))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for ProjectPath {
    type Error = ProjectPathError;
    fn try_from(path: String) -> Result<Self, ProjectPathError> {
        Self::parse(&path)
    }
}

impl<'de> Deserialize<'de> for BumpFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            path: ProjectPath,
            pattern: Option<Pattern>,
        }
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = BumpFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path, or a table with path and pattern")
            }
            fn visit_str<E: de::Error>(self, path: &str) -> Result<BumpFile, E> {
                Ok(BumpFile { path: ProjectPath::parse(path).map_err(E::custom)?, pattern: None })
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<BumpFile, A::Error> {
                let Table { path, pattern } = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(BumpFile { path, pattern })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Serialize for ChangelogSetting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::IfThere => serializer.serialize_none(),
            Self::File(path) => path.serialize(serializer),
            Self::Off => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for ChangelogSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = ChangelogSetting;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of the changelog, or false")
            }
            fn visit_bool<E: de::Error>(self, on: bool) -> Result<ChangelogSetting, E> {
                if on {
                    return Err(E::invalid_value(de::Unexpected::Bool(on), &self));
                }
                Ok(ChangelogSetting::Off)
            }
            fn visit_str<E: de::Error>(self, path: &str) -> Result<ChangelogSetting, E> {
                ProjectPath::parse(path).map(ChangelogSetting::File).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ProjectPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ProjectPath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        // What is no path below the project: from the root, of a folder, upwards, into git's own folder, of nothing, not printable.
        let no_path =
            r"^/|/$|(?:^|/)\.\.(?:/|$)|^(?:\./+)*\.git(?:/|$)|^(?:\.(?:/+\.)*)?$|[\u0000-\u001f\u007f-\u009f]";
        schemars::json_schema!({
            "description": "The path of a file below the project.",
            "type": "string",
            "not": { "pattern": no_path }
        })
    }
}

/// A path, or a table with `path` and `pattern`.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged, rename = "BumpFile")]
#[expect(dead_code, reason = "only its schema is used")]
enum FileSchema {
    /// The path of a file whose name tells how the version stands in it.
    Path(ProjectPath),
    /// A file in which the version stands as a pattern says.
    Table(FileTable),
}

#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct FileTable {
    /// The path, relative to the project.
    path: ProjectPath,
    /// How the version stands there: a text with `{version}` in it, once.
    pattern: Option<Pattern>,
}

/// A path, or `false`.
#[cfg(feature = "schema")]
struct ChangelogSchema;

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ChangelogSchema {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Changelog".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "The path of the changelog, or `false`: there is none.",
            "anyOf": [generator.subschema_for::<ProjectPath>(), { "enum": [false] }]
        })
    }
}
