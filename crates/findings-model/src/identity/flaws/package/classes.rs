//! Disjoint sets.

/// Disjoint sets of positions; a set goes by its smallest member.
#[derive(Default)]
pub(super) struct Classes(Vec<usize>);

impl Classes {
    pub(super) fn reset(&mut self, size: usize) {
        self.0.clear();
        self.0.extend(0..size);
    }

    pub(super) fn copy(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
    }

    pub(super) fn find(&mut self, of: usize) -> usize {
        let mut root = of;
        while self.0[root] != root {
            root = self.0[root];
        }
        let mut at = of;
        while self.0[at] != root {
            at = std::mem::replace(&mut self.0[at], root);
        }
        root
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}
