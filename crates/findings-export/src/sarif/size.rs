//! Whether a file is small enough to be uploaded.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

use crate::limits;

/// How much smaller than needed the next try is, for what does not shrink with the results.
const MARGIN: f64 = 0.95;

/// Counts what is written to it.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// None for a file that is small enough after gzip; else the share of its results that may stay, between 0 and 1.
pub(super) fn share_that_fits(bytes: &[u8]) -> Option<f64> {
    // gzip adds a few bytes at most.
    if (bytes.len() as u64) < limits::COMPRESSED_BYTES - 100_000 {
        return None;
    }
    let compressed = compressed_size(bytes);
    #[expect(clippy::cast_precision_loss, reason = "sizes far below 2^52 bytes")]
    let share = limits::COMPRESSED_BYTES as f64 / compressed as f64;
    (share < 1.0).then_some(share * MARGIN)
}

fn compressed_size(bytes: &[u8]) -> u64 {
    let mut encoder = GzEncoder::new(Counter(0), Compression::default());
    // Counting cannot fail.
    let written = encoder.write_all(bytes);
    match (written, encoder.finish()) {
        (Ok(()), Ok(counter)) => counter.0,
        _ => u64::MAX,
    }
}
