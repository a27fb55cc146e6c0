//! The places of a project that say its version: where it stands in them, and how it is changed there.

mod format;
mod known;
mod lines;
mod pattern;
mod python;
mod source;
pub(crate) mod tree;

use std::{ops::Range, str::FromStr as _};

use findings_model::{order, text};
use pep440_rs::Version;

pub use format::Format;
pub use known::{
    KnownPlace, backend_places, holds_no_own_package, known_places, own_modules, package_places, package_roots,
};
pub use pattern::{Pattern, PatternError};
pub(crate) use source::version_of_tag;
pub use source::{
    SourceCandidate, cargo_name, generated_files, setup_cfg_name, setup_cfg_source, setup_py_name, source_candidates,
    versions_of_tags,
};

/// A version that a file declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Where the version itself stands, in bytes, without quotes.
    pub span: Range<usize>,
    /// The line, counted from 1.
    pub line: usize,
    /// The text that stands there.
    pub value: String,
    /// The name that it is given to, where the format has names.
    pub(crate) name: Option<String>,
}

/// Why a file does not take the next version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The file is no TOML.
    #[error("it is not TOML: {0}")]
    Toml(String),
    /// The expression that finds the version cannot be used here.
    #[error("the expression that finds its version cannot be used: {0}")]
    Expression(String),
    /// No version stands where one should.
    #[error("no version stands there")]
    NotFound,
    /// Another version than the project's stands there.
    #[error("line {line} has {found}, which is neither the current version{} nor the next one, {next}", current.as_ref().map(|v| format!(", {v},")).unwrap_or_default())]
    Other {
        /// The line, counted from 1.
        line: usize,
        /// What stands there, safe to show.
        found: String,
        /// The project's version; none where it is not known.
        current: Option<Version>,
        /// The version that should get there.
        next: Version,
    },
    /// Several versions stand there, and not all of them are the project's.
    #[error("lines {} have different versions; say with a pattern which one it is", lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Ambiguous {
        /// The lines, counted from 1.
        lines: Vec<usize>,
    },
    /// Cargo takes no such version.
    #[error("Cargo takes no version {0}: it must be three numbers")]
    NotSemantic(Version),
}

/// A file with the next version in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The whole text.
    pub text: String,
    /// The lines that differ, counted from 1; empty where the next version stood there already.
    pub lines: Vec<usize>,
}

impl Declared {
    /// The version, where what stands there is one of PEP 440.
    pub fn version(&self) -> Option<Version> {
        Version::from_str(&self.value).ok()
    }
}

/// The versions that a text declares in this format, in order.
pub fn declared(text: &str, format: &Format) -> Result<Vec<Declared>, PlaceError> {
    let mut found: Vec<Declared> = format
        .find(text)?
        .into_iter()
        .map(|(span, name)| {
            // The tag's letter is no part of the version.
            let value = &text[span.clone()];
            let letter = usize::from(value.starts_with(['v', 'V']) && value.len() > 1);
            let span = span.start + letter..span.end;
            Declared { line: line_of(text, span.start), value: text[span.clone()].to_owned(), span, name }
        })
        .collect();
    order::sort_by_key(&mut found, |declared| declared.span.start);
    found.dedup_by_key(|declared| declared.span.start);
    Ok(found)
}

/// Puts the next version in the place of the current one and changes nothing else.
///
/// A place that has the next version already is done. One that has neither is refused, and so is a text that declares several
/// versions of which some are not the project's: nobody can tell which of them is meant.
pub fn set_version_in(
    text: &str,
    format: &Format,
    current: Option<&Version>,
    next: &Version,
) -> Result<Edited, PlaceError> {
    if matches!(format, Format::Cargo) && !is_semantic(next) {
        return Err(PlaceError::NotSemantic(next.clone()));
    }
    let all = declared(text, format)?;
    let mut changes: Vec<(Range<usize>, String, usize)> = Vec::new();
    let mut done = 0_usize;
    let mut others: Vec<&Declared> = Vec::new();
    for place in &all {
        let version = place.version();
        if version.as_ref() == Some(next) {
            done += 1;
        } else if version.is_some() && version.as_ref() == current {
            changes.push((place.span.clone(), next.to_string(), place.line));
        } else if let Some((short, next)) = format.short_of(place, current, next) {
            if short == next {
                done += 1;
            } else {
                changes.push((place.span.clone(), next, place.line));
            }
        } else {
            others.push(place);
        }
    }
    // A module may hold other versions beside its own, under names that are less clear.
    let counts = |place: &&Declared| changes.len() + done == 0 || !format.is_one_of_many(place);
    if let Some(other) = others.into_iter().find(counts) {
        if changes.len() + done > 0 {
            return Err(PlaceError::Ambiguous { lines: all.iter().map(|place| place.line).collect() });
        }
        return Err(PlaceError::Other {
            line: other.line,
            found: text::shorten(&text::one_line(&other.value), 60).into_owned(),
            current: current.cloned(),
            next: next.clone(),
        });
    }
    if changes.is_empty() && done == 0 {
        return Err(PlaceError::NotFound);
    }
    let mut edited = text.to_owned();
    for (span, version, _) in changes.iter().rev() {
        edited.replace_range(span.clone(), version);
    }
    Ok(Edited { text: edited, lines: changes.into_iter().map(|(.., line)| line).collect() })
}

fn is_semantic(version: &Version) -> bool {
    version.release().len() == 3 && version.epoch() == 0 && version.only_release() == *version
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].bytes().filter(|b| *b == b'\n').count()
}
