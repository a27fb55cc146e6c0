use std::{
    collections::{BTreeSet, HashMap},
    io::BufRead,
};

use findings_model::{AdvisoryId, EpssScore, Probability, parse_date};
use time::Date;

use crate::{FEED_BYTES, feed};

/// The longest line of the scores, in bytes.
const LINE_BYTES: u64 = 4096;

/// The scores of the Exploit Prediction Scoring System for the flaws that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct EpssScores {
    scores: HashMap<AdvisoryId, EpssScore>,
    date: Date,
    unreadable: usize,
}

/// Why scores cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EpssError {
    /// It cannot be unpacked, or holds more than 64 MiB.
    #[error("it cannot be read to its end")]
    Unpack(#[source] std::io::Error),
    /// The comment in the first line names no day.
    #[error("its first line names no score_date")]
    NoDate,
    /// The columns are not `cve,epss,percentile`.
    #[error("it has no line of column names cve, epss and percentile")]
    NoColumns,
    /// It ends inside a line, or holds no score at all.
    #[error("it was cut off: {0}")]
    CutOff(&'static str),
}

impl EpssScores {
    /// Reads the daily scores (CSV, plain or packed with gzip) and keeps those of the wanted ids.
    pub fn read(bytes: &[u8], wanted: &BTreeSet<AdvisoryId>) -> Result<Self, EpssError> {
        let mut lines = Lines { from: feed::unpacked(bytes, FEED_BYTES), line: Vec::new() };
        let comment = lines.next()?.and_then(|line| line.trim_start_matches('\u{feff}').strip_prefix('#'));
        let comment = comment.ok_or(EpssError::NoDate)?;
        let date = comment
            .split(',')
            .find_map(|part| part.trim().strip_prefix("score_date:"))
            .and_then(|day| parse_date(day.trim()))
            .ok_or(EpssError::NoDate)?;
        let names: Vec<String> =
            lines.next()?.ok_or(EpssError::NoColumns)?.split(',').map(|n| n.trim().to_ascii_lowercase()).collect();
        let column = |name: &str| names.iter().position(|n| n == name).ok_or(EpssError::NoColumns);
        let (cve, epss, percentile) = (column("cve")?, column("epss")?, column("percentile")?);
        let mut read = Self { scores: HashMap::new(), date, unreadable: 0 };
        let mut rows = 0_usize;
        while let Some(line) = lines.next()? {
            if line.is_empty() {
                continue;
            }
            rows += 1;
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            let number = |at: usize| cells.get(at)?.parse().ok().and_then(|n| Probability::new(n).ok());
            let id = cells.get(cve).and_then(|text| AdvisoryId::parse(text).ok()).filter(AdvisoryId::is_cve);
            match (id, number(epss), number(percentile)) {
                (Some(id), Some(score), Some(percentile)) => {
                    if wanted.contains(&id) {
                        read.scores.insert(id, EpssScore { score, percentile, date });
                    }
                }
                _ => read.unreadable += 1,
            }
        }
        if rows == read.unreadable { Err(EpssError::CutOff("it holds no score")) } else { Ok(read) }
    }

    /// The day of the scores.
    pub fn date(&self) -> Date {
        self.date
    }

    /// How many lines could not be read.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// The score of a flaw under any of its ids: the highest of several.
    pub fn score<'i>(&self, ids: impl IntoIterator<Item = &'i AdvisoryId>) -> Option<EpssScore> {
        let key = |s: &EpssScore| s.score.value();
        ids.into_iter().filter_map(|id| self.scores.get(id).copied()).max_by(|a, b| key(a).total_cmp(&key(b)))
    }
}

struct Lines<R> {
    from: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The next line without its end; none after the last.
    fn next(&mut self) -> Result<Option<&str>, EpssError> {
        use std::io::Read as _;
        self.line.clear();
        (&mut self.from).take(LINE_BYTES).read_until(b'\n', &mut self.line).map_err(EpssError::Unpack)?;
        if self.line.is_empty() {
            return Ok(None);
        }
        if self.line.pop() != Some(b'\n') {
            return Err(EpssError::CutOff("its last line has no end, or a line is too long"));
        }
        // A line that is no text is a line that cannot be read.
        Ok(Some(std::str::from_utf8(&self.line).unwrap_or("?").trim_end_matches('\r')))
    }
}
