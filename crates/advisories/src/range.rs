use std::str::FromStr;

use pep440_rs::Version;

/// One step of an OSV range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The first affected version; `0` is before every version.
    Introduced(String),
    /// The first version that is no longer affected.
    Fixed(String),
    /// The last affected version.
    LastAffected(String),
    /// Where the range ends, whatever else it says; `*` is behind every version. Of several the last one counts.
    Limit(String),
}

/// The steps of one OSV range, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Events {
    pub(crate) steps: Vec<Event>,
    /// How many steps could not be read.
    pub(crate) odd: usize,
}

impl Events {
    /// Whether a version lies in the range (OSV schema, "Evaluation"); none where a step or a version in it cannot be
    /// read.
    pub(crate) fn contain(&self, version: &Version) -> Option<bool> {
        if self.odd > 0 {
            return None;
        }
        let mut steps = Vec::with_capacity(self.steps.len());
        let mut within: Option<bool> = None;
        for event in &self.steps {
            let (text, order) = match event {
                Event::Fixed(text) => (text, 0),
                Event::Introduced(text) => (text, 1),
                Event::LastAffected(text) => (text, 2),
                Event::Limit(text) => {
                    let is_before = text == "*" || *version < Version::from_str(text).ok()?;
                    within = Some(within.unwrap_or(false) || is_before);
                    continue;
                }
            };
            let at = if text == "0" { None } else { Some(Version::from_str(text).ok()?) };
            steps.push((at, order));
        }
        // `None`, before every version, sorts first; at one version a fix comes before a new introduction.
        steps.sort();
        let mut inside = false;
        for (at, order) in &steps {
            let at = at.as_ref();
            match order {
                0 if at.is_none_or(|at| version >= at) => inside = false,
                1 if at.is_none_or(|at| version >= at) => inside = true,
                2 if at.is_none_or(|at| version > at) => inside = false,
                _ => {}
            }
        }
        Some(inside && within.unwrap_or(true))
    }

    /// The versions that end the range by a fix.
    pub(crate) fn fixes(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|event| match event {
            Event::Fixed(text) => Some(text.as_str()),
            Event::Introduced(_) | Event::LastAffected(_) | Event::Limit(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(events: &[Event], version: &str) -> Option<bool> {
        Events { steps: events.to_vec(), odd: 0 }.contain(&Version::from_str(version).unwrap())
    }

    #[test]
    fn branches_are_ranges_of_their_own() {
        let events = [
            Event::Introduced("2.0".into()),
            Event::Fixed("1.5.3".into()),
            Event::Introduced("0".into()),
            Event::Fixed("2.1".into()),
        ];
        let affected = ["0.1", "1.5.2", "2.0", "2.0.9", "1.5.3", "1.9", "2.1"].map(|v| contains(&events, v));
        assert_eq!(affected, [true, true, true, true, false, false, false].map(Some));
    }

    #[test]
    fn the_last_affected_version_is_affected() {
        let events = [Event::Introduced("0".into()), Event::LastAffected("1.11.0".into())];
        assert_eq!(["1.11", "1.11.1"].map(|v| contains(&events, v)), [Some(true), Some(false)]);
    }

    #[test]
    fn a_range_ends_at_the_last_of_its_limits() {
        let limited = |limits: &[&str], version| {
            let limits = limits.iter().map(|text| Event::Limit((*text).into()));
            contains(&limits.chain([Event::Introduced("0".into())]).collect::<Vec<_>>(), version)
        };
        assert_eq!(["1.9", "2.0", "2.5"].map(|v| limited(&["2.0"], v)), [Some(true), Some(false), Some(false)]);
        assert_eq!(["2.0", "2.9", "3"].map(|v| limited(&["3", "2.0"], v)), [Some(true), Some(true), Some(false)]);
        assert_eq!(limited(&["1.0", "*"], "2.5"), Some(true));
        assert_eq!(limited(&["soon"], "2.5"), None);
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        assert_eq!(contains(&[Event::Introduced("first".into())], "1.0"), None);
    }
}
