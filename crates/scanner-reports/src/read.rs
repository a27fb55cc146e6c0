use findings_model::{Coverage, CoverageState, Observation, ReportFormat, Scan, ScannerName};

use crate::{
    broken, clean,
    decode::decode,
    draft::Draft,
    formats::{Format, document, format_by_name, is_named_for_its_target},
    outline::{Claim, Outline},
    places::{self, Places},
    source::Source,
    surrogates,
};

/// Reads one report: a scan, for SARIF one per run. Never empty.
///
/// The content decides the format. Where it cannot (`[]`, `null`, no byte at all) the declared format or the name does, and the scan
/// is `blank`. Where content and name (or declaration) contradict each other, the scan of the scanner that the name says has failed
/// and nothing of the content is used.
pub fn read(bytes: &[u8], source: &Source<'_>) -> Vec<Scan> {
    settled(bytes, source, None)
}

/// As [`read`], of a report about a project whose files are known: every path that can be is one of them, whatever folder the scan was
/// made in, and none tells of the machine.
pub fn read_in(bytes: &[u8], source: &Source<'_>, places: &Places<'_>) -> Vec<Scan> {
    settled(bytes, source, Some(places))
}

fn settled(bytes: &[u8], source: &Source<'_>, places: Option<&Places<'_>>) -> Vec<Scan> {
    let mut scans = scans_of(bytes, source);
    for scan in &mut scans {
        places::settle(scan, places);
    }
    scans
}

fn scans_of(bytes: &[u8], source: &Source<'_>) -> Vec<Scan> {
    let expected = expected(source);
    if bytes.is_empty() {
        return vec![blank(source, expected, "the file is empty (0 bytes)")];
    }
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(error) => return vec![failed(source, expected, error.to_string())],
    };
    let text = document(&text);
    if text.trim().is_empty() {
        return vec![failed(source, expected, "the file is empty: nothing but white space".to_owned())];
    }
    let scans = scans_in(text, source, expected);
    let have_failed = |scans: &[Scan]| scans.iter().all(|scan| scan.coverage.state == CoverageState::Failed);
    if !have_failed(&scans) {
        return scans;
    }
    let Some(mended) = surrogates::mended(text) else { return scans };
    let mended = scans_in(&mended, source, expected);
    if !have_failed(&mended) {
        return mended;
    }
    // Something else is wrong as well, and stands at another place in the mended text than in the file.
    surrogates::in_place(text).map_or(mended, |text| scans_in(&text, source, expected))
}

fn scans_in(text: &str, source: &Source<'_>, expected: Option<ReportFormat>) -> Vec<Scan> {
    let outline = Outline::of(text, &|outline| {
        Format::claiming(outline, expected).is_some_and(|(_, claim)| claim == Claim::Sure)
    });
    if outline.is_blank() && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        let what = if text.trim() == "null" { "the document is null" } else { "the document is an empty list" };
        return vec![blank(source, expected, what)];
    }
    let Some((format, _)) = Format::claiming(&outline, expected) else {
        return vec![failed(source, expected, broken::unrecognised(text))];
    };
    let drafts = (format.read)(text, source)
        .unwrap_or_else(|error| vec![Draft::failed(format.word, broken::reason(text, &error))]);
    if let Some(expected) = expected
        && expected != format.word
        && !is_named_for_its_target(source)
    {
        return agreeing(drafts, format.word, expected, source);
    }
    drafts.into_iter().map(|draft| draft.finish(source.file)).collect()
}

/// A report that cannot be read at all (a directory, a FIFO, too large): a failed scan of the scanner that is declared or named.
pub fn unreadable(source: &Source<'_>, reason: &str) -> Scan {
    failed(source, expected(source), clean::line(reason, 400))
}

fn expected(source: &Source<'_>) -> Option<ReportFormat> {
    source.declared.or_else(|| format_by_name(source.file))
}

/// Scans whose format is not the one that the name says: right only if they are the named tool's own, in an exchange format.
fn agreeing(drafts: Vec<Draft>, format: ReportFormat, expected: ReportFormat, source: &Source<'_>) -> Vec<Scan> {
    let is_exchange = matches!(format, ReportFormat::Sarif | ReportFormat::CycloneDx);
    // `Semgrep OSS`, `Semgrep PRO`: what follows the tool's name is its edition.
    let is_own = |draft: &Draft| {
        let name = draft.scanner.as_str().split(' ').next().unwrap_or_default();
        name.eq_ignore_ascii_case(expected.as_str())
    };
    if is_exchange && drafts.iter().any(is_own) {
        return drafts
            .into_iter()
            .map(|mut draft| {
                if is_own(&draft) {
                    draft.scanner = expected.scanner();
                }
                draft.finish(source.file)
            })
            .collect();
    }
    let by = if source.declared.is_some() { "declared as" } else { "named as" };
    let holds = match drafts.first() {
        Some(draft) if is_exchange => format!("{format} report of {}", draft.scanner),
        _ => format!("{format} report"),
    };
    vec![failed(
        source,
        Some(expected),
        format!("the file is {by} {expected}, but it holds a {holds}: nothing of it was used"),
    )]
}

/// A document that shows no scan at all: the named scanner's, complete as far as this report goes, and marked blank.
fn blank(source: &Source<'_>, expected: Option<ReportFormat>, what: &str) -> Scan {
    // The name of a format that many scanners write is no scanner's name.
    let is_scanner = |format: &ReportFormat| !matches!(format, ReportFormat::Sarif | ReportFormat::CycloneDx);
    let Some(format) = expected.filter(is_scanner) else {
        return failed(
            source,
            None,
            format!("{what}, and nothing tells which scanner it is from: name it with --report FORMAT=FILE"),
        );
    };
    let mut draft = Draft::new(format);
    draft.blank = true;
    draft.finish(source.file)
}

fn failed(source: &Source<'_>, expected: Option<ReportFormat>, reason: String) -> Scan {
    Scan {
        scanner: expected.map_or_else(ScannerName::unknown, ReportFormat::scanner),
        format: expected,
        file: source.file.to_owned(),
        tool_version: None,
        report_digest: None,
        written_at: None,
        rules: None,
        observed_at: None,
        coverage: Coverage::failed(reason),
        observations: Vec::<Observation>::new(),
    }
}
