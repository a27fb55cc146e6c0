use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use findings_model::{
    SchemaVersion,
    json::{self, Layout},
    text,
};
use serde::Serialize;

use crate::{Context, ExitStatus, Failure, Format, hidden};

/// What stands on stdout in JSON format when a run ends before it has a result.
#[derive(Serialize)]
struct Document {
    schema_version: SchemaVersion,
    error: Told,
}

#[derive(Serialize)]
struct Told {
    /// What was attempted.
    message: String,
    /// Why it failed, the nearest cause first.
    causes: Vec<String>,
    /// What to do next.
    hint: Option<String>,
    exit_code: u8,
}

impl Document {
    fn new(message: &str, causes: Vec<String>, hint: Option<String>, exit_code: u8) -> Self {
        let error = Told { message: text::one_line(message), causes, hint, exit_code };
        Self { schema_version: SchemaVersion::new(1, 0), error }
    }

    fn of(error: &anyhow::Error) -> Self {
        let causes = error.chain().skip(1).map(|cause| text::one_line(&cause.to_string())).collect();
        let hint = error.chain().filter_map(|e| e.downcast_ref::<Failure>()).find_map(Failure::hint_text);
        Self::new(&error.to_string(), causes, hint.map(str::to_owned), status(error).code())
    }

    /// Prints it where there is no context to print through.
    #[expect(clippy::print_stdout, reason = "there is no context yet to print through")]
    fn print(&self) {
        if let Ok(json) = json::to_string(self, Layout::Indented) {
            println!("{}", text::harmless_json(&hidden::shown(&json)));
        }
    }
}

/// Prints an error once, at the top: what was attempted, each cause on its line, the hint. Gives the exit status.
pub(crate) fn error(error: &anyhow::Error, context: &mut Context) -> ExitStatus {
    let lines = lines(error);
    for line in &lines {
        context.complain(line);
    }
    let first = text::one_line(&error.to_string());
    context.actions().last_word(&first);
    if context.format() == Format::Json && !context.has_result() {
        // It is on stderr in words; that it cannot be formed is no reason to end in another way.
        drop(context.result(&Document::of(error), ""));
    }
    status(error)
}

/// As [`error`], before there is a context.
#[expect(clippy::print_stderr, reason = "there is no context yet to print through")]
pub(crate) fn early(error: &anyhow::Error, format: Format) -> ExitStatus {
    for line in lines(error) {
        eprintln!("{}", text::harmless(&hidden::shown(&line)));
    }
    if format == Format::Json {
        Document::of(error).print();
    }
    status(error)
}

/// Whether the result was to be JSON, as far as that can be told from arguments that could not be parsed; `variable` is
/// that of the environment.
fn is_json(arguments: &[OsString], variable: Option<&OsStr>) -> bool {
    let mut arguments = arguments.iter().skip(1);
    let mut format = variable;
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            break;
        } else if argument == "--format" {
            format = arguments.next().map(OsString::as_os_str);
        } else if let Some(given) = argument.to_str().and_then(|argument| argument.strip_prefix("--format=")) {
            format = Some(OsStr::new(given));
        }
    }
    format.is_some_and(|format| format == "json")
}

/// Prints what the parser of the arguments has to say (an error, or the help that was asked for), and gives the exit code.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "there is no context yet that has read the environment and can print"
)]
pub(crate) fn arguments(error: &clap::Error) -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if error.use_stderr() && is_json(&arguments, std::env::var_os(crate::context::FORMAT_VARIABLE).as_deref()) {
        let said = error.render().to_string();
        let first = said.lines().next().unwrap_or_default();
        let hint = "run it with --help";
        Document::new(first.trim_start_matches("error: "), Vec::new(), Some(hint.to_owned()), ExitStatus::Usage.code())
            .print();
    }
    let plain = error.render().to_string();
    let shown = text::clean(&plain);
    if matches!(shown, Cow::Borrowed(_)) && text::is_harmless(&shown) {
        // With colours on a terminal. Nobody is left to tell when it is closed.
        let _closed = error.print();
    } else {
        eprint!("{}", text::harmless(&shown));
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(ExitStatus::Usage.code()))
}

/// Whether a panic says a secret, or something that the Actions runner would take for a command; it is said in harmless words then.
#[expect(clippy::print_stderr, reason = "a panic cannot reach the context")]
pub(crate) fn tells_too_much(panic: &std::panic::PanicHookInfo<'_>) -> bool {
    let said = panic.to_string();
    let shown = hidden::shown(&said);
    let is_harmless = matches!(shown, Cow::Borrowed(_)) && text::is_harmless(&said);
    if !is_harmless {
        eprintln!("{}", text::harmless(&text::clean(&shown)));
    }
    !is_harmless
}

fn status(error: &anyhow::Error) -> ExitStatus {
    error.chain().find_map(|e| e.downcast_ref::<Failure>()).map_or(ExitStatus::Outside, Failure::status)
}

fn lines(error: &anyhow::Error) -> Vec<String> {
    let mut lines = Vec::new();
    let mut said: Vec<String> = Vec::new();
    for cause in error.chain() {
        // Snippets of configuration errors have several lines; they are kept, cleaned.
        let words = text::clean(cause.to_string().trim_end()).into_owned();
        if said.iter().any(|s| s == &words) {
            continue;
        }
        let head = if said.is_empty() { "error: " } else { "  caused by: " };
        let mut parts = words.lines();
        lines.push(format!("{head}{}", parts.next().unwrap_or_default()));
        lines.extend(parts.map(|part| format!("    {part}")));
        said.push(words);
    }
    let hints = error.chain().filter_map(|e| e.downcast_ref::<Failure>()).filter_map(Failure::hint_text);
    lines.extend(hints.map(|hint| format!("hint: {hint}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResultExt as _;

    #[test]
    fn the_format_of_arguments_that_cannot_be_parsed_is_told_like_that_of_others() {
        let asked = |arguments: &str, variable: Option<&str>| {
            let arguments: Vec<OsString> = arguments.split(' ').map(OsString::from).collect();
            is_json(&arguments, variable.map(OsStr::new))
        };
        assert!(asked("bin --bogus", Some("json")) && asked("bin --format json --bogus", Some("text")));
        assert!(asked("bin --bogus --format=json", None));
        assert!(!asked("bin --bogus", None) && !asked("bin --format=text --bogus", Some("json")));
        assert!(!asked("bin --bogus -- --format=json", None));
    }

    #[test]
    fn an_error_says_what_why_and_what_next() {
        let cause = std::io::Error::other("disk \u{1b}[31mfull");
        let failed: Result<(), Failure> = Err(cause).or_fail(ExitStatus::Outside, "cannot write docs/index.json");
        let error = anyhow::Error::from(failed.unwrap_err().hint("free some space"));
        assert_eq!(
            lines(&error),
            ["error: cannot write docs/index.json", "  caused by: disk \u{fffd}[31mfull", "hint: free some space"]
        );
        assert_eq!(status(&error), ExitStatus::Outside);
    }
}
