use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;

/// The bytes of a feed, unpacked if they are gzip. Reading beyond `limit` bytes is an error, and so is a gzip stream that ends
/// too early.
pub(crate) fn unpacked(bytes: &[u8], limit: u64) -> Box<dyn BufRead + '_> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::new(Bounded { from: MultiGzDecoder::new(bytes), left: limit }))
    } else {
        Box::new(BufReader::new(Bounded { from: bytes, left: limit }))
    }
}

struct Bounded<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::FileTooLarge, format!("it holds more than {} MiB", crate::FEED_BYTES >> 20))
        })?;
        Ok(count)
    }
}
