//! Sorting whose code a program has once.
//!
//! Rust compiles a sort for each type and each comparison, 3 kB at the least, and another one wherever a set or a map is collected. That
//! is right for what is long; here only positions are sorted, and sets are filled one by one.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

/// Sorts by a comparison; what is equal keeps its order.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let mut places: Vec<usize> = (0..items.len()).collect();
    sort_positions(&mut places, &mut |a, b| compare(&items[a], &items[b]));
    let mut ranks = vec![0; places.len()];
    for (rank, place) in places.into_iter().enumerate() {
        ranks[place] = rank;
    }
    for at in 0..items.len() {
        while ranks[at] != at {
            let rank = ranks[at];
            items.swap(at, rank);
            ranks.swap(at, rank);
        }
    }
}

/// Sorts by a key; what is equal keeps its order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

/// Sorts positions by a comparison of what stands there; equal ones keep their order.
pub fn sort_positions(positions: &mut [usize], compare: &mut dyn FnMut(usize, usize) -> Ordering) {
    positions.sort_by(|a, b| compare(*a, *b));
}

/// A set.
pub fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(items);
    set
}

/// A map; of two values for one key the last one counts.
pub fn map<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(entries);
    map
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{sort_by, sort_by_key};

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(mut items: Vec<(u8, usize)>) {
            for (at, (_, place)) in items.iter_mut().enumerate() {
                *place = at;
            }
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
            let mut by_comparison = items.clone();
            sort_by(&mut by_comparison, |(a, _), (b, _)| b.cmp(a));
            sort_by_key(&mut items, |(key, _)| std::cmp::Reverse(*key));
            prop_assert_eq!(&items, &expected);
            prop_assert_eq!(by_comparison, expected);
        }
    }
}
