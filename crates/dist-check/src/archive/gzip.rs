use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// The contents of all gzip streams of a file, one behind the other, as Python reads them: zeros between streams are
/// padding, and what is no stream ends the reading.
pub(super) struct Streams<R> {
    state: State<R>,
}

enum State<R> {
    /// Boxed because the decoder is large.
    Reading(Box<GzDecoder<R>>),
    Ended {
        input: R,
        trailing: bool,
    },
    /// While the one becomes the other.
    Between,
}

impl<R: BufRead> Streams<R> {
    /// Nothing if the file does not begin with a gzip header.
    pub(super) fn new(input: R) -> Option<Self> {
        let decoder = GzDecoder::new(input);
        decoder.header()?;
        Some(Self { state: State::Reading(Box::new(decoder)) })
    }

    /// Whether something stands behind the last stream that is neither padding nor another stream.
    pub(super) fn has_trailing_bytes(&self) -> bool {
        matches!(self.state, State::Ended { trailing: true, .. })
    }

    /// The file below, wherever it was left.
    pub(super) fn get_mut(&mut self) -> Option<&mut R> {
        match &mut self.state {
            State::Reading(decoder) => Some(decoder.get_mut()),
            State::Ended { input, .. } => Some(input),
            State::Between => None,
        }
    }

    /// Goes from the end of one stream to the next one.
    fn next(&mut self) -> io::Result<()> {
        let State::Reading(decoder) = std::mem::replace(&mut self.state, State::Between) else {
            return Ok(());
        };
        let mut input = decoder.into_inner();
        skip_zeros(&mut input)?;
        if input.fill_buf()?.is_empty() {
            self.state = State::Ended { input, trailing: false };
            return Ok(());
        }
        let decoder = GzDecoder::new(input);
        self.state = if decoder.header().is_some() {
            State::Reading(Box::new(decoder))
        } else {
            State::Ended { input: decoder.into_inner(), trailing: true }
        };
        Ok(())
    }
}

impl<R: BufRead> Read for Streams<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let State::Reading(decoder) = &mut self.state {
            match decoder.read(buffer)? {
                0 => self.next()?,
                read => return Ok(read),
            }
        }
        Ok(0)
    }
}

fn skip_zeros<R: BufRead>(input: &mut R) -> io::Result<()> {
    loop {
        let chunk = input.fill_buf()?;
        let zeros = chunk.iter().take_while(|byte| **byte == 0).count();
        let ends = zeros < chunk.len() || chunk.is_empty();
        input.consume(zeros);
        if ends {
            return Ok(());
        }
    }
}
