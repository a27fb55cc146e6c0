//! Code findings that ended and are reported again, where only one side can tell what the line says.

use super::{super::FastMap, matcher::Matcher, spot::Spot};
use crate::ScannerName;

/// A rule of a scanner in a file, and the line there; 0 for any line.
type Place<'a> = (&'a ScannerName, &'a str, &'a str, u32);

impl<'a> Matcher<'_, 'a> {
    /// The same rule at the same line of a file, else the only one of its rule in a file: only where no other is there on either side.
    pub(super) fn untold_returns(&mut self) {
        self.pair_sole(&|s| (s.line > 0).then_some((s.scanner, s.rule, s.path, s.line)));
        self.pair_sole(&|s| Some((s.scanner, s.rule, s.path, 0)));
    }

    fn pair_sole(&mut self, key: &dyn Fn(&Spot<'a>) -> Option<Place<'a>>) {
        let mut ended: FastMap<Place<'a>, Sole> = FastMap::default();
        for (k, spot) in self.known.iter().enumerate().filter(|(k, spot)| !self.used[*k] && !spot.live) {
            if let Some(key) = key(spot) {
                ended.insert(key, Sole { known: k, knowns: 0, seen: 0, seens: 0 });
            }
        }
        if ended.is_empty() {
            return;
        }
        for spot in self.known {
            if let Some(sole) = key(spot).and_then(|key| ended.get_mut(&key)) {
                sole.knowns += 1;
            }
        }
        for (s, spot) in self.seen.iter().enumerate() {
            if let Some(sole) = key(spot).and_then(|key| ended.get_mut(&key)) {
                (sole.seen, sole.seens) = (s, sole.seens + 1);
            }
        }
        for sole in ended.into_values().filter(|sole| sole.knowns == 1 && sole.seens == 1) {
            let is_one_untold = self.known[sole.known].text.is_none() != self.seen[sole.seen].text.is_none();
            if is_one_untold && self.of[sole.seen].is_none() {
                self.take(sole.known, sole.seen);
            }
        }
    }
}

/// The members of a place: the last ended finding and the last record, and how many there are.
struct Sole {
    known: usize,
    knowns: usize,
    seen: usize,
    seens: usize,
}
