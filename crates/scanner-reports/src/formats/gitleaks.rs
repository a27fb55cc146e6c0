//! gitleaks' JSON, of version 8 (`RuleID`) and of the versions before (`offender`).
//!
//! It holds the secrets themselves, the lines they stand in, authors and e-mail addresses: none of that is kept. Redacted reports
//! have the same word for every secret; there the place tells them apart.

use findings_model::ReportFormat;
use serde::Deserialize;

use crate::{
    clean,
    draft::Draft,
    observe,
    outline::{Claim, Outline},
    source::{Secret, Source},
    wire::{List, Number, Record, Text},
};

#[derive(Deserialize)]
struct Leak<'a> {
    #[serde(borrow, default, rename = "RuleID")]
    rule_id: Text<'a>,
    #[serde(borrow, default, rename = "File")]
    file: Text<'a>,
    #[serde(borrow, default, rename = "StartLine")]
    start_line: Number<'a>,
    #[serde(borrow, default, rename = "StartColumn")]
    start_column: Number<'a>,
    #[serde(borrow, default, rename = "Secret")]
    secret: Text<'a>,
    #[serde(borrow, default, rename = "rule")]
    old_rule: Text<'a>,
    #[serde(borrow, default, rename = "file")]
    old_file: Text<'a>,
    #[serde(borrow, default, rename = "lineNumber")]
    old_line: Number<'a>,
    #[serde(borrow, default)]
    offender: Text<'a>,
}

pub(super) fn claims(outline: &Outline<'_>) -> Claim {
    let current = outline.element_has(&["RuleID", "File"]);
    let old = outline.element_has(&["rule", "offender"]);
    Claim::sure_if(current || old).or_maybe_if(outline.element_has(&["RuleID"]))
}

pub(super) fn read(text: &str, source: &Source<'_>) -> Result<Vec<Draft>, serde_json::Error> {
    let leaks: List<Record<Leak<'_>>> = serde_json::from_str(text)?;
    let mut draft = Draft::new(ReportFormat::Gitleaks);
    let mut good = 0_usize;
    for (index, record) in leaks.items().iter().enumerate() {
        let Some(leak) = draft.open(record, "list", index) else {
            continue;
        };
        let rule = leak.rule_id.get().or(leak.old_rule.get());
        // What was read from standard input is in no file.
        let piped = (leak.file.is_blank() || leak.old_file.is_blank()).then(|| ".".to_owned());
        let path = leak.file.get().or(leak.old_file.get()).and_then(clean::path).or(piped);
        let (Some(rule), Some(path)) = (rule, path) else {
            draft.bad_record(format_args!("list[{index}]"), "it names no rule or no file");
            continue;
        };
        good += 1;
        let line = leak.start_line.line().or(leak.old_line.line());
        let secret = leak.secret.get().or(leak.offender.get()).filter(|secret| !is_redacted(secret)).map(Secret::Value);
        let place = line.map(|line| format!("{line}:{}", leak.start_column.line().unwrap_or_default()));
        let observation = observe::secret(rule, path, line, observe::secret_rating(false), None);
        draft.secret(observation, secret, place.as_deref().map(str::as_bytes), source);
    }
    if good == 0 {
        draft.fail(format!("none of its {} records can be read", leaks.items().len()));
    }
    Ok(vec![draft])
}

/// `--redact` writes the word, `--redact=80` the start of the secret and dots; what is put between writes stars, or another
/// character over and over.
fn is_redacted(secret: &str) -> bool {
    let secret = secret.trim();
    let mut characters = secret.chars();
    let first = characters.next();
    secret.contains("REDACTED")
        || secret.ends_with("...")
        || secret.contains("***")
        || characters.all(|character| Some(character) == first)
}
