//! Observations from the pieces that every format has in one form or another.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
};

use findings_model::{
    AdvisoryId, AdvisoryIds, Clearance, CodeSpot, CodeText, CvssScore, CvssVector, Ecosystem, Observation, Package,
    Rating, SecretSpot, Severity, SeveritySource, Subject, Vulnerability, text,
};
use smol_str::SmolStr;

use crate::{clean, wire::Texts};

/// A record about a dependency, its texts as the report has them.
pub(crate) struct VulnerabilityParts<'a> {
    pub(crate) package: Package,
    pub(crate) version: Option<&'a str>,
    pub(crate) id: AdvisoryId,
    pub(crate) aliases: AdvisoryIds,
    pub(crate) fix_versions: Vec<SmolStr>,
    pub(crate) rating: Rating,
    pub(crate) description: &'a str,
    /// Only used when no id has a page of its own.
    pub(crate) url: Option<&'a str>,
    pub(crate) clearance: Option<Clearance>,
}

/// An observation about a dependency. A malicious package is critical, whatever its record says.
pub(crate) fn vulnerability(parts: VulnerabilityParts<'_>) -> Observation {
    let VulnerabilityParts { package, version, id, mut aliases, fix_versions, mut rating, description, url, clearance } =
        parts;
    aliases.remove(&id);
    if id.is_malware() || aliases.iter().any(AdvisoryId::is_malware) {
        rating = Rating { vectors: rating.vectors, ..Rating::word(Severity::Critical, SeveritySource::Policy) };
    }
    let reference_url =
        std::iter::once(&id).chain(&aliases).find_map(AdvisoryId::reference_url).or_else(|| url.and_then(clean::url));
    let printed = [id.clone()].into();
    let subject = Subject::Vulnerability(Vulnerability {
        package,
        version: version.and_then(clean::version),
        id,
        aliases,
        printed,
        fix_versions,
    });
    let description = clean::description(&text::hide_credentials_in_prose(description));
    Observation { subject, begins: None, rating, rating_assumed: false, description, reference_url, clearance }
}

/// The ids of a list, also where one text holds several (`CVE-…, GHSA-…`); what is none is passed over, because a bad alias must not cost the finding.
pub(crate) fn aliases<'a, S: FromIterator<AdvisoryId>>(texts: impl IntoIterator<Item = &'a str>) -> S {
    let each = texts.into_iter().flat_map(|text| text.split([',', ';']));
    let ids = each.filter_map(|id| AdvisoryId::parse(id).ok());
    // What is masked is no evidence that two flaws are one.
    ids.filter(|id| !text::is_masked(id.as_str())).collect()
}

/// The versions of a list, each once, in the report's order.
pub(crate) fn versions(texts: &Texts<'_>) -> Vec<SmolStr> {
    let mut versions: Vec<SmolStr> = Vec::with_capacity(texts.len());
    versions.extend(texts.iter().filter_map(clean::version));
    if versions.len() > 1 {
        let mut known = HashSet::with_capacity(versions.len());
        versions.retain(|version| known.insert(version.clone()));
    }
    versions
}

/// A record about code, its texts as the report has them.
pub(crate) struct CodeParts<'a> {
    pub(crate) rule: &'a str,
    pub(crate) former_rules: Vec<String>,
    pub(crate) path: String,
    pub(crate) line: Option<u32>,
    /// The first line of the code that it is about, where that is told beside `line`.
    pub(crate) begins: Option<u32>,
    pub(crate) text: Option<CodeText>,
    /// What the report quotes of the code.
    pub(crate) quoted: Option<&'a str>,
    pub(crate) aliases: BTreeSet<AdvisoryId>,
    pub(crate) rating: Rating,
    pub(crate) description: Cow<'a, str>,
    pub(crate) url: Option<&'a str>,
    pub(crate) clearance: Option<Clearance>,
}

/// An observation about code.
pub(crate) fn code(parts: CodeParts<'_>) -> Observation {
    let CodeParts {
        rule,
        former_rules,
        path,
        line,
        begins,
        text,
        quoted,
        aliases,
        rating,
        description,
        url,
        clearance,
    } = parts;
    let begins = begins.filter(|begins| line.is_some_and(|line| *begins < line));
    let reference_url = aliases.iter().find_map(AdvisoryId::reference_url).or_else(|| url.and_then(clean::url));
    let description = if description.trim().is_empty() { rule.into() } else { description };
    let subject = Subject::Code(CodeSpot { rule: clean::rule(rule), former_rules, path, line, text, aliases });
    // A message may quote the line that it is about, or the value in it alone.
    let description = text::hide_quoted_credentials(&description, quoted.unwrap_or_default());
    let description = clean::description(&text::hide_credentials_in_prose(&description));
    Observation { subject, begins, rating, rating_assumed: false, description, reference_url, clearance }
}

/// An observation about a secret: described by its detector's name alone, because any other text of the report may hold it.
pub(crate) fn secret(
    rule: &str,
    path: String,
    line: Option<u32>,
    rating: Rating,
    clearance: Option<Clearance>,
) -> Observation {
    let rule = clean::rule(rule);
    let description = clean::description(&format!("{rule} in {path}"));
    let subject = Subject::Secret(SecretSpot { rule, path, line, text: None, mark: None });
    Observation { subject, begins: None, rating, rating_assumed: false, description, reference_url: None, clearance }
}

