use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use findings_model::{
    Timestamp,
    json::{self, Layout},
    text,
};
use serde::Serialize;

use crate::{
    Config, ExitStatus, Failure, ResultExt as _,
    actions::{Actions, Annotations},
    config,
    hidden::{self, Masks},
};

/// The variable of the environment that says how a result is printed.
pub(crate) const FORMAT_VARIABLE: &str = "RELWARDEN_FORMAT";
/// The first year that is none of a run: due dates and the like must still be days that can be written.
const FIRST_YEAR_BEYOND: i32 = 9000;

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON document with `schema_version` on stdout and nothing else.
    Json,
}

/// The arguments that every binary takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// The project's folder; every relative path starts there
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = "RELWARDEN_PROJECT")]
    pub project: PathBuf,
    /// The configuration file [default: [tool.relwarden] in pyproject.toml, or relwarden.toml]
    #[arg(long, global = true, value_name = "FILE", env = "RELWARDEN_CONFIG")]
    pub config: Option<PathBuf>,
    /// How to print the result
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, env = FORMAT_VARIABLE)]
    pub format: Format,
    /// Say more on stderr; twice for everything (also VERBOSE=true, DEBUG=true, RUST_LOG)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Write the log to this file too
    #[arg(long, global = true, value_name = "FILE", env = "RELWARDEN_LOG_FILE")]
    pub log_file: Option<PathBuf>,
    /// The time of the run, RFC 3339, for reproducible runs [default: the clock]
    #[arg(long, global = true, value_name = "RFC3339", env = "RELWARDEN_NOW")]
    pub now: Option<Timestamp>,
}

/// What a run has from outside, read once: the project, the time, the environment, chance, and where to print.
///
/// Everything that a binary prints goes through here, and nothing that the Actions runner would take for a command gets out
/// ([`text::harmless`]), but the annotations that are meant as such.
#[derive(Debug)]
pub struct Context {
    project: PathBuf,
    config_file: Option<PathBuf>,
    config: Option<Config>,
    format: Format,
    quiet: bool,
    now: Timestamp,
    nonce: [u8; 16],
    vars: BTreeMap<String, String>,
    stderr_is_terminal: bool,
    out: Vec<u8>,
    err: io::Stderr,
    pub(crate) annotations: Annotations,
}

