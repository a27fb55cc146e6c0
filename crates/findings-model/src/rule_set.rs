use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Subject, text::is_masked};

/// With which detectors and filters a scan was made, as far as its report says.
///
/// A report that was made with less than the one before proves less: what is not in it may only no longer be looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSet {
    /// The detectors that were switched on, by name.
    pub detectors: BTreeMap<String, Detector>,
    /// What left places or values out, each as the report describes it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub filters: BTreeSet<String>,
}

/// One detector of a [`RuleSet`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detector {
    /// The rules that it reports under; none where that is not known, and then any rule may be its.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rules: BTreeSet<String>,
    /// How much a value must show to be reported, in thousandths: the more, the less is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// A pattern that it leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excludes: Option<String>,
}

impl Detector {
    fn may_report(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.contains(rule)
    }

    /// Whether it reports all that an earlier form of it did.
    fn is_as_wide_as(&self, earlier: &Self) -> bool {
        self.threshold.unwrap_or(0) <= earlier.threshold.unwrap_or(u32::MAX)
            && (self.excludes.is_none() || self.excludes == earlier.excludes)
    }
}

impl RuleSet {
    /// Whether some detector that was switched on may report under a rule.
    pub fn may_report(&self, rule: &str) -> bool {
        self.detectors.values().any(|detector| detector.may_report(rule))
    }

    /// Why a finding that was reported under an earlier set might not be reported under this one although it is still there; none
    /// where it would be.
    pub fn hides(&self, subject: &Subject, earlier: &Self) -> Option<String> {
        // Of what was masked nothing tells that it is the same as before.
        let is_new = |filter: &&String| !earlier.filters.contains(*filter) || is_masked(filter);
        if let Some(filter) = self.filters.iter().find(is_new) {
            return Some(format!("a filter is new: {filter}"));
        }
        let rule = match subject {
            Subject::Vulnerability(_) => return None,
            Subject::Code(spot) => &spot.rule,
            Subject::Secret(spot) => &spot.rule,
        };
        let known: Vec<(&String, &Detector)> =
            earlier.detectors.iter().filter(|(_, d)| d.rules.contains(rule)).collect();
        let could: Vec<(&String, &Detector)> = if known.is_empty() {
            earlier.detectors.iter().filter(|(_, d)| d.may_report(rule)).collect()
        } else {
            known
        };
        could.into_iter().find_map(|(name, earlier)| match self.detectors.get(name) {
            None => Some(format!("the detector {name} is off")),
            Some(now) if !now.is_as_wide_as(earlier) || now.excludes.as_deref().is_some_and(is_masked) => {
                Some(format!("the detector {name} reports less than before"))
            }
            Some(_) => None,
        })
    }

    /// What two reports of one scanner prove together: no more than either does.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let narrower = |a: &Detector, b: &Detector| if b.is_as_wide_as(a) { a.clone() } else { b.clone() };
        Self {
            detectors: self
                .detectors
                .iter()
                .filter_map(|(name, detector)| Some((name.clone(), narrower(detector, other.detectors.get(name)?))))
                .collect(),
            filters: self.filters.union(&other.filters).cloned().collect(),
        }
    }

    /// A short digest: equal for equal sets; 16 hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        let mut part = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text.as_bytes());
        };
        for (name, detector) in &self.detectors {
            part("detector");
            part(name);
            part(&detector.threshold.map(|t| t.to_string()).unwrap_or_default());
            part(detector.excludes.as_deref().unwrap_or_default());
        }
        for filter in &self.filters {
            part("filter");
            part(filter);
        }
        crate::text::hex(&digest.finalize()[..8])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Detector, RuleSet};
    use crate::{SecretSpot, Subject};

    fn set(detectors: &[(&str, &[&str], Option<u32>)], filters: &[&str]) -> RuleSet {
        let detectors: BTreeMap<String, Detector> = detectors
            .iter()
            .map(|(name, rules, threshold)| {
                let rules: BTreeSet<String> = rules.iter().map(|&r| r.to_owned()).collect();
                ((*name).to_owned(), Detector { rules, threshold: *threshold, excludes: None })
            })
            .collect();
        RuleSet { detectors, filters: filters.iter().map(|&f| f.to_owned()).collect() }
    }

    fn secret(rule: &str) -> Subject {
        Subject::Secret(SecretSpot {
            rule: rule.to_owned(),
            path: "a.py".to_owned(),
            line: Some(1),
            text: None,
            mark: None,
        })
    }

    #[test]
    fn a_detector_that_is_off_hides_what_it_reported_and_nothing_else() {
        let before = set(&[("Aws", &["AWS Access Key"], None), ("Slack", &["Slack Token"], None)], &[]);
        let now = set(&[("Aws", &["AWS Access Key"], None)], &[]);
        assert_eq!(now.hides(&secret("Slack Token"), &before).as_deref(), Some("the detector Slack is off"));
        assert_eq!(now.hides(&secret("AWS Access Key"), &before), None);
        assert_eq!(before.hides(&secret("Slack Token"), &now), None, "more detectors hide nothing");
    }

    #[test]
    fn a_detector_whose_rules_nobody_knows_may_have_reported_anything_unknown() {
        let before = set(&[("Aws", &["AWS Access Key"], None), ("Mine", &[], None)], &[]);
        let now = set(&[("Aws", &["AWS Access Key"], None)], &[]);
        assert!(now.hides(&secret("House Token"), &before).is_some());
        assert_eq!(now.hides(&secret("AWS Access Key"), &before), None);
    }

    #[test]
    fn a_higher_threshold_and_a_new_filter_hide() {
        let before = set(&[("Hex", &["Hex High Entropy String"], Some(3000))], &["a"]);
        let higher = set(&[("Hex", &["Hex High Entropy String"], Some(3500))], &["a"]);
        assert!(higher.hides(&secret("Hex High Entropy String"), &before).is_some());
        assert_eq!(before.hides(&secret("Hex High Entropy String"), &higher), None);
        let filtered = set(&[("Hex", &["Hex High Entropy String"], Some(3000))], &["a", "b"]);
        assert_eq!(filtered.hides(&secret("Hex High Entropy String"), &before).as_deref(), Some("a filter is new: b"));
        assert_eq!(before.hides(&secret("Hex High Entropy String"), &filtered), None);
    }

    #[test]
    fn what_was_masked_may_be_another() {
        let before = set(&[("Keyword", &["Secret Keyword"], None)], &["exclude lines token=[hidden]"]);
        assert!(before.hides(&secret("Secret Keyword"), &before).is_some());
        let mut excluding = set(&[("Keyword", &["Secret Keyword"], None)], &[]);
        let excludes = |pattern: &str| Some(pattern.to_owned());
        excluding.detectors.values_mut().for_each(|detector| detector.excludes = excludes("token=[hidden]"));
        assert!(excluding.hides(&secret("Secret Keyword"), &excluding).is_some());
        excluding.detectors.values_mut().for_each(|detector| detector.excludes = excludes("token=[a-z]+"));
        assert_eq!(excluding.hides(&secret("Secret Keyword"), &excluding), None);
    }

    #[test]
    fn two_reports_prove_what_both_looked_for() {
        let one = set(&[("A", &["a"], Some(1)), ("B", &["b"], None)], &["x"]);
        let two = set(&[("A", &["a"], Some(2))], &["y"]);
        let both = one.common(&two);
        assert_eq!(both, two.common(&one));
        assert_eq!(both, set(&[("A", &["a"], Some(2))], &["x", "y"]));
        assert_ne!(one.digest(), both.digest());
    }
}
