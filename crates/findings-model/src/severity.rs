use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How bad a finding is. `Unknown` is a state of its own: it is never guessed away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are CVSS's qualitative scale, info for a score of 0.0 and unknown")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    Info,
    Unknown,
}

impl Severity {
    /// Every severity, the worst first, unknown last.
    pub const ALL: [Self; 6] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info, Self::Unknown];

    /// The word: `critical`, `high`, `medium`, `low`, `info` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
            Self::Unknown => "unknown",
        }
    }

    /// Critical 5 … info 1; none for unknown, which has no place on the scale.
    pub fn rank(self) -> Option<u8> {
        match self {
            Self::Critical => Some(5),
            Self::High => Some(4),
            Self::Medium => Some(3),
            Self::Low => Some(2),
            Self::Info => Some(1),
            Self::Unknown => None,
        }
    }

    /// The place in a list that puts the worst first and unknown right behind high, so that it is not lost at the bottom.
    pub fn list_order(self) -> u8 {
        match self {
            Self::Critical => 0,
            Self::High => 1,
            Self::Unknown => 2,
            Self::Medium => 3,
            Self::Low => 4,
            Self::Info => 5,
        }
    }

    /// The words that scanners and databases use, in any case: `moderate`, `negligible`, `error`, `warning`, `note`, …
    ///
    /// None for a word that says nothing (`undefined`, `unassigned`, an empty one) or is not known.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" | "error" => Self::High,
            "medium" | "moderate" | "warning" => Self::Medium,
            "low" | "note" | "minor" => Self::Low,
            "info" | "informational" | "negligible" | "none" => Self::Info,
            _ => return None,
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is none of the six severities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not valid; it must be one of critical, high, medium, low, info, unknown")]
pub struct SeverityError(String);

impl FromStr for Severity {
    type Err = SeverityError;
    fn from_str(word: &str) -> Result<Self, SeverityError> {
        let lower = word.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|s| s.as_str() == lower).ok_or(SeverityError(lower))
    }
}

/// Where a severity came from, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeveritySource {
    /// A person wrote it into the plan file.
    Override,
    /// A rule of this project: the default for secrets, malicious packages.
    Policy,
    /// Computed from a CVSS vector of an advisory record.
    AdvisoryVector,
    /// The advisory database's own word.
    AdvisoryWord,
    /// What the scanner's report says, by word or by vector.
    Scanner,
    /// Nobody said.
    Unknown,
}

impl SeveritySource {
    /// The word: `override`, `policy`, `advisory_vector`, `advisory_word`, `scanner` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Policy => "policy",
            Self::AdvisoryVector => "advisory_vector",
            Self::AdvisoryWord => "advisory_word",
            Self::Scanner => "scanner",
            Self::Unknown => "unknown",
        }
    }
}

/// A CVSS base score, 0.0 to 10.0 in steps of 0.1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct CvssScore(f64);

/// A number that is no CVSS score.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a valid CVSS score; scores go from 0.0 to 10.0")]
pub struct CvssScoreError(f64);

impl CvssScore {
    /// Takes a score from 0.0 to 10.0, rounded to one decimal.
    pub fn new(score: f64) -> Result<Self, CvssScoreError> {
        if (0.0..=10.0).contains(&score) { Ok(Self((score * 10.0).round() / 10.0)) } else { Err(CvssScoreError(score)) }
    }

    /// The score as a number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// The qualitative rating of CVSS v3 and v4: 0.0 info, up to 3.9 low, 6.9 medium, 8.9 high, then critical.
    ///
    /// Scores of v2, which has no critical band, use the same bands.
    pub fn severity(self) -> Severity {
        match self.0 {
            s if s < 0.1 => Severity::Info,
            s if s < 4.0 => Severity::Low,
            s if s < 7.0 => Severity::Medium,
            s if s < 9.0 => Severity::High,
            _ => Severity::Critical,
        }
    }
}

impl TryFrom<f64> for CvssScore {
    type Error = CvssScoreError;
    fn try_from(score: f64) -> Result<Self, CvssScoreError> {
        Self::new(score)
    }
}

impl From<CvssScore> for f64 {
    fn from(score: CvssScore) -> Self {
        score.0
    }
}

impl fmt::Display for CvssScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.0)
    }
}

/// A complete CVSS vector, version 2.0, 3.0, 3.1 or 4.0.
///
/// Whoever takes one from outside calls [`Self::parse`], which knows that it can be scored. Documents of ours hold what was taken
/// so, and are read without scoring it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CvssVector {
    text: String,
    version: u8,
}

/// Why a text is no CVSS vector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CvssVectorError {
    /// A mandatory metric of that version is not in the vector.
    #[error("the CVSS vector lacks the mandatory metric {0}")]
    Incomplete(&'static str),
    /// The vector cannot be read.
    #[error("the CVSS vector cannot be read: {0}")]
    Malformed(String),
}

impl CvssVector {
    /// Reads a vector; one that lacks a mandatory metric is refused, because its score would be made up.
    pub fn parse(text: &str) -> Result<Self, CvssVectorError> {
        let vector = Self::complete(text)?;
        vector.scored()?;
        Ok(vector)
    }

