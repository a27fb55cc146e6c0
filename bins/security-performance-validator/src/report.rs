//! The results for people: text, step summary, annotations.

use std::fmt::Write as _;

use anyhow::Context as _;
use cli_support::{Context, ExitStatus};
use findings_model::text::markdown;
use orchestrate::validation::Validation;
use setup_rules::{Check, CheckStatus, Group};

/// Prints the results and says how the step ends.
pub(crate) fn print(validation: &Validation, cx: &mut Context) -> anyhow::Result<ExitStatus> {
    for check in &validation.checks {
        match check.status {
            CheckStatus::Fail => cx.actions().error(&line(check)),
            CheckStatus::Warn => cx.actions().warning(&line(check)),
            CheckStatus::Unknown | CheckStatus::Pass => {}
        }
    }
    cx.actions().summary(&summary(validation).context("cannot format the step summary")?)?;
    cx.result(validation, &text(validation).context("cannot format the results")?)?;
    Ok(if validation.passed { ExitStatus::Done } else { ExitStatus::No })
}

/// One check in one line.
fn line(check: &Check) -> String {
    match &check.place {
        Some(place) => format!("{} {}: {} ({place})", check.id, check.title, check.message),
        None => format!("{} {}: {}", check.id, check.title, check.message),
    }
}

fn text(validation: &Validation) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    for (group, name) in [(Group::Security, "Security"), (Group::Performance, "Performance")] {
        let mut checks: Vec<&Check> = validation.checks.iter().filter(|check| check.group == group).collect();
        if checks.is_empty() {
            continue;
        }
        checks.sort_by_key(|check| check.status);
        writeln!(out, "{name}")?;
        for (at, check) in checks.iter().enumerate() {
            let word = check.status.word().to_uppercase();
            writeln!(out, "  {word:<8} {:<9} {}", check.id, check.title)?;
            if check.status == CheckStatus::Pass {
                continue;
            }
            let place = check.place.as_ref().map(|place| format!("{place}: "));
            writeln!(out, "{:21}{}{}", "", place.unwrap_or_default(), check.message)?;
            let next = checks.get(at + 1).map(|next| (next.id, next.status));
            if next != Some((check.id, check.status)) {
                writeln!(out, "{:21}help: {}", "", check.help)?;
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", verdict(validation))?;
    Ok(out)
}

/// The last line: how many checks came out how, and what follows.
fn verdict(validation: &Validation) -> String {
    let counts = validation.summary;
    let result = match (validation.passed, counts.unknown) {
        (false, _) => "the validation failed",
        (true, 0) => "the validation passed",
        (true, _) => "nothing failed, and what is unknown is not known to be good",
    };
    format!(
        "{} passed, {} failed, {} warned, {} unknown: {result}",
        counts.pass, counts.fail, counts.warn, counts.unknown
    )
}

fn summary(validation: &Validation) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "## Validation of the set-up\n\n{}\n", verdict(validation))?;
    let mut open: Vec<&Check> = validation.checks.iter().filter(|check| check.status != CheckStatus::Pass).collect();
    open.sort_by_key(|check| check.status);
    if !open.is_empty() {
        writeln!(out, "| result | rule | what | where |\n| --- | --- | --- | --- |")?;
    }
    for check in open {
        let place = check.place.as_ref().map(|place| markdown(&place.to_string())).unwrap_or_default();
        writeln!(
            out,
            "| {} | {} | {}: {} | {place} |",
            check.status.word(),
            check.id,
            markdown(check.title),
            markdown(&check.message)
        )?;
    }
    Ok(out)
}
