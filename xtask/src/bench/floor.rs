//! What a whole run cannot leave out, whatever it does with the findings: the least that its CPU time can be.
//!
//! Nothing that is read here is kept, nothing that is written is made: reading and identifying findings, comparing them and writing
//! them as JSON come on top.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

use super::run::{REPORTS, own_cpu};

/// How much is read and written at once: more than fits into the processor's nearest caches only costs time.
const BLOCK: usize = 256 * 1024;
/// How often each part is measured.
const TIMES: u32 = 3;

/// CPU seconds.
pub(super) struct Floor {
    /// Of a first scan.
    pub(super) new: f64,
    /// Of a scan of a project that has a ledger.
    pub(super) again: f64,
}

/// Measures what is left of a run in a project that was scanned. `base` is what serde_json takes for the reports.
pub(super) fn measure(reports: &Path, project: &Path, base: f64) -> Result<Floor> {
    let security = project.join("security");
    let ledger = security.join("findings/findings.json");
    let plans = security.join("findings/remediation-plans.yml");
    let archive = newest(&security.join("findings/history/scans"))?;

    let taken_in = mean(|| REPORTS.iter().try_for_each(|(file, _)| hash(&reports.join(file))))?;
    let known = mean(|| {
        hold_as_json(&ledger)?;
        read(&plans, |_| {})
    })?;
    let documents = [fs::read(&ledger)?, fs::read(&archive)?];
    let written = mean(|| documents.iter().try_for_each(|bytes| write(&security.join("floor"), bytes)))?;
    let new_plans = fs::read(&plans)?;
    let planned = mean(|| write(&security.join("floor"), &new_plans))?;
    Ok(Floor { new: base + taken_in + written + planned, again: base + taken_in + known + written })
}

/// The newest file of a folder whose files sort by time.
fn newest(folder: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    files.into_iter().max().with_context(|| format!("no file in {}", folder.display()))
}

fn mean(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let begun = own_cpu()?;
    for _ in 0..TIMES {
        work()?;
    }
    Ok((own_cpu()? - begun) / f64::from(TIMES))
}

/// Reads a file without keeping it.
fn read(path: &Path, mut with: impl FnMut(&[u8])) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(()),
            n => with(&block[..n]),
        }
    }
}

/// Reads a report and takes its digest, which the ledger keeps.
fn hash(path: &Path) -> Result<()> {
    let mut digest = Sha256::new();
    read(path, |block| digest.update(block))?;
    std::hint::black_box(digest.finalize());
    Ok(())
}

/// Reads a document line by line and holds that each finding is JSON, without taking anything from it.
fn hold_as_json(path: &Path) -> Result<()> {
    let mut rest = Vec::with_capacity(2 * BLOCK);
    read(path, |block| {
        rest.extend_from_slice(block);
        let end = rest.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        for line in rest[..end].split_inclusive(|b| *b == b'\n') {
            let line = line.trim_ascii();
            let finding = line.strip_suffix(b",").unwrap_or(line);
            std::hint::black_box(serde_json::from_slice::<IgnoredAny>(finding).is_ok());
        }
        rest.drain(..end);
    })
}

/// Writes a document as a run does: beside the one that it replaces, synced, then renamed.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    for block in bytes.chunks(BLOCK) {
        file.write_all(block)?;
    }
    file.sync_all()?;
    fs::rename(&beside, path)?;
    Ok(())
}
