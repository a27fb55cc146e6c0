use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smallvec::SmallVec;

use super::Attribution;
use crate::ScannerName;

/// Every scanner that ever reported a finding, by name, and when. Nearly always it is one, which takes no memory of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributions(SmallVec<[(ScannerName, Attribution); 1]>);

impl Attributions {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// What one scanner saw.
    pub fn get(&self, scanner: &ScannerName) -> Option<&Attribution> {
        self.find(scanner).ok().map(|at| &self.0[at].1)
    }

    /// What one scanner saw, to be changed.
    pub fn get_mut(&mut self, scanner: &ScannerName) -> Option<&mut Attribution> {
        self.find(scanner).ok().map(|at| &mut self.0[at].1)
    }

    /// What one scanner saw, to be changed; what is given where it is new.
    pub fn get_or_insert(&mut self, scanner: &ScannerName, attribution: Attribution) -> &mut Attribution {
        let at = self.find(scanner).unwrap_or_else(|at| {
            self.0.insert(at, (scanner.clone(), attribution));
            at
        });
        &mut self.0[at].1
    }

    /// Each scanner and what it saw, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&ScannerName, &Attribution)> {
        self.0.iter().map(|(name, attribution)| (name, attribution))
    }

    /// The scanners, by name.
    pub fn keys(&self) -> impl Iterator<Item = &ScannerName> {
        self.0.iter().map(|(name, _)| name)
    }

    fn find(&self, scanner: &ScannerName) -> Result<usize, usize> {
        self.0.binary_search_by(|(name, _)| name.cmp(scanner))
    }
}

/// The last one stands where a scanner is named twice.
impl Extend<(ScannerName, Attribution)> for Attributions {
    fn extend<T: IntoIterator<Item = (ScannerName, Attribution)>>(&mut self, more: T) {
        for (scanner, attribution) in more {
            match self.find(&scanner) {
                Ok(at) => self.0[at].1 = attribution,
                Err(at) => {
                    self.0.insert(at, (scanner, attribution));
                }
            }
        }
    }
}

impl<const N: usize> From<[(ScannerName, Attribution); N]> for Attributions {
    fn from(list: [(ScannerName, Attribution); N]) -> Self {
        let mut attributions = Self::new();
        attributions.extend(list);
        attributions
    }
}

impl IntoIterator for Attributions {
    type Item = (ScannerName, Attribution);
    type IntoIter = smallvec::IntoIter<[(ScannerName, Attribution); 1]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for Attributions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, attribution)| (name.as_str(), attribution)))
    }
}

impl<'de> Deserialize<'de> for Attributions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scanners;

        impl<'de> de::Visitor<'de> for Scanners {
            type Value = Attributions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of scanners")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Attributions, A::Error> {
                let mut attributions = Attributions::new();
                while let Some(entry) = map.next_entry()? {
                    attributions.extend([entry]);
                }
                Ok(attributions)
            }
        }

        deserializer.deserialize_map(Scanners)
    }
}
