//! Ids and sets of CVE numbers as small numbers, so that the passes over a package compare no texts.

use super::super::{FastMap, NONE};
use crate::AdvisoryId;

/// Up to this many ids are looked through one by one.
const FEW: usize = 16;

/// The ids of one package, numbered in the order of their first mention.
#[derive(Default)]
pub(super) struct IdNumbers<'a> {
    ids: Vec<&'a AdvisoryId>,
    /// Filled once there are more than a few.
    table: FastMap<&'a AdvisoryId, usize>,
}

impl<'a> IdNumbers<'a> {
    pub(super) fn clear(&mut self) {
        self.ids.clear();
        self.table.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn number(&mut self, id: &'a AdvisoryId) -> usize {
        let next = self.ids.len();
        if next <= FEW {
            if let Some(at) = self.ids.iter().position(|known| *known == id) {
                return at;
            }
            self.ids.push(id);
            if next == FEW {
                self.table.extend(self.ids.iter().enumerate().map(|(number, id)| (*id, number)));
            }
            return next;
        }
        let number = *self.table.entry(id).or_insert(next);
        if number == next {
            self.ids.push(id);
        }
        number
    }

    /// The id of a number.
    pub(super) fn id(&self, number: usize) -> &'a AdvisoryId {
        self.ids[number]
    }

    /// Whether the id of this number is a CVE number.
    pub(super) fn is_cve(&self, number: usize) -> bool {
        self.ids[number].is_cve()
    }

    /// Whether a finding with this id is named after the advisory id of this number.
    pub(super) fn names(&self, number: usize, finding_id: &str) -> bool {
        let behind = finding_id.strip_prefix(self.ids[number].as_str());
        // A finding whose plain name was taken has its package or a number behind it.
        behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '~']))
    }
}

/// The sets of CVE numbers of one package: equal sets have equal numbers.
#[derive(Default)]
pub(super) struct CveSets {
    /// The number of the set that holds one id alone, by the id's number.
    single: Vec<usize>,
    several: FastMap<Vec<usize>, usize>,
    count: usize,
}

impl CveSets {
    pub(super) fn clear(&mut self) {
        self.single.clear();
        self.several.clear();
        self.count = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The number of a set, [`NONE`] for the empty one. The order and repetition of the ids do not matter.
    pub(super) fn number(&mut self, ids: &mut Vec<usize>) -> usize {
        ids.sort_unstable();
        ids.dedup();
        let next = self.count;
        let number = match ids.as_slice() {
            [] => return NONE,
            [only] => {
                if self.single.len() <= *only {
                    self.single.resize(only + 1, NONE);
                }
                let number = &mut self.single[*only];
                if *number == NONE {
                    *number = next;
                }
                *number
            }
            several => {
                if let Some(number) = self.several.get(several) {
                    *number
                } else {
                    self.several.insert(several.to_vec(), next);
                    next
                }
            }
        };
        self.count = self.count.max(number + 1);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ids_have_equal_numbers_few_or_many() {
        let ids: Vec<AdvisoryId> = (0..50).map(|n| AdvisoryId::parse(&format!("CVE-1-{n}")).unwrap()).collect();
        let mut numbers = IdNumbers::default();
        for _ in 0..2 {
            for (n, id) in ids.iter().enumerate() {
                assert_eq!(numbers.number(id), n);
            }
        }
        assert_eq!(numbers.len(), 50);
        numbers.clear();
        assert_eq!(numbers.number(&ids[7]), 0);
    }

    #[test]
    fn equal_sets_have_equal_numbers() {
        let mut sets = CveSets::default();
        assert_eq!(sets.number(&mut vec![]), NONE);
        assert_eq!(sets.number(&mut vec![3]), 0);
        assert_eq!(sets.number(&mut vec![3, 1]), 1);
        assert_eq!(sets.number(&mut vec![1, 3, 1]), 1);
        assert_eq!(sets.number(&mut vec![1]), 2);
        assert_eq!(sets.number(&mut vec![3, 3]), 0);
        assert_eq!(sets.len(), 3);
    }
}
