use std::{fs::File, path::Path, thread, time::Duration};

use rustix::fs::{FlockOperation, flock};

use crate::{Action, StoreError, StoreErrorKind, unfinished::remove_leftovers_in};

/// How long one run waits for another, in seconds.
const PATIENCE: u64 = 60;
/// How deep leftovers of killed runs are looked for.
const DEPTH: usize = 2;
const PAUSE: Duration = Duration::from_millis(20);

/// A folder held by this run until the value is dropped or the process ends, however it ends.
#[derive(Debug)]
#[must_use = "the lock ends when this value is dropped"]
pub struct Lock(#[expect(dead_code, reason = "the open folder is the lock")] File);

/// Holds a folder, made if needed, against other runs; waits up to a minute for one that holds it.
///
/// What a killed run left unfinished in it is removed. What another process is writing there, under no lock or another one, stays.
pub fn lock(folder: &Path) -> Result<Lock, StoreError> {
    let fail = |e| StoreError::io(Action::Lock, folder, e);
    std::fs::create_dir_all(folder).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => StoreError::new(Action::Lock, folder, StoreErrorKind::NotAFolder),
        _ => fail(e),
    })?;
    let file = File::open(folder).map_err(fail)?;
    for _ in 0..PATIENCE * 50 {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                remove_leftovers_in(folder, DEPTH);
                return Ok(Lock(file));
            }
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => thread::sleep(PAUSE),
            Err(e) => return Err(fail(e.into())),
        }
    }
    Err(StoreError::new(Action::Lock, folder, StoreErrorKind::Locked(PATIENCE)))
}

/// As [`lock`], of a folder below another one: no link may stand on the way, for what lies behind it belongs to somebody else.
pub fn lock_below(root: &Path, relative: &Path) -> Result<Lock, StoreError> {
    refuse_links(Action::Lock, root, relative)?;
    lock(&root.join(relative))
}

/// Refuses a path on which a link stands, itself included. What is not there is none.
pub fn refuse_links(action: Action, root: &Path, relative: &Path) -> Result<(), StoreError> {
    let mut path = root.to_owned();
    for part in relative.components() {
        path.push(part);
        if std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(StoreError::new(action, path, StoreErrorKind::Link));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_on_the_way_is_refused_and_one_above_the_project_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("real/a/b")).unwrap();
        std::fs::create_dir_all(at("other")).unwrap();
        std::os::unix::fs::symlink("real", at("root")).unwrap();
        std::os::unix::fs::symlink("../other", at("real/link")).unwrap();
        for good in ["a", "a/b", "a/new/folder"] {
            lock_below(&at("root"), Path::new(good)).map(drop).unwrap();
        }
        for bad in ["link", "link/new"] {
            let error = lock_below(&at("root"), Path::new(bad)).unwrap_err();
            assert!(matches!(error.kind, StoreErrorKind::Link) && error.path == at("root/link"), "{error}");
        }
        assert!(crate::list(&at("other")).unwrap().is_empty());
    }

    #[test]
    fn a_second_holder_waits_for_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path()).unwrap();
        let path = dir.path().to_owned();
        let (sender, receiver) = std::sync::mpsc::channel();
        let waiting = thread::spawn(move || {
            sender.send("asking").unwrap();
            let _second = lock(&path).unwrap();
            sender.send("has it").unwrap();
        });
        assert_eq!(receiver.recv().unwrap(), "asking");
        assert!(receiver.try_recv().is_err());
        drop(held);
        assert_eq!(receiver.recv().unwrap(), "has it");
        waiting.join().unwrap();
    }
}
