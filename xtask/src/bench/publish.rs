//! `publish-pypi` in release mode beside `twine` and `uv publish`, in one run, taking turns: checking, and sending to a server that
//! keeps nothing.

use std::{
    fmt::Write as _,
    fs,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use test_support::{peers, sink::Sink};
use zip::write::SimpleFileOptions;

use super::run::{mebibytes, peak};

/// Files of the larger release.
const FORTY: usize = 40;
/// Bytes of each of them, about.
const EACH: usize = 5_000_000;
/// Bytes of the one large wheel, about.
const LARGE: usize = 500_000_000;
/// How long the slow server takes for each upload.
const SLOW: Duration = Duration::from_secs(1);

/// The limits. A ratio is our wall time over that of the other, both at the median of runs that took turns.
const CHECK_SMALL: f64 = 1.0 / 60.0;
const CHECK_FORTY: f64 = 1.0;
const FORTY_OVER_UV: f64 = 0.75;
const FORTY_OVER_TWINE: f64 = 0.45;
const SLOW_OVER_EITHER: f64 = 0.3;
const LARGE_OVER_UV: f64 = 0.9;
const FIRST_BYTE_MS: f64 = 30.0;
const PEAK_MB: f64 = 32.0;

/// Who does it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Ours,
    Twine,
    Uv,
}

/// What is watched while a program runs: looking at its memory again and again costs up to half a millisecond of its time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    AtTime,
    AtMemory,
}

struct Bench {
    program: PathBuf,
    folder: PathBuf,
    exceeded: Vec<String>,
    most_memory: u64,
}

/// Measures, prints, and fails where a limit is exceeded.
pub(super) fn run() -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "memory is read from /proc, which only Linux has");
    let (program, folder) = build()?;
    let mut bench = Bench { program, folder, exceeded: Vec::new(), most_memory: 0 };
    let small = bench.files("small", 1, 1_000)?;
    let forty = bench.files("forty", FORTY, EACH)?;
    let large = bench.files("large", 1, LARGE)?;
    println!("{:<44} {:>10} {:>10} {:>10}", "wall s, median", "ours", "twine", "uv");

    let [ours, twine, _] = bench.check(&small, 15, Look::AtTime)?;
    row("check, one small wheel", ours, Some(twine), None);
    bench.hold("check of a small wheel, of twine's time", ours / twine, CHECK_SMALL);
    let [ours, twine, _] = bench.check(&forty, 5, Look::AtMemory)?;
    row("check, 40 wheels of 5 MB", ours, Some(twine), None);
    bench.hold("check of forty, of twine's time", ours / twine, CHECK_FORTY);

    let fast = Sink::start(Duration::ZERO);
    let [ours, twine, uv] = bench.publish(&small, &fast, 9)?;
    row("publish, one small wheel", ours, Some(twine), Some(uv));
    let [ours, twine, uv] = bench.publish(&forty, &fast, 5)?;
    row("publish, 40 wheels of 5 MB", ours, Some(twine), Some(uv));
    bench.hold("publish of forty, of uv's time", ours / uv, FORTY_OVER_UV);
    bench.hold("publish of forty, of twine's time", ours / twine, FORTY_OVER_TWINE);
    let [ours, twine, uv] = bench.publish(&large, &fast, 3)?;
    row("publish, one wheel of 500 MB", ours, Some(twine), Some(uv));
    bench.hold("publish of 500 MB, of uv's time", ours / uv, LARGE_OVER_UV);
    let slow = Sink::start(SLOW);
    let [ours, twine, uv] = bench.publish(&forty, &slow, 1)?;
    row("publish, 40 wheels, 1 s of the server for each", ours, Some(twine), Some(uv));
    bench.hold("publish to a slow server, of the faster one's time", ours / twine.min(uv), SLOW_OVER_EITHER);

    let first = bench.first_byte(&small, &fast)?;
    println!("first byte of an upload: {first:.1} ms after the start, at the median");
    bench.hold("milliseconds to the first byte", first, FIRST_BYTE_MS);
    let memory = mebibytes(bench.most_memory);
    println!("peak memory of ours over all of it: {memory:.1} MB");
    bench.hold("peak memory in MB", memory, PEAK_MB);
    ensure!(bench.exceeded.is_empty(), "limits of docs/performance.md are exceeded:\n{}", bench.exceeded.join("\n"));
    Ok(())
}

