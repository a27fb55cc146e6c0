use findings_model::{
    AdvisoryId, CvssVector, Observation, Rating, Scan, Severity, SeveritySource, Subject, Vulnerability, text,
};

use crate::{
    AdvisoryStore,
    store::{Flaw, fixes},
};

/// The longest description that is taken from a record, in bytes.
const DESCRIPTION_BYTES: usize = 4096;

impl AdvisoryStore {
    /// Puts what the records say into every vulnerability of the scans.
    ///
    /// Where the flaw is known here, its aliases become those of the records, because scanners mix them up; the rating
    /// becomes the newest vector of any of its records (all vectors are kept), else the database's word, else it stays the
    /// scanner's. Malicious packages (`MAL-…`) are critical by policy. Withdrawn records rate nothing. Fix versions,
    /// description and link fill in only what the report left out. A link is made from the ids even without a record.
    pub fn enrich(&self, scans: &mut [Scan]) {
        for observation in scans.iter_mut().flat_map(|scan| &mut scan.observations) {
            let Subject::Vulnerability(v) = &mut observation.subject else {
                continue;
            };
            let flaw = self.flaw(v);
            if let Some(flaw) = &flaw {
                v.aliases = flaw.ids.iter().filter(|id| ***id != v.id).map(|id| (*id).clone()).collect();
                if v.fix_versions.is_empty() {
                    v.fix_versions = fixes(flaw).into_iter().map(Into::into).collect();
                }
                if observation.description.is_empty()
                    && let Some(record) = flaw.standing().find(|r| !r.description.is_empty())
                {
                    observation.description = text::shorten_bytes(&record.description, DESCRIPTION_BYTES).into();
                }
            }
            if let Some(rating) = rating(v, flaw.as_ref(), &observation.rating.vectors) {
                observation.rating = rating;
            }
            link(observation, flaw.as_ref());
        }
    }

    /// How bad the records say that a flaw is, by the rules of [`Self::enrich`]; none where they do not know it or say nothing of it.
    pub fn rating(&self, v: &Vulnerability) -> Option<Rating> {
        rating(v, Some(&self.flaw(v)?), &[])
    }
}

/// The rating of a flaw where it is not the scanner's, whose vectors are kept.
fn rating(v: &Vulnerability, flaw: Option<&Flaw<'_>>, of_scanner: &[CvssVector]) -> Option<Rating> {
    let told = flaw.and_then(|flaw| rating_of_records(flaw, of_scanner));
    let is_malware = v.id.is_malware()
        || flaw.map_or_else(
            || v.aliases.iter().any(AdvisoryId::is_malware),
            |flaw| flaw.standing().any(|r| r.id.is_malware()),
        );
    if !is_malware {
        return told;
    }
    let vectors = told.map_or_else(|| of_scanner.to_vec(), |rating| rating.vectors);
    Some(Rating { vectors, ..Rating::word(Severity::Critical, SeveritySource::Policy) })
}

/// The newest vector of the records, else their worst word.
fn rating_of_records(flaw: &Flaw<'_>, of_scanner: &[CvssVector]) -> Option<Rating> {
    let vectors: Vec<CvssVector> =
        flaw.standing().flat_map(|r| &r.vectors).chain(flaw.affected().flat_map(|a| &a.vectors)).cloned().collect();
    if let Some(mut rating) = Rating::from_vectors(vectors, SeveritySource::AdvisoryVector) {
        let more: Vec<_> = of_scanner.iter().filter(|v| !rating.vectors.contains(v)).cloned().collect();
        rating.vectors.extend(more);
        return Some(rating);
    }
    let words = flaw.standing().filter_map(|r| r.word).chain(flaw.affected().filter_map(|a| a.word));
    let word = words.max_by_key(|s| s.rank())?;
    Some(Rating { vectors: of_scanner.to_vec(), ..Rating::word(word, SeveritySource::AdvisoryWord) })
}

fn link(observation: &mut Observation, flaw: Option<&Flaw<'_>>) {
    let Subject::Vulnerability(v) = &observation.subject else {
        return;
    };
    if observation.reference_url.is_none() {
        // The public page of the printed id, else of the first alias that has one.
        let page = std::iter::once(&v.id).chain(&v.aliases).find_map(AdvisoryId::reference_url);
        let first = || flaw?.standing().find_map(|r| r.references.first()).map(Into::into);
        observation.reference_url = page.or_else(first);
    }
}
