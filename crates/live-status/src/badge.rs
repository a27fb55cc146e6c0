//! Badges: shields' endpoint JSON, and the same as a drawing of our own.
//!
//! Caches keep a badge for hours, so that its text carries the day it is about.

use std::fmt::Write as _;

use findings_model::Timestamp;
use serde::Serialize;

use crate::{Grade, State, StatusDocument, phrase};

/// One badge, in both forms.
#[derive(Debug)]
pub(crate) struct Badge {
    pub(crate) json_path: &'static str,
    pub(crate) svg_path: &'static str,
    label: &'static str,
    message: String,
    colour: Colour,
    is_error: bool,
    /// What a reader who cannot see the drawing is told beyond label and message.
    meaning: String,
}

/// The colours of shields' palette, by their names there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    BrightGreen,
    Green,
    Yellow,
    Orange,
    Red,
    LightGrey,
}

impl Colour {
    fn shields(self) -> &'static str {
        match self {
            Self::BrightGreen => "brightgreen",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
            Self::LightGrey => "lightgrey",
        }
    }

    /// Our own drawing uses darker tones: white text needs a contrast of 4.5 on each.
    fn fill(self) -> &'static str {
        match self {
            Self::BrightGreen => "#17784a",
            Self::Green => "#4d7300",
            Self::Yellow => "#8a5a00",
            Self::Orange => "#ad4608",
            Self::Red => "#b3261e",
            Self::LightGrey => "#586270",
        }
    }
}

/// shields' endpoint schema, version 1.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shields<'a> {
    schema_version: u8,
    label: &'a str,
    message: &'a str,
    color: &'a str,
    is_error: bool,
    /// Seconds.
    cache_seconds: u32,
}

/// Every badge of a document.
pub(crate) fn badges(document: &StatusDocument) -> [Badge; 3] {
    [grade(document), open(document), last_scan(document)]
}

fn grade(document: &StatusDocument) -> Badge {
    let word = document.security_grade.map_or("unknown", Grade::as_str);
    Badge {
        json_path: "badge.json",
        svg_path: "badge.svg",
        label: "security",
        message: dated(word, document),
        colour: match document.security_grade {
            Some(_) if document.stale => Colour::LightGrey,
            None => Colour::LightGrey,
            Some(Grade::A) => Colour::BrightGreen,
            Some(Grade::B) => Colour::Green,
            Some(Grade::C) => Colour::Yellow,
            Some(Grade::D) => Colour::Orange,
            Some(Grade::F) => Colour::Red,
        },
        is_error: document.security_grade.is_none(),
        meaning: format!("{}. {}.", document.verdict, document.grade_reason),
    }
}

fn open(document: &StatusDocument) -> Badge {
    let counts = document.vulnerability_summary;
    let known = document.state != State::Unknown;
    let (word, colour) = if !known {
        ("unknown", Colour::LightGrey)
    } else if counts.critical + counts.high > 0 {
        ("critical", Colour::Red)
    } else if counts.total() > 0 {
        ("warning", Colour::Yellow)
    } else if document.security_grade == Some(Grade::A) {
        ("passing", Colour::BrightGreen)
    } else {
        // Nothing is open, and the scan left gaps.
        ("incomplete", Colour::Yellow)
    };
    Badge {
        json_path: "badge/open.json",
        svg_path: "badge/open.svg",
        label: "security findings",
        message: dated(word, document),
        colour: if document.stale { Colour::LightGrey } else { colour },
        is_error: !known,
        meaning: format!("{} open.", phrase::count(counts.total(), "finding", "findings")),
    }
}

fn last_scan(document: &StatusDocument) -> Badge {
    let day = document.scan_date.map(Timestamp::date);
    let age = day.map(|day| (document.last_updated.date() - day).whole_days());
    Badge {
        json_path: "badge/scan.json",
        svg_path: "badge/scan.svg",
        label: "security scan",
        message: day.map_or_else(|| "never".to_owned(), phrase::day),
        colour: scan_colour(age),
        is_error: age.is_none(),
        meaning: age.map_or_else(
            || "No complete scan yet.".to_owned(),
            |age| format!("The newest complete scan was {}.", phrase::days_ago(age.max(0))),
        ),
    }
}