impl Bench {
    fn hold(&mut self, what: &str, found: f64, limit: f64) {
        println!("    {what}: {found:.3}, limit {limit:.3}");
        if found > limit {
            self.exceeded.push(format!("{what}: {found:.3}, the limit is {limit:.3}"));
        }
    }

    /// Wheels of random bytes, the same each time. They are made once.
    fn files(&self, name: &str, count: usize, bytes: usize) -> Result<Vec<PathBuf>> {
        let folder = self.folder.join(name);
        let done = folder.join("done");
        if !done.is_file() {
            fs::create_dir_all(&folder)?;
            for number in 0..count {
                wheel(&folder, number, bytes)
                    .with_context(|| format!("cannot make a wheel in {}", folder.display()))?;
            }
            fs::write(&done, "")?;
        }
        let name = |number| folder.join(format!("bench_package-1.0.0-{}-py3-none-any.whl", number + 1));
        Ok((0..count).map(name).collect())
    }

    fn command(&self, who: Who, verb: &str, url: Option<&str>, files: &[PathBuf]) -> Command {
        let bin = peers::folder().join("bin");
        let mut command = Command::new(match who {
            Who::Ours => self.program.clone(),
            Who::Twine => bin.join("twine"),
            Who::Uv => bin.join("uv"),
        });
        match who {
            Who::Ours => {
                command.arg(verb).arg("--quiet").arg("--project").arg(&self.folder);
                if let Some(url) = url {
                    command.args(["--auth", "none", "--index", url]);
                }
            }
            Who::Twine => {
                command.arg(if verb == "check" { "check" } else { "upload" });
                if let Some(url) = url {
                    command.args(["--disable-progress-bar", "--repository-url", url, "-u", "__token__", "-p", "x"]);
                }
            }
            Who::Uv => {
                command.args(["--no-config", "--no-progress", "publish", "--trusted-publishing", "never"]);
                command.args(["--username", "__token__", "--password", "x"]);
                command.args(url.into_iter().flat_map(|url| ["--publish-url", url]));
            }
        }
        command.args(files).env_remove("GITHUB_ACTIONS").stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The seconds of one run.
    fn once(&mut self, who: Who, mut command: Command, look: Look) -> Result<f64> {
        let begun = Instant::now();
        let mut child =
            command.spawn().with_context(|| format!("{} could not be started", command.get_program().display()))?;
        let status = match look {
            Look::AtTime => child.wait()?,
            Look::AtMemory => loop {
                if who == Who::Ours {
                    self.most_memory = self.most_memory.max(peak(&child));
                }
                if let Some(status) = child.try_wait()? {
                    break status;
                }
                thread::sleep(Duration::from_micros(500));
            },
        };
        let wall = begun.elapsed().as_secs_f64();
        ensure!(status.success(), "{} ended with {status}", command.get_program().display());
        Ok(wall)
    }

    fn check(&mut self, files: &[PathBuf], times: usize, look: Look) -> Result<[f64; 3]> {
        let mut all: [Vec<f64>; 3] = Default::default();
        for _ in 0..times {
            for (at, who) in [Who::Ours, Who::Twine].into_iter().enumerate() {
                let command = self.command(who, "check", None, files);
                all[at].push(self.once(who, command, look)?);
            }
        }
        Ok(all.map(median))
    }

    fn publish(&mut self, files: &[PathBuf], sink: &Sink, times: usize) -> Result<[f64; 3]> {
        let mut all: [Vec<f64>; 3] = Default::default();
        for _ in 0..times {
            for (at, who) in [Who::Ours, Who::Twine, Who::Uv].into_iter().enumerate() {
                sink.forget();
                let command = self.command(who, "publish", Some(&sink.url()), files);
                all[at].push(self.once(who, command, Look::AtMemory)?);
                ensure!(sink.files() == files.len(), "{} files arrived of {}", sink.files(), files.len());
            }
        }
        Ok(all.map(median))
    }

    /// Milliseconds from the start of the process to the first byte of an upload, at the median.
    fn first_byte(&mut self, files: &[PathBuf], sink: &Sink) -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..15 {
            sink.forget();
            let command = self.command(Who::Ours, "publish", Some(&sink.url()), files);
            let begun = Instant::now();
            self.once(Who::Ours, command, Look::AtTime)?;
            let first = sink.first_byte().context("nothing was uploaded")?;
            times.push(first.duration_since(begun).as_secs_f64() * 1000.0);
        }
        Ok(median(times))
    }
}

