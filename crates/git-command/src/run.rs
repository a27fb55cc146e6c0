//! One run of `git`.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Read, Write as _},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use findings_model::{SECRET_VARIABLES, text};

use crate::{Action, GitError};

/// The most that git may answer where nobody says otherwise: 64 MiB.
pub(crate) const ANSWER_LIMIT: u64 = 64 * 1024 * 1024;
/// How much of git's complaints is read, and how much of that is shown.
const STDERR_LIMIT: u64 = 64 * 1024;
const SHOWN: usize = 2000;
/// How long git may take: hooks run tests, and networks are slow.
const PATIENCE: Duration = Duration::from_mins(15);
/// How long the pipes may stay open after git has ended: what a hook left running may hold them.
const AFTERMATH: Duration = Duration::from_secs(5);

/// Variables that lead git elsewhere than to the project's folder, or make it say what nobody asked for.
const NOT_INHERITED: [&str; 32] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CURL_VERBOSE",
    "GIT_DIFF_OPTS",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REFLOG_ACTION",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_TRACE_SETUP",
    "GIT_WORK_TREE",
    "LANGUAGE",
    "SSH_ASKPASS",
];

/// The secrets that git gets all the same: credential helpers log in with them.
const PASSED_ON: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

/// A run of git that has ended.
#[derive(Debug)]
pub(crate) struct Answer {
    action: Action,
    status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// A run of git to be.
#[derive(Debug)]
pub(crate) struct Git {
    action: Action,
    command: Command,
    stdin: Option<Vec<u8>>,
    limit: u64,
}

impl Git {
    /// A run in a folder. Settings (`-c`) come first, the subcommand follows with [`Git::args`].
    pub(crate) fn new(folder: &Path, action: Action) -> Self {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args(["--no-pager", "--literal-pathspecs"]);
        let secrets = SECRET_VARIABLES.iter().filter(|name| !PASSED_ON.contains(name));
        for name in NOT_INHERITED.iter().chain(secrets) {
            command.env_remove(name);
        }
        command
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GCM_INTERACTIVE", "never")
            .env("GIT_EDITOR", ":")
            .env("GIT_MERGE_AUTOEDIT", "no");
        Self { action, command, stdin: None, limit: ANSWER_LIMIT }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// The most bytes that the answer may have.
    pub(crate) fn limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Runs git to its end, however it ends.
    pub(crate) fn ask(mut self) -> Result<Answer, GitError> {
        let action = self.action;
        let start = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => GitError::NotInstalled,
            _ => GitError::Start { action, source },
        };
        let stdin = if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(start)?;
        if let (Some(bytes), Some(mut pipe)) = (self.stdin.take(), child.stdin.take()) {
            // Git closes the pipe early where it has complaints, and those are what counts.
            aside(Box::new(move || drop(pipe.write_all(&bytes))));
        }
        let stdout = child.stdout.take().map(|pipe| collect(Box::new(pipe), self.limit.saturating_add(1)));
        let stderr = child.stderr.take().map(|pipe| collect(Box::new(pipe), STDERR_LIMIT));
        let status = wait(&mut child, action)?;
        let read = |pipe: Option<Arc<Collected>>| -> Result<Vec<u8>, GitError> {
            let Some(pipe) = pipe else { return Ok(Vec::new()) };
            let bytes = pipe.wait(AFTERMATH).ok_or(GitError::TooSlow { action, limit: AFTERMATH })?;
            bytes.map_err(|source| GitError::Start { action, source })
        };
        let stdout = read(stdout)?;
        if stdout.len() as u64 > self.limit {
            return Err(GitError::TooMuch { action, limit: self.limit });
        }
        Ok(Answer { action, status, stdout, stderr: read(stderr)? })
    }

    /// Runs git to its end, which must be a good one.
    pub(crate) fn run(self) -> Result<Answer, GitError> {
        self.ask()?.good()
    }
}

impl Answer {
    /// Git's exit code; none where a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub(crate) fn good(self) -> Result<Self, GitError> {
        if self.status.success() { Ok(self) } else { Err(self.failed()) }
    }

    /// What git complained about: its last lines, without credentials, safe to show.
    pub(crate) fn said(&self) -> String {
        let stderr = String::from_utf8_lossy(&self.stderr);
        let lines: Vec<String> = stderr
            .lines()
            .map(|line| text::one_line(&text::hide_credentials(line)))
            .filter(|line| !line.is_empty() && !line.starts_with("hint:"))
            .collect();
        let said = lines.join("; ");
        if said.is_empty() {
            return match self.status.code() {
                Some(code) => format!("it ended with {code} and said nothing"),
                None => "it was killed".to_owned(),
            };
        }
        text::shorten(&said, SHOWN).into_owned()
    }

    pub(crate) fn says(&self, words: &[&str]) -> bool {
        let stderr = String::from_utf8_lossy(&self.stderr);
        words.iter().any(|word| stderr.contains(word))
    }

    pub(crate) fn failed(&self) -> GitError {
        GitError::Failed { action: self.action, said: self.said() }
    }

    pub(crate) fn not_understood(&self) -> GitError {
        GitError::Answer { action: self.action }
    }

    /// The answer as text of one line.
    pub(crate) fn line(&self) -> Result<&str, GitError> {
        let text = std::str::from_utf8(&self.stdout).map_err(|_| self.not_understood())?;
        Ok(text.strip_suffix('\n').unwrap_or(text))
    }
}

/// What a pipe held, once it is read.
#[derive(Debug, Default)]
struct Collected {
    bytes: Mutex<Option<io::Result<Vec<u8>>>>,
    is_there: Condvar,
}

impl Collected {
    /// The bytes; none where they do not come in this time.
    fn wait(&self, limit: Duration) -> Option<io::Result<Vec<u8>>> {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.is_there.wait_timeout_while(bytes, limit, |bytes| bytes.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.take()
    }
}

fn collect(pipe: Box<dyn Read + Send>, limit: u64) -> Arc<Collected> {
    let collected = Arc::new(Collected::default());
    let to = Arc::clone(&collected);
    aside(Box::new(move || {
        let mut bytes = Vec::new();
        let mut pipe = pipe.take(limit);
        let read = pipe.read_to_end(&mut bytes);
        // The rest is thrown away, so that git does not wait for a reader.
        drop(io::copy(pipe.get_mut(), &mut io::sink()));
        *to.bytes.lock().unwrap_or_else(PoisonError::into_inner) = Some(read.map(|_| bytes));
        to.is_there.notify_one();
    }));
    collected
}

/// Does something on a thread that nobody waits for.
fn aside(work: Box<dyn FnOnce() + Send>) {
    thread::spawn(work);
}

fn wait(child: &mut Child, action: Action) -> Result<ExitStatus, GitError> {
    let begun = Instant::now();
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait().map_err(|source| GitError::Start { action, source })? {
            return Ok(status);
        }
        if begun.elapsed() > PATIENCE {
            // It may have ended in this very moment, which is as good.
            drop(child.kill());
            drop(child.wait());
            return Err(GitError::TooSlow { action, limit: PATIENCE });
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Two words of a command line as one: `refs/tags/` and a name.
pub(crate) fn joined(start: impl Into<OsString>, end: impl AsRef<OsStr>) -> OsString {
    let mut joined = start.into();
    joined.push(end);
    joined
}
