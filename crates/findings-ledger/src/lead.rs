//! Sorting by the first bytes of what decides.
//!
//! Of a large ledger every look at a finding is a look into memory. The first bytes are gathered once, side by side, and mostly tell
//! two items apart without one.

use std::cmp::Ordering;

use findings_model::{Ecosystem, Package, Subject};

/// The bytes of a [`Lead`].
const BYTES: usize = 32;

/// The first bytes of what items are sorted by: ranks, texts and lines, one behind the other, as many as there is room for.
///
/// Of two items the one with the smaller lead comes first; where the leads are equal nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lead([u64; BYTES / 8]);

/// A lead while it is written.
pub(crate) struct Leading {
    bytes: [u8; BYTES],
    /// Where the next part begins; none when there is no room, or when what follows would say something wrong.
    at: Option<usize>,
}

impl Lead {
    /// One without parts so far.
    pub(crate) fn of() -> Leading {
        Leading { bytes: [0; BYTES], at: Some(0) }
    }
}

impl Leading {
    pub(crate) fn done(self) -> Lead {
        let (words, _) = self.bytes.as_chunks::<8>();
        let mut lead = Lead([0; BYTES / 8]);
        lead.0.iter_mut().zip(words).for_each(|(to, word)| *to = u64::from_be_bytes(*word));
        lead
    }

    pub(crate) fn rank(self, rank: u8) -> Self {
        self.bytes(&[rank])
    }

    /// A text, and the zero that ends it: a text comes before a longer one that begins with it.
    pub(crate) fn text(mut self, text: &str) -> Self {
        let Some(at) = self.at else { return self };
        let text = text.as_bytes();
        let room = &mut self.bytes[at..];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text[..taken]);
        self.at = Some(at + taken + 1).filter(|at| *at < BYTES);
        // A text with a zero in it would look like two. It is said to be at least what it is up to there, and no more.
        if let Some(zero) = room[..taken].iter().position(|byte| *byte == 0) {
            room[zero] = 1;
            room[zero + 1..].fill(0);
            self.at = None;
        }
        self
    }

    /// A line of a file, if there is one.
    pub(crate) fn line(self, line: Option<u32>) -> Self {
        let [a, b, c, d] = line.unwrap_or_default().to_be_bytes();
        self.bytes(&[line.is_some().into(), a, b, c, d])
    }

    /// A package: nearly all are of one ecosystem, whose name would take the room of the package's.
    pub(crate) fn package(self, package: &Package) -> Self {
        let ecosystem = package.ecosystem();
        match ecosystem.cmp(&Ecosystem::pypi()) {
            Ordering::Less => self.rank(0).text(ecosystem.as_str()),
            Ordering::Equal => self.rank(1),
            Ordering::Greater => self.rank(2).text(ecosystem.as_str()),
        }
        .text(package.name())
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        let Some(at) = self.at else { return self };
        let room = &mut self.bytes[at..];
        let taken = bytes.len().min(room.len());
        room[..taken].copy_from_slice(&bytes[..taken]);
        self.at = Some(at + taken).filter(|at| *at < BYTES);
        self
    }
}

/// A rank, what a subject is, the package or file that it is in, and which flaw or line of it.
pub(crate) fn of_subject(rank: u8, subject: &Subject) -> Lead {
    let lead = Lead::of().rank(rank).rank(subject.kind() as u8);
    match subject {
        Subject::Vulnerability(v) => lead.package(&v.package).text(v.id.as_str()),
        Subject::Code(_) | Subject::Secret(_) => lead.text(subject.path().unwrap_or_default()).line(subject.line()),
    }
    .done()
}

/// Where the items of a sorted list stand now; what is equal keeps its order.
pub(crate) fn order<T>(items: &[T], lead: impl Fn(&T) -> Lead, compare: impl Fn(&T, &T) -> Ordering) -> Vec<usize> {
    let mut leads: Vec<(Lead, usize)> = items.iter().enumerate().map(|(at, item)| (lead(item), at)).collect();
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
pub(crate) fn sort<T>(items: &mut [T], lead: impl Fn(&T) -> Lead, compare: impl Fn(&T, &T) -> Ordering) {
    let order = order(items, lead, compare);
    arrange(items, &order);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Lead, sort};

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof!["[ab\u{0}\u{1}é]{0,3}", "[ab\u{0}\u{1}é]{12,40}"]
    }

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(
            keys in proptest::collection::vec((0u8..3, texts(), proptest::option::of(0u32..3), texts(), texts()), 0..60)
        ) {
            type Key = (u8, String, Option<u32>, String, String);
            let mut items: Vec<(Key, usize)> = keys.into_iter().enumerate().map(|(at, key)| (key, at)).collect();
            let mut expected = items.clone();
            expected.sort_by(|a, b| a.0.cmp(&b.0));
            let lead = |((rank, a, line, b, c), _): &(Key, usize)| {
                Lead::of().rank(*rank).text(a).line(*line).text(b).text(c).done()
            };
            sort(&mut items, lead, |a, b| a.0.cmp(&b.0));
            prop_assert_eq!(items, expected);
        }
    }
}
