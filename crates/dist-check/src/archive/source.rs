use std::io::{self, Read};

/// A reader that counts what went through it, stops at a limit, and remembers whether the reader below it failed.
///
/// Decompressors report bad data and a failing disk with the same error type; what is remembered here tells them apart.
pub(crate) struct Source<R> {
    inner: R,
    limit: u64,
    passed: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Fine,
    BeyondLimit,
    Failed(io::Error),
}

/// What became of a [`Source`].
pub(crate) enum Verdict {
    Fine,
    BeyondLimit,
    Failed(io::Error),
}

impl<R: Read> Source<R> {
    pub(crate) fn new(inner: R, limit: u64) -> Self {
        Self { inner, limit, passed: 0, state: State::Fine }
    }

    /// How the source came out; asked once, at the end.
    pub(crate) fn verdict(&mut self) -> Verdict {
        match std::mem::replace(&mut self.state, State::Fine) {
            State::Fine => Verdict::Fine,
            State::BeyondLimit => Verdict::BeyondLimit,
            State::Failed(error) => Verdict::Failed(error),
        }
    }

    /// How many bytes went through.
    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    pub(crate) fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.inner.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let kind = error.kind();
                self.state = State::Failed(error);
                return Err(kind.into());
            }
        };
        self.passed += read as u64;
        if self.passed > self.limit {
            self.state = State::BeyondLimit;
            return Err(io::Error::other("more bytes than allowed"));
        }
        Ok(read)
    }
}
