use std::{
    fs::{File, OpenOptions},
    io,
    sync::{Mutex, PoisonError},
};

use findings_model::text;
use tracing::Metadata;
use tracing_subscriber::{
    Registry,
    filter::{LevelFilter, Targets, filter_fn},
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::{Common, Context, ExitStatus, ResultExt as _, hidden};

/// Sends the log to stderr and, if asked, to a file. `RUST_LOG` goes before `-v`, `DEBUG=true` and `VERBOSE=true`.
pub(crate) fn init(common: &Common, context: &Context) -> anyhow::Result<()> {
    let is_true = |name| context.var(name).is_some_and(|v| v.eq_ignore_ascii_case("true") || v == "1");
    let asked = match common.verbose {
        _ if common.quiet => LevelFilter::ERROR,
        2.. => LevelFilter::DEBUG,
        _ if is_true("DEBUG") => LevelFilter::DEBUG,
        1 => LevelFilter::INFO,
        _ if is_true("VERBOSE") => LevelFilter::INFO,
        _ => LevelFilter::WARN,
    };
    // What lies below (HTTP, TLS) may print headers: only our own crates go beyond warnings by themselves.
    let ours = |level| {
        OUR_CRATES
            .iter()
            .fold(Targets::new().with_default(LevelFilter::WARN), |targets, name| targets.with_target(*name, level))
    };
    let directives = context.var("RUST_LOG").map(|directives| {
        let what = || format!("RUST_LOG={} is not a valid log filter", text::one_line(directives));
        directives.parse::<Targets>().or_fail(ExitStatus::Usage, what())
    });
    let directives = directives.transpose()?;
    let lines_at = |level| directives.clone().unwrap_or_else(|| ours(level));
    let file = common.log_file.as_ref().map(|path| open(&context.path(path))).transpose()?;
    let sinks = Sinks {
        stderr: lines_at(asked),
        file: file.map(|file| (Mutex::new(file), lines_at(asked.max(LevelFilter::INFO)))),
    };
    let of_file = sinks.file.as_ref().map(|(_, targets)| targets.clone());
    let asked_for: Vec<Targets> = std::iter::once(sinks.stderr.clone()).chain(of_file).collect();
    let filter = filter_fn(move |line| is_fit(line) && asked_for.iter().any(|targets| takes(targets, line)));
    let layer = fmt::layer().with_writer(sinks).without_time().with_ansi(false);
    Registry::default().with(layer).with(filter).init();
    Ok(())
}

/// Where the log goes, and which of its lines.
struct Sinks {
    stderr: Targets,
    file: Option<(Mutex<File>, Targets)>,
}

fn takes(targets: &Targets, line: &Metadata<'_>) -> bool {
    targets.would_enable(line.target(), line.level())
}

impl<'s> MakeWriter<'s> for Sinks {
    type Writer = Harmless<'s>;

    fn make_writer(&'s self) -> Harmless<'s> {
        Harmless { to_stderr: true, file: self.file.as_ref().map(|(file, _)| file) }
    }

    fn make_writer_for(&'s self, line: &Metadata<'_>) -> Harmless<'s> {
        Harmless {
            to_stderr: takes(&self.stderr, line),
            file: self.file.as_ref().filter(|(_, targets)| takes(targets, line)).map(|(file, _)| file),
        }
    }
}

/// A log in which the Actions runner finds no command and nobody a secret. It is written to event by event, each whole.
struct Harmless<'s> {
    to_stderr: bool,
    file: Option<&'s Mutex<File>>,
}

impl io::Write for Harmless<'_> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let event_text = String::from_utf8_lossy(event);
        let shown = hidden::shown(&event_text);
        let harmless = text::harmless(&shown);
        // What one of the two does not take is no reason to keep it from the other.
        let told = if self.to_stderr { io::stderr().write_all(harmless.as_bytes()) } else { Ok(()) };
        if let Some(file) = self.file {
            file.lock().unwrap_or_else(PoisonError::into_inner).write_all(harmless.as_bytes())?;
        }
        told.map(|()| event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a line may be written whatever was asked for: the SDK of AWS logs whole requests and answers, tokens and all, and what
/// lies below logs the bytes of a connection.
fn is_fit(line: &Metadata<'_>) -> bool {
    let target = line.target();
    let most = if target.starts_with("aws_") {
        LevelFilter::INFO
    } else if OUR_CRATES
        .iter()
        .any(|name| target == *name || target.strip_prefix(name).is_some_and(|rest| rest.starts_with("::")))
    {
        LevelFilter::TRACE
    } else {
        LevelFilter::DEBUG
    };
    *line.level() <= most
}

/// The crates whose log lines are ours.
const OUR_CRATES: [&str; 29] = [
    "advisories",
    "advisory_sources",
    "attestations",
    "change_detect",
    "cli_support",
    "credentials",
    "decide_release",
    "detect_changes",
    "dist_check",
    "findings_export",
    "findings_ledger",
    "findings_model",
    "git_command",
    "integration_orchestrator",
    "live_status",
    "metrics",
    "orchestrate",
    "publish_pypi",
    "pypi_publish",
    "release_decision",
    "retry",
    "scanner_reports",
    "security_performance_validator",
    "setup_rules",
    "state_store",
    "update_findings",
    "update_status",
    "web_address",
    "workflow_monitoring",
];

fn open(path: &std::path::Path) -> anyhow::Result<File> {
    Ok(OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .or_fail(ExitStatus::Usage, format!("cannot open the log file {}", path.display()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_ours_may_say_more_than_warnings() {
        let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folders = ["bins", "crates"].map(|folder| state_store::list(&workspace.join(folder)).unwrap());
        let names = folders.into_iter().flatten().map(|folder| folder.name.replace('-', "_"));
        let mut names: Vec<String> = names.filter(|name| name != "test_support").collect();
        names.sort();
        assert_eq!(names, OUR_CRATES);
    }
}
