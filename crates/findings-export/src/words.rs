//! Text from outside and names, made fit for documents.

use std::borrow::Cow;

use findings_model::{Finding, Package, PackageName, ScannerName, ScannerState, Subject, text};
use packageurl::PackageUrl;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Scanners' gaps that one line names.
const NAMED_GAPS: usize = 10;

/// One line of text without control characters, credentials and e-mail addresses, of at most `limit` characters.
pub(crate) fn line(foreign: &str, limit: usize) -> String {
    let line = without_addresses(&text::hide_credentials(&text::one_line(foreign)));
    match line.char_indices().nth(limit) {
        Some(_) => {
            let end = line.char_indices().nth(limit.saturating_sub(3)).map_or(line.len(), |(at, _)| at);
            format!("{}...", &line[..end])
        }
        None => line,
    }
}

/// As [`line`]; none where nothing is left.
pub(crate) fn some_line(foreign: Option<&str>, limit: usize) -> Option<String> {
    foreign.map(|foreign| line(foreign, limit)).filter(|line| !line.is_empty())
}

/// A line as SARIF message text: no link and no placeholder comes out of it (SARIF 2.1.0, §3.11.5 and §3.11.6).
pub(crate) fn message(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    for c in line.chars() {
        match c {
            '\\' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            '{' | '}' => {
                out.push(c);
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// The line with every e-mail address replaced.
fn without_addresses(line: &str) -> String {
    if !line.contains('@') {
        return line.to_owned();
    }
    let words = line.split(' ').map(|word| if holds_address(word) { Cow::Borrowed("[address]") } else { word.into() });
    words.collect::<Vec<_>>().join(" ")
}

fn holds_address(word: &str) -> bool {
    let Some((before, after)) = word.rsplit_once('@') else { return false };
    let host: String = after.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-')).collect();
    let end = host.trim_end_matches('.').rsplit_once('.').map(|(_, end)| end);
    before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.'))
        && end.is_some_and(|end| end.chars().count() >= 2 && end.chars().all(char::is_alphabetic))
}

/// The package URL of a dependency.
pub(crate) fn purl(package: &Package, version: Option<&str>) -> String {
    let (ty, namespace, name) = match package.ecosystem().as_str() {
        "go" => ("golang", package.name().rsplit_once('/').map(|(n, _)| n), last(package.name(), '/')),
        "maven" => ("maven", package.name().split_once(':').map(|(n, _)| n), last(package.name(), ':')),
        "npm" => ("npm", package.name().rsplit_once('/').map(|(n, _)| n), last(package.name(), '/')),
        "packagist" => ("composer", package.name().rsplit_once('/').map(|(n, _)| n), last(package.name(), '/')),
        "crates.io" => ("cargo", None, package.name()),
        "rubygems" => ("gem", None, package.name()),
        "pypi" => ("pypi", None, package.name()),
        "nuget" => ("nuget", None, package.name()),
        _ => ("generic", None, package.name()),
    };
    build_purl(ty, namespace.filter(|n| !n.is_empty()), name, version)
}

fn last(name: &str, separator: char) -> &str {
    name.rsplit(separator).next().unwrap_or(name)
}

/// The package URL of the project itself.
pub(crate) fn project_purl(project: &PackageName, version: Option<&str>) -> String {
    build_purl("pypi", None, project.as_str(), version)
}

fn build_purl(ty: &str, namespace: Option<&str>, name: &str, version: Option<&str>) -> String {
    let version = version.map(text::one_line).filter(|v| !v.is_empty());
    let name = if name.is_empty() { "unknown" } else { name };
    let built = PackageUrl::new(ty.to_owned(), name.to_owned()).and_then(|mut purl| {
        if let Some(namespace) = namespace {
            purl.with_namespace(namespace.to_owned())?;
        }
        // The library leaves characters that a canonical package URL has encoded (`!`, `*`, `(`), and `/` in a version.
        let mut built = String::new();
        encode(&purl.to_string(), "/:%", &mut built);
        if let Some(version) = version {
            built.push('@');
            encode(&version, ":", &mut built);
        }
        Ok(built)
    });
    built.unwrap_or_else(|_| format!("pkg:generic/{}", uri_path(name)))
}

/// A path as a relative URI: its parts percent-encoded, without those that lead out of the project.
pub(crate) fn uri_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for part in path.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..")) {
        if !out.is_empty() {
            out.push('/');
        }
        encode(part, "", &mut out);
    }
    out
}

/// Writes a text percent-encoded: letters, digits, `-._~` and what is in `kept` stay.
fn encode(text: &str, kept: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// A digest of texts, as hexadecimal digits. No two lists of texts run together to the same bytes.
pub(crate) fn digest(parts: &[&str]) -> String {
    text::hex(&digest_bytes(parts))
}

fn digest_bytes(parts: &[&str]) -> [u8; 32] {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part.as_bytes());
    }
    sha.finalize().into()
}

/// A UUID made from texts: version 8 of RFC 9562, the bits of a SHA-256.
pub(crate) fn uuid(parts: &[&str]) -> String {
    let mut bytes = digest_bytes(parts);
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = text::hex(&bytes[..16]);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A document's bytes: indented, with a line feed at the end.
#[expect(
    clippy::expect_used,
    reason = "every key is text and every number finite, so nothing in an export can fail to serialise"
)]
pub(crate) fn json(document: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(document).expect("an export serialises");
    bytes.push(b'\n');
    bytes
}

