//! Which fix is ahead of the installed version.

use std::str::FromStr;

use findings_model::Vulnerability;
use pep440_rs::Version;
use smol_str::SmolStr;

/// Leaves only the fixes that lie above the installed version, in order, and returns the smallest: the version to go to.
///
/// A fix below it belongs to another branch and fixes nothing here. Final releases go before pre-releases. What is no PEP 440
/// version cannot be compared: such a fix counts if it is the only one.
pub(super) fn choose(v: &mut Vulnerability) -> Option<SmolStr> {
    if v.fix_versions.is_empty() {
        return None;
    }
    if v.version
        .as_deref()
        .into_iter()
        .chain(v.fix_versions.iter().map(SmolStr::as_str))
        .all(|text| plain(text).is_some())
    {
        return choose_plain(v);
    }
    let installed = v.version.as_deref().and_then(|text| Version::from_str(text).ok());
    let mut ahead: Vec<(Version, SmolStr)> = Vec::new();
    let mut unread: Vec<SmolStr> = Vec::new();
    for text in std::mem::take(&mut v.fix_versions) {
        match Version::from_str(&text) {
            Ok(version) if installed.as_ref().is_none_or(|installed| version > *installed) => {
                ahead.push((version, text));
            }
            Ok(_) => {}
            Err(_) => unread.push(text),
        }
    }
    ahead.sort();
    ahead.dedup_by(|a, b| a.0 == b.0);
    unread.sort();
    unread.dedup();
    let best =
        ahead.iter().find(|(version, _)| !version.any_prerelease()).or(ahead.first()).map(|(_, text)| text.clone());
    let only = if ahead.is_empty() && unread.len() == 1 { unread.first().cloned() } else { None };
    v.fix_versions = ahead.into_iter().map(|(_, text)| text).chain(unread).collect();
    best.or(only)
}

/// As [`choose`], where every version is plain.
fn choose_plain(v: &mut Vulnerability) -> Option<SmolStr> {
    let installed = v.version.as_deref().and_then(plain);
    v.fix_versions.retain(|fix| plain(fix) > installed);
    if v.fix_versions.len() > 1 {
        v.fix_versions.sort_by(|a, b| (plain(a), a).cmp(&(plain(b), b)));
        v.fix_versions.dedup_by(|a, b| plain(a) == plain(b));
    }
    v.fix_versions.first().cloned()
}

/// A version of up to four numbers, nearly every one: they compare as the version does (PEP 440 reads a missing number as 0).
fn plain(text: &str) -> Option<[u64; 4]> {
    let mut numbers = [0; 4];
    for (at, part) in text.as_bytes().split(|byte| *byte == b'.').enumerate() {
        let number: &mut u64 = numbers.get_mut(at).filter(|_| (1..=18).contains(&part.len()))?;
        for byte in part {
            *number = *number * 10 + char::from(*byte).to_digit(10).map(u64::from)?;
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use findings_model::{AdvisoryId, Package, PackageName};

    use super::*;

    fn chosen(installed: Option<&str>, fixes: &[&str]) -> (Option<SmolStr>, Vec<SmolStr>) {
        let mut v = Vulnerability {
            package: Package::pypi(&PackageName::parse("pkg").unwrap()),
            version: installed.map(Into::into),
            id: AdvisoryId::parse("PYSEC-1").unwrap(),
            aliases: findings_model::AdvisoryIds::new(),
            printed: findings_model::AdvisoryIds::new(),
            fix_versions: fixes.iter().copied().map(Into::into).collect(),
        };
        (choose(&mut v), v.fix_versions)
    }

    fn check(installed: &str, fixes: &[&str], best: Option<&str>, left: &[&str]) {
        let (chosen, versions) = chosen(Some(installed), fixes);
        assert_eq!(
            (chosen.as_deref(), versions.iter().map(SmolStr::as_str).collect::<Vec<_>>()),
            (best, left.to_vec())
        );
    }

    #[test]
    fn the_smallest_above_the_installed_one() {
        check("2.0", &["3.10", "3.9", "1.5.3", "2.0"], Some("3.9"), &["3.9", "3.10"]);
        check("2.0", &["1.5.3"], None, &[]);
        check("2.0", &[], None, &[]);
        check("2.0", &["2.1rc1", "2.1"], Some("2.1"), &["2.1rc1", "2.1"]);
        check("2.0", &["2.1rc1"], Some("2.1rc1"), &["2.1rc1"]);
        assert_eq!(chosen(None, &["1.10", "1.9"]).0.as_deref(), Some("1.9"));
    }

    proptest::proptest! {
        #[test]
        fn plain_versions_compare_as_versions(a in "[0-9]{1,3}([.][0-9]{1,2}){0,3}", b in "[0-9]{1,3}([.][0-9]{1,2}){0,3}") {
            let version = |text: &str| Version::from_str(text).unwrap();
            proptest::prop_assert_eq!(plain(&a).unwrap().cmp(&plain(&b).unwrap()), version(&a).cmp(&version(&b)));
        }

        #[test]
        fn what_is_plain_is_a_version(text in "[0-9a-z.v+ ]{0,8}") {
            proptest::prop_assert!(plain(&text).is_none() || Version::from_str(&text).is_ok());
        }
    }

    #[test]
    fn what_cannot_be_compared_counts_alone() {
        check("2.0", &["r2021-01"], Some("r2021-01"), &["r2021-01"]);
        check("2.0", &["alpha", "beta"], None, &["alpha", "beta"]);
    }
}
