//! Which step each permission of a job is for. The comment behind a permission names the step; here it is held against what the step
//! does, so that no job has a permission that it does not use.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};

use super::{WORKFLOWS, read, text};

/// What an action needs: scope, access, and the actions that use it.
const USERS: [(&str, &str, &[&str]); 5] = [
    ("contents", "read", &["actions/checkout"]),
    (
        "contents",
        "write",
        &["./.github/actions/bump", "./.github/actions/integration-orchestrator", "./.github/actions/record"],
    ),
    ("id-token", "write", &["./.github/actions/publish", "actions/deploy-pages"]),
    ("pages", "write", &["actions/deploy-pages"]),
    ("security-events", "write", &["github/codeql-action/upload-sarif"]),
];

/// One permission of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) workflow: String,
    pub(crate) job: String,
    pub(crate) permission: String,
    pub(crate) access: String,
    /// The step's name, in a called workflow with that file's name before it.
    pub(crate) step: String,
}

#[derive(Debug, Default)]
struct Job {
    line: usize,
    rows: Vec<Row>,
    has_permissions: bool,
    steps: Vec<Step>,
    calls: Option<String>,
}

#[derive(Debug, Default)]
struct Step {
    name: String,
    uses: String,
    has_token: bool,
}

/// Every permission of every job, in the order of the files.
pub(crate) fn rows() -> Result<Vec<Row>> {
    Ok(all()?.into_values().flat_map(|jobs| jobs.into_values().flat_map(|job| job.rows)).collect())
}

/// What does not fit, a line each.
pub(crate) fn problems() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in text::files(Path::new(WORKFLOWS), "yml")? {
        if !read(&file)?.lines().any(|line| line == "permissions: {}") {
            problems.push(format!("{}: no `permissions: {{}}` for the whole workflow", file.display()));
        }
    }
    let all = all()?;
    for (workflow, jobs) in &all {
        for (name, job) in jobs {
            let place = format!("{WORKFLOWS}/{workflow}:{}: job {name}", job.line);
            if !job.has_permissions {
                problems.push(format!("{place} does not say its permissions"));
            }
            problems
                .extend(job.rows.iter().filter_map(|row| unused(row, job, &all)).map(|why| format!("{place}: {why}")));
            problems.extend(missing(job, &all).into_iter().map(|why| format!("{place}: {why}")));
        }
    }
    Ok(problems)
}

type All = BTreeMap<String, BTreeMap<String, Job>>;

fn all() -> Result<All> {
    let mut all = All::new();
    for file in text::files(Path::new(WORKFLOWS), "yml")? {
        let name = file.file_name().context("a file has a name")?.to_string_lossy().into_owned();
        all.insert(name.clone(), jobs(&name, &read(&file)?));
    }
    Ok(all)
}

/// Why a permission is not used as its comment says; none where it is.
fn unused(row: &Row, job: &Job, all: &All) -> Option<String> {
    let Row { permission, access, step, .. } = row;
    let users = USERS.iter().find(|(scope, kind, _)| scope == permission && kind == access);
    let Some((_, _, users)) = users else { return Some(format!("nothing here needs `{permission}: {access}`")) };
    let found: Vec<&Step> = match (&job.calls, step.split_once(": ")) {
        (Some(_), Some((file, name))) => {
            let jobs = all.get(file).map(|jobs| jobs.values().collect::<Vec<_>>()).unwrap_or_default();
            jobs.into_iter().flat_map(|job| &job.steps).filter(|step| step.name == name).collect()
        }
        (None, None) => job.steps.iter().filter(|found| found.name == *step).collect(),
        _ => Vec::new(),
    };
    if found.is_empty() {
        return Some(format!("`{permission}: {access}` is for a step {step:?}, which is not there"));
    }
    let uses = |found: &&Step| {
        let action = found.uses.split('@').next().unwrap_or_default();
        users.contains(&action) && (permission != "contents" || access != "write" || found.has_token)
    };
    (!found.iter().any(uses)).then(|| format!("the step {step:?} does not use `{permission}: {access}`"))
}

