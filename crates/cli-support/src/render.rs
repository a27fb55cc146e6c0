use findings_model::text;

use crate::{Context, ExitStatus, Failure};

/// Prints an error once, at the top: what was attempted, each cause on its line, the hint. Gives the exit status.
pub(crate) fn error(error: &anyhow::Error, context: &mut Context) -> ExitStatus {
    let lines = lines(error);
    for line in &lines {
        context.complain(line);
    }
    let first = text::one_line(&error.to_string());
    context.actions().error(&first);
    status(error)
}

/// As [`error`], before there is a context.
#[expect(clippy::print_stderr, reason = "there is no context yet to print through")]
pub(crate) fn early(error: &anyhow::Error) -> ExitStatus {
    for line in lines(error) {
        eprintln!("{line}");
    }
    status(error)
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
