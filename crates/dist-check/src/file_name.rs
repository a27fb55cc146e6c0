use pep440_rs::Version;

use crate::grammar::name::{is_identifier, is_project_name};

/// A distribution's file name, taken apart (wheel: PEP 427 and 440; source archive: PEP 625).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileName {
    /// `name-version(-build)?-python-abi-platform.whl`
    Wheel {
        /// The project's name as written.
        name: String,
        /// The version.
        version: Version,
        /// The build tag (`1`, `2abc`).
        build: Option<String>,
        /// The compatibility tags.
        tags: WheelTags,
    },
    /// `name-version.tar.gz`
    Sdist {
        /// The project's name as written.
        name: String,
        /// The version.
        version: Version,
    },
}

/// The compatibility tags of a wheel's name. Each may be a compressed set joined by `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelTags {
    /// `py3`, `py2.py3`, `cp311`
    pub python: String,
    /// `none`, `abi3`, `cp311`
    pub abi: String,
    /// `any`, `manylinux_2_17_x86_64.manylinux2014_x86_64`
    pub platform: String,
}

impl WheelTags {
    /// Every single tag that the compressed sets stand for, sorted: `py2-none-any`, `py3-none-any`.
    pub fn expanded(&self) -> Vec<String> {
        let mut tags = Vec::new();
        for python in self.python.split('.') {
            for abi in self.abi.split('.') {
                for platform in self.platform.split('.') {
                    tags.push(format!("{python}-{abi}-{platform}"));
                }
            }
        }
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

/// Why a file name is none of a distribution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileNameError {
    /// Neither `.whl` nor `.tar.gz`.
    #[error("the name ends in neither .whl nor .tar.gz")]
    Extension,
    /// A separator of folders, or a character that cannot be shown.
    #[error("the name has a slash, a backslash or a character that cannot be shown")]
    Characters,
    /// Not five or six parts between hyphens.
    #[error("a wheel's name has five or six parts between hyphens, this one has {0}")]
    WheelParts(usize),
    /// No hyphen between name and version.
    #[error("there is no version in the name")]
    NoVersion,
    /// The project part is no package name.
    #[error("{0:?} is not a valid package name")]
    Project(String),
    /// The version part does not follow PEP 440.
    #[error("{0:?} is not a valid version (PEP 440)")]
    Version(String),
    /// The build tag does not begin with a digit.
    #[error("{0:?} is not a valid build tag: it must begin with a digit")]
    Build(String),
    /// An empty tag, or a Python tag that is no word.
    #[error("{0:?} is not a valid compatibility tag (PEP 425)")]
    Tag(String),
}

impl FileNameError {
    /// How PyPI's words for it begin.
    pub(crate) fn index(&self, file_name: &str) -> &'static str {
        let ends = |ending: &str| file_name.strip_suffix(ending).is_some();
        let is_wheel = ends(".whl");
        match self {
            Self::Extension if ends(".zip") => "Filename is invalid, should be a .tar.gz",
            Self::Extension => "Invalid file extension: Use .tar.gz, .whl or .zip extension.",
            Self::Characters if file_name.contains(['/', '\\']) => "Cannot upload a file with '/' or '\\' in the name.",
            Self::Characters if !file_name.contains(|c: char| c.is_ascii_control()) => "",
            Self::Characters => {
                "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character (ordinal 127) in the name."
            }
            Self::WheelParts(_) => "Invalid wheel filename (wrong number of parts)",
            Self::NoVersion => "Invalid source distribution filename",
            Self::Project(_) if is_wheel => "Invalid project name",
            Self::Version(_) if is_wheel => "Invalid wheel filename (invalid version)",
            Self::Project(_) | Self::Version(_) => "Invalid sdist filename",
            Self::Build(_) => "Invalid build number",
            Self::Tag(_) => "Invalid wheel filename (invalid tag component)",
        }
    }
}

