use std::fmt;

use pep440_rs::Version;

use crate::{
    Bump, BumpError, CurrentVersion, IndexVersions,
    bump::{bump, next_of_series},
};

/// What is known about the project's versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// What the project says; none if there is no project file.
    pub current: Option<CurrentVersion>,
    /// What the index has; none if that is not known.
    pub index: Option<IndexVersions>,
    /// The version of the last recorded release.
    pub released: Option<Version>,
    /// The version that a person wants next.
    pub given: Option<Version>,
}

/// The version of the next release, and why it is that one, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextVersion {
    /// The version; none when nothing tells where to start.
    pub version: Option<Version>,
    /// How it came about, in words.
    pub reason: String,
    /// What may not be as it is wanted.
    pub warnings: Vec<VersionWarning>,
}

/// What a person has to know of a version before it is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionWarning {
    /// It was computed, and is a pre-release although there are final versions.
    PreRelease {
        /// The version.
        next: Version,
        /// The newest final version.
        newest_final: Version,
    },
    /// It was asked for, and is older than what was released.
    OlderThanReleased {
        /// The version.
        given: Version,
        /// The newest released version.
        newest: Version,
    },
    /// It was asked for, and is older than the project's own.
    OlderThanProject {
        /// The version.
        given: Version,
        /// The project's version.
        own: Version,
    },
}

impl fmt::Display for VersionWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreRelease { next, newest_final } => write!(
                f,
                "{next} is a pre-release: installers take one only where they are asked for it, so who has {newest_final} does not \
                 get it; `decide-release --next-version` names another"
            ),
            Self::OlderThanReleased { given, newest } => write!(
                f,
                "{given} was asked for and is older than {newest}, the newest released version: installers go on taking that one"
            ),
            Self::OlderThanProject { given, own } => {
                write!(f, "{given} was asked for and is older than {own}, which the project says it is")
            }
        }
    }
}

/// Why no next version can be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// The wanted version was released before.
    #[error("version {0} cannot be the next one: it was released before, and an index takes no version twice")]
    Taken(Version),
    /// The wanted version has a local label.
    #[error("version {0} cannot be the next one: an index takes no local version")]
    Local(Version),
    /// The version's numbers are at their limit.
    #[error(transparent)]
    Bump(#[from] BumpError),
}

impl Versions {
    /// The project's version, where it is written down.
    pub fn current(&self) -> Option<&Version> {
        match &self.current {
            Some(CurrentVersion::Static(version)) => Some(version),
            Some(CurrentVersion::Dynamic(_) | CurrentVersion::Unknown { .. }) | None => None,
        }
    }

    /// The newest version that was released, as far as is known.
    pub(crate) fn newest_released(&self) -> Option<&Version> {
        self.index.iter().filter_map(IndexVersions::newest).chain(&self.released).max()
    }

    /// The next version: the project's own if it is newer than everything released, else the bump of the greater of both.
    ///
    /// Where nothing is known of the index and of earlier releases, the project's own version may be taken, so it is bumped.
    /// A pre-release on the index, of a release that the project is not at, is followed by the next of its series: an
    /// automatic release makes no final release of somebody's release candidate. A line that is maintained beside a newer one
    /// gives its versions itself.
    pub fn next(&self, by: Bump) -> Result<NextVersion, VersionError> {
        let released = self.newest_released();
        if let Some(given) = &self.given {
            let taken = self.released.as_ref() == Some(given) || self.index.as_ref().is_some_and(|i| i.contains(given));
            return match given {
                _ if given.is_local() => Err(VersionError::Local(given.clone())),
                _ if taken => Err(VersionError::Taken(given.clone())),
                _ => Ok(NextVersion {
                    warnings: self.warnings_of_given(given),
                    ..known(given.clone(), "it was asked for".to_owned())
                }),
            };
        }
        let mut next = self.computed(released, by)?;
        next.warnings.extend(next.version.as_ref().and_then(|version| self.warning_of_computed(version)));
        Ok(next)
    }

    fn computed(&self, released: Option<&Version>, by: Bump) -> Result<NextVersion, VersionError> {
        let own = match &self.current {
            Some(CurrentVersion::Static(version)) => version.clone().without_local(),
            Some(CurrentVersion::Dynamic(dynamic)) => {
                return Ok(unknown(format!("the project's version is dynamic: {dynamic}")));
            }
            Some(CurrentVersion::Unknown { source, reason }) => {
                return Ok(unknown(format!("the project's version is dynamic: {source}, and {reason}")));
            }
            None => return Ok(unknown("the project's version is not known: no file of it says one".to_owned())),
        };
        let Some(newest) = released else {
            if self.index.is_some() {
                return Ok(known(own, "nothing was released before".to_owned()));
            }
            let next = bump(&own, by)?;
            return Ok(known(next, format!("what the index has is not known, so {own} may be used up")));
        };
        if own > *newest {
            return Ok(known(own, format!("it is newer than {newest}, the newest released version")));
        }
        let same_release = own.epoch() == newest.epoch() && own.only_release() == newest.only_release();
        let next = if newest.any_prerelease() && !same_release { next_of_series(newest)? } else { bump(newest, by)? };
        Ok(known(next, format!("it follows {newest}, the newest released version")))
    }

    /// The newest version that an installer takes without being asked for a pre-release.
    fn newest_final(&self) -> Option<&Version> {
        let released = self.index.iter().flat_map(IndexVersions::iter).chain(&self.released);
        released.filter(|version| !version.any_prerelease()).max()
    }

    /// What is to be known of a version that was decided before.
    pub(crate) fn warnings_of(&self, version: &Version) -> Vec<VersionWarning> {
        match &self.given {
            Some(given) if given == version => self.warnings_of_given(given),
            _ => self.warning_of_computed(version).into_iter().collect(),
        }
    }

    fn warning_of_computed(&self, next: &Version) -> Option<VersionWarning> {
        let own = self.current().filter(|own| !own.any_prerelease());
        let newest_final = self.newest_final().max(own).filter(|_| next.any_prerelease())?;
        Some(VersionWarning::PreRelease { next: next.clone(), newest_final: newest_final.clone() })
    }

    /// Where there are final versions, what counts is the newest of them: it is what installers take.
    fn warnings_of_given(&self, given: &Version) -> Vec<VersionWarning> {
        let newest = self.newest_final().or(self.newest_released()).filter(|newest| given < newest);
        let own = self.current().filter(|own| given < own);
        let of_released =
            newest.map(|newest| VersionWarning::OlderThanReleased { given: given.clone(), newest: newest.clone() });
        let of_project = own.map(|own| VersionWarning::OlderThanProject { given: given.clone(), own: own.clone() });
        of_released.into_iter().chain(of_project).collect()
    }
}

fn known(version: Version, reason: String) -> NextVersion {
    NextVersion { version: Some(version), reason, warnings: Vec::new() }
}

fn unknown(reason: String) -> NextVersion {
    NextVersion { version: None, reason, warnings: Vec::new() }
}
