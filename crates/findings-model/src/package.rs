use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A Python package's name in its normal form (PEP 503): lower case, runs of `-`, `_` and `.` as one `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageName(SmolStr);

/// The most characters of a name.
const LONGEST: usize = 200;

/// Why a text is no package name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a valid package name")]
pub struct PackageNameError(String);

impl PackageName {
    /// Normalises a name after PEP 503; refuses what PEP 508 does not allow as a name.
    pub fn parse(text: &str) -> Result<Self, PackageNameError> {
        let is_normal = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if let [b'a'..=b'z' | b'0'..=b'9', .., last] = text.as_bytes()
            && *last != b'-'
            && text.len() <= LONGEST
            && text.bytes().all(is_normal)
            && !text.contains("--")
        {
            return Ok(Self(SmolStr::new(text)));
        }
        let text = text.trim();
        let ok = !text.is_empty()
            && text.len() <= LONGEST
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric());
        if !ok {
            return Err(PackageNameError(
                crate::text::shorten(&crate::text::hide_credentials(&crate::text::one_line(text)), 60).into_owned(),
            ));
        }
        let mut normal = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '-' | '_' | '.' => {
                    if !normal.ends_with('-') {
                        normal.push('-');
                    }
                }
                _ => normal.push(c.to_ascii_lowercase()),
            }
        }
        Ok(Self(normal.into()))
    }

    /// The normal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PackageName {
    type Error = PackageNameError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PackageName> for String {
    fn from(name: PackageName) -> Self {
        name.0.into()
    }
}

/// Where a package comes from, by OSV's name in lower case (`pypi`, `npm`, `maven`, `debian`, …).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Ecosystem(SmolStr);

const PYPI: SmolStr = SmolStr::new_static("pypi");

impl Ecosystem {
    /// The Python Package Index.
    pub fn pypi() -> Self {
        Self(PYPI)
    }

    /// The ecosystem of a name, as OSV and the scanners print it.
    pub fn of(name: &str) -> Self {
        if PYPI == name { Self::pypi() } else { Self::from(name.to_owned()) }
    }

    /// The ecosystem's lower-case name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the Python Package Index.
    pub fn is_pypi(&self) -> bool {
        self.0 == "pypi"
    }
}

impl From<String> for Ecosystem {
    fn from(text: String) -> Self {
        let word = crate::text::one_line(&text).to_ascii_lowercase();
        Self(match word.as_str() {
            "" => UNNAMED,
            "python" | "pip" | "pipenv" | "poetry" | "pdm" | "uv" | "python-pkg" => PYPI,
            _ => word.into(),
        })
    }
}

impl From<Ecosystem> for String {
    fn from(ecosystem: Ecosystem) -> Self {
        ecosystem.0.into()
    }
}

/// The name of what has none.
const UNNAMED: SmolStr = SmolStr::new_static("unknown");

/// A package in its ecosystem. Python names are normalised, the others are kept as they are printed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package {
    ecosystem: Ecosystem,
    name: SmolStr,
}

impl Package {
    /// A Python package.
    pub fn pypi(name: &PackageName) -> Self {
        Self { ecosystem: Ecosystem::pypi(), name: name.0.clone() }
    }

    /// A package of any ecosystem. Python names must follow PEP 508; others are one line of 1 to 300 characters.
    pub fn new(ecosystem: Ecosystem, name: &str) -> Result<Self, PackageNameError> {
        if ecosystem.is_pypi() {
            return Ok(Self::pypi(&PackageName::parse(name)?));
        }
        let line = crate::text::one_line(&crate::text::hide_credentials_in_name(name));
        if line.is_empty() || line.chars().count() > 300 {
            return Err(PackageNameError(crate::text::shorten(&line, 60).into_owned()));
        }
        Ok(Self { ecosystem, name: line.into() })
    }

    /// What stands in the place of a package that a report does not name.
    pub fn unnamed() -> Self {
        Self { ecosystem: Ecosystem(UNNAMED), name: UNNAMED }
    }

    /// Whether this stands in the place of a package that a report does not name.
    pub fn is_unnamed(&self) -> bool {
        self.ecosystem.0 == UNNAMED && self.name == UNNAMED
    }

    /// Where the package comes from.
    pub fn ecosystem(&self) -> &Ecosystem {
        &self.ecosystem
    }

    /// The package's name, in its normal form where the ecosystem has one.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ecosystem.is_pypi() {
            f.write_str(&self.name)
        } else {
            write!(f, "{} ({})", self.name, self.ecosystem.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised_after_pep_503() {
        assert_eq!(PackageName::parse("Foo._-Bar.baz").unwrap().as_str(), "foo-bar-baz");
        for bad in ["", "../x", "a;b", "a b", "-a", "a-", "ä"] {
            assert!(PackageName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_that_is_an_address_shows_no_credential() {
        let package = Package::new(Ecosystem::of("npm"), "git+https://bob:hunter2@example.org/x.git").unwrap();
        assert_eq!(package.name(), "git+https://[hidden]@example.org/x.git");
    }

    #[test]
    fn scanners_words_for_python_are_one_ecosystem() {
        for word in ["PyPI", "pip", "poetry", "python"] {
            assert!(Ecosystem::from(word.to_owned()).is_pypi(), "{word}");
        }
        assert!(!Ecosystem::from("npm".to_owned()).is_pypi());
    }
}
