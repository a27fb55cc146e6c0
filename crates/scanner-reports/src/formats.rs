//! The formats: one module each, and the table that joins them.

use findings_model::{ReportFormat, ScannerName};

use crate::{
    draft::Draft,
    outline::{Claim, Outline},
    source::Source,
};

mod bandit;
mod cyclonedx;
mod detect_secrets;
mod gitleaks;
mod grype;
mod openvex;
mod osv_scanner;
mod pip_audit;
mod safety;
mod sarif;
mod semgrep;
mod trivy;
mod trufflehog;

/// Whether what a rule of a scanner points at may be a secret, whatever kind of finding it is.
pub fn is_about_secrets(scanner: &ScannerName, rule: &str) -> bool {
    sarif::is_about_secrets(scanner, rule)
}

/// How a format is known and read.
pub(crate) struct Format {
    /// Its word.
    pub(crate) word: ReportFormat,
    /// What the names of its files start with, in lower case and with `-` for `_`.
    names: &'static [&'static str],
    /// What the names of its files end in.
    endings: &'static [&'static str],
    /// Whether a document looks like it.
    claims: fn(&Outline<'_>) -> Claim,
    /// Reads it; the error is one of JSON.
    pub(crate) read: fn(&str, &Source<'_>) -> Result<Vec<Draft>, serde_json::Error>,
}

#[rustfmt::skip]
const FORMATS: [Format; 13] = [
    Format { word: ReportFormat::PipAudit, names: &["pip-audit", "pipaudit"], endings: &[], claims: pip_audit::claims, read: pip_audit::read },
    Format { word: ReportFormat::Bandit, names: &["bandit"], endings: &[], claims: bandit::claims, read: bandit::read },
    Format { word: ReportFormat::DetectSecrets, names: &["detect-secrets", "secrets-scan", "secrets-baseline"], endings: &[".baseline"], claims: detect_secrets::claims, read: detect_secrets::read },
    Format { word: ReportFormat::Gitleaks, names: &["gitleaks"], endings: &[], claims: gitleaks::claims, read: gitleaks::read },
    Format { word: ReportFormat::Trufflehog, names: &["trufflehog"], endings: &[], claims: trufflehog::claims, read: trufflehog::read },
    Format { word: ReportFormat::OsvScanner, names: &["osv-scanner", "osv"], endings: &[], claims: osv_scanner::claims, read: osv_scanner::read },
    Format { word: ReportFormat::Sarif, names: &["sarif"], endings: &[".sarif", ".sarif.json"], claims: sarif::claims, read: sarif::read },
    Format { word: ReportFormat::Trivy, names: &["trivy"], endings: &[], claims: trivy::claims, read: trivy::read },
    Format { word: ReportFormat::Grype, names: &["grype"], endings: &[], claims: grype::claims, read: grype::read },
    Format { word: ReportFormat::CycloneDx, names: &["cyclonedx", "bom", "sbom"], endings: &[".cdx.json", ".cdx"], claims: cyclonedx::claims, read: cyclonedx::read },
    Format { word: ReportFormat::OpenVex, names: &["openvex"], endings: &[".openvex.json"], claims: openvex::claims, read: openvex::read },
    Format { word: ReportFormat::Safety, names: &["safety"], endings: &[], claims: safety::claims, read: safety::read },
    Format { word: ReportFormat::Semgrep, names: &["semgrep"], endings: &[], claims: semgrep::claims, read: semgrep::read },
];

impl Format {
    /// The format whose claim to a document is the surest; where none is sure, the expected one goes before the others. What only a
    /// name could tell is the expected format's or nobody's.
    pub(crate) fn claiming(outline: &Outline<'_>, expected: Option<ReportFormat>) -> Option<(&'static Self, Claim)> {
        let mut best: Option<(&'static Self, Claim)> = None;
        for format in &FORMATS {
            let claim = match (format.claims)(outline) {
                Claim::IfNamed if expected == Some(format.word) => Claim::Maybe,
                Claim::IfNamed => Claim::No,
                claim => claim,
            };
            let known = best.map_or(Claim::No, |(_, claim)| claim);
            if claim > known || (claim == Claim::Maybe && claim == known && expected == Some(format.word)) {
                best = Some((format, claim));
            }
        }
        best
    }
}

/// Reads a document into the wire types of one of the formats that the benchmark mixes, calls `done` and drops it.
#[cfg(feature = "bench")]
pub(crate) fn deserialise(bytes: &[u8], format: ReportFormat, done: &mut dyn FnMut()) -> Result<(), serde_json::Error> {
    match format {
        ReportFormat::PipAudit => pip_audit::deserialise(bytes, done),
        ReportFormat::Bandit => bandit::deserialise(bytes, done),
        ReportFormat::DetectSecrets => detect_secrets::deserialise(bytes, done),
        _ => Ok(()),
    }
}

/// The report in a text: without the notice that safety prints around its own, and the line that another tool puts before it.
pub(crate) fn document(text: &str) -> &str {
    safety::without_notice(text).unwrap_or_else(|| behind_first_line(text).unwrap_or(text))
}

/// What stands behind a first line that is a tool's own: trufflehog's greeting, bandit's progress, what pip-audit says in a word where
/// both streams go into one file.
fn behind_first_line(text: &str) -> Option<&str> {
    let (line, behind) = text.trim_start().split_once('\n')?;
    let is_own = trufflehog::is_greeting(line) || bandit::is_progress(line) || pip_audit::is_summary(line);
    (line.len() < 400 && is_own).then_some(behind)
}

/// Endings of files that a scanner's report may have besides those of the table. Others (`bandit.txt`, `bandit.html`) are for people.
const PLAIN_ENDINGS: [&str; 3] = [".json", ".jsonl", ".ndjson"];

/// The format that a report's file name says: `pip-audit.json`, `bandit.json`, `secrets-scan.json`, `.secrets.baseline`, `codeql.sarif`, …
///
/// An ending goes before the start of the name; the start counts only as a whole word. None for a name that says nothing.
pub fn format_by_name(file: &str) -> Option<ReportFormat> {
    let name = base_name(file);
    by_ending(&name).or_else(|| by_start(&name))
}

/// The tool that a report is declared or named for, whatever the ending says of its format.
fn named_after(source: &Source<'_>) -> Option<ReportFormat> {
    source.declared.or_else(|| by_start(&base_name(source.file)))
}

/// Whether a report's name says what was scanned and not who scanned: `sbom-scan.json` may hold what a scanner found in an inventory.
pub(crate) fn is_named_for_its_target(source: &Source<'_>) -> bool {
    let name = base_name(source.file);
    source.declared.is_none() && by_ending(&name).is_none() && ["bom", "sbom"].iter().any(|word| is_first(&name, word))
}

fn base_name(file: &str) -> String {
    file.rsplit(['/', '\\']).next().unwrap_or(file).to_ascii_lowercase().replace('_', "-")
}

fn by_ending(name: &str) -> Option<ReportFormat> {
    let format = FORMATS.iter().find(|format| format.endings.iter().any(|ending| name.ends_with(ending)));
    format.map(|format| format.word)
}

/// Whether a name starts with a whole word.
fn is_first(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

fn by_start(name: &str) -> Option<ReportFormat> {
    let is_plain = !name.contains('.') || PLAIN_ENDINGS.iter().any(|ending| name.ends_with(ending));
    FORMATS
        .iter()
        .find(|format| is_plain && format.names.iter().any(|start| is_first(name, start)))
        .map(|format| format.word)
}

#[cfg(test)]
mod tests {
    use findings_model::ReportFormat;

    use super::format_by_name;

    #[test]
    fn names_say_formats() {
        for (name, format) in [
            ("security/reports/latest/pip-audit.json", Some(ReportFormat::PipAudit)),
            ("pip_audit_report.json", Some(ReportFormat::PipAudit)),
            ("bandit.json", Some(ReportFormat::Bandit)),
            ("secrets-scan.json", Some(ReportFormat::DetectSecrets)),
            (".secrets.baseline", Some(ReportFormat::DetectSecrets)),
            ("gitleaks.json", Some(ReportFormat::Gitleaks)),
            ("trivy.sarif", Some(ReportFormat::Sarif)),
            ("C:\\reports\\osv-scanner.json", Some(ReportFormat::OsvScanner)),
            ("app.cdx.json", Some(ReportFormat::CycloneDx)),
            ("banditry.json", None),
            ("bandit.txt", None),
            ("report.json", None),
        ] {
            assert_eq!(format_by_name(name), format, "{name}");
        }
    }
}
