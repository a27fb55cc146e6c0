//! Runs programs with an environment that holds nothing of the caller's.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long a program may run unless [`Run::timeout`] says otherwise.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(2);

/// The built binary of this name, for the integration tests of its own package.
///
/// The macro expands in the caller, where Cargo tells the path: this crate cannot depend on the
/// packages that it helps to test. Other binaries of the workspace lie beside it: [`Binary::sibling`].
#[macro_export]
macro_rules! binary {
    ($name:literal) => {
        $crate::command::Binary::at(env!(concat!("CARGO_BIN_EXE_", $name)))
    };
}

/// A built binary of this workspace.
#[derive(Clone, Debug)]
pub struct Binary {
    path: PathBuf,
}

impl Binary {
    /// The binary at `path`, which must exist.
    #[track_caller]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        assert!(path.is_file(), "{} was not built; run `cargo build --workspace`", path.display());
        Self { path }
    }

    /// Another binary of the workspace, built into the same folder.
    #[must_use]
    #[track_caller]
    pub fn sibling(&self, name: &str) -> Self {
        let folder = self.path.parent().expect("a binary lies in a folder");
        Self::at(folder.join(name).with_extension(std::env::consts::EXE_EXTENSION))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A run of it, with a scrubbed environment.
    pub fn run(&self) -> Run {
        Run::new(&self.path)
    }
}

/// A program to run: its arguments, and an environment of which the caller's is no part.
///
/// It sees `PATH` (the system's folders), `HOME` and `TMPDIR` (a scratch folder of its own), `NO_COLOR`,
/// `LC_ALL`, `TZ`, `RELWARDEN_OFFLINE` (no test asks a public service; [`Run::online`] is for those with a server of their own), and
/// what [`Run::env`] adds.
#[derive(Debug)]
pub struct Run {
    command: Command,
    home: TempDir,
    stdin: Option<Vec<u8>>,
    timeout: Duration,
}

impl Run {
    /// A run of `program`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let home = tempfile::Builder::new().prefix("relwarden-").tempdir().expect("create a temporary folder");
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .env("RELWARDEN_OFFLINE", "true")
            .current_dir(home.path());
        Self { command, home, stdin: None, timeout: TIMEOUT }
    }

    /// Adds `--project FOLDER`; the working folder stays the scratch one, so that a path that does
    /// not start at the project is noticed.
    #[must_use]
    pub fn project(self, folder: &Path) -> Self {
        self.arg("--project").arg(folder)
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Lets the program ask services: the test gives it addresses of servers on loopback.
    #[must_use]
    pub fn online(mut self) -> Self {
        self.command.env_remove("RELWARDEN_OFFLINE");
        self
    }

    /// Stands in a moment, an RFC 3339 text (`RELWARDEN_NOW`).
    #[must_use]
    pub fn now(self, moment: &str) -> Self {
        self.env("RELWARDEN_NOW", moment)
    }

    /// Runs in `folder` instead of the scratch one.
    #[must_use]
    pub fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What the program reads on its standard input; without this it reads nothing.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// How long the program may run; longer fails the test.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn output(self) -> Outcome {
        let line = self.line();
        let limit = self.timeout;
        let mut running = self.spawn();
        let stdout = collect(running.child.stdout.take().expect("stdout is a pipe"));
        let stderr = collect(running.child.stderr.take().expect("stderr is a pipe"));
        let start = Instant::now();
        let status = loop {
            let status = running.child.try_wait();
            if let Some(status) = status.unwrap_or_else(|error| panic!("wait for {line}: {error}")) {
                break Some(status);
            }
            if start.elapsed() > limit {
                running.kill();
                break None;
            }
            thread::sleep(POLL);
        };
        let outcome = Outcome {
            line,
            code: status.and_then(|status| status.code()),
            stdout: text(stdout.join().expect("the reader does not panic")),
            stderr: text(stderr.join().expect("the reader does not panic")),
        };
        assert!(status.is_some(), "still running after {limit:?}: {outcome:?}");
        outcome
    }

    /// Starts the program and leaves it running, for a test that stops it itself.
    #[track_caller]
    pub fn spawn(mut self) -> Running {
        let line = self.line();
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = self
            .command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("start {line}: {error}"));
        if let Some(bytes) = self.stdin {
            let mut pipe = child.stdin.take().expect("stdin is a pipe");
            // A program that ends before it has read everything closes the pipe, which is its right.
            thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        Running { child, _home: self.home }
    }

    fn line(&self) -> String {
        let program = self.command.get_program();
        let words: Vec<OsString> =
            std::iter::once(program).chain(self.command.get_args()).map(OsStr::to_os_string).collect();
        words.join(OsStr::new(" ")).to_string_lossy().into_owned()
    }
}

/// A program that was started; it is killed with this value.
#[derive(Debug)]
pub struct Running {
    /// The process, with its output in pipes.
    pub child: Child,
    _home: TempDir,
}

impl Running {
    /// Ends the process at once (SIGKILL on Unix) and waits until it is gone.
    pub fn kill(&mut self) {
        // Both fail only for a process that has ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a program that has ended left behind.
#[derive(Debug)]
pub struct Outcome {
    line: String,
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout, invalid UTF-8 replaced.
    pub stdout: String,
    /// What it wrote to stderr, invalid UTF-8 replaced.
    pub stderr: String,
}

impl Outcome {
    /// Requires this exit code.
    #[expect(clippy::return_self_not_must_use, reason = "a test may end with this check")]
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\nstdout:\n{}\nstderr:\n{}", self.line, self.stdout, self.stderr);
        self
    }

    /// Requires exit code 0.
    #[expect(clippy::return_self_not_must_use, reason = "a test may end with this check")]
    #[track_caller]
    pub fn expect_success(self) -> Self {
        self.expect_code(0)
    }

    /// Stdout as exactly one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{}: {error}\nstdout:\n{}\nstderr:\n{}", self.line, self.stdout, self.stderr)
        })
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is still worth showing.
        drop(pipe.read_to_end(&mut bytes));
        bytes
    })
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
