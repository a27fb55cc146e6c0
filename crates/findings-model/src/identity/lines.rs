//! Pairs two lists of lines in one file.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::order;

/// Pairs as many entries as the shorter list has, the nearest lines first, and never crosswise.
///
/// Both lists hold line numbers in rising order. Returns pairs of positions in the two lists. Lists of one length are paired in
/// their order, because a block that moves keeps it; from a longer one the entries that lie nearest to an entry of the shorter
/// are chosen first. Takes time in the order of n log n.
pub(super) fn pair_up(known: &[u32], seen: &[u32]) -> Vec<(usize, usize)> {
    if known.len() == seen.len() {
        return (0..known.len()).map(|i| (i, i)).collect();
    }
    let (from_known, from_seen) = nearest(known, seen);
    from_known.into_iter().zip(from_seen).collect()
}

/// Takes the closest pair of neighbours out of the two lists, again and again, and returns what was taken, each in order.
fn nearest(known: &[u32], seen: &[u32]) -> (Vec<usize>, Vec<usize>) {
    let mut all: Vec<(u32, bool, usize)> = known.iter().enumerate().map(|(i, l)| (*l, false, i)).collect();
    all.extend(seen.iter().enumerate().map(|(i, l)| (*l, true, i)));
    order::sort_by(&mut all, Ord::cmp);
    let end = all.len();
    let mut next: Vec<usize> = (1..=end).collect();
    let mut previous: Vec<usize> = (0..end).map(|i| i.wrapping_sub(1)).collect();
    let mut taken = vec![false; end];
    let gap = |a: usize, b: usize| all[b].0 - all[a].0;
    let mut heap: BinaryHeap<Reverse<(u32, usize, usize)>> =
        (1..end).filter(|b| all[b - 1].1 != all[*b].1).map(|b| Reverse((gap(b - 1, b), b - 1, b))).collect();
    while let Some(Reverse((_, a, b))) = heap.pop() {
        if taken[a] || taken[b] {
            continue;
        }
        (taken[a], taken[b]) = (true, true);
        let (before, after) = (previous[a], next[b]);
        if before < end {
            next[before] = after;
        }
        if after < end {
            previous[after] = before;
        }
        if before < end && after < end && all[before].1 != all[after].1 {
            heap.push(Reverse((gap(before, after), before, after)));
        }
    }
    let mut chosen = (Vec::new(), Vec::new());
    for (position, (_, is_seen, index)) in all.iter().enumerate() {
        if taken[position] {
            if *is_seen {
                chosen.1.push(*index);
            } else {
                chosen.0.push(*index);
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::pair_up;

    #[test]
    fn a_block_that_moves_keeps_its_order() {
        assert_eq!(pair_up(&[5, 9, 13], &[9, 13, 17]), [(0, 0), (1, 1), (2, 2)]);
    }

    #[test]
    fn one_too_many_leaves_the_farthest() {
        assert_eq!(pair_up(&[5], &[5, 9]), [(0, 0)]);
        assert_eq!(pair_up(&[9], &[5, 9]), [(0, 1)]);
        assert_eq!(pair_up(&[10, 50], &[12]), [(0, 0)]);
        assert_eq!(pair_up(&[10, 50], &[48]), [(1, 0)]);
        assert_eq!(pair_up(&[10, 11, 40], &[12, 41]), [(1, 0), (2, 1)]);
    }

    #[test]
    fn nothing_is_paired_with_nothing() {
        assert_eq!(pair_up(&[], &[1, 2]), []);
        assert_eq!(pair_up(&[1, 2], &[]), []);
    }

    proptest::proptest! {
        #[test]
        fn the_shorter_list_is_used_up_in_order(
            mut known in proptest::collection::vec(0u32..60, 0..12),
            mut seen in proptest::collection::vec(0u32..60, 0..12),
        ) {
            known.sort_unstable();
            seen.sort_unstable();
            let pairs = pair_up(&known, &seen);
            assert_eq!(pairs.len(), known.len().min(seen.len()));
            assert!(pairs.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1));
        }
    }
}
