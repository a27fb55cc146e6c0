//! Version specifiers (PEP 440), as `packaging.specifiers` reads them.

use super::{
    scan::{Scan, is_space},
    version::{read_dev, read_local, read_post, read_pre, read_release},
};

/// Whether a text is a set of specifiers: `>=3.9,<4`. An empty one is.
pub(crate) fn is_specifier_set(text: &str) -> bool {
    text.split(',').map(|part| part.trim_matches(is_space)).filter(|part| !part.is_empty()).all(is_specifier)
}

fn is_specifier(text: &str) -> bool {
    let mut scan = Scan::new(text);
    eat_specifier(&mut scan) && scan.is_at_end()
}

/// Steps over the longest specifier at this place.
pub(super) fn eat_specifier(scan: &mut Scan<'_>) -> bool {
    let before = *scan;
    let found = if scan.eat("===") {
        // Arbitrary equality takes any text.
        scan.eat_all(is_space);
        scan.eat_all(|c| !is_space(c) && !matches!(c, ';' | ')'));
        true
    } else if scan.eat("==") || scan.eat("!=") {
        equality(scan)
    } else if scan.eat("~=") {
        comparison(scan).is_some_and(|parts| parts > 1)
    } else if scan.eat("<=") || scan.eat(">=") || scan.eat("<") || scan.eat(">") {
        comparison(scan).is_some()
    } else {
        false
    };
    if !found {
        scan.back_to(before);
    }
    found
}

fn equality(scan: &mut Scan<'_>) -> bool {
    scan.eat_all(is_space);
    if read_release(scan).is_none() {
        return false;
    }
    if !scan.eat(".*") {
        read_pre(scan);
        read_post(scan);
        read_dev(scan);
        read_local(scan);
    }
    true
}

/// The number of the release's parts.
fn comparison(scan: &mut Scan<'_>) -> Option<usize> {
    scan.eat_all(is_space);
    let (_, release) = read_release(scan)?;
    read_pre(scan);
    read_post(scan);
    read_dev(scan);
    Some(release.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_specifiers() {
        for good in ["", ">=3.9", " >= 3.9 , <4,", "==1.*", "!=1.0+local", "~=1.2", "===any-thing", "==1.0-1", "<=v1a1"]
        {
            assert!(is_specifier_set(good), "{good}");
        }
        for bad in ["3.9", ">=3.9+", ">=3.*", "~=1", "=>3", ">=1.0+local", "==1.0a1.*", ">=3.9 <4", ">= 3 . 9"] {
            assert!(!is_specifier_set(bad), "{bad}");
        }
    }
}
