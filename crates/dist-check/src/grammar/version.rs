//! Versions after PEP 440, as `packaging.version` reads them.

use std::fmt;

use super::scan::{Scan, is_space};

/// Python refuses to read longer numbers.
const LONGEST_NUMBER: usize = 4300;

/// A version. Numbers may be of any size, so they are kept as digits without leading zeros.
#[derive(Clone, Debug)]
pub(crate) struct AnyVersion {
    epoch: String,
    release: Vec<String>,
    pre: Option<(&'static str, String)>,
    post: Option<String>,
    dev: Option<String>,
    local: Option<String>,
}

impl AnyVersion {
    /// Reads a version; white space around it is no part of it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut scan = Scan::new(text.trim_matches(is_space));
        let version = read(&mut scan)?;
        scan.is_at_end().then_some(version)
    }

    pub(crate) fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Whether two versions are the same: `1.0` and `1` are.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let mine = (&self.epoch, trimmed(&self.release), &self.pre, &self.post, &self.dev, &self.local);
        mine == (&other.epoch, trimmed(&other.release), &other.pre, &other.post, &other.dev, &other.local)
    }
}

impl fmt::Display for AnyVersion {
    /// The normal form, which keeps zeros at the release's end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch != "0" {
            write!(f, "{}!", self.epoch)?;
        }
        f.write_str(&self.release.join("."))?;
        if let Some((letter, number)) = &self.pre {
            write!(f, "{letter}{number}")?;
        }
        if let Some(number) = &self.post {
            write!(f, ".post{number}")?;
        }
        if let Some(number) = &self.dev {
            write!(f, ".dev{number}")?;
        }
        match &self.local {
            Some(local) => write!(f, "+{local}"),
            None => Ok(()),
        }
    }
}

fn trimmed(release: &[String]) -> &[String] {
    let end = release.iter().rposition(|part| part != "0").map_or(1, |last| last + 1);
    &release[..end.min(release.len())]
}

/// Reads the longest version at this place.
fn read(scan: &mut Scan<'_>) -> Option<AnyVersion> {
    let (epoch, release) = read_release(scan)?;
    let pre = read_pre(scan);
    let post = read_post(scan);
    let dev = read_dev(scan);
    let local = read_local(scan);
    let fits = |number: &String| number.len() <= LONGEST_NUMBER;
    let numbers = [&Some(epoch.clone()), &post, &dev];
    let all_fit = numbers.into_iter().flatten().all(fits)
        && release.iter().all(fits)
        && pre.as_ref().is_none_or(|(_, number)| fits(number));
    all_fit.then_some(AnyVersion { epoch, release, pre, post, dev, local })
}

fn number(digits: &str) -> String {
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() { "0".to_owned() } else { significant.to_owned() }
}

/// `v1!2.3`: epoch and release.
pub(super) fn read_release(scan: &mut Scan<'_>) -> Option<(String, Vec<String>)> {
    scan.eat_letters("v");
    let mut digits = scan.digits();
    let mut epoch = "0".to_owned();
    if !digits.is_empty() && scan.rest().starts_with('!') {
        let before = *scan;
        scan.eat("!");
        let release = scan.digits();
        if release.is_empty() {
            scan.back_to(before);
        } else {
            epoch = number(digits);
            digits = release;
        }
    }
    if digits.is_empty() {
        return None;
    }
    let mut release = vec![number(digits)];
    loop {
        let before = *scan;
        if !scan.eat(".") {
            break;
        }
        let digits = scan.digits();
        if digits.is_empty() {
            scan.back_to(before);
            break;
        }
        release.push(number(digits));
    }
    Some((epoch, release))
}

fn separator(scan: &mut Scan<'_>) {
    let _ = scan.eat_one(|c| matches!(c, '-' | '_' | '.'));
}

/// A word, with a separator on either side if there is one, and its number.
fn suffix(scan: &mut Scan<'_>, words: &[(&str, &'static str)]) -> Option<(&'static str, String)> {
    let before = *scan;
    separator(scan);
    for (word, normal) in words {
        if scan.eat_letters(word) {
            separator(scan);
            return Some((normal, number(scan.digits())));
        }
    }
    scan.back_to(before);
    None
}

pub(super) fn read_pre(scan: &mut Scan<'_>) -> Option<(&'static str, String)> {
    const WORDS: [(&str, &str); 8] = [
        ("alpha", "a"),
        ("a", "a"),
        ("beta", "b"),
        ("b", "b"),
        ("preview", "rc"),
        ("pre", "rc"),
        ("c", "rc"),
        ("rc", "rc"),
    ];
    suffix(scan, &WORDS)
}

pub(super) fn read_post(scan: &mut Scan<'_>) -> Option<String> {
    let before = *scan;
    if scan.eat("-") {
        let digits = scan.digits();
        if !digits.is_empty() {
            return Some(number(digits));
        }
        scan.back_to(before);
    }
    suffix(scan, &[("post", "post"), ("rev", "post"), ("r", "post")]).map(|(_, number)| number)
}

pub(super) fn read_dev(scan: &mut Scan<'_>) -> Option<String> {
    suffix(scan, &[("dev", "dev")]).map(|(_, number)| number)
}

pub(super) fn read_local(scan: &mut Scan<'_>) -> Option<String> {
    let before = *scan;
    if !scan.eat("+") {
        return None;
    }
    let mut parts = Vec::new();
    loop {
        let part = scan.eat_all(|c| c.is_ascii_alphanumeric());
        if part.is_empty() {
            break;
        }
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        parts.push(if is_number { number(part) } else { part.to_ascii_lowercase() });
        let behind_part = *scan;
        separator(scan);
        if !scan.peek().is_some_and(|c| c.is_ascii_alphanumeric()) {
            scan.back_to(behind_part);
            break;
        }
    }
    if parts.is_empty() {
        scan.back_to(before);
        return None;
    }
    Some(parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_their_normal_form() {
        for (text, normal) in [
            (" v1.0 ", "1.0"),
            ("1!02.000", "1!2.0"),
            ("1.0-1", "1.0.post1"),
            ("1.0Alpha-2", "1.0a2"),
            ("1.0.a.", "1.0a0"),
            ("1.0preview", "1.0rc0"),
            ("1.0a.post1.dev", "1.0a0.post1.dev0"),
            ("1.0+Ubuntu-01", "1.0+ubuntu.1"),
            ("20240101000000000000000000", "20240101000000000000000000"),
        ] {
            assert_eq!(AnyVersion::parse(text).map(|version| version.to_string()).as_deref(), Some(normal), "{text}");
        }
        for bad in ["", "v", "1.", "1..0", "1.0+", "1.0+a.", "one", "1.0 a", "1!", "1.0-", "1.0.*"] {
            assert!(AnyVersion::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn zeros_at_the_end_make_no_difference() {
        let version = |text| AnyVersion::parse(text).unwrap();
        assert!(version("1.0.0").is_same(&version("1")));
        assert!(version("0.0").is_same(&version("0")));
        assert!(!version("1.0").is_same(&version("1.0.post0")));
    }
}
