//! What a bump would change, for people.

use std::fmt::Write as _;

use findings_model::text;

use super::places::File;

/// The most lines that are shown of one file.
const MOST: usize = 200;

/// The changes in the form of a unified diff without context.
pub(super) fn diff(files: &[File]) -> String {
    let mut out = String::new();
    for file in files.iter().filter(|file| file.is_changed()) {
        let path = text::one_line(&file.path);
        let from = if file.before.is_some() { format!("a/{path}") } else { "/dev/null".to_owned() };
        let _infallible = writeln!(out, "--- {from}\n+++ b/{path}");
        hunks(&mut out, file.before.as_deref().unwrap_or_default(), &file.after);
    }
    out
}

fn hunks(out: &mut String, before: &str, after: &str) {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if before.len() == after.len() {
        let pairs = before.iter().zip(&after).enumerate().filter(|(_, (old, new))| old != new);
        for (at, (old, new)) in pairs.take(MOST) {
            hunk(out, at, &[old], at, &[new]);
        }
        return;
    }
    let same = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    let most = before.len().min(after.len()) - same;
    let tail = before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
    hunk(out, same, &before[same..before.len() - tail], same, &after[same..after.len() - tail]);
}

fn hunk(out: &mut String, from: usize, old: &[&str], to: usize, new: &[&str]) {
    // Of an empty side the line before it is named, as diff does.
    let start = |at: usize, lines: &[&str]| if lines.is_empty() { at } else { at + 1 };
    let _infallible = writeln!(out, "@@ -{},{} +{},{} @@", start(from, old), old.len(), start(to, new), new.len());
    for (sign, lines) in [('-', old), ('+', new)] {
        for line in lines.iter().take(MOST) {
            let _infallible = writeln!(out, "{sign}{}", text::clean(line));
        }
        if lines.len() > MOST {
            let _infallible = writeln!(out, "{sign}… {} more lines", lines.len() - MOST);
        }
    }
}