    /// A vector that has every mandatory metric, whatever they say.
    fn complete(text: &str) -> Result<Self, CvssVectorError> {
        let text = text.trim().trim_end_matches('/').trim_matches(['(', ')']);
        let (version, mandatory): (u8, &[&'static str]) = if text.starts_with("CVSS:4.0/") {
            (40, &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"])
        } else if text.starts_with("CVSS:3.1/") {
            (31, &["AV", "AC", "PR", "UI", "S", "C", "I", "A"])
        } else if text.starts_with("CVSS:3.0/") {
            (30, &["AV", "AC", "PR", "UI", "S", "C", "I", "A"])
        } else {
            (20, &["AV", "AC", "Au", "C", "I", "A"])
        };
        for metric in mandatory {
            let there = text.split('/').any(|part| part.split_once(':').is_some_and(|(name, _)| name == *metric));
            if !there {
                return Err(CvssVectorError::Incomplete(metric));
            }
        }
        Ok(Self { text: text.to_owned(), version })
    }

    fn scored(&self) -> Result<CvssScore, CvssVectorError> {
        let parsed = cvss::Cvss::from_str(&self.text)
            .map_err(|e| CvssVectorError::Malformed(crate::text::one_line(&e.to_string())))?;
        CvssScore::new(parsed.score()).map_err(|e| CvssVectorError::Malformed(e.to_string()))
    }

    /// The vector's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The base score, computed at each call; none of a vector that somebody wrote into a document by hand and that nobody can
    /// score.
    pub fn score(&self) -> Option<CvssScore> {
        self.scored().ok()
    }

    /// 20, 30, 31 or 40: the newest of several vectors is the one that counts.
    pub fn version(&self) -> u8 {
        self.version
    }
}

impl TryFrom<String> for CvssVector {
    type Error = CvssVectorError;
    fn try_from(text: String) -> Result<Self, CvssVectorError> {
        Self::complete(&text)
    }
}

impl From<CvssVector> for String {
    fn from(vector: CvssVector) -> Self {
        vector.text
    }
}

/// A severity with where it came from, its score and every vector that was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Rating {
    /// The word.
    pub severity: Severity,
    /// Who said so.
    pub source: SeveritySource,
    /// The score behind the word, if there is one.
    pub score: Option<CvssScore>,
    /// Every complete vector that was seen, the newest version first.
    pub vectors: Vec<CvssVector>,
}

impl Rating {
    /// Nobody said.
    pub fn unknown() -> Self {
        Self { severity: Severity::Unknown, source: SeveritySource::Unknown, score: None, vectors: Vec::new() }
    }

    /// A word without a score.
    pub fn word(severity: Severity, source: SeveritySource) -> Self {
        Self { severity, source, score: None, vectors: Vec::new() }
    }

    /// The rating that a score gives.
    pub fn scored(score: CvssScore, source: SeveritySource) -> Self {
        Self { severity: score.severity(), source, score: Some(score), vectors: Vec::new() }
    }

    /// The rating of the newest of several vectors; none without one that can be scored. Of two of the same version the higher
    /// counts.
    pub fn from_vectors(vectors: Vec<CvssVector>, source: SeveritySource) -> Option<Self> {
        let mut scored: Vec<(CvssScore, CvssVector)> =
            vectors.into_iter().filter_map(|vector| Some((vector.score()?, vector))).collect();
        scored.sort_by(|(a_score, a), (b_score, b)| {
            b.version.cmp(&a.version).then(b_score.0.total_cmp(&a_score.0)).then_with(|| a.text.cmp(&b.text))
        });
        scored.dedup();
        let best = scored.first()?.0;
        let vectors = scored.into_iter().map(|(_, vector)| vector).collect();
        Some(Self { severity: best.severity(), source, score: Some(best), vectors })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_every_version_are_scored() {
        for (text, score) in [
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ] {
            let vector = CvssVector::parse(text).unwrap();
            let found = vector.score().unwrap();
            assert!((found.value() - score).abs() < 0.01, "{text} {found}");
        }
    }

    #[test]
    fn an_incomplete_vector_has_no_score() {
        assert_eq!(CvssVector::parse("CVSS:3.1/AV:N/AC:L"), Err(CvssVectorError::Incomplete("PR")));
        assert!(CvssVector::parse("7.5").is_err());
    }

    #[test]
    fn nothing_at_all_is_info() {
        let vector = CvssVector::parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N").unwrap();
        assert_eq!(vector.score().map(CvssScore::severity), Some(Severity::Info));
    }

    #[test]
    fn a_vector_of_a_document_that_nobody_can_score_has_no_score() {
        let text = "CVSS:3.1/AV:?/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N";
        assert!(CvssVector::parse(text).is_err());
        let vector: CvssVector = serde_json::from_value(text.into()).unwrap();
        assert_eq!(vector.score(), None);
        assert_eq!(Rating::from_vectors(vec![vector], SeveritySource::AdvisoryVector), None);
        assert!(serde_json::from_value::<CvssVector>("CVSS:3.1/AV:N".into()).is_err());
    }

    #[test]
    fn the_newest_vector_counts() {
        let vectors = ["AV:N/AC:L/Au:N/C:C/I:C/A:C", "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"];
        let rating =
            Rating::from_vectors(vectors.map(|v| CvssVector::parse(v).unwrap()).into(), SeveritySource::AdvisoryVector)
                .unwrap();
        assert_eq!(rating.severity, Severity::Low);
        assert_eq!(rating.vectors.len(), 2);
    }

    #[test]
    fn bands_meet_at_their_edges() {
        for (score, severity) in [
            (0.0, Severity::Info),
            (0.1, Severity::Low),
            (3.9, Severity::Low),
            (4.0, Severity::Medium),
            (6.9, Severity::Medium),
            (7.0, Severity::High),
            (8.9, Severity::High),
            (9.0, Severity::Critical),
            (10.0, Severity::Critical),
        ] {
            assert_eq!(CvssScore::new(score).unwrap().severity(), severity, "{score}");
        }
        assert!(CvssScore::new(-1.0).is_err() && CvssScore::new(10.1).is_err() && CvssScore::new(f64::NAN).is_err());
    }
}
