//! trufflehog's JSON lines, of version 3 (`DetectorName`) and 2 (`stringsFound`).
//!
//! Each line is a document. The last one may be cut off, and with stderr mixed in the scanner's own log stands between them.

use std::fmt::{self, Display, Formatter};

use findings_model::{Gap, ReportFormat};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    broken, clean,
    draft::Draft,
    observe,
    outline::{Claim, Outline},
    source::{Secret, Source},
    wire::{Entries, List, Number, Part, Record, Text, Texts, Truth},
};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default, rename = "SourceMetadata")]
    metadata: Part<Metadata<'a>>,
    #[serde(borrow, default, rename = "DetectorName")]
    detector: Text<'a>,
    #[serde(default, rename = "Verified")]
    verified: Truth,
    /// Why it could not be found out whether the secret is valid.
    #[serde(borrow, default, rename = "VerificationError")]
    verification_error: Text<'a>,
    #[serde(borrow, default, rename = "Raw")]
    raw: Text<'a>,
    #[serde(borrow, default, rename = "RawV2")]
    raw_v2: Text<'a>,
    #[serde(borrow, default)]
    reason: Text<'a>,
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default, rename = "stringsFound")]
    strings: Texts<'a>,
    #[serde(borrow, default)]
    level: Text<'a>,
    #[serde(borrow, default)]
    msg: Text<'a>,
    /// How many pieces of the source were looked at, in the log's last line.
    #[serde(borrow, default)]
    chunks: Number<'a>,
}

/// What the lines say together.
#[derive(Default)]
struct Told {
    /// The log shows that the scan began.
    began: bool,
    /// The log shows that the scan came to its end.
    ended: bool,
    found: bool,
    logged: bool,
}

/// The line that version 3 prints on stderr before all others, which some pipelines put into the same file.
const GREETING: &str = "TruffleHog. Unearth your secrets";

/// Whether a line is the greeting before the report.
pub(super) fn is_greeting(line: &str) -> bool {
    line.contains(GREETING)
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default, rename = "Data")]
    data: Entries<'a, Part<Place<'a>>>,
}

#[derive(Deserialize)]
struct Place<'a> {
    #[serde(borrow, default)]
    file: Text<'a>,
    /// What a Google Cloud Storage bucket calls a file.
    #[serde(borrow, default)]
    filename: Text<'a>,
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default)]
    link: Text<'a>,
    #[serde(borrow, default)]
    line: Number<'a>,
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let current = outline.has("SourceMetadata") && outline.has("DetectorName")
        || outline.element_has(&["SourceMetadata", "DetectorName"]);
    let old = outline.has("stringsFound") && outline.has("reason") || outline.element_has(&["stringsFound", "reason"]);
    let log = outline.has("level") && outline.has("msg") && outline.has("logger");
    Claim::sure_if(current || old).or_maybe_if(log)
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let mut draft = Draft::new(ReportFormat::Trufflehog);
    let mut told = Told::default();
    if text.trim_start().starts_with('[') {
        let lines: List<Record<Line<'_>>> = serde_json::from_str(text)?;
        for (index, record) in lines.items().iter().enumerate() {
            if let Some(line) = draft.open(record, "list", index) {
                take(&mut draft, line, Nth::Record(index), &mut told, source);
            }
        }
        if !told.found && !told.logged {
            draft.fail("none of its records can be read");
        }
        return Ok(vec![draft]);
    }
    for (at, document) in documents(text) {
        match document {
            Ok(Record::Good(line)) => take(&mut draft, &line, at, &mut told, source),
            Ok(Record::Bad(kind)) => draft.bad_record(at, format_args!("it is {}, not an object", kind.words())),
            Err(error) => draft.bad_record(at, broken::what(&error)),
        }
    }
    if !told.found && !told.logged {
        draft.fail("none of its lines can be read");
    }
    if told.began && !told.ended {
        draft.gap(
            Gap::Unnamed("what was not reached before the scan stopped".to_owned()),
            "the log shows the start of a scan and no end",
        );
    }
    // The log of a clean scan says how much it looked at; any other log alone shows nothing.
    draft.blank = told.logged && !told.found && !told.ended;
    Ok(vec![draft])
}

