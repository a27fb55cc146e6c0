//! Runs the targets, watches their time and memory, and keeps what fails.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::ExitCode,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    App,
    chance::Chance,
    laws::{self, Broken, TARGETS, Target},
    mutate::{Change, Seed, mutate},
    seeds,
};

/// Longer than this for one input is a fault. Inputs are a few hundred kilobytes at most, and the machine may be busy.
const TIME: Duration = Duration::from_secs(5);

/// After this long an input is taken for a hang, and the program ends.
const HANG: Duration = Duration::from_mins(1);

/// The program may never hold more memory than this, in bytes.
const MEMORY: u64 = 1024 * 1024 * 1024;

/// Runs what was asked for; failure if a law was broken.
pub(crate) fn run(app: &App) -> Result<ExitCode> {
    let chosen: Vec<&Target> =
        TARGETS.iter().filter(|t| app.target.as_ref().is_none_or(|name| name == t.name)).collect();
    if chosen.is_empty() {
        let names: Vec<_> = TARGETS.iter().map(|t| t.name).collect();
        bail!("there is no target {:?}: they are {}", app.target.as_deref().unwrap_or_default(), names.join(", "));
    }
    if let Some(file) = &app.replay {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        (chosen[0].check)(&bytes, Change::Anywhere, &Seed::unknown()).map_err(|broken| anyhow::anyhow!("{broken}"))?;
        println!("{}: every law holds that does not ask what was changed", file.display());
        return Ok(ExitCode::SUCCESS);
    }
    println!("seed {}", app.seed);
    std::panic::set_hook(Box::new(|_| {}));
    let watch = Watch::start(app.keep.clone());
    let mut failed = false;
    for target in chosen {
        failed |= run_target(target, app, &watch)?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn run_target(target: &Target, app: &App, watch: &Watch) -> Result<bool> {
    let mut seeds = (target.seeds)();
    for folder in target.folders {
        seeds.extend(seeds::recorded(folder)?);
    }
    for seed in &seeds {
        if let Err(broken) = laws::check(target, &seed.bytes, Change::None, seed) {
            bail!("the seed {} of {} breaks a law as it stands: {broken}", seed.name, target.name);
        }
    }
    let start = Instant::now();
    let end = Duration::from_secs(app.seconds);
    let (mut inputs, mut bytes_read, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    while start.elapsed() < end {
        let (bytes, change, seed) = mutate(&seeds, &mut Chance::of(app.seed, target.name, inputs));
        let begun = Instant::now();
        watch.begin(target.name, &bytes);
        let outcome = catch_unwind(AssertUnwindSafe(|| laws::check(target, &bytes, change, &seeds[seed])));
        watch.done();
        let took = begun.elapsed();
        slowest = slowest.max(took);
        inputs += 1;
        bytes_read += bytes.len() as u64;
        let broken = match outcome {
            Err(panic) => Some(Broken::new(format!("it panicked: {}", panic_text(panic.as_ref())))),
            Ok(Err(broken)) => Some(broken),
            Ok(Ok(())) if took > TIME => Some(Broken::new(format!("it took {took:?}"))),
            Ok(Ok(())) if inputs % 512 == 0 && peak_memory() > MEMORY => {
                Some(Broken::new(format!("the program has held {} bytes", peak_memory())))
            }
            Ok(Ok(())) => None,
        };
        if let Some(broken) = broken {
            let file = keep(&app.keep, target.name, app.seed, inputs - 1, &bytes)?;
            println!(
                "{}: FAILED on input {} (seed {}, {change:?} of {}): {broken}\n  replay: cargo xtask fuzz --target {} --replay {file}",
                target.name,
                inputs - 1,
                app.seed,
                seeds[seed].name,
                target.name,
            );
            return Ok(true);
        }
    }
    println!(
        "{:<11} {inputs:>9} inputs  {:>7} MB  slowest {:>6.1} ms  {} seeds",
        target.name,
        bytes_read / 1_000_000,
        slowest.as_secs_f64() * 1000.0,
        seeds.len()
    );
    Ok(false)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

fn keep(folder: &Path, target: &str, seed: u64, nth: u64, bytes: &[u8]) -> Result<String> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join(format!("{target}-{seed}-{nth}"));
    fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file.display().to_string())
}

/// The most memory that this process has held, in bytes; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Ends the program when an input does not end, because nothing else can.
struct Watch {
    current: Arc<Mutex<Option<Current>>>,
    _alive: Alive,
}

/// When an input was begun, its target and its bytes.
type Current = (Instant, &'static str, Vec<u8>);

struct Alive(Arc<AtomicBool>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Watch {
    fn start(folder: std::path::PathBuf) -> Self {
        let current: Arc<Mutex<Option<Current>>> = Arc::default();
        let alive = Arc::new(AtomicBool::new(true));
        let (watched, go_on) = (Arc::clone(&current), Arc::clone(&alive));
        thread::spawn(move || {
            while go_on.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(500));
                let current = watched.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((begun, target, bytes)) = current.as_ref()
                    && begun.elapsed() > HANG
                {
                    let kept = keep(&folder, target, 0, 0, bytes).unwrap_or_default();
                    println!("{target}: FAILED: it hangs on {kept}");
                    std::process::exit(1);
                }
            }
        });
        Self { current, _alive: Alive(alive) }
    }

    fn begin(&self, target: &'static str, bytes: &[u8]) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Some((Instant::now(), target, bytes.to_vec()));
    }

    fn done(&self) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
