use std::{
    fmt,
    io::{Read, Seek, SeekFrom},
    sync::{Arc, Mutex, PoisonError},
};

use dist_check::Sha256;
use futures_util::stream::{self, Stream};
use sha2::Digest as _;

/// How much is read at a time, in bytes.
const CHUNK: usize = 256 << 10;

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

struct Sending {
    content: Content,
    hasher: sha2::Sha256,
    sent: u64,
    size: u64,
    digest: Sha256,
    slot: FlawSlot,
}

impl Content {
    /// Takes a reader that stands for one whole file, such as an open [`std::fs::File`].
    pub fn new(reader: impl Read + Seek + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(reader)))
    }

    /// The file's bytes from the beginning. They are hashed on their way out: unless they are the `size` bytes with
    /// this digest, the stream ends in an error, so that the request breaks off before it is complete.
    pub(crate) fn stream(
        &self,
        size: u64,
        digest: Sha256,
        slot: FlawSlot,
    ) -> impl Stream<Item = Result<Vec<u8>, BrokenOff>> + Send + 'static {
        let sending = Sending { content: self.clone(), hasher: sha2::Sha256::new(), sent: 0, size, digest, slot };
        stream::try_unfold(sending, next_chunk)
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

async fn next_chunk(mut sending: Sending) -> Result<Option<(Vec<u8>, Sending)>, BrokenOff> {
    let left = sending.size - sending.sent;
    let content = sending.content.clone();
    let offset = sending.sent;
    // One byte more than is left: a file that grew is another file.
    let most = usize::try_from(left.saturating_add(1)).unwrap_or(CHUNK).min(CHUNK);
    let read = tokio::task::spawn_blocking(move || content.read_at(offset, most)).await;
    let flaw = match read.unwrap_or_else(|panic| Err(std::io::Error::other(panic))) {
        Ok(chunk) if chunk.len() as u64 > left => Flaw::Changed,
        Ok(chunk) if !chunk.is_empty() => {
            sending.hasher.update(&chunk);
            sending.sent += chunk.len() as u64;
            return Ok(Some((chunk, sending)));
        }
        Ok(_) if left == 0 && Sha256::from_hasher(sending.hasher.clone()) == sending.digest => {
            return Ok(None);
        }
        Ok(_) => Flaw::Changed,
        Err(error) => Flaw::Unreadable(error),
    };
    *sending.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(flaw);
    Err(BrokenOff)
}
