use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

use crate::AdvisoryId;

/// A set of advisory ids, in order.
///
/// Nearly every flaw has one alias and was printed under one id: a set of one takes no memory of its own, where a tree's node
/// has room for eleven.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdvisoryIds(SmallVec<[AdvisoryId; 1]>);

impl AdvisoryIds {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first id in order.
    pub fn first(&self) -> Option<&AdvisoryId> {
        self.0.first()
    }

    /// Whether an id is in the set.
    pub fn contains(&self, id: &AdvisoryId) -> bool {
        self.0.binary_search(id).is_ok()
    }

    /// Adds an id; false if it was there already.
    pub fn insert(&mut self, id: AdvisoryId) -> bool {
        match self.0.binary_search(&id) {
            Ok(_) => false,
            Err(at) => {
                self.0.insert(at, id);
                true
            }
        }
    }

    /// Takes an id out; false if it was not there.
    pub fn remove(&mut self, id: &AdvisoryId) -> bool {
        self.0.binary_search(id).map(|at| self.0.remove(at)).is_ok()
    }

    /// The ids in order.
    pub fn iter(&self) -> std::slice::Iter<'_, AdvisoryId> {
        self.0.iter()
    }
}

impl Extend<AdvisoryId> for AdvisoryIds {
    fn extend<I: IntoIterator<Item = AdvisoryId>>(&mut self, ids: I) {
        let sorted = self.0.len();
        // Most of what is added is there already.
        for id in ids {
            if self.0[..sorted].binary_search(&id).is_err() {
                self.0.push(id);
            }
        }
        if self.0.len() > sorted && self.0.len() > 1 {
            self.0.sort_unstable();
            self.0.dedup();
        }
    }
}

impl FromIterator<AdvisoryId> for AdvisoryIds {
    fn from_iter<I: IntoIterator<Item = AdvisoryId>>(ids: I) -> Self {
        let mut set = Self::new();
        set.extend(ids);
        set
    }
}

impl<const N: usize> From<[AdvisoryId; N]> for AdvisoryIds {
    fn from(ids: [AdvisoryId; N]) -> Self {
        ids.into_iter().collect()
    }
}

impl From<BTreeSet<AdvisoryId>> for AdvisoryIds {
    fn from(ids: BTreeSet<AdvisoryId>) -> Self {
        Self(ids.into_iter().collect())
    }
}

impl IntoIterator for AdvisoryIds {
    type Item = AdvisoryId;
    type IntoIter = smallvec::IntoIter<[AdvisoryId; 1]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a AdvisoryIds {
    type Item = &'a AdvisoryId;
    type IntoIter = std::slice::Iter<'a, AdvisoryId>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for AdvisoryIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl Serialize for AdvisoryIds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de> Deserialize<'de> for AdvisoryIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ids;
        impl<'de> serde::de::Visitor<'de> for Ids {
            type Value = AdvisoryIds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of advisory ids")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<AdvisoryIds, A::Error> {
                let mut ids = SmallVec::new();
                while let Some(id) = list.next_element()? {
                    ids.push(id);
                }
                ids.sort_unstable();
                ids.dedup();
                Ok(AdvisoryIds(ids))
            }
        }
        deserializer.deserialize_seq(Ids)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id() -> impl Strategy<Value = AdvisoryId> {
        (0..6_u8).prop_map(|n| AdvisoryId::parse(&format!("CVE-1-{n}")).unwrap())
    }

    proptest! {
        #[test]
        fn it_is_the_set_that_a_tree_is(
            start in prop::collection::vec(id(), 0..5),
            steps in prop::collection::vec((id(), 0..3_u8), 0..12),
        ) {
            let mut tree: BTreeSet<AdvisoryId> = start.iter().cloned().collect();
            let mut set: AdvisoryIds = start.into_iter().collect();
            for (id, what) in steps {
                match what {
                    0 => prop_assert_eq!(set.insert(id.clone()), tree.insert(id)),
                    1 => prop_assert_eq!(set.remove(&id), tree.remove(&id)),
                    _ => {
                        set.extend([id.clone()]);
                        tree.extend([id]);
                    }
                }
                prop_assert!(set.iter().eq(&tree));
                prop_assert!(tree.iter().all(|id| set.contains(id)));
                prop_assert_eq!((set.len(), set.first()), (tree.len(), tree.first()));
            }
            let json = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&tree).unwrap());
            prop_assert_eq!(serde_json::from_str::<AdvisoryIds>(&json).unwrap(), set.clone());
            prop_assert_eq!(format!("{set:?}"), format!("{tree:?}"));
            prop_assert_eq!(AdvisoryIds::from(tree), set);
        }
    }
}