fn row(what: &str, ours: f64, twine: Option<f64>, uv: Option<f64>) {
    let number = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), |time| format!("{time:.3}"));
    println!("{what:<44} {ours:>10.3} {:>10} {:>10}", number(twine), number(uv));
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Builds the program in release mode. Gives it and a folder to work in.
fn build() -> Result<(PathBuf, PathBuf)> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec()?;
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--package", "publish-pypi"])
        .current_dir(&metadata.workspace_root)
        .status()?;
    ensure!(status.success(), "publish-pypi could not be built");
    let target = metadata.target_directory.as_std_path();
    let folder = target.join("bench/publish");
    fs::create_dir_all(&folder)?;
    // The large wheel is larger than an index takes by itself.
    let limits = "[tool.relwarden.publish.limits]\nfile_bytes = 1000000000\n";
    fs::write(folder.join("pyproject.toml"), format!("[project]\nname = \"bench-package\"\n{limits}"))?;
    Ok((target.join("release/publish-pypi"), folder))
}

/// Writes one valid wheel with about so many bytes of data that do not compress.
fn wheel(folder: &Path, number: usize, bytes: usize) -> Result<()> {
    let build = number + 1;
    let path = folder.join(format!("bench_package-1.0.0-{build}-py3-none-any.whl"));
    let mut writer = zip::ZipWriter::new(BufWriter::new(fs::File::create(path)?));
    let options =
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).compression_level(Some(1));
    let mut record = String::new();
    let mut add = |name: &str, data: &[u8]| -> Result<()> {
        writer.start_file(name, options)?;
        writer.write_all(data)?;
        let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(data));
        let _infallible = writeln!(record, "{name},sha256={digest},{}", data.len());
        Ok(())
    };
    let mut state = number as u64 + 1;
    let mut left = bytes;
    let mut member = 0;
    add("bench_package/__init__.py", b"\"\"\"A package to measure with.\"\"\"\n")?;
    while left > 0 {
        let size = left.min(1_000_000);
        let data: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)).to_le_bytes()
        })
        .flatten()
        .take(size)
        .collect();
        add(&format!("bench_package/data_{member}.bin"), &data)?;
        (left, member) = (left - size, member + 1);
    }
    let info = "bench_package-1.0.0.dist-info";
    let metadata = "Metadata-Version: 2.1\nName: bench-package\nVersion: 1.0.0\nSummary: A package to measure with\n\
        Description-Content-Type: text/markdown\n\n# A package to measure with\n";
    add(&format!("{info}/METADATA"), metadata.as_bytes())?;
    let wheel =
        format!("Wheel-Version: 1.0\nGenerator: xtask\nRoot-Is-Purelib: true\nTag: py3-none-any\nBuild: {build}\n");
    add(&format!("{info}/WHEEL"), wheel.as_bytes())?;
    let _infallible = writeln!(record, "{info}/RECORD,,");
    writer.start_file(format!("{info}/RECORD"), options)?;
    writer.write_all(record.as_bytes())?;
    writer.finish()?.flush()?;
    Ok(())
}
