//! Whether workflows can be read, pin what they use and write down what they may do.

use super::set::Workflows;
use crate::check::{Check, CheckSeverity, Place, Rule, Topic};

const TOPIC: Topic = Topic::WorkflowHygiene;

/// Every workflow file can be read.
const READABLE: Rule = Rule {
    id: "WF-01",
    topic: TOPIC,
    severity: CheckSeverity::Error,
    title: "every workflow file can be read",
    help: "Mend the file at the place named; until then nothing is known about what it does.",
};

/// Actions do not change under the project's feet.
const PINNED: Rule = Rule {
    id: "WF-02",
    topic: TOPIC,
    severity: CheckSeverity::Warning,
    title: "actions of others are pinned by commit",
    help: "Write the full commit id behind the @ and the version as a comment; a tag or branch can be moved to other code.",
};

/// Token permissions are written down.
const PERMISSIONS: Rule = Rule {
    id: "WF-03",
    topic: TOPIC,
    severity: CheckSeverity::Warning,
    title: "every job's token permissions are written down",
    help: "Put `permissions: {}` on top of the workflow and on each job what it needs; without it the repository's default applies.",
};

pub(crate) const RULES: [&Rule; 3] = [&READABLE, &PINNED, &PERMISSIONS];

pub(super) fn check(set: &Workflows) -> Vec<Check> {
    let mut checks = readable(set);
    checks.extend(pinned(set));
    checks.extend(permissions(set));
    checks
}

fn readable(set: &Workflows) -> Vec<Check> {
    let broken = set.broken.iter().map(|(path, line, reason)| {
        READABLE.hit(Place::line(path, *line), &format!("cannot be read as a workflow: {reason}"))
    });
    let unread = set.unread.iter().map(|unread| READABLE.unknown(Place::file(&unread.path), &unread.reason));
    READABLE.conclude(broken.chain(unread).collect(), || READABLE.pass(&format!("{} read", set.seen())))
}

fn pinned(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    let steps =
        set.sites().flat_map(|site| &site.job.steps).filter_map(|step| Some((step.file.as_str(), step.uses.as_ref()?)));
    for (file, uses) in steps {
        hits.extend(unpinned(&uses.text).map(|severity| {
            PINNED.hit_as(
                severity,
                Place::line(file, uses.line),
                &format!("{} can change without a commit here", uses.text),
            )
        }));
    }
    for site in set.sites() {
        if let Some(called) = &site.job.calls {
            hits.extend(unpinned(called).map(|severity| {
                PINNED.hit_as(
                    severity,
                    Place::line(&site.workflow.path, site.job.line),
                    &format!("{called} can change without a commit here"),
                )
            }));
        }
    }
    set.conclude(&PINNED, hits, "all are")
}

/// The weight of an action reference that can move; nothing for one that cannot.
fn unpinned(uses: &str) -> Option<CheckSeverity> {
    if uses.starts_with("./") || uses.starts_with("$/") {
        return None;
    }
    if uses.starts_with("docker://") {
        return (!uses.contains("@sha256:")).then_some(CheckSeverity::Warning);
    }
    let version = uses.split_once('@').map_or("", |(_, version)| version);
    if matches!(version.len(), 40 | 64) && version.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let of_github = uses.starts_with("actions/") || uses.starts_with("github/");
    Some(if of_github { CheckSeverity::Info } else { CheckSeverity::Warning })
}

fn permissions(set: &Workflows) -> Vec<Check> {
    let mut hits = Vec::new();
    for workflow in &set.list {
        let of_jobs = workflow.jobs.iter().filter_map(|job| job.permissions.as_ref());
        for permissions in workflow.permissions.iter().chain(of_jobs).filter(|permissions| permissions.is_write_all()) {
            hits.push(PERMISSIONS.hit(
                Place::line(&workflow.path, permissions.line),
                "`write-all` grants every permission, the identity token among them",
            ));
        }
        if workflow.permissions.is_none() {
            for job in workflow.jobs.iter().filter(|job| job.permissions.is_none()) {
                hits.push(PERMISSIONS.hit(
                    Place::line(&workflow.path, job.line),
                    &format!("job {} has none, and neither has the workflow", job.id),
                ));
            }
        }
    }
    set.conclude(&PERMISSIONS, hits, "all are")
}
