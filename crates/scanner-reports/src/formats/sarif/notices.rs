//! What a tool says of its own run: which of it means that something was not looked at.
//!
//! Whatever a tool calls an error counts. A warning counts where it tells of a failure to look: most tools warn of other things too, and
//! some say in this place what went well. semgrep warns of nothing else, and names the file in its text alone.

use findings_model::{Gap, ScannerName};

use super::{
    Paths,
    wire::{Notification, Rule, SarifResult},
};
use crate::{clean, draft::Draft, wire::Record};

/// Whether a notification was made while the tool ran, or while it was set up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Execution,
    Configuration,
}

/// Words for a failure to look at something, without what is no letter or digit.
const FAILURES: [&str; 34] = [
    "timeout",
    "timedout",
    "timelimit",
    "outofmemory",
    "memorylimit",
    "stackoverflow",
    "syntaxerror",
    "lexicalerror",
    "parseerror",
    "parsererror",
    "parsingerror",
    "parsingfailed",
    "partialparsing",
    "partiallyparsed",
    "failedtoparse",
    "failedtoanaly",
    "failedtoscan",
    "failedtoread",
    "couldnotparse",
    "couldnotprocess",
    "couldnotanaly",
    "couldnotread",
    "couldnotbeparsed",
    "couldnotbeprocessed",
    "couldnotbeanaly",
    "couldnotberead",
    "unabletoparse",
    "unabletoanaly",
    "extractionfailed",
    "skipped",
    "skipping",
    "notanaly",
    "notscanned",
    "notparsed",
];

/// The most characters of a text in which such words are looked for.
const LOOKED_AT: usize = 500;

/// Takes a notification in: a gap where it says that something was not looked at. `notice` describes its kind.
pub(super) fn take(
    draft: &mut Draft,
    notification: &Notification<'_>,
    (notice, level, stage): (Option<&Rule<'_>>, &str, Stage),
    paths: &Paths<'_>,
) {
    let id = notification.descriptor.get().and_then(|r| r.id.get());
    let said = notification.message.get().and_then(|m| m.text.get());
    let warns = stage == Stage::Execution && level.eq_ignore_ascii_case("warning");
    let is_failure_by_name =
        [id, notice.and_then(|n| n.id.get()), notice.and_then(|n| n.name.get())].into_iter().flatten().any(is_failure);
    let is_failure = if level.eq_ignore_ascii_case("error") {
        true
    } else if is_semgrep(&draft.scanner) {
        warns
    } else {
        // Without a place a text may tell of the run as a whole, and of its success.
        let has_place = !notification.locations.items().is_empty();
        warns && (is_failure_by_name || (has_place && said.is_some_and(is_failure)))
    };
    if !is_failure {
        return;
    }
    let mut files: Vec<String> =
        notification.locations.items().iter().filter_map(|l| paths.of_location(l.good()?)).collect();
    let mut is_named = !files.is_empty() && files.len() == notification.locations.items().len();
    if notification.locations.items().is_empty() && is_semgrep(&draft.scanner) {
        files.extend(said.and_then(file_of_semgrep).and_then(|path| paths.of_uri(path, None)));
        is_named = !files.is_empty();
    }
    let what = if level.eq_ignore_ascii_case("error") { "an error" } else { "that it did not look at everything" };
    let said = said.or(id).unwrap_or("without a text");
    let reason = format!("the tool reported {what}: {}", clean::words(&clean::mask_literals(said)));
    if !is_named {
        draft.gap(Gap::Unnamed("what the tool's own error concerns".to_owned()), reason.clone());
    }
    for file in files {
        draft.gap(Gap::File(file), reason.clone());
    }
}

/// Tools that write a file which they could not read or parse among their results, with the rules under which they do.
const UNREAD: [(&str, &[&str]); 5] = [
    ("flake8", &["E902", "E999"]),
    ("hadolint", &["DL1000"]),
    ("pylint", &["E0001", "F0001", "F0002", "F0010", "syntax-error", "fatal", "astroid-error", "parse-error"]),
    ("ruff", &["E902", "E999", "invalid-syntax", "io-error"]),
    ("shellcheck", &["SC1009", "SC1072", "SC1073"]),
];

/// Whether a result says that a file could not be read or parsed, so that no rule looked at all of it. Some versions of ruff give
/// syntax errors no rule, and one formatter of flake8 writes its name before each.
pub(super) fn is_unread_file(scanner: &ScannerName, rule: Option<&str>, result: &SarifResult<'_>) -> bool {
    let is_by = |tool: &str| scanner.as_str().get(..tool.len()).is_some_and(|name| name.eq_ignore_ascii_case(tool));
    let Some(rule) = rule else {
        let said = result.message.get().and_then(|m| m.text.get());
        return is_by("ruff") && said.is_some_and(|said| said.starts_with("SyntaxError:"));
    };
    let rule = rule.rsplit('/').next().unwrap_or(rule);
    UNREAD.iter().any(|(tool, rules)| is_by(tool) && rules.contains(&rule))
}

/// Takes such a result in: a gap, and no finding.
pub(super) fn take_unread_file(draft: &mut Draft, result: &SarifResult<'_>, paths: &Paths<'_>) {
    let file = result.locations.items().iter().find_map(Record::good).and_then(|l| paths.of_location(l));
    let said = result.message.get().and_then(|m| m.text.get()).unwrap_or("without a text");
    let why = clean::words(&clean::mask_literals(said));
    match file {
        Some(path) => {
            let reason = format!("{} could not be read or parsed: {why}", clean::words(&path));
            draft.gap(Gap::File(path), reason);
        }
        None => draft.gap(
            Gap::Unnamed("a file without a name".to_owned()),
            format!("a file could not be read or parsed: {why}"),
        ),
    }
}

/// Whether it is semgrep or the tool that was made from it.
fn is_semgrep(scanner: &ScannerName) -> bool {
    let name = scanner.as_str().split(' ').next().unwrap_or_default();
    ["semgrep", "opengrep"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_failure(words: &str) -> bool {
    let letters: String =
        words.chars().take(LOOKED_AT).filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    FAILURES.iter().any(|word| letters.contains(word))
}

/// The file that semgrep's text names: `Timeout when running RULE on FILE:`, `Syntax error at line FILE:LINE:`. None where the first line
/// is not all of such a sentence.
fn file_of_semgrep(text: &str) -> Option<&str> {
    let (first, is_whole) = match text.split_once('\n') {
        Some((first, _)) => (first.trim_end(), false),
        None => (text.trim_end(), true),
    };
    let sentence = match first.strip_suffix(':') {
        Some(sentence) => sentence,
        None if is_whole => first,
        None => return None,
    };
    if let Some((_, ran)) = sentence.split_once(" when running ") {
        return ran.split_once(" on ").map(|(_rule, file)| file);
    }
    let (_, place) = sentence.split_once(" at line ")?;
    let (file, line) = place.rsplit_once(':')?;
    line.bytes().all(|b| b.is_ascii_digit()).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::file_of_semgrep;

    #[test]
    fn semgrep_names_files_in_its_sentences() {
        for (text, file) in [
            ("Timeout when running r.eval on src/b.py:\n ", Some("src/b.py")),
            ("Out of memory when running r.eval on b.py", Some("b.py")),
            ("Syntax error at line b on d.py:12:\n `def (` was unexpected", Some("b on d.py")),
            ("Timeout when running r.eval on two\nlines.py:\n ", None),
            ("Internal matching error: no file", None),
        ] {
            assert_eq!(file_of_semgrep(text), file, "{text:?}");
        }
    }
}