impl FileName {
    /// Takes a file name (no folder) apart.
    pub fn parse(file_name: &str) -> Result<Self, FileNameError> {
        let refused = |c: char| matches!(c, '/' | '\\') || findings_model::text::is_unsafe_to_show(c);
        if file_name.chars().any(refused) {
            return Err(FileNameError::Characters);
        }
        if let Some(stem) = file_name.strip_suffix(".whl") {
            Self::wheel(stem)
        } else if let Some(stem) = file_name.strip_suffix(".tar.gz") {
            Self::sdist(stem)
        } else {
            Err(FileNameError::Extension)
        }
    }

    fn wheel(stem: &str) -> Result<Self, FileNameError> {
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, python, abi, platform) = match parts[..] {
            [name, version, python, abi, platform] => (name, version, None, python, abi, platform),
            [name, version, build, python, abi, platform] => (name, version, Some(build), python, abi, platform),
            _ => return Err(FileNameError::WheelParts(parts.len())),
        };
        if let Some(build) = build
            && !build.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(FileNameError::Build(build.to_owned()));
        }
        let parts = |tags: &str| tags.split('.').map(str::to_owned).collect::<Vec<_>>();
        for tag in [python, abi, platform].into_iter().flat_map(parts) {
            if tag.is_empty() {
                return Err(FileNameError::Tag(tag));
            }
        }
        if let Some(tag) = parts(python).into_iter().find(|tag| !is_identifier(tag)) {
            return Err(FileNameError::Tag(tag));
        }
        Ok(Self::Wheel {
            name: project(name)?,
            version: parse_version(version)?,
            build: build.map(str::to_owned),
            tags: WheelTags { python: python.to_owned(), abi: abi.to_owned(), platform: platform.to_owned() },
        })
    }

    fn sdist(stem: &str) -> Result<Self, FileNameError> {
        let (name, version) = stem.rsplit_once('-').ok_or(FileNameError::NoVersion)?;
        Ok(Self::Sdist { name: project(name)?, version: parse_version(version)? })
    }

    /// The project's name as written.
    pub fn name(&self) -> &str {
        match self {
            Self::Wheel { name, .. } | Self::Sdist { name, .. } => name,
        }
    }

    /// The version.
    pub fn version(&self) -> &Version {
        match self {
            Self::Wheel { version, .. } | Self::Sdist { version, .. } => version,
        }
    }
}

fn project(text: &str) -> Result<String, FileNameError> {
    if is_project_name(text) { Ok(text.to_owned()) } else { Err(FileNameError::Project(text.to_owned())) }
}

fn parse_version(text: &str) -> Result<Version, FileNameError> {
    // A wheel's name writes the hyphen of a version as an underscore; PEP 440 reads both alike.
    text.parse().map_err(|_| FileNameError::Version(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_apart() {
        let name = FileName::parse("Sample_Pkg-1.0.post1-2b-py2.py3-none-any.whl").unwrap();
        let FileName::Wheel { build, tags, .. } = &name else { panic!("{name:?}") };
        assert_eq!(
            (name.name(), name.version().to_string(), build.as_deref()),
            ("Sample_Pkg", "1.0.post1".into(), Some("2b"))
        );
        assert_eq!(tags.expanded(), ["py2-none-any", "py3-none-any"]);
        let name = FileName::parse("sample-pkg-1.0rc1.tar.gz").unwrap();
        assert_eq!((name.name(), name.version().to_string()), ("sample-pkg", "1.0rc1".to_owned()));
    }

    #[test]
    fn what_is_no_distribution_says_why() {
        use FileNameError as E;
        for (name, error) in [
            ("a-1.0.zip", E::Extension),
            ("a-1.0.WHL", E::Extension),
            ("", E::Extension),
            ("../a-1.0.tar.gz", E::Characters),
            ("a-1.0\u{202e}.tar.gz", E::Characters),
            ("a-1.0-py3-any.whl", E::WheelParts(4)),
            ("a.tar.gz", E::NoVersion),
            ("_-1.0.tar.gz", E::Project("_".into())),
            ("a-one.tar.gz", E::Version("one".into())),
            ("a-1.0-x-py3-none-any.whl", E::Build("x".into())),
            ("a-1.0-py3..py2-none-any.whl", E::Tag(String::new())),
            ("a-1.0-3py-none-any.whl", E::Tag("3py".into())),
        ] {
            assert_eq!(FileName::parse(name), Err(error), "{name}");
        }
    }
}