/// A web address that may be written as a link.
pub(crate) fn link(url: Option<&str>) -> Option<&str> {
    url.filter(|url| text::is_linkable(url))
}

/// What a finding is about, in a few words: package and version, or file and line.
pub(crate) fn place(finding: &Finding) -> String {
    match &finding.subject {
        Subject::Vulnerability(v) => match &v.version {
            Some(version) => format!("{} {version}", v.package),
            None => v.package.to_string(),
        },
        Subject::Code(_) | Subject::Secret(_) => {
            let path = finding.subject.path().unwrap_or_default();
            finding.subject.line().map_or_else(|| path.to_owned(), |line| format!("{path}:{line}"))
        }
    }
}

/// Whether everything that a scanner should look at was looked at in its newest run; else why not, a line each.
pub(crate) fn gaps(name: &ScannerName, state: &ScannerState) -> Vec<String> {
    use findings_model::CoverageState;
    if state.retired {
        return vec![line(&format!("{name}: retired; what it reported can no longer be verified"), 300)];
    }
    if state.newest.is_empty() {
        return vec![line(&format!("{name}: missing: the newest run has no report of it"), 300)];
    }
    let incomplete = state.newest.iter().filter(|scan| scan.coverage != CoverageState::Complete);
    incomplete
        .map(|scan| {
            let mut words = format!("{name} ({}): {}", scan.file, scan.coverage.as_str());
            for (at, reason) in scan.reasons.iter().take(3).enumerate() {
                words.push_str(if at == 0 { ": " } else { "; " });
                words.push_str(reason);
            }
            if !scan.not_covered.is_empty() {
                let named: Vec<&str> = scan.not_covered.iter().take(NAMED_GAPS).map(String::as_str).collect();
                words.push_str("; not looked at: ");
                words.push_str(&named.join(", "));
                if scan.not_covered.len() > named.len() {
                    words.push_str(", and more");
                }
            }
            line(&words, 1000)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use findings_model::Ecosystem;

    #[test]
    fn what_could_identify_a_person_or_open_a_door_is_not_written() {
        assert_eq!(line("ask eve@example.org\nnow", 99), "ask [address] now");
        assert_eq!(line("pin requests@2.31.0 or GHSA-x@zope", 99), "pin requests@2.31.0 or GHSA-x@zope");
        assert_eq!(line("see https://u:pw@host/x", 99), "see https://[hidden]@host/x");
        assert_eq!(line("abcdef", 5), "ab...");
    }

    #[test]
    fn a_path_stays_below_the_project() {
        assert_eq!(uri_path("src/a b/ä.py"), "src/a%20b/%C3%A4.py");
        assert_eq!(uri_path("../../etc/./passwd"), "etc/passwd");
        assert_eq!(uri_path("C:\\x#y?.py"), "C%3A/x%23y%3F.py");
    }

    #[test]
    fn packages_have_urls() {
        let purl_of = |ecosystem: &str, name: &str, version| {
            purl(&Package::new(Ecosystem::from(ecosystem.to_owned()), name).unwrap(), version)
        };
        assert_eq!(purl_of("PyPI", "Zope.Interface", Some("5.0")), "pkg:pypi/zope-interface@5.0");
        assert_eq!(purl_of("npm", "@babel/core", Some("7")), "pkg:npm/%40babel/core@7");
        assert_eq!(purl_of("maven", "org.x:y", None), "pkg:maven/org.x/y");
        assert_eq!(purl_of("strange", "a b", Some("1 2")), "pkg:generic/a%20b@1%202");
        assert_eq!(purl_of("npm", "@a!b/c(d)", Some("1")), "pkg:npm/%40a%21b/c%28d%29@1");
    }

    #[test]
    fn a_version_is_encoded_as_in_canonical_package_urls() {
        let purl_of = |version| build_purl("pypi", None, "x", Some(version));
        for (version, wanted) in [
            ("1!2.0rc1", "1%212.0rc1"),
            ("1.0+local.1", "1.0%2Blocal.1"),
            ("1 2", "1%202"),
            ("1.0\u{e9}", "1.0%C3%A9"),
            ("1:2~3*,$'()&=%41@", "1:2~3%2A%2C%24%27%28%29%26%3D%2541%40"),
            ("a/b", "a%2Fb"),
        ] {
            let purl = purl_of(version);
            assert_eq!(purl, format!("pkg:pypi/x@{wanted}"));
            let read: PackageUrl<'_> = purl.parse().unwrap();
            assert_eq!(read.version(), Some(version));
        }
    }

    #[test]
    fn a_uuid_is_of_version_8() {
        let one = uuid(&["a", "b"]);
        assert_eq!((one.len(), &one[14..15]), (36, "8"));
        assert_ne!(one, uuid(&["ab", ""]));
    }
}
