//! Who may publish: the project's own rules, on top of those of GitHub, AWS and the index.

use std::fmt;

use findings_model::text;
use glob::{MatchOptions, Pattern};

use crate::{Claims, Job};

/// The rules of a project. An empty list is no rule.
#[derive(Clone, Debug, Default)]
pub struct Protection {
    environments: Vec<String>,
    branches: Vec<Pattern>,
    tags: Vec<Pattern>,
    actors: Vec<String>,
    events: Vec<String>,
    repositories: Vec<String>,
    local: bool,
}

/// A pattern of branches or tags that is none.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is not a valid pattern of names")]
pub struct PatternError {
    text: String,
    source: glob::PatternError,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruled {
    /// The job's environment.
    Environment,
    /// The branch or tag.
    Reference,
    /// Who started it.
    Actor,
    /// The event.
    Event,
    /// The repository.
    Repository,
}

impl fmt::Display for Ruled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment",
            Self::Reference => "branch or tag",
            Self::Actor => "actor",
            Self::Event => "event",
            Self::Repository => "repository",
        })
    }
}

/// Why this run may not publish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Not in GitHub Actions.
    #[error("the project's protection rules allow publishing from GitHub Actions only")]
    Local,
    /// The rule says no.
    #[error("the project's protection rules do not allow publishing with the {ruled} {is:?}; allowed: {allowed}")]
    NotAllowed {
        /// What the rule is about.
        ruled: Ruled,
        /// What it is.
        is: String,
        /// What it may be.
        allowed: String,
    },
    /// What the rule is about is not known.
    #[error("the project's protection rules name the {ruled}, and nothing says which one this is")]
    Unknown {
        /// What the rule is about.
        ruled: Ruled,
        /// What it may be.
        allowed: String,
    },
}

impl Denial {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Local => {
                "publish from the workflow; `allow_local = true` in [tool.relwarden.publish.protection] allows it from elsewhere"
            }
            Self::NotAllowed { .. } => {
                "start the publish as the rules want it, or change them in [tool.relwarden.publish.protection]"
            }
            Self::Unknown { ruled: Ruled::Environment, .. } => {
                "give the job an `environment` and `permissions: id-token: write`: GitHub tells the environment in its identity token \
                 only"
            }
            Self::Unknown { .. } => "run the publish in a job of GitHub Actions, which sets the variables GITHUB_*",
        }
    }
}

impl Protection {
    /// The environments that may publish. Case does not count, as on GitHub.
    #[must_use]
    pub fn environments(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.environments = names.into_iter().collect();
        self
    }

    /// The branches that may publish, as patterns: `*` stands for anything but `/`, `**` as a whole part (`feature/**`) for any number of parts.
    pub fn branches(mut self, patterns: &[String]) -> Result<Self, PatternError> {
        self.branches = compiled(patterns)?;
        Ok(self)
    }

    /// The tags that may publish, as patterns.
    pub fn tags(mut self, patterns: &[String]) -> Result<Self, PatternError> {
        self.tags = compiled(patterns)?;
        Ok(self)
    }

    /// The people and apps that may publish, by their names on GitHub.
    #[must_use]
    pub fn actors(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.actors = names.into_iter().collect();
        self
    }

    /// The events that may publish, such as `workflow_dispatch`.
    #[must_use]
    pub fn events(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.events = names.into_iter().collect();
        self
    }

    /// The repositories that may publish, `owner/name`.
    #[must_use]
    pub fn repositories(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.repositories = names.into_iter().collect();
        self
    }

    /// Allows publishing from outside of GitHub Actions, where no rule can be judged.
    #[must_use]
    pub fn allow_local(mut self, allowed: bool) -> Self {
        self.local = allowed;
        self
    }

    /// Whether there is a rule.
    pub fn is_empty(&self) -> bool {
        self.environments.is_empty()
            && self.branches.is_empty()
            && self.tags.is_empty()
            && self.actors.is_empty()
            && self.events.is_empty()
            && self.repositories.is_empty()
    }

    /// Whether a rule needs what only an identity token says.
    pub fn needs_claims(&self) -> bool {
        !self.environments.is_empty()
    }

    /// Judges what the job's variables say: everything but the environment.
    pub fn judge_job(&self, job: &Job) -> Result<(), Denial> {
        if self.is_empty() {
            return Ok(());
        }
        if !job.in_actions {
            return if self.local { Ok(()) } else { Err(Denial::Local) };
        }
        Self::one_of(Ruled::Repository, &self.repositories, job.repository.as_deref())?;
        Self::one_of(Ruled::Event, &self.events, job.event.as_deref())?;
        Self::one_of(Ruled::Actor, &self.actors, job.actor.as_deref())?;
        // Whoever runs a workflow again counts as well as whoever started it first.
        if job.triggering_actor.is_some() {
            Self::one_of(Ruled::Actor, &self.actors, job.triggering_actor.as_deref())?;
        }
        self.reference(job.reference.as_deref())
    }

