use pep440_rs::{Prerelease, Version};

use crate::Bump;

/// A number of the version cannot be counted up any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no version follows {0}: its numbers are at their limit")]
pub struct BumpError(Version);

/// The version that follows another one (PEP 440). The epoch stays, a local label goes.
///
/// - `Patch`: 1.2 gives 1.2.1, 1.2.3.post1 gives 1.2.4; a pre- or development release gives the release that it leads to
///   (1.2.3rc1 and 1.2.3.dev1 give 1.2.3).
/// - `Minor`: 1.2.3 gives 1.3.0; 1.3.0rc1 gives 1.3.0.
/// - `Post`: the smallest step of the same series: 1.2.3 gives 1.2.3.post1, 1.2.3rc1 gives 1.2.3rc2, 1.2.3.dev1 gives 1.2.3.dev2.
pub fn bump(version: &Version, bump: Bump) -> Result<Version, BumpError> {
    // A post-release of a pre-release comes before the release, a development release of a post-release behind it.
    let leads_to_release = version.is_pre() || version.is_dev() && !version.is_post();
    match bump {
        Bump::Post => next_of_series(version),
        Bump::Patch if leads_to_release => Ok(release(version, version.release().to_vec())),
        Bump::Patch => count_up(version, 2),
        Bump::Minor if leads_to_release && version.release().iter().skip(2).all(|n| *n == 0) => {
            Ok(release(version, version.release().to_vec()))
        }
        Bump::Minor => count_up(version, 1),
    }
}

/// The smallest step that stays what the version is: final, pre-, post- or development release.
pub(crate) fn next_of_series(version: &Version) -> Result<Version, BumpError> {
    let up = |number: u64| number.checked_add(1).ok_or_else(|| BumpError(version.clone()));
    let public = version.clone().without_local();
    if let Some(dev) = public.dev() {
        return Ok(public.with_dev(Some(up(dev)?)));
    }
    match (public.post(), public.pre()) {
        (Some(post), _) => Ok(public.with_post(Some(up(post)?))),
        (None, Some(pre)) => Ok(public.with_pre(Some(Prerelease { kind: pre.kind, number: up(pre.number)? }))),
        (None, None) => Ok(public.with_post(Some(1))),
    }
}

/// Counts one place of the release up and sets those behind it to 0.
fn count_up(version: &Version, place: usize) -> Result<Version, BumpError> {
    let mut numbers = version.release().to_vec();
    if numbers.len() <= place {
        numbers.resize(place + 1, 0);
    }
    numbers[place] = numbers[place].checked_add(1).ok_or_else(|| BumpError(version.clone()))?;
    numbers[place + 1..].fill(0);
    Ok(release(version, numbers))
}

fn release(version: &Version, numbers: Vec<u64>) -> Version {
    Version::new(numbers).with_epoch(version.epoch())
}
