//! How bad a vulnerability is by its ratings, which may be many and disagree.

use findings_model::{CvssScore, CvssVector, Rating, Severity, SeveritySource};

use super::Vulnerability;
use crate::{observe, wire::Record};

/// The highest of the ratings, each by its vector, else its CVSS score, else its word. Every vector is kept.
pub(super) fn rating_of(vulnerability: &Vulnerability<'_>) -> Rating {
    let mut best = Rating::unknown();
    let mut vectors = Vec::new();
    for wire in vulnerability.ratings.items().iter().filter_map(Record::good) {
        let vector = wire.vector.get().and_then(|vector| vector_of(vector, wire.method.or_empty()));
        // Exploit probabilities and lists of exploited flaws come as ratings too.
        let method = wire.method.or_empty().to_ascii_lowercase();
        let origin = wire.source.get().map(|s| s.name.or_empty().to_ascii_lowercase()).unwrap_or_default();
        let is_cvss = method.starts_with("cvss")
            || (method.is_empty() && !origin.contains("epss") && !origin.contains("kev") && origin != "first");
        let stated = wire.score.real().filter(|_| is_cvss).and_then(observe::rated_by_score);
        let base = vector.as_ref().and_then(CvssVector::score);
        let base = base.map(|score| Rating::scored(score, SeveritySource::Scanner));
        // What a score of this product's own environment comes to is only in the score: the base metrics know nothing of it.
        let rating = if vector.as_ref().is_some_and(is_environmental) { stated.or(base) } else { base.or(stated) };
        let rating = rating.or_else(|| {
            Severity::from_word(wire.severity.or_empty()).map(|s| Rating::word(s, SeveritySource::Scanner))
        });
        vectors.extend(vector);
        if let Some(rating) = rating
            && (rating.severity.rank(), rating.score.map(CvssScore::value))
                > (best.severity.rank(), best.score.map(CvssScore::value))
        {
            best = rating;
        }
    }
    best.vectors =
        Rating::from_vectors(vectors, SeveritySource::Scanner).map(|rating| rating.vectors).unwrap_or_default();
    best
}

/// Whether a vector says how bad a flaw is in one environment, beside how bad it is in general.
fn is_environmental(vector: &CvssVector) -> bool {
    const METRICS: [&str; 20] = [
        "MAV", "MAC", "MAT", "MPR", "MUI", "MS", "MC", "MI", "MA", "MVC", "MVI", "MVA", "MSC", "MSI", "MSA", "CR",
        "IR", "AR", "CDP", "TD",
    ];
    let mut metrics = vector.as_str().split('/').filter_map(|part| part.split_once(':'));
    metrics.any(|(name, value)| METRICS.contains(&name) && !matches!(value, "X" | "ND"))
}

/// A vector, also one whose version stands only in the rating's method.
fn vector_of(vector: &str, method: &str) -> Option<CvssVector> {
    let prefix = match method {
        "CVSSv4" => "CVSS:4.0/",
        "CVSSv31" => "CVSS:3.1/",
        "CVSSv3" => "CVSS:3.0/",
        _ => "",
    };
    if vector.starts_with("CVSS:") {
        return CvssVector::parse(vector).ok();
    }
    CvssVector::parse(&format!("{prefix}{vector}")).ok()
}
