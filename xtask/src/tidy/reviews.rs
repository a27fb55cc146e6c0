//! Every page of the documentation says when somebody last read it against the programs.

use std::path::Path;

use anyhow::Result;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::Files;

/// The line, before its date.
const LINE: &str = "Last reviewed: ";

/// Pages outside `docs/`.
const FURTHER: [&str; 2] = [".github/workflows/README.md", "infrastructure/README.md"];

pub(super) fn problems(files: &Files) -> Result<Vec<String>> {
    let today = OffsetDateTime::now_utc().date();
    let mut problems = Vec::new();
    for path in files.ending(".md").filter(|path| is_page(path)) {
        let problem = problem(&files.text(path)?, today);
        problems.extend(problem.map(|why| format!("{}: {why}", path.display())));
    }
    Ok(problems)
}

fn is_page(path: &Path) -> bool {
    path.parent() == Some(Path::new("docs")) || FURTHER.iter().any(|further| path == Path::new(further))
}

fn problem(text: &str, today: Date) -> Option<String> {
    let dates: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(LINE)).collect();
    let [date] = dates.as_slice() else {
        return Some(format!("{} lines `{LINE}YYYY-MM-DD.`; it needs one", dates.len()));
    };
    let parsed = date.strip_suffix('.').map(|date| Date::parse(date, format_description!("[year]-[month]-[day]")));
    match parsed {
        // Elsewhere on Earth it may be tomorrow already.
        Some(Ok(date)) if date > today.next_day().unwrap_or(today) => Some(format!("reviewed in the future: {date}")),
        Some(Ok(_)) => None,
        Some(Err(_)) | None => Some(format!("`{date}` is no date such as `2026-11-22.`")),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::problem;

    #[test]
    fn a_page_has_one_date_of_the_past() {
        let check = |text: &str| problem(text, date!(2026 - 11 - 22));
        assert_eq!(check("# A\n\nLast reviewed: 2026-11-22.\n"), None);
        assert_eq!(check("Last reviewed: 2025-01-31.\n"), None);
        for bad in [
            "# A\n",
            "Last reviewed: 2026-11-22.\nLast reviewed: 2026-11-22.\n",
            "Last reviewed: 2027-01-01.\n",
            "Last reviewed: 2026-11-31.\n",
            "Last reviewed: 22 November 2026.\n",
            "Last reviewed: 2026-11-22\n",
            "Last reviewed: $(date).\n",
        ] {
            assert!(check(bad).is_some(), "{bad}");
        }
    }
}
