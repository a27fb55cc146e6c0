use std::{fs::File, path::Path, thread, time::Duration};

use rustix::fs::{FlockOperation, flock};

use crate::{Action, StoreError, StoreErrorKind};

/// How long one run waits for another, in seconds.
const PATIENCE: u64 = 60;
const PAUSE: Duration = Duration::from_millis(20);

/// A folder held by this run until the value is dropped or the process ends, however it ends.
#[derive(Debug)]
#[must_use = "the lock ends when this value is dropped"]
pub struct Lock(#[expect(dead_code, reason = "the open folder is the lock")] File);

/// Holds a folder, made if needed, against other runs; waits up to a minute for one that holds it.
pub fn lock(folder: &Path) -> Result<Lock, StoreError> {
    let fail = |e| StoreError::io(Action::Lock, folder, e);
    std::fs::create_dir_all(folder).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => StoreError::new(Action::Lock, folder, StoreErrorKind::NotAFolder),
        _ => fail(e),
    })?;
    let file = File::open(folder).map_err(fail)?;
    for _ in 0..PATIENCE * 50 {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Lock(file)),
            Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => thread::sleep(PAUSE),
            Err(e) => return Err(fail(e.into())),
        }
    }
    Err(StoreError::new(Action::Lock, folder, StoreErrorKind::Locked(PATIENCE)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
