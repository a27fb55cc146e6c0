//! The next versions in the eyes of `packaging`, the library that pip and PyPI order versions with.

use std::time::Duration;

use release_decision::{Bump, CurrentVersion, IndexVersions, Version, Versions, bump};
use serde_json::{Value, json};
use test_support::peers;

/// How many versions are bumped.
const CASES: usize = 10_000;

/// A sequence of numbers that is the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_in(&mut self, chance: u64) -> bool {
        self.below(chance) == 0
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap_or_default()]
    }

    /// A version in any spelling that PEP 440 takes; small numbers, so that versions meet.
    fn version(&mut self) -> String {
        let mut text = self.pick(&["", "", "", "v", "V", "0!", "1!", "2!"]).to_owned();
        let parts = 1 + self.below(4);
        let release: Vec<String> = (0..parts)
            .map(|_| {
                let number = if self.one_in(20) { self.below(3000) } else { self.below(4) };
                if self.one_in(15) { format!("0{number}") } else { number.to_string() }
            })
            .collect();
        text.push_str(&release.join("."));
        if self.one_in(4) {
            text.push_str(self.pick(&["", ".", "-", "_"]));
            text.push_str(self.pick(&["a", "b", "rc", "c", "alpha", "beta", "pre", "preview", "RC"]));
            text.push_str(self.pick(&["", ".", "-", "_"]));
            text.push_str(&self.below(3).to_string());
        }
        if self.one_in(4) {
            if self.one_in(3) {
                text.push('-');
            } else {
                text.push_str(self.pick(&[".", "-", "_", ""]));
                text.push_str(self.pick(&["post", "rev", "r", "POST"]));
            }
            text.push_str(&self.below(3).to_string());
        }
        if self.one_in(5) {
            text.push_str(self.pick(&[".", "-", "_", ""]));
            text.push_str(self.pick(&["dev", "DEV"]));
            text.push_str(&self.below(3).to_string());
        }
        text
    }
}

fn facts(version: &Version) -> Value {
    json!({
        "text": version.to_string(),
        "epoch": version.epoch(),
        "is_prerelease": version.any_prerelease(),
        "is_local": version.is_local(),
    })
}

#[test]
fn packaging_agrees_on_ten_thousand_bumps() {
    let mut numbers = Numbers(20_260_119);
    let cases: Vec<Value> = (0..CASES)
        .map(|_| {
            let mut current = numbers.version();
            if numbers.one_in(10) {
                current.push_str(numbers.pick(&["+local", "+ubuntu.1", "+5"]));
            }
            let index: Vec<String> = (0..numbers.below(7)).map(|_| numbers.version()).collect();
            let (word, by) = [("patch", Bump::Patch), ("post", Bump::Post), ("minor", Bump::Minor)]
                [usize::try_from(numbers.below(3)).unwrap()];
            let version: Version = current.parse().unwrap_or_else(|e| panic!("{current}: {e}"));
            let known: IndexVersions = index.iter().map(|text| text.parse().unwrap()).collect();
            let bumped = bump(&version, by).unwrap();
            let versions =
                Versions { current: Some(CurrentVersion::Static(version)), index: Some(known), ..Versions::default() };
            let next = versions.next(by).unwrap().version.unwrap();
            json!({ "current": current, "index": index, "bump": word, "bumped": facts(&bumped), "next": facts(&next) })
        })
        .collect();
    let outcome = peers::python()
        .args(["-I", "-c", include_str!("second_opinion.py")])
        .stdin(serde_json::to_vec(&cases).unwrap())
        .timeout(Duration::from_mins(3))
        .output()
        .expect_success();
    assert_eq!(outcome.stdout.trim(), format!("{CASES} cases, 0 problems"), "{}", outcome.stderr);
}
