//! Whose absence proves nothing.

use super::{super::super::NONE, InPackage, Known, reset};

impl InPackage<'_> {
    /// Whether each of two flaws has CVE numbers and none is the other's.
    fn have_no_cve_in_common(&self, a: &Known<'_>, b: &Known<'_>) -> bool {
        let cves = |known: &Known<'_>| {
            let ids = &self.flat[known.ids.current()];
            ids.iter().copied().filter(|id| self.numbers.is_cve(*id)).collect::<Vec<_>>()
        };
        let (a, b) = (cves(a), cves(b));
        !a.is_empty() && !b.is_empty() && !a.iter().any(|id| b.contains(id))
    }

    /// Known flaws that got no record although one may be theirs.
    pub(super) fn contest(&mut self) {
        for home in self.home.iter().filter(|home| **home != NONE) {
            self.contested[*home] = false;
        }
        reset(&mut self.set_asked, self.known.len(), false);
        for home in self.home.iter().filter(|home| **home != NONE) {
            self.set_asked[*home] = true;
        }
        let found = &self.set_asked;
        let is_open = |k: usize, known: &Known<'_>| known.live && !found[k] && !self.contested[k];
        if self.known.iter().enumerate().any(|(k, known)| is_open(k, known)) {
            // The records that hold each id, as lists: the newest entry by id, and for each entry the one before.
            reset(&mut self.by_id, self.numbers.len(), NONE);
            let mut entries: Vec<(usize, usize)> = Vec::new();
            for (s, ids) in self.seen.iter().enumerate() {
                for id in &self.flat[ids.all.clone()] {
                    entries.push((s, self.by_id[*id]));
                    self.by_id[*id] = entries.len() - 1;
                }
            }
            let mut doubted = Vec::new();
            for (k, known) in self.known.iter().enumerate().filter(|(k, known)| is_open(*k, known)) {
                let may_be = |s: usize| {
                    if !known.ids.has_cve() || !self.seen[s].has_cve() || self.home[s] == NONE {
                        return true;
                    }
                    let home = &self.known[self.home[s]];
                    !(known.stood_beside(home)
                        || known.fell_silent_with(home) && self.have_no_cve_in_common(known, home))
                };
                let holders = |id: &usize| {
                    std::iter::successors(entries.get(self.by_id[*id]), |(_, before)| entries.get(*before))
                        .map(|(s, _)| *s)
                };
                let may_be_by_former =
                    |s: usize| self.home[s] == NONE || !known.stood_beside(&self.known[self.home[s]]);
                let (told, former) = (known.ids.current(), known.ids.current().end..known.ids.all.end);
                if self.flat[told].iter().flat_map(holders).any(may_be)
                    || self.flat[former].iter().flat_map(holders).any(may_be_by_former)
                {
                    doubted.push(k);
                }
            }
            for k in doubted {
                self.contested[k] = true;
            }
        }
        for (contested, known) in self.contested.iter_mut().zip(&self.known) {
            *contested &= known.live;
        }
    }
}
