//! Those who watch a publish: the receipt that grows with it, and the bars for people.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use cli_support::Context;
use findings_model::Receipt;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pypi_publish::{Event, Observer};

/// The form of a bar: without colours, so that it needs no look at `NO_COLOR`.
const BAR: &str = "{msg:40!} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}";

/// The receipt of a publish that is under way. It is written after each file, so that a run that is killed leaves behind
/// what it knew.
struct Journal {
    path: PathBuf,
    receipt: Mutex<Receipt>,
}

impl Journal {
    fn note(&self, event: Event<'_>) {
        let Event::Ended(ended) = event else { return };
        let mut receipt = self.receipt.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = receipt.files.iter_mut().find(|file| file.file == ended.file) {
            file.clone_from(ended);
        }
        let written = serde_json::to_vec_pretty(&*receipt).map_err(|error| error.to_string()).and_then(|mut bytes| {
            bytes.push(b'\n');
            // The index is the truth; a receipt that a power cut takes away costs a question to it.
            state_store::replace_without_sync(&self.path, &bytes).map_err(|error| error.to_string())
        });
        if let Err(error) = written {
            tracing::warn!("the receipt could not be written yet: {error}");
        }
    }
}

/// A bar for each file that is being sent.
struct Bars {
    all: MultiProgress,
    of: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Bars {
    fn note(&self, event: Event<'_>) {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Begins { file, bytes, attempt } => {
                let bar = of.entry(file.to_owned()).or_insert_with(|| {
                    let bar = self.all.add(ProgressBar::new(bytes));
                    bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
                    bar
                });
                bar.set_position(0);
                bar.set_message(if attempt == 1 { file.to_owned() } else { format!("{file} (try {attempt})") });
            }
            Event::Sent { file, bytes } => {
                if let Some(bar) = of.get(file) {
                    bar.set_position(bytes);
                }
            }
            Event::Waits { file, time } => {
                if let Some(bar) = of.get(file) {
                    bar.set_message(format!("{file} (again in {:.0} s)", time.as_secs_f64().ceil()));
                }
            }
            Event::Ended(file) => {
                if let Some(bar) = of.remove(&file.file) {
                    bar.finish_and_clear();
                }
            }
            Event::Verifying => {
                let bar = self.all.add(ProgressBar::new_spinner());
                bar.set_message("waiting until the index lists every file");
                bar.tick();
                of.insert(String::new(), bar);
            }
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // Nobody is left to tell when stderr is closed.
        drop(self.all.clear());
    }
}

/// Who watches a publish with this receipt.
pub(crate) fn observer(receipt: Receipt, path: PathBuf, cx: &Context) -> Observer {
    let journal = Journal { path, receipt: Mutex::new(receipt) };
    let bars = cx.shows_progress().then(|| Bars { all: MultiProgress::new(), of: Mutex::default() });
    Arc::new(move |event| {
        journal.note(event);
        if let Some(bars) = &bars {
            bars.note(event);
        }
    })
}
