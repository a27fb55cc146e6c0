//! Known flaws and classes of records that hang together by ids in common.

use std::ops::Range;

use super::{super::super::NONE, classes::Classes, first_or, reset};

/// What hangs together by ids in common.
#[derive(Clone, Copy)]
pub(super) struct Group {
    pub(super) known_count: usize,
    /// One of its known flaws.
    pub(super) known: usize,
    pub(super) with_cve: usize,
    /// Its first class, once classes are joined.
    pub(super) class: usize,
}

impl Group {
    pub(super) fn is_one_flaw(&self) -> bool {
        self.known_count <= 1 && self.with_cve <= 1
    }
}

/// Known flaws and classes (the elements), joined where they have ids in common.
#[derive(Default)]
pub(super) struct Links {
    pub(super) of_known: Vec<usize>,
    pub(super) of_class: Vec<usize>,
    /// For each element whether anything of it has a CVE number.
    pub(super) has_cve: Vec<bool>,
    /// Elements with some of their ids.
    pub(super) parts: Vec<(usize, Range<usize>)>,
    together: Classes,
    groups: Vec<Group>,
    weak: Vec<bool>,
    first: Vec<usize>,
}

impl Links {
    pub(super) fn clear(&mut self, known: usize, seen: usize) {
        reset(&mut self.of_known, known, NONE);
        reset(&mut self.of_class, seen, NONE);
        self.has_cve.clear();
        self.parts.clear();
    }

    pub(super) fn element(&mut self, has_cve: bool) -> usize {
        self.has_cve.push(has_cve);
        self.has_cve.len() - 1
    }

    pub(super) fn join(&mut self, flat: &[usize], ids: usize) {
        // Two flaws with CVE numbers, and those not equal, are never joined by what else they share.
        reset(&mut self.weak, ids, false);
        for (element, part) in &self.parts {
            if !self.has_cve[*element] {
                flat[part.clone()].iter().for_each(|id| self.weak[*id] = true);
            }
        }
        reset(&mut self.first, ids, NONE);
        self.together.reset(self.has_cve.len());
        for (element, part) in &self.parts {
            for id in flat[part.clone()].iter().filter(|id| self.weak[**id]) {
                self.together.join(*element, first_or(&mut self.first[*id], *element));
            }
        }
        let empty = Group { known_count: 0, known: NONE, with_cve: 0, class: NONE };
        reset(&mut self.groups, self.has_cve.len(), empty);
        for (element, has_cve) in self.has_cve.iter().enumerate() {
            self.groups[self.together.find(element)].with_cve += usize::from(*has_cve);
        }
        for (k, element) in self.of_known.iter().enumerate().filter(|(_, element)| **element != NONE) {
            let group = &mut self.groups[self.together.find(*element)];
            (group.known_count, group.known) = (group.known_count + 1, k);
        }
    }

    /// The group of a class that has no home and is not blocked.
    pub(super) fn of_class(&mut self, class: usize) -> Option<&mut Group> {
        let element = self.of_class[class];
        (element != NONE).then(|| &mut self.groups[self.together.find(element)])
    }
}