/// The Python system's steps: today, a week, a month, longer ago.
fn scan_colour(age_days: Option<i64>) -> Colour {
    match age_days {
        None => Colour::LightGrey,
        Some(..=0) => Colour::BrightGreen,
        Some(1..=7) => Colour::Green,
        Some(8..=30) => Colour::Yellow,
        Some(31..) => Colour::Red,
    }
}

/// A word with the day that it is about.
fn dated(word: &str, document: &StatusDocument) -> String {
    let Some(at) = document.data_as_of.or(document.scan_date) else {
        return if document.scanners.iter().all(crate::ScannerStatus::never_scanned) {
            "never scanned".to_owned()
        } else {
            word.to_owned()
        };
    };
    let day = phrase::short_day(at.date());
    if document.stale && document.state != State::Unknown {
        format!("{word} · stale · {day}")
    } else {
        format!("{word} · {day}")
    }
}

impl Badge {
    pub(crate) fn shields(&self) -> Shields<'_> {
        Shields {
            schema_version: 1,
            label: self.label,
            message: &self.message,
            color: self.colour.shields(),
            is_error: self.is_error,
            cache_seconds: 3600,
        }
    }

    pub(crate) fn svg(&self) -> String {
        const PAD: u32 = 7;
        let (label_text, message_text) = (width(self.label), width(&self.message));
        let (left, right) = (label_text + 2 * PAD, message_text + 2 * PAD);
        let whole = left + right;
        let (label, message) = (escape(self.label), escape(&self.message));
        let (meaning, fill) = (escape(&self.meaning), self.colour.fill());
        let message_at = left + PAD;
        let mut svg = String::new();
        // Writing to a string cannot fail.
        let _infallible = write!(
            svg,
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" viewBox="0 0 {whole} 20" role="img" aria-label="{label}: {message}">
<title>{label}: {message}</title>
<desc>{meaning}</desc>
<clipPath id="round"><rect width="{whole}" height="20" rx="4"/></clipPath>
<g clip-path="url(#round)"><path fill="#2f3640" d="M0 0h{left}v20H0z"/><path fill="{fill}" d="M{left} 0h{right}v20H{left}z"/></g>
<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11"><text x="{PAD}" y="14" textLength="{label_text}" lengthAdjust="spacingAndGlyphs">{label}</text><text x="{message_at}" y="14" textLength="{message_text}" lengthAdjust="spacingAndGlyphs">{message}</text></g>
</svg>
"##
        );
        svg
    }
}

/// The width of a text in Verdana at 11 px, in whole pixels; `textLength` makes other fonts fit it.
fn width(text: &str) -> u32 {
    let tenths: u32 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' => 31,
            ' ' | '.' | ',' | '·' => 40,
            'f' | 't' | 'r' => 45,
            'm' => 107,
            'w' => 90,
            '0'..='9' => 70,
            'M' => 93,
            'A'..='Z' => 75,
            _ => 66,
        })
        .sum();
    tenths.div_ceil(10)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in findings_model::text::one_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_ages_in_steps() {
        for (age, colour) in [
            (Some(0), "brightgreen"),
            (Some(1), "green"),
            (Some(7), "green"),
            (Some(8), "yellow"),
            (Some(30), "yellow"),
            (Some(31), "red"),
            (None, "lightgrey"),
        ] {
            assert_eq!(scan_colour(age).shields(), colour, "{age:?}");
        }
    }

    #[test]
    fn white_text_can_be_read_on_every_fill() {
        use Colour::{BrightGreen, Green, LightGrey, Orange, Red, Yellow};
        for colour in [BrightGreen, Green, Yellow, Orange, Red, LightGrey] {
            let ratio = crate::tests::contrast("#ffffff", colour.fill());
            assert!(ratio >= 4.5, "{colour:?} {ratio:.2}");
        }
    }
}