impl Context {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment, the folder and the clock"
    )]
    pub(crate) fn from_process(common: &Common) -> anyhow::Result<Self> {
        let here = std::env::current_dir().or_fail(ExitStatus::Usage, "cannot tell the current folder")?;
        // Without the `.` that the default puts behind it: it would stand in every path that is shown.
        let project: PathBuf = here.join(&common.project).components().collect();
        if !project.is_dir() {
            let what = format!("the project folder {} is not a folder", common.project.display());
            return Err(Failure::new(ExitStatus::Usage, what)
                .hint("give the project's folder with --project DIR")
                .into());
        }
        let now = match common.now {
            Some(now) => now,
            None => Timestamp::new(std::time::SystemTime::now().into()),
        };
        if now.date().year() >= FIRST_YEAR_BEYOND {
            let what = format!("the time of the run, {now}, is not before the year {FIRST_YEAR_BEYOND}");
            return Err(Failure::new(ExitStatus::Usage, what)
                .hint("set the clock, or give the time with --now (RELWARDEN_NOW)")
                .into());
        }
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|e| anyhow::anyhow!("{e}")).context("cannot read random bytes")?;
        let mut vars = BTreeMap::new();
        vars.extend(std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))));
        for name in findings_model::SECRET_VARIABLES {
            if let Some(value) = vars.get(name) {
                hidden::remember(value);
            }
        }
        Ok(Self {
            project,
            config_file: common.config.clone(),
            config: None,
            format: common.format,
            quiet: common.quiet,
            now,
            nonce,
            vars,
            stderr_is_terminal: io::stderr().is_terminal(),
            out: Vec::new(),
            err: io::stderr(),
            annotations: Annotations::default(),
        })
    }

    /// The project's folder, absolute.
    pub fn project(&self) -> &Path {
        &self.project
    }

    /// A path of the command line or the configuration: relative ones start at the project.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.project.join(path)
    }

    /// Where a file named with `--output` goes. One that is there is replaced only if `is_ours` says of what it holds that it is an
    /// earlier one of the same kind; an empty one belongs to nobody.
    pub fn output(&self, file: &Path, is_ours: impl Fn(&[u8]) -> bool) -> Result<PathBuf, Failure> {
        let path = self.path(file);
        let label = file.display();
        let what = format!("cannot write to {label}");
        let there = match state_store::read_if_there(&path, state_store::DOCUMENT_LIMIT) {
            // A folder, a link, a pipe or a device is nobody's earlier output.
            Err(error) if matches!(error.kind, state_store::StoreErrorKind::NotRegular(_)) => {
                return Err(Failure::caused(ExitStatus::Usage, what, error));
            }
            // What else is wrong with the place, the write will say.
            Err(_) | Ok(None) => return Ok(path),
            Ok(Some(bytes)) => bytes,
        };
        if there.is_empty() || is_ours(&there) {
            return Ok(path);
        }
        let what = format!("{label} is there already, and is nothing that this command wrote");
        Err(Failure::new(ExitStatus::Usage, what)
            .hint("nothing was written; give another name, or move the file away first"))
    }

    /// The time of this run.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Sixteen random bytes of this run.
    pub fn nonce(&self) -> [u8; 16] {
        self.nonce
    }

    /// How the result is printed.
    pub fn format(&self) -> Format {
        self.format
    }

    /// A variable of the environment; none if unset or empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// Takes a secret out of the environment's copy, so that nothing prints or passes it on later.
    pub fn take_secret(&mut self, name: &str) -> Option<String> {
        self.vars.remove(name).filter(|v| !v.is_empty())
    }

    /// Hides a secret from now on: nothing that this run prints shows it, nor does the log of the Actions runner.
    pub fn hide(&self, secret: &str) {
        self.masks().hide(secret);
    }

    /// As [`Self::hide`], for where this context is not.
    pub fn masks(&self) -> Masks {
        Masks { in_actions: self.var("GITHUB_ACTIONS").is_some() }
    }

    /// Whether people watch stderr: then progress may be shown.
    pub fn shows_progress(&self) -> bool {
        self.stderr_is_terminal && !self.quiet && self.var("CI").is_none()
    }

    /// The configuration, read at the first call.
    pub fn config(&mut self) -> anyhow::Result<&Config> {
        if self.config.is_none() {
            self.config = Some(config::load(&self.project, self.config_file.as_deref())?);
        }
        self.config.as_ref().context("the configuration was just read")
    }

    /// Adds a line to the result (stdout). In JSON format it goes to stderr instead, so that stdout stays one document.
    pub fn say(&mut self, line: impl AsRef<str>) -> io::Result<()> {
        match self.format {
            Format::Text => writeln!(self.out, "{}", text::harmless(line.as_ref())),
            Format::Json => self.note(line),
        }
    }

    /// Says a line to the people who watch (stderr); silent with `--quiet`.
    pub fn note(&mut self, line: impl AsRef<str>) -> io::Result<()> {
        if self.quiet { Ok(()) } else { writeln!(self.err, "{}", text::harmless(&hidden::shown(line.as_ref()))) }
    }

    /// Says a line on stderr, whatever was asked for.
    pub(crate) fn complain(&mut self, line: &str) {
        // Nobody is left to tell when stderr itself is closed.
        let _closed = writeln!(self.err, "{}", text::harmless(&hidden::shown(line)));
    }

    /// A line for the Actions runner to obey.
    pub(crate) fn command(&mut self, line: &str) {
        let _closed = writeln!(self.err, "{}", hidden::shown(line));
    }

    /// Prints the result: the document in JSON format, the text otherwise.
    pub fn result(&mut self, document: &impl Serialize, text: &str) -> anyhow::Result<()> {
        match self.format {
            Format::Json => {
                let json = json::to_string(document, Layout::Indented).context("cannot write the result as JSON")?;
                self.out.extend_from_slice(text::harmless_json(&json).as_bytes());
                self.out.push(b'\n');
            }
            Format::Text => {
                self.out.extend_from_slice(text::harmless(text).as_bytes());
                if !text.is_empty() && !text.ends_with('\n') {
                    self.out.push(b'\n');
                }
            }
        }
        Ok(())
    }

    /// Whether something stands on stdout already.
    pub(crate) fn has_result(&self) -> bool {
        !self.out.is_empty()
    }

    /// Prints a document that is the result by itself: JSON, one document or one in each line, or text.
    pub fn document(&mut self, bytes: &[u8]) {
        let document = String::from_utf8_lossy(bytes);
        let harmless =
            if document.starts_with(['{', '[']) { text::harmless_json(&document) } else { text::harmless(&document) };
        self.out.extend_from_slice(harmless.as_bytes());
    }

    /// The Actions runner around this run; every call does nothing outside Actions.
    pub fn actions(&mut self) -> Actions<'_> {
        Actions::new(self)
    }

    /// Writes what was printed. A reader that closed the pipe is no failure; a full disk is one.
    pub(crate) fn flush(&mut self, status: ExitStatus) -> ExitStatus {
        self.actions().close();
        let mut stdout = io::stdout().lock();
        let out = String::from_utf8_lossy(&self.out);
        let out = hidden::shown(&out);
        hidden::forget();
        match stdout.write_all(out.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => status,
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => status,
            Err(e) => {
                self.complain(&format!("error: cannot print the result: {e}"));
                ExitStatus::Outside
            }
        }
    }
}