/// Which record of a report is spoken of, counted from 0.
#[derive(Clone, Copy)]
enum Nth {
    /// Each line is one.
    Line(usize),
    Record(usize),
}

impl Display for Nth {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(index) => write!(f, "line {}", index + 1),
            Self::Record(index) => write!(f, "record {}", index + 1),
        }
    }
}

type Read<'a> = Result<Record<Line<'a>>, serde_json::Error>;

/// The documents of a text, one for each line that has any. Where the first line is no document (`jq .` writes them over many lines)
/// each one begins behind the one before.
fn documents(text: &str) -> Vec<(Nth, Read<'_>)> {
    let is_document = |line: &str| !line.trim().is_empty() && !line.contains(GREETING);
    let is_whole = |line: &str| serde_json::from_str::<IgnoredAny>(line).is_ok();
    if text.lines().find(|line| is_document(line)).is_some_and(|first| !is_whole(first)) {
        let stream = serde_json::Deserializer::from_str(text).into_iter();
        let documents: Vec<_> = stream.enumerate().map(|(index, read)| (Nth::Record(index), read)).collect();
        if matches!(documents.first(), Some((_, Ok(_)))) {
            return documents;
        }
    }
    let lines = text.lines().enumerate().filter(|(_, line)| is_document(line));
    lines.map(|(index, line)| (Nth::Line(index), serde_json::from_str(line))).collect()
}

fn take(draft: &mut Draft, line: &Line<'_>, at: Nth, told: &mut Told, source: &Source<'_>) {
    let place = line.metadata.get().and_then(|m| m.data.entries().iter().find_map(|(_, place)| place.get()));
    if let Some(detector) = line.detector.get() {
        told.found = true;
        let path = place
            .and_then(|p| p.file.get().or(p.filename.get()).or(p.path.get()).or(p.link.get()))
            .and_then(clean::path);
        let secret = line.raw_v2.get().or(line.raw.get()).map(Secret::Value);
        let rating = observe::secret_rating(line.verified.0 == Some(true));
        // A secret without a file (a cloud bucket, a chat) is one of the project as a whole.
        let path = path.unwrap_or_else(|| ".".to_owned());
        let mut observation = observe::secret(detector, path, place.and_then(|p| p.line.line()), rating, None);
        observation.rating_assumed = line.verified.0 != Some(true) && line.verification_error.get().is_some();
        draft.secret(observation, secret, None, source);
    } else if let Some(reason) = line.reason.get() {
        told.found = true;
        let path = line.path.get().and_then(clean::path).unwrap_or_else(|| ".".to_owned());
        let found: Vec<&str> = line.strings.iter().collect();
        let all = found.join("\n");
        // One record is one finding, also where it lists several strings; only a single one can have a mark.
        let secret = match found.as_slice() {
            [only] => Some(Secret::Value(only)),
            _ => None,
        };
        let told_by = (!found.is_empty()).then_some(all.as_bytes());
        let observation = observe::secret(reason, path, None, observe::secret_rating(false), None);
        draft.secret(observation, secret, told_by, source);
    } else if line.level.get().is_some() && line.msg.get().is_some() {
        take_log(draft, line, at, told);
    } else {
        draft.bad_record(at, "it is neither a finding nor a line of the scanner's log");
    }
}

fn take_log(draft: &mut Draft, line: &Line<'_>, at: Nth, told: &mut Told) {
    told.logged = true;
    match line.level.or_empty() {
        "fatal" | "panic" | "dpanic" => {
            draft.fail(format!("the scanner gave up ({at} of its log is of level {})", line.level.or_empty()));
        }
        level if level.starts_with("error") => draft.gap(
            Gap::Unnamed("what the scanner's own error concerns".to_owned()),
            format!("the scanner logged an error in {at}"),
        ),
        _ => {}
    }
    match line.msg.or_empty().trim() {
        "running source" => told.began = true,
        "finished scanning" => {
            told.ended = true;
            match line.chunks.count() {
                Some(0) => draft.fail("nothing was scanned (`chunks` is 0 in the log's last line)"),
                Some(_) => {}
                None => draft.gap(
                    Gap::Unnamed("how much was scanned".to_owned()),
                    "the log's last line does not say how much was scanned (`chunks`)",
                ),
            }
        }
        _ => {}
    }
}
