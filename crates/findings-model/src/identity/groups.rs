//! Things sorted into numbered groups.

use super::NONE;

/// Positions sorted into groups, in their order inside each.
pub(super) struct Groups {
    starts: Vec<usize>,
    members: Vec<usize>,
}

impl Groups {
    /// Sorts members by the number of their group; those of group [`NONE`] are left out.
    pub(super) fn new(groups: usize, entries: impl Iterator<Item = (usize, usize)> + Clone) -> Self {
        let entries = entries.filter(|(group, _)| *group != NONE);
        // Each group's place is kept one ahead, so that it stands at the group's start when its last member is in.
        let mut starts = vec![0; groups + 2];
        for (group, _) in entries.clone() {
            starts[group + 2] += 1;
        }
        for group in 2..starts.len() {
            starts[group] += starts[group - 1];
        }
        let mut members = vec![0; starts[groups + 1]];
        for (group, member) in entries {
            members[starts[group + 1]] = member;
            starts[group + 1] += 1;
        }
        Self { starts, members }
    }

    pub(super) fn of(&self, group: usize) -> &[usize] {
        &self.members[self.starts[group]..self.starts[group + 1]]
    }

    pub(super) fn of_mut(&mut self, group: usize) -> &mut [usize] {
        &mut self.members[self.starts[group]..self.starts[group + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order() {
        let entries = [(2, 10), (0, 11), (NONE, 12), (2, 13), (0, 14), (2, 10)];
        let groups = Groups::new(3, entries.into_iter());
        assert_eq!([groups.of(0), groups.of(1), groups.of(2)], [&[11, 14][..], &[], &[10, 13, 10]]);
        assert!(Groups::new(0, [].into_iter()).members.is_empty());
    }
}
