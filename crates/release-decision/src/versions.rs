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
                _ => Ok(known(given.clone(), "it was asked for".to_owned())),
            };
        }
        let own = match &self.current {
            Some(CurrentVersion::Static(version)) => version.clone().without_local(),
            Some(CurrentVersion::Dynamic(dynamic)) => {
                return Ok(unknown(format!("the project's version is dynamic: {dynamic}")));
            }
            Some(CurrentVersion::Unknown { source, reason }) => {
                return Ok(unknown(format!("the project's version is dynamic: {source}, and {reason}")));
            }
            None => return Ok(unknown("the project's version is not known".to_owned())),
        };
        let Some(newest) = released else {
            if self.index.is_some() {
                return Ok(known(own, "nothing was released before".to_owned()));
            }
            let next = bump(&own, by)?;
            return Ok(known(next, format!("what the index has is not known, so {own} may be taken")));
        };
        if own > *newest {
            return Ok(known(own, format!("it is newer than {newest}, the newest released version")));
        }
        let same_release = own.epoch() == newest.epoch() && own.only_release() == newest.only_release();
        let next = if newest.any_prerelease() && !same_release { next_of_series(newest)? } else { bump(newest, by)? };
        Ok(known(next, format!("it follows {newest}, the newest released version")))
    }
}

fn known(version: Version, reason: String) -> NextVersion {
    NextVersion { version: Some(version), reason }
}

fn unknown(reason: String) -> NextVersion {
    NextVersion { version: None, reason }
}
