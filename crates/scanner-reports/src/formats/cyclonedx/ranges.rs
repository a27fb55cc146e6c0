//! Ranges of versions (`vers:pypi/>=1.0|<2.0`), as far as a statement about a range may clear a version.

use std::cmp::Ordering;

use crate::clean;

/// Whether a range holds a version. None where that cannot be told: of a range that cannot be read, and of versions of which only
/// their ecosystem knows which one is newer.
pub(super) fn holds(range: &str, version: &str) -> Option<bool> {
    let (_ecosystem, constraints) = range.trim().strip_prefix("vers:")?.split_once('/')?;
    if constraints.trim() == "*" {
        return Some(true);
    }
    let mut is_held = false;
    // Whether the version is above the lower bound that no upper one has followed yet.
    let mut is_above = None;
    for constraint in constraints.split('|').map(str::trim) {
        let operator = ["<=", ">=", "!=", "<", ">", "="].into_iter().find(|o| constraint.starts_with(o)).unwrap_or("");
        let order = compare(version, &clean::percent_decoded(constraint[operator.len()..].trim()))?;
        match operator {
            ">" => is_above = Some(order.is_gt()),
            ">=" => is_above = Some(order.is_ge()),
            "<" => is_held |= is_above.take().unwrap_or(true) && order.is_lt(),
            "<=" => is_held |= is_above.take().unwrap_or(true) && order.is_le(),
            "!=" if order.is_eq() => return Some(false),
            "!=" => {}
            _ => is_held |= order.is_eq(),
        }
    }
    Some(is_held || is_above == Some(true))
}

/// The order of two versions that are numbers between dots, or that are the same.
fn compare(version: &str, other: &str) -> Option<Ordering> {
    if version == other {
        return Some(Ordering::Equal);
    }
    let (mut of_version, mut of_other) = (numbers(version)?, numbers(other)?);
    let length = of_version.len().max(of_other.len());
    of_version.resize(length, 0);
    of_other.resize(length, 0);
    Some(of_version.cmp(&of_other))
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    let version = version.strip_prefix('v').unwrap_or(version);
    version.split('.').map(|part| part.parse().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()))).collect()
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn ranges_hold_versions() {
        for (range, version, wanted) in [
            ("vers:pypi/>=1.0|<2.0", "1.5", Some(true)),
            ("vers:pypi/>=1.0|<2.0", "2.0", Some(false)),
            ("vers:pypi/<1.0|>=2|<3|>=4", "1.5", Some(false)),
            ("vers:pypi/<1.0|>=2|<3|>=4", "2.10", Some(true)),
            ("vers:pypi/<1.0|>=2|<3|>=4", "4.0.1", Some(true)),
            ("vers:npm/<=1.0.0", "v1.0", Some(true)),
            ("vers:pypi/1.0|=1.2", "1.2", Some(true)),
            ("vers:pypi/>1.0|!=1.2", "1.2", Some(false)),
            ("vers:pypi/*", "1.0rc1", Some(true)),
            ("vers:deb/1.0-1ubuntu1", "1.0-1ubuntu1", Some(true)),
            ("vers:deb/<1.0-1ubuntu1", "0.9", None),
            ("<2.0", "1.0", None),
            ("vers:pypi", "1.0", None),
        ] {
            assert_eq!(holds(range, version), wanted, "{range} {version}");
        }
    }
}
