//! The grade ladder.

use std::fmt;

use findings_model::SeverityCounts;
use serde::{Deserialize, Serialize};

/// The grade, the best first. There is no E.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the letters; LADDER says what each means")]
pub enum Grade {
    A,
    B,
    C,
    D,
    F,
}

impl Grade {
    /// The letter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::F => "F",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One row of the ladder as it is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeRule {
    /// The grade that the row gives.
    pub grade: Grade,
    /// When it does.
    pub when: String,
}

/// A row: the grade, when it holds, in words and as a test of the counts.
type Row = (Grade, &'static str, fn(&SeverityCounts) -> bool);

/// The first row that holds gives the grade. An unknown severity counts as medium; findings that the
/// newest scan could not confirm count as present.
const LADDER: [Row; 7] = [
    (Grade::F, "any critical finding", |s| s.critical > 0),
    (Grade::D, "3 or more high findings", |s| s.high >= 3),
    (Grade::C, "1 or 2 high findings", |s| s.high > 0),
    (Grade::C, "more than 5 medium findings", |s| middling(s) > 5),
    (Grade::B, "1 to 5 medium findings", |s| middling(s) > 0),
    (Grade::B, "more than 10 low findings", |s| s.low > 10),
    (Grade::A, "none of these", |_| true),
];

/// Medium findings and those whose severity nobody said.
fn middling(summary: &SeverityCounts) -> u64 {
    summary.medium + summary.unknown
}

impl Grade {
    /// The grade of open findings, with the words of the row that gave it.
    pub fn of(summary: &SeverityCounts) -> (Self, &'static str) {
        let row = LADDER.iter().find(|(_, _, holds)| holds(summary));
        row.map_or((Self::F, "no row"), |(grade, when, _)| (*grade, when))
    }

    /// The ladder, top row first, as it is published.
    pub fn rules() -> Vec<GradeRule> {
        let rule = |&(grade, when, _): &Row| GradeRule { grade, when: when.to_owned() };
        LADDER.iter().map(rule).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grade(counts: [u64; 5], unknown: u64) -> Grade {
        let [critical, high, medium, low, info] = counts;
        Grade::of(&SeverityCounts { critical, high, medium, low, info, unknown }).0
    }

    #[test]
    fn every_step_of_the_ladder() {
        for (counts, expected) in [
            ([0, 0, 0, 0, 0], Grade::A),
            ([1, 0, 0, 0, 0], Grade::F),
            ([1, 5, 9, 20, 0], Grade::F),
            ([0, 3, 0, 0, 0], Grade::D),
            ([0, 2, 0, 0, 0], Grade::C),
            ([0, 1, 0, 0, 0], Grade::C),
            ([0, 1, 1, 0, 0], Grade::C),
            ([0, 0, 6, 0, 0], Grade::C),
            ([0, 0, 5, 0, 0], Grade::B),
            ([0, 0, 2, 0, 0], Grade::B),
            ([0, 0, 1, 0, 0], Grade::B),
            ([0, 0, 0, 11, 0], Grade::B),
            ([0, 0, 0, 15, 0], Grade::B),
            ([0, 0, 0, 10, 0], Grade::A),
            ([0, 0, 0, 2, 0], Grade::A),
            ([0, 0, 0, 0, 50], Grade::A),
        ] {
            assert_eq!(grade(counts, 0), expected, "{counts:?}");
        }
    }

    #[test]
    fn an_unknown_severity_counts_as_medium() {
        assert_eq!(grade([0; 5], 1), Grade::B);
        assert_eq!(grade([0, 0, 3, 0, 0], 3), Grade::C);
    }
}
