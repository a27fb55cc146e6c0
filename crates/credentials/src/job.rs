use findings_model::text;

/// The job of GitHub Actions that runs, as its environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Whether this is a job at all (`GITHUB_ACTIONS`).
    pub in_actions: bool,
    /// What started the workflow (`GITHUB_EVENT_NAME`).
    pub event: Option<String>,
    /// `owner/name` (`GITHUB_REPOSITORY`).
    pub repository: Option<String>,
    /// The branch, tag or pull request, `refs/…` (`GITHUB_REF`).
    pub reference: Option<String>,
    /// Who started the workflow (`GITHUB_ACTOR`).
    pub actor: Option<String>,
    /// Who started this run of it (`GITHUB_TRIGGERING_ACTOR`): another person for a re-run.
    pub triggering_actor: Option<String>,
    /// The run's number (`GITHUB_RUN_ID`).
    pub run_id: Option<String>,
    /// The attempt of the run (`GITHUB_RUN_ATTEMPT`).
    pub run_attempt: Option<String>,
    /// Whether the event is a pull request from a fork, where that is known.
    pub from_fork: Option<bool>,
}

impl Job {
    /// Reads the job from variables of the environment; an empty one counts as unset.
    pub fn read<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        let one = |name| variable(name).filter(|value| !value.is_empty()).map(text::one_line);
        Self {
            in_actions: variable("GITHUB_ACTIONS") == Some("true"),
            event: one("GITHUB_EVENT_NAME"),
            repository: one("GITHUB_REPOSITORY"),
            reference: one("GITHUB_REF"),
            actor: one("GITHUB_ACTOR"),
            triggering_actor: one("GITHUB_TRIGGERING_ACTOR"),
            run_id: one("GITHUB_RUN_ID"),
            run_attempt: one("GITHUB_RUN_ATTEMPT"),
            from_fork: None,
        }
    }

    /// The name under which AWS notes what this run does (CloudTrail): `relwarden-RUN-ATTEMPT`, at most 64 of the characters that
    /// STS takes.
    pub fn session_name(&self) -> String {
        let number = |value: &Option<String>| value.clone().filter(|v| v.bytes().all(|b| b.is_ascii_digit()));
        match (number(&self.run_id), number(&self.run_attempt)) {
            (Some(run), attempt) if run.len() <= 30 => {
                let attempt = attempt.filter(|a| a.len() <= 10).unwrap_or_else(|| "1".to_owned());
                format!("relwarden-{run}-{attempt}")
            }
            _ => "relwarden-local".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_names_the_run() {
        let of = |run: &str, attempt: &str| {
            Job::read(|name| match name {
                "GITHUB_RUN_ID" => Some(run),
                "GITHUB_RUN_ATTEMPT" => Some(attempt),
                _ => None,
            })
            .session_name()
        };
        let (run, attempt) = ("17171717171".to_owned(), "2".to_owned());
        assert_eq!(of(&run, &attempt), "relwarden-17171717171-2");
        assert_eq!(of("", ""), "relwarden-local");
        assert_eq!(of("1; rm", "1"), "relwarden-local");
        assert_eq!(of(&"1".repeat(80), "1"), "relwarden-local");
    }
}
