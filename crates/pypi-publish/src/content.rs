use std::{
    fmt,
    io::{Read, Seek, SeekFrom},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use blake2::Blake2b256;
use dist_check::Sha256;
use futures_util::stream::{self, Stream};
use sha2::Digest as _;
use tokio::{sync::mpsc, time::Instant};

/// How much is read at a time, in bytes.
const CHUNK: usize = 128 << 10;
/// How many chunks of a file are read ahead of the line.
const AHEAD: usize = 2;

trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// The bytes of a file to publish, from a reader that the caller opened.
#[derive(Clone)]
pub struct Content(Arc<Mutex<dyn ReadSeek>>);

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}

/// Why a file's bytes could not be sent as they were checked.
#[derive(Debug)]
pub(crate) enum Flaw {
    Unreadable(std::io::Error),
    Changed,
}

/// Where a stream leaves what went wrong with the file itself.
pub(crate) type FlawSlot = Arc<Mutex<Option<Flaw>>>;

/// The error that breaks a request off; its cause is in the slot.
#[derive(Debug, thiserror::Error)]
#[error("the file cannot be sent")]
pub(crate) struct BrokenOff;

/// How far the sending of one file has come, for those who watch it.
#[derive(Debug)]
pub(crate) struct Pulse {
    size: u64,
    sent: AtomicU64,
    last: Mutex<Instant>,
}

impl Pulse {
    pub(crate) fn new(size: u64) -> Self {
        Self { size, sent: AtomicU64::new(0), last: Mutex::new(Instant::now()) }
    }

    /// The bytes of the file that the line has taken.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether the line has taken the whole file.
    pub(crate) fn is_complete(&self) -> bool {
        self.sent() >= self.size
    }

    /// When the line last took something.
    pub(crate) fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beat(&self, bytes: usize) -> u64 {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64
    }
}

impl Content {
    /// Takes a reader that stands for one whole file, such as an open [`std::fs::File`].
    pub fn new(reader: impl Read + Seek + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(reader)))
    }

    /// The file's bytes from the beginning. They are hashed on their way out, on a thread of their own: unless they are
    /// the `size` bytes with this digest, the stream ends in an error before its last chunk, so that the request breaks
    /// off before it is complete.
    ///
    /// `pulse` beats with each chunk that is taken, and `tell` gets the number of bytes so far.
    pub(crate) fn stream(
        &self,
        size: u64,
        digest: Sha256,
        slot: FlawSlot,
        pulse: Arc<Pulse>,
        tell: impl Fn(u64) + Send + Sync + 'static,
    ) -> impl Stream<Item = Result<Vec<u8>, BrokenOff>> + Send + 'static {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let content = self.clone();
        let started = tokio::task::spawn_blocking(move || {
            let flaw = match content.read_all(size, digest, |chunk| sender.blocking_send(Ok(chunk)).is_ok()) {
                Ok(()) => return,
                Err(flaw) => flaw,
            };
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(flaw);
            // Nobody waits for it when the request has ended already.
            drop(sender.blocking_send(Err(BrokenOff)));
        });
        // The thread ends with the file or with the receiver.
        drop(started);
        stream::unfold((receiver, pulse, tell), async |(mut receiver, pulse, tell)| {
            let chunk: Result<Vec<u8>, BrokenOff> = receiver.recv().await?;
            if let Ok(chunk) = &chunk {
                tell(pulse.beat(chunk.len()));
            }
            Some((chunk, (receiver, pulse, tell)))
        })
    }

    /// Reads the whole file in chunks until `take` wants no more. The last chunk is given away only when the digest is
    /// the expected one and the file ends behind it.
    fn read_all(&self, size: u64, digest: Sha256, mut take: impl FnMut(Vec<u8>) -> bool) -> Result<(), Flaw> {
        let mut hasher = sha2::Sha256::new();
        let mut offset = 0;
        loop {
            let left = size - offset;
            // One byte more than is left: a file that grew is another file.
            let most = usize::try_from(left.saturating_add(1)).unwrap_or(CHUNK).min(CHUNK);
            let chunk = self.read_at(offset, most).map_err(Flaw::Unreadable)?;
            let length = chunk.len() as u64;
            if length > left || length == 0 && left > 0 {
                return Err(Flaw::Changed);
            }
            hasher.update(&chunk);
            offset += length;
            if offset == size {
                // A last chunk that was cut at CHUNK may have more behind it.
                let ends = chunk.len() < most || self.read_at(offset, 1).map_err(Flaw::Unreadable)?.is_empty();
                if !ends || Sha256::from_hasher(hasher) != digest {
                    return Err(Flaw::Changed);
                }
                if length > 0 {
                    take(chunk);
                }
                return Ok(());
            }
            if !take(chunk) {
                return Ok(());
            }
        }
    }

    /// The BLAKE2b digest (32 bytes, hexadecimal) of the `size` bytes that the file begins with.
    pub(crate) fn blake2(&self, size: u64) -> std::io::Result<String> {
        let mut hasher = Blake2b256::new();
        let mut offset = 0;
        while offset < size {
            let chunk = self.read_at(offset, usize::try_from(size - offset).unwrap_or(CHUNK).min(CHUNK))?;
            if chunk.is_empty() {
                break;
            }
            hasher.update(&chunk);
            offset += chunk.len() as u64;
        }
        Ok(findings_model::text::hex(&hasher.finalize()))
    }

    /// Reads from an offset. Each call seeks, so that a broken-off request that still reads does no harm.
    fn read_at(&self, offset: u64, most: usize) -> std::io::Result<Vec<u8>> {
        let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reader.seek(SeekFrom::Start(offset))?;
        let mut chunk = Vec::with_capacity(most);
        (&mut *reader).take(most as u64).read_to_end(&mut chunk)?;
        Ok(chunk)
    }
}
