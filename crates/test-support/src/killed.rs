//! Runs that are killed at a chosen moment.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use crate::command::Run;

/// What folders look like from outside: names, sizes and times of their files.
pub type Looks = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// What these folders look like now. Files may come and go while they are listed.
pub fn looks_of(folders: &[PathBuf]) -> Looks {
    let mut seen = Looks::new();
    for folder in folders {
        look(folder, &mut seen);
    }
    seen
}

fn look(folder: &Path, seen: &mut Looks) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            look(&path, seen);
        } else {
            seen.insert(path, (metadata.len(), metadata.modified().ok()));
        }
    }
}

/// Starts the run and kills it as soon as what `looks` sees has changed `moments` times. False if the run ended before that.
#[track_caller]
pub fn killed_after<T: PartialEq>(run: Run, moments: usize, looks: impl Fn() -> T) -> bool {
    let mut last = looks();
    let mut running = run.spawn();
    let start = Instant::now();
    let mut changes = 0;
    while changes < moments {
        assert!(start.elapsed() < Duration::from_mins(1), "the run hangs");
        if running.child.try_wait().expect("ask for the process").is_some() {
            return false;
        }
        let now = looks();
        changes += usize::from(now != last);
        last = now;
    }
    running.kill();
    true
}