    /// Judges what GitHub says of the job in an identity token.
    pub fn judge_claims(&self, claims: &Claims) -> Result<(), Denial> {
        Self::one_of(Ruled::Environment, &self.environments, claims.text("environment"))?;
        Self::one_of(Ruled::Repository, &self.repositories, claims.text("repository"))?;
        Self::one_of(Ruled::Event, &self.events, claims.text("event_name"))?;
        Self::one_of(Ruled::Actor, &self.actors, claims.text("actor"))?;
        self.reference(claims.text("ref"))
    }

    fn one_of(ruled: Ruled, allowed: &[String], is: Option<&str>) -> Result<(), Denial> {
        if allowed.is_empty() {
            return Ok(());
        }
        let list = || text::one_line(&allowed.join(", "));
        let Some(is) = is.filter(|is| !is.is_empty()) else {
            return Err(Denial::Unknown { ruled, allowed: list() });
        };
        if allowed.iter().any(|one| one.to_lowercase() == is.to_lowercase()) {
            return Ok(());
        }
        Err(Denial::NotAllowed { ruled, is: shown(is), allowed: list() })
    }

    fn reference(&self, is: Option<&str>) -> Result<(), Denial> {
        if self.branches.is_empty() && self.tags.is_empty() {
            return Ok(());
        }
        let patterns = |kind: &str, patterns: &[Pattern]| -> Vec<String> {
            patterns.iter().map(|pattern| format!("{kind} {pattern}")).collect()
        };
        let allowed = [patterns("branch", &self.branches), patterns("tag", &self.tags)].concat().join(", ");
        let Some(is) = is.filter(|is| !is.is_empty()) else {
            return Err(Denial::Unknown { ruled: Ruled::Reference, allowed });
        };
        let fits = |patterns: &[Pattern], name: &str| {
            let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
            patterns.iter().any(|pattern| pattern.matches_with(name, options))
        };
        let is_allowed = match (is.strip_prefix("refs/heads/"), is.strip_prefix("refs/tags/")) {
            (Some(branch), _) => fits(&self.branches, branch),
            (None, Some(tag)) => fits(&self.tags, tag),
            (None, None) => false,
        };
        if is_allowed { Ok(()) } else { Err(Denial::NotAllowed { ruled: Ruled::Reference, is: shown(is), allowed }) }
    }
}

fn compiled(patterns: &[String]) -> Result<Vec<Pattern>, PatternError> {
    let one = |text: &String| {
        Pattern::new(text).map_err(|source| PatternError { text: text::shorten(text, 100).into_owned(), source })
    };
    patterns.iter().map(one).collect()
}

fn shown(value: &str) -> String {
    text::shorten(&text::one_line(value), 200).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn rules() -> Protection {
        let rules =
            Protection::default().branches(&texts(&["main", "release/*"])).unwrap().tags(&texts(&["v*"])).unwrap();
        rules.actors(texts(&["octocat"])).events(texts(&["workflow_dispatch", "schedule"]))
    }

    fn job(reference: &str, actor: &str, event: &str) -> Job {
        let some = |text: &str| Some(text.to_owned());
        Job { in_actions: true, reference: some(reference), actor: some(actor), event: some(event), ..Job::default() }
    }

    #[test]
    fn only_what_is_listed_may_publish() {
        for (reference, actor, event, is_allowed) in [
            ("refs/heads/main", "octocat", "schedule", true),
            ("refs/heads/release/1.x", "Octocat", "workflow_dispatch", true),
            ("refs/tags/v1.0", "octocat", "schedule", true),
            ("refs/heads/release/1.x/y", "octocat", "schedule", false),
            ("refs/heads/mainly", "octocat", "schedule", false),
            ("refs/heads/v1", "octocat", "schedule", false),
            ("refs/tags/main", "octocat", "schedule", false),
            ("refs/pull/1/merge", "octocat", "schedule", false),
            ("refs/heads/main", "mallory", "schedule", false),
            ("refs/heads/main", "octocat", "pull_request", false),
            ("refs/heads/main", "octocat", "", false),
        ] {
            let judged = rules().judge_job(&job(reference, actor, event));
            assert_eq!(judged.is_ok(), is_allowed, "{reference} {actor} {event}: {judged:?}");
        }
    }

    #[test]
    fn whoever_runs_it_again_counts_too() {
        let mut job = job("refs/heads/main", "octocat", "schedule");
        job.triggering_actor = Some("mallory".to_owned());
        let denial = rules().judge_job(&job).unwrap_err();
        insta::assert_snapshot!(denial, @r#"the project's protection rules do not allow publishing with the actor "mallory"; allowed: octocat"#);
    }

    #[test]
    fn outside_of_actions_no_rule_can_be_judged() {
        assert_eq!(rules().judge_job(&Job::default()), Err(Denial::Local));
        assert_eq!(rules().allow_local(true).judge_job(&Job::default()), Ok(()));
        assert_eq!(
            Protection::default().judge_job(&Job::default()),
            Ok(()),
            "without a rule there is nothing to judge"
        );
    }
}
