//! Which fix is ahead of the installed version.

use std::str::FromStr;

use findings_model::Vulnerability;
use pep440_rs::Version;

/// Leaves only the fixes that lie above the installed version, in order, and returns the smallest: the version to go to.
///
/// A fix below it belongs to another branch and fixes nothing here. Final releases go before pre-releases. What is no PEP 440
/// version cannot be compared: such a fix counts if it is the only one.
pub(super) fn choose(v: &mut Vulnerability) -> Option<String> {
    let installed = v.version.as_deref().and_then(|text| Version::from_str(text).ok());
    let mut ahead: Vec<(Version, String)> = Vec::new();
    let mut unread: Vec<String> = Vec::new();
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

#[cfg(test)]
mod tests {
    use findings_model::{AdvisoryId, Package, PackageName};

    use super::*;

    fn chosen(installed: Option<&str>, fixes: &[&str]) -> (Option<String>, Vec<String>) {
        let mut v = Vulnerability {
            package: Package::pypi(&PackageName::parse("pkg").unwrap()),
            version: installed.map(str::to_owned),
            id: AdvisoryId::parse("PYSEC-1").unwrap(),
            aliases: findings_model::AdvisoryIds::new(),
            printed: findings_model::AdvisoryIds::new(),
            fix_versions: fixes.iter().map(|f| (*f).to_owned()).collect(),
        };
        (choose(&mut v), v.fix_versions)
    }

    fn check(installed: &str, fixes: &[&str], best: Option<&str>, left: &[&str]) {
        let (chosen, versions) = chosen(Some(installed), fixes);
        assert_eq!((chosen.as_deref(), versions.iter().map(String::as_str).collect::<Vec<_>>()), (best, left.to_vec()));
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

    #[test]
    fn what_cannot_be_compared_counts_alone() {
        check("2.0", &["r2021-01"], Some("r2021-01"), &["r2021-01"]);
        check("2.0", &["alpha", "beta"], None, &["alpha", "beta"]);
    }
}
