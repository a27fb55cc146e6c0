use std::collections::BTreeSet;

use dist_check::{FileName, FileNameError, Sha256};
use findings_model::{PackageName, text};
use pep440_rs::Version;

/// What an attestation is about: one distribution file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    file_name: String,
    parsed: FileName,
    sha256: Sha256,
}

/// Why a file cannot be the subject of an attestation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not the name of a distribution", text::one_line(file_name))]
pub struct SubjectError {
    /// The name.
    pub file_name: String,
    /// What is wrong with it.
    pub source: FileNameError,
}

impl Subject {
    /// A file (its name without a folder) with the digest of its bytes.
    pub fn new(file_name: &str, sha256: Sha256) -> Result<Self, SubjectError> {
        let parsed = FileName::parse(file_name)
            .map_err(|source| SubjectError { file_name: text::shorten(file_name, 200).into_owned(), source })?;
        Ok(Self { file_name: file_name.to_owned(), parsed, sha256 })
    }

    /// The file's name.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The digest of the file's bytes.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Whether another name stands for the same distribution. The index compares what the names mean and not how they are
    /// written: project (PEP 503), version (PEP 440), build tag and the set of compatibility tags.
    pub(crate) fn has_name(&self, other: &FileName) -> bool {
        meaning(&self.parsed) == meaning(other)
    }
}

/// What a file name says, however it is written.
#[derive(PartialEq, Eq)]
struct Meaning<'a> {
    project: Option<PackageName>,
    version: &'a Version,
    /// None for a source archive.
    wheel: Option<Wheel<'a>>,
}

#[derive(PartialEq, Eq)]
struct Wheel<'a> {
    build: Option<(u64, &'a str)>,
    tags: BTreeSet<String>,
}

fn meaning(name: &FileName) -> Meaning<'_> {
    let wheel = match name {
        FileName::Wheel { build, tags, .. } => {
            let tags = tags.expanded().into_iter().map(|tag| tag.to_ascii_lowercase()).collect();
            Some(Wheel { build: build.as_deref().map(build_tag), tags })
        }
        FileName::Sdist { .. } => None,
    };
    Meaning { project: PackageName::parse(name.name()).ok(), version: name.version(), wheel }
}

/// A build tag's number and the rest: `007abc` and `7abc` are the same (PEP 427). A number beyond 64 bits is compared by
/// its digits.
fn build_tag(tag: &str) -> (u64, &str) {
    let digits = tag.bytes().take_while(u8::is_ascii_digit).count();
    match tag[..digits].parse() {
        Ok(number) => (number, &tag[digits..]),
        Err(_) => (u64::MAX, tag),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_what_they_mean() {
        let digest = Sha256::of(b"x");
        for (one, other, same) in [
            ("a_b-1.0.tar.gz", "A-B-1.0.0.tar.gz", true),
            ("a_b-1.0.tar.gz", "a_b-1.1.tar.gz", false),
            ("a_b-1.0.tar.gz", "a_b-1.0-py3-none-any.whl", false),
            ("a-1.0-py2.py3-none-any.whl", "a-1.0-py3.py2-none-any.whl", true),
            ("a-1.0-py3-none-any.whl", "a-1.0-1-py3-none-any.whl", false),
            ("a-1.0-01x-py3-none-any.whl", "a-1.0-1x-py3-none-any.whl", true),
            ("a-1.0-py3-none-any.whl", "a-1.0-cp311-cp311-win32.whl", false),
        ] {
            let subject = Subject::new(one, digest).unwrap();
            assert_eq!(subject.has_name(&FileName::parse(other).unwrap()), same, "{one} {other}");
        }
        assert!(Subject::new("../a-1.0.tar.gz", digest).is_err());
    }
}
