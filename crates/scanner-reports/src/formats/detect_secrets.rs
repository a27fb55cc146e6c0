//! detect-secrets baselines (0.14, 1.x, slim, audited), and the plain list of secrets that simple scan scripts write: `[…]` or `{"secrets": […]}`.
//!
//! A baseline knows a secret by its SHA-1, which a weak one can be guessed from: it goes into the keyed mark, if there is a key, and nowhere else.

mod rules;

use findings_model::{Clearance, Gap, ReportFormat};
use serde::Deserialize;

use rules::{Exclude, Filter, Plugin, WordList};

use crate::{
    clean,
    draft::Draft,
    observe,
    outline::{Claim, Outline},
    source::{Secret, Source},
    wire::{Entries, Kind, List, Number, Part, Record, Text, Truth},
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    generated_at: Text<'a>,
    #[serde(borrow, default)]
    plugins_used: List<Record<Plugin<'a>>>,
    #[serde(borrow, default)]
    filters_used: List<Record<Filter<'a>>>,
    #[serde(borrow, default)]
    exclude: Part<Exclude<'a>>,
    #[serde(borrow, default)]
    word_list: Part<WordList<'a>>,
    #[serde(borrow, default)]
    results: Entries<'a, List<Record<Found<'a>>>>,
    #[serde(borrow, default)]
    secrets: List<Record<Plain<'a>>>,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    hashed_secret: Text<'a>,
    #[serde(borrow, default)]
    line_number: Number<'a>,
    #[serde(default)]
    is_secret: Truth,
    #[serde(default)]
    is_verified: Truth,
}

#[derive(Deserialize)]
struct Plain<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    rule: Text<'a>,
    #[serde(borrow, default)]
    filename: Text<'a>,
    #[serde(borrow, default)]
    file: Text<'a>,
    #[serde(borrow, default)]
    line: Number<'a>,
    #[serde(borrow, default)]
    line_number: Number<'a>,
    #[serde(borrow, default)]
    secret: Text<'a>,
    #[serde(borrow, default)]
    hashed_secret: Text<'a>,
    #[serde(default)]
    is_secret: Truth,
    #[serde(default)]
    is_verified: Truth,
}

/// Reads a document into its wire types and drops it behind `done`: what the benchmark measures against.
#[cfg(feature = "bench")]
pub(super) fn deserialise(bytes: &[u8], done: &mut dyn FnMut()) -> Result<(), serde_json::Error> {
    let _document: Document<'_> = serde_json::from_slice(bytes)?;
    done();
    Ok(())
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let baseline = outline.has("results")
        && (outline.has("plugins_used") || outline.has("word_list") || outline.has("custom_plugin_paths"));
    let wrapped = outline.has("secrets")
        && outline.has_only(&["secrets", "version", "generated_at", "scanner", "tool", "total", "count"]);
    let plain =
        ["type", "rule"].iter().any(|kind| ["filename", "file"].iter().any(|file| outline.element_has(&[kind, file])));
    let plain = plain && !outline.element_has(&["offender"]);
    let of_secrets = ["secret", "hashed_secret", "is_secret"].iter().any(|key| outline.element_has(&[key]));
    // A rule and a file are in many a linter's list, and results by name in many a tool's report.
    Claim::sure_if(baseline || plain && of_secrets)
        .or_maybe_if(wrapped)
        .or_if_named(plain || outline.kind("results") == Some(Kind::Object))
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let mut draft = Draft::new(ReportFormat::DetectSecrets);
    if text.trim_start().starts_with('[') {
        take_list(&mut draft, serde_json::from_str(text)?, "list", source);
        return Ok(vec![draft]);
    }
    let document: Document<'_> = serde_json::from_str(text)?;
    // A document with both keys is a baseline with something beside it.
    match document {
        Document { results: Entries::Absent, secrets: secrets @ (List::Items(_) | List::Wrong(_)), .. } => {
            take_list(&mut draft, secrets, "secrets", source);
        }
        baseline => take_baseline(&mut draft, baseline, source),
    }
    Ok(vec![draft])
}

fn take_list(draft: &mut Draft, list: List<Record<Plain<'_>>>, key: &str, source: &Source<'_>) {
    let records = match list.required(key) {
        Ok(records) => records,
        Err(reason) => return draft.fail(reason),
    };
    draft.blank = records.is_empty();
    let mut good = 0_usize;
    for (index, record) in records.iter().enumerate() {
        let Some(plain) = draft.open(record, key, index) else {
            continue;
        };
        let path = plain.filename.get().or(plain.file.get()).and_then(clean::path);
        let (Some(path), Some(kind)) = (path, plain.kind.get().or(plain.rule.get())) else {
            draft.bad_record(format_args!("{key}[{index}]"), "it names no file or no type of secret");
            continue;
        };
        good += 1;
        let line = plain.line.line().or(plain.line_number.line());
        let rating = observe::secret_rating(plain.is_verified.0 == Some(true));
        let secret = plain.secret.get().map(Secret::Value).or(plain.hashed_secret.get().map(Secret::Sha1));
        draft.secret(observe::secret(kind, path, line, rating, cleared(plain.is_secret)), secret, None, source);
    }
    if good == 0 && !records.is_empty() {
        draft.fail(format!("none of its {} records can be read", records.len()));
    }
}

fn take_baseline(draft: &mut Draft, baseline: Document<'_>, source: &Source<'_>) {
    draft.tool_version = baseline.version.get().and_then(clean::version);
    draft.observed_at = baseline.generated_at.get().and_then(|at| clean::moment(at, source.now));
    draft.rules = rules::of(&baseline);
    if matches!(&baseline.plugins_used, List::Items(plugins) if plugins.is_empty()) {
        draft.fail("no detector was switched on (`plugins_used` is empty)");
    }
    let shows_a_scan = !baseline.plugins_used.items().is_empty() || baseline.generated_at.get().is_some();
    let files = match baseline.results.required("results") {
        Ok(files) => files,
        Err(reason) => return draft.fail(reason),
    };
    draft.blank = files.is_empty() && !shows_a_scan;
    for (file, found) in &files {
        let shown = clean::words(file);
        let Some(path) = clean::path(file) else {
            draft.bad_record(format_args!("results[{shown}]"), "it names no file");
            continue;
        };
        if let List::Absent | List::Wrong(_) = found {
            draft.bad_record_in(Gap::File(path), format_args!("results[{shown}]"), "it is not an array");
            continue;
        }
        for (index, record) in found.items().iter().enumerate() {
            let place = format_args!("results[{shown}][{index}]");
            let found = match record {
                Record::Good(found) => found,
                Record::Bad(kind) => {
                    draft.bad_record_in(
                        Gap::File(path.clone()),
                        place,
                        format_args!("it is {}, not an object", kind.words()),
                    );
                    continue;
                }
            };
            let Some(kind) = found.kind.get() else {
                draft.bad_record_in(Gap::File(path.clone()), place, "it has no type of secret");
                continue;
            };
            let rating = observe::secret_rating(found.is_verified.0 == Some(true));
            let observation =
                observe::secret(kind, path.clone(), found.line_number.line(), rating, cleared(found.is_secret));
            draft.secret(observation, found.hashed_secret.get().map(Secret::Sha1), None, source);
        }
    }
}

/// A person's audit said that it is no secret.
fn cleared(is_secret: Truth) -> Option<Clearance> {
    (is_secret.0 == Some(false)).then_some(Clearance::FalsePositive)
}
