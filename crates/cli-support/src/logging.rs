use std::{
    fs::{File, OpenOptions},
    io,
    sync::Mutex,
};

use findings_model::text;
use tracing::Metadata;
use tracing_subscriber::{
    Layer as _, Registry,
    filter::{FilterExt as _, LevelFilter, Targets, filter_fn},
    fmt,
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
    let filter = match context.var("RUST_LOG") {
        Some(directives) => directives
            .parse::<Targets>()
            .or_fail(ExitStatus::Usage, format!("RUST_LOG={} is not a valid log filter", text::one_line(directives)))?,
        // What lies below (HTTP, TLS) may print headers: only our own crates go beyond warnings by themselves.
        None => OUR_CRATES
            .iter()
            .fold(Targets::new().with_default(LevelFilter::WARN), |t, name| t.with_target(*name, asked)),
    };
    let file = common.log_file.as_ref().map(|path| open(&context.path(path))).transpose()?;
    let stderr_layer = fmt::layer()
        .with_writer(|| Harmless(io::stderr()))
        .without_time()
        .with_ansi(false)
        .with_filter(filter.clone().and(filter_fn(is_fit)));
    let file_layer = file.map(|file| {
        let level = asked.max(LevelFilter::INFO);
        let filter = if context.var("RUST_LOG").is_some() {
            filter
        } else {
            OUR_CRATES
                .iter()
                .fold(Targets::new().with_default(LevelFilter::WARN), |t, name| t.with_target(*name, level))
        };
        let filter = filter.and(filter_fn(is_fit));
        fmt::layer().with_writer(Mutex::new(Harmless(file))).with_ansi(false).without_time().with_filter(filter)
    });
    Registry::default().with(stderr_layer).with(file_layer).init();
    Ok(())
}

/// A log in which the Actions runner finds no command and nobody a secret. It is written to event by event, each whole.
struct Harmless<W>(W);

impl<W: io::Write> io::Write for Harmless<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let event_text = String::from_utf8_lossy(event);
        self.0.write_all(text::harmless(&hidden::shown(&event_text)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
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