/// What steps and called workflows need that the job has not.
fn missing(job: &Job, all: &All) -> Vec<String> {
    let has = |scope: &str, access: &str| {
        job.rows.iter().any(|row| row.permission == scope && (row.access == access || row.access == "write"))
    };
    let needed = |action: &str, has_token: bool| {
        USERS
            .iter()
            .filter(move |(scope, access, _)| has_token || (*scope, *access) != ("contents", "write"))
            .filter(move |(_, _, users)| users.contains(&action))
            .map(|(scope, access, _)| (*scope, *access))
            .collect::<Vec<_>>()
    };
    let of_steps =
        job.steps.iter().flat_map(|step| needed(step.uses.split('@').next().unwrap_or_default(), step.has_token));
    let mut missing: Vec<String> = of_steps
        .filter(|(scope, access)| !has(scope, access))
        .map(|(scope, access)| format!("a step needs `{scope}: {access}`"))
        .collect();
    let called = job.calls.as_ref().and_then(|file| all.get(file));
    for row in called.into_iter().flat_map(BTreeMap::values).flat_map(|job| &job.rows) {
        if !has(&row.permission, &row.access) {
            missing.push(format!("the workflow that it calls needs `{}: {}`", row.permission, row.access));
        }
    }
    missing.sort();
    missing.dedup();
    missing
}

/// The jobs of a workflow, as far as permissions go. Workflows are written with two blanks a level.
fn jobs(workflow: &str, contents: &str) -> BTreeMap<String, Job> {
    let mut jobs: BTreeMap<String, Job> = BTreeMap::new();
    let mut name = String::new();
    let mut in_jobs = false;
    let mut in_permissions = false;
    for (at, line) in contents.lines().enumerate() {
        if !line.starts_with(' ') && !line.is_empty() && !line.starts_with('#') {
            in_jobs = line == "jobs:";
        }
        if !in_jobs {
            continue;
        }
        if let Some(key) = line.strip_prefix("  ").filter(|rest| !rest.starts_with([' ', '#'])) {
            key.trim_end_matches(':').clone_into(&mut name);
            jobs.insert(name.clone(), Job { line: at + 1, ..Job::default() });
        }
        let Some(job) = jobs.get_mut(&name) else { continue };
        if let Some(key) = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' ')) {
            in_permissions = key.starts_with("permissions:");
            job.has_permissions |= in_permissions;
            if let Some(file) = key.strip_prefix("uses: ./.github/workflows/") {
                job.calls = Some(file.to_owned());
            }
        } else if in_permissions && let Some((permission, rest)) = line.trim().split_once(": ") {
            let (access, step) = rest.split_once(" # ").unwrap_or((rest, ""));
            job.rows.push(Row {
                workflow: workflow.to_owned(),
                job: name.clone(),
                permission: permission.to_owned(),
                access: access.trim().to_owned(),
                step: step.to_owned(),
            });
        } else if let Some(step) = line.strip_prefix("      - name: ") {
            job.steps.push(Step { name: step.to_owned(), ..Step::default() });
        } else if let Some(step) = job.steps.last_mut() {
            if let Some(uses) = line.strip_prefix("        uses: ") {
                uses.split(" #").next().unwrap_or_default().clone_into(&mut step.uses);
            }
            step.has_token |= line.trim() == "token: ${{ github.token }}";
        }
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW: &str = "\
permissions: {}
jobs:
  one:
    runs-on: x
    permissions:
      contents: read # Check out
      id-token: write # Publish
    steps:
      - name: Check out
        uses: actions/checkout@0 # v1
      - name: Publish
        run: echo
  two:
    permissions:
      contents: write # b.yml: Push
    uses: ./.github/workflows/b.yml
";

    #[test]
    fn a_permission_without_use_is_found() {
        let mut all = All::from([("a.yml".to_owned(), jobs("a.yml", WORKFLOW))]);
        let of = |all: &All, job: &str| -> Vec<String> {
            let job = &all["a.yml"][job];
            job.rows.iter().filter_map(|row| unused(row, job, all)).chain(missing(job, all)).collect()
        };
        assert_eq!(of(&all, "one"), ["the step \"Publish\" does not use `id-token: write`"]);
        assert_eq!(of(&all, "two"), ["`contents: write` is for a step \"b.yml: Push\", which is not there"]);

        let called = "jobs:\n  push:\n    permissions:\n      contents: write # Push\n      pages: write # Push\n    steps:\n      - name: Push\n        uses: ./.github/actions/bump\n        with:\n          token: ${{ github.token }}\n";
        all.insert("b.yml".to_owned(), jobs("b.yml", called));
        assert_eq!(of(&all, "two"), ["the workflow that it calls needs `pages: write`"]);
    }
}