/// How bad a secret is that its report does not rate: high, critical once it is verified. Both are policy.
pub(crate) fn secret_rating(verified: bool) -> Rating {
    Rating::word(if verified { Severity::Critical } else { Severity::High }, SeveritySource::Policy)
}

/// The report's word for a severity; unknown for one that says nothing.
pub(crate) fn rated_by_word(word: &str) -> Rating {
    Severity::from_word(word).map_or_else(Rating::unknown, |severity| Rating::word(severity, SeveritySource::Scanner))
}

/// The rating of a report's own vectors, and without a readable one of its word.
pub(crate) fn rated<'a>(vectors: impl IntoIterator<Item = &'a str>, word: &str) -> Rating {
    let vectors = vectors.into_iter().filter_map(|vector| CvssVector::parse(vector).ok()).collect();
    Rating::from_vectors(vectors, SeveritySource::Scanner).unwrap_or_else(|| rated_by_word(word))
}

/// The rating of a score, if it is one.
pub(crate) fn rated_by_score(score: f64) -> Option<Rating> {
    CvssScore::new(score).ok().map(|score| Rating::scored(score, SeveritySource::Scanner))
}

/// A package by its package URL, with the version that stands in it.
pub(crate) fn package_of_purl(purl: &str) -> Option<(Package, Option<SmolStr>)> {
    let purl: packageurl::PackageUrl<'_> = purl.trim().parse().ok()?;
    let separator = if purl.ty() == "maven" { ':' } else { '/' };
    let name = match purl.namespace() {
        // A distribution's packages are known by their bare name.
        Some(_) if matches!(purl.ty(), "deb" | "rpm" | "apk" | "alpm" | "pypi") => purl.name().to_owned(),
        Some(namespace) => format!("{namespace}{separator}{}", purl.name()),
        None => purl.name().to_owned(),
    };
    let package = Package::new(ecosystem(purl.ty()), &name).ok()?;
    Some((package, purl.version().and_then(clean::version)))
}

/// The most characters of an ecosystem's name.
const ECOSYSTEM: usize = 100;

/// OSV's name of an ecosystem for the words of package URLs and scanners.
pub(crate) fn ecosystem(word: &str) -> Ecosystem {
    let lower = clean::line(word, ECOSYSTEM).to_ascii_lowercase();
    Ecosystem::from(
        match lower.as_str() {
            "python" | "python-pkg" | "pip" | "pipenv" | "poetry" | "uv" | "pdm" | "conda-pip" => "pypi",
            "golang" | "gomod" | "gobinary" | "go-module" => "go",
            "cargo" | "rust-crate" | "rustbinary" => "crates.io",
            "gem" | "bundler" | "gemspec" => "rubygems",
            "composer" | "composer-vendor" | "php-composer" => "packagist",
            "jar" | "pom" | "gradle" | "sbt" | "java-archive" => "maven",
            "node-pkg" | "yarn" | "pnpm" | "javascript" => "npm",
            "dotnet" | "dotnet-core" | "packages-props" => "nuget",
            "github" => "github actions",
            _ => lower.as_str(),
        }
        .to_owned(),
    )
}

/// The rating of a word, and where that says nothing of a score.
pub(crate) fn rated_by_word_or_score(word: &str, score: Option<f64>) -> Rating {
    let rating = rated_by_word(word);
    match score.and_then(rated_by_score) {
        Some(scored) if rating.severity == Severity::Unknown => scored,
        _ => rating,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_become_packages() {
        assert!(ecosystem(&"x".repeat(10_000)).as_str().len() < 200);
        for (purl, wanted) in [
            ("pkg:pypi/Zope.Interface@5.0", Some(("pypi", "zope-interface", Some("5.0")))),
            ("pkg:maven/org.apache/log4j@1", Some(("maven", "org.apache:log4j", Some("1")))),
            ("pkg:npm/%40scope/name@1", Some(("npm", "@scope/name", Some("1")))),
            ("pkg:deb/debian/libc6@2?arch=x", Some(("deb", "libc6", Some("2")))),
            ("pkg:pypi/x@1%212.0rc1", Some(("pypi", "x", Some("1!2.0rc1")))),
            ("pkg:pypi/x@1!2.0rc1", Some(("pypi", "x", Some("1!2.0rc1")))),
            ("pkg:pypi/x@1.0%2Blocal.1", Some(("pypi", "x", Some("1.0+local.1")))),
            ("no purl", None),
        ] {
            let got = package_of_purl(purl);
            let got = got.as_ref().map(|(p, v)| (p.ecosystem().as_str(), p.name(), v.as_deref()));
            assert_eq!(got, wanted, "{purl}");
        }
    }

    #[test]
    fn malware_is_critical() {
        let observation = vulnerability(VulnerabilityParts {
            package: Package::new(Ecosystem::pypi(), "evil").unwrap(),
            version: None,
            id: AdvisoryId::parse("MAL-2024-1").unwrap(),
            aliases: AdvisoryIds::new(),
            fix_versions: Vec::new(),
            rating: Rating::unknown(),
            description: "",
            url: None,
            clearance: None,
        });
        assert_eq!(
            (observation.rating.severity, observation.rating.source),
            (Severity::Critical, SeveritySource::Policy)
        );
    }
}
