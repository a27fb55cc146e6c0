use findings_model::{CvssVector, Observation, Rating, Scan, Severity, SeveritySource, Subject, text};

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
                observation.rating = rating(flaw, &observation.rating);
                if observation.description.is_empty()
                    && let Some(record) = flaw.standing().find(|r| !r.description.is_empty())
                {
                    observation.description = text::shorten_bytes(&record.description, DESCRIPTION_BYTES).into();
                }
            }
            let malware = v.id.is_malware()
                || flaw.as_ref().is_some_and(|f| f.standing().any(|r| r.id.is_malware()))
                || (flaw.is_none() && v.aliases.iter().any(findings_model::AdvisoryId::is_malware));
            if malware {
                let vectors = std::mem::take(&mut observation.rating.vectors);
                observation.rating = Rating { vectors, ..Rating::word(Severity::Critical, SeveritySource::Policy) };
            }
            link(observation, flaw.as_ref());
        }
    }
}

fn rating(flaw: &Flaw<'_>, scanner: &Rating) -> Rating {
    let vectors: Vec<CvssVector> =
        flaw.standing().flat_map(|r| &r.vectors).chain(flaw.affected().flat_map(|a| &a.vectors)).cloned().collect();
    if let Some(mut rating) = Rating::from_vectors(vectors, SeveritySource::AdvisoryVector) {
        let more: Vec<_> = scanner.vectors.iter().filter(|v| !rating.vectors.contains(v)).cloned().collect();
        rating.vectors.extend(more);
        return rating;
    }
    let words = flaw.standing().filter_map(|r| r.word).chain(flaw.affected().filter_map(|a| a.word));
    match words.max_by_key(|s| s.rank()) {
        Some(word) => Rating { vectors: scanner.vectors.clone(), ..Rating::word(word, SeveritySource::AdvisoryWord) },
        None => scanner.clone(),
    }
}

fn link(observation: &mut Observation, flaw: Option<&Flaw<'_>>) {
    let Subject::Vulnerability(v) = &observation.subject else {
        return;
    };
    if observation.reference_url.is_none() {
        // The public page of the printed id, else of the first alias that has one.
        let page = std::iter::once(&v.id).chain(&v.aliases).find_map(findings_model::AdvisoryId::reference_url);
        let first = || flaw?.standing().find_map(|r| r.references.first()).map(Into::into);
        observation.reference_url = page.or_else(first);
    }
}
