//! Sorting by the first bytes of what decides.
//!
//! Of a large ledger every look at a finding is a look into memory. The first bytes are gathered once, side by side, and mostly tell
//! two items apart without one.

use std::cmp::Ordering;

use findings_model::{Ecosystem, Subject};

/// The first bytes of what items are sorted by, as one number: ranks, then as much of a text as there is room for.
///
/// Of two items the one with the smaller number comes first; where the numbers are equal nothing is said.
pub(crate) fn lead(ranks: &[u8], text: &str) -> u128 {
    let mut bytes = [0; size_of::<u128>()];
    let taken = ranks.iter().chain(text.as_bytes());
    bytes.iter_mut().zip(taken).for_each(|(byte, from)| *byte = *from);
    u128::from_be_bytes(bytes)
}

/// The first bytes of a rank, of what a subject is, and of the package or file that it is in.
pub(crate) fn of_subject(rank: u8, subject: &Subject) -> u128 {
    let kind = subject.kind() as u8;
    let Some(package) = subject.package() else {
        return lead(&[rank, kind], subject.path().unwrap_or_default());
    };
    let ecosystem = package.ecosystem();
    // Nearly all are of one ecosystem, whose name would take the room of the package's.
    let beside_pypi = ecosystem.cmp(&Ecosystem::pypi());
    let text = if beside_pypi.is_eq() { package.name() } else { ecosystem.as_str() };
    lead(
        &[
            rank,
            kind,
            match beside_pypi {
                Ordering::Less => 0,
                Ordering::Equal => 1,
                Ordering::Greater => 2,
            },
        ],
        text,
    )
}

/// Where the items of a sorted list stand now; what is equal keeps its order.
pub(crate) fn order<T>(items: &[T], lead: impl Fn(&T) -> u128, compare: impl Fn(&T, &T) -> Ordering) -> Vec<usize> {
    let mut leads: Vec<(u128, usize)> = items.iter().enumerate().map(|(at, item)| (lead(item), at)).collect();
    leads.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| compare(&items[a.1], &items[b.1])));
    leads.into_iter().map(|(_, at)| at).collect()
}

/// Puts items into an order that [`order`] gave. Each is moved once, and none is copied aside.
pub(crate) fn arrange<T>(items: &mut [T], order: &[usize]) {
    let mut order = order.to_vec();
    for start in 0..order.len() {
        let mut at = start;
        while order[at] != start {
            let from = order[at];
            items.swap(at, from);
            order[at] = at;
            at = from;
        }
        order[at] = at;
    }
}

/// Sorts items; what is equal keeps its order.
pub(crate) fn sort<T>(items: &mut [T], lead: impl Fn(&T) -> u128, compare: impl Fn(&T, &T) -> Ordering) {
    let order = order(items, lead, compare);
    arrange(items, &order);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{lead, sort};

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(texts in proptest::collection::vec((0u8..3, "[ab\u{0}é]{0,20}"), 0..60)) {
            let mut items: Vec<((u8, String), usize)> = texts.into_iter().enumerate().map(|(at, key)| (key, at)).collect();
            let mut expected = items.clone();
            expected.sort_by(|a, b| a.0.cmp(&b.0));
            sort(&mut items, |((rank, text), _)| lead(&[*rank], text), |a, b| a.0.cmp(&b.0));
            prop_assert_eq!(items, expected);
        }
    }
}
