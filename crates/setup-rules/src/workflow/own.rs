//! Relwarden's own actions, used from the repository that they live in (`OWNER/relwarden/.github/actions/publish@REF`).
//!
//! Their steps are not among the project's files, so that what they do is told here. Where a project has a copy of them, the copy's
//! steps are looked into as those of any other action of the project.

use super::model::Step;
use super::set::action_name;

/// What one of Relwarden's actions does, as far as the rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnAction {
    /// Publishes.
    Publish,
    /// Asks the index or proves a credential; sends nothing.
    PublishPypi,
    /// Builds the project, which runs its code.
    Build,
    /// Runs the scanners.
    Scan,
    /// Judges the scanners' reports.
    Findings,
    /// Something else, without an identity.
    Other,
}

/// The repository that the actions come from, whoever owns it.
const REPOSITORY: &str = "relwarden";

/// Where they lie in it.
const FOLDER: &str = ".github/actions/";

impl OwnAction {
    /// The action of ours that a step uses, if it uses one.
    ///
    /// A fork may have another name; there the digests of the files, which no other action asks for by this name, tell `publish`.
    pub(super) fn of(step: &Step) -> Option<Self> {
        let uses = step.uses.as_ref()?;
        let mut parts = action_name(&uses.text).splitn(3, '/');
        let (_, repository, path) = (parts.next()?, parts.next()?, parts.next()?);
        let name = path.trim_end_matches('/').strip_prefix(FOLDER)?;
        let has_digests = || step.with.iter().any(|setting| setting.name.eq_ignore_ascii_case("sums"));
        let is_ours = repository.eq_ignore_ascii_case(REPOSITORY) || (name == "publish" && has_digests());
        if !is_ours {
            return None;
        }
        Some(match name {
            "publish" => Self::Publish,
            "publish-pypi" => Self::PublishPypi,
            "build" => Self::Build,
            "scan" => Self::Scan,
            "update-findings" => Self::Findings,
            "integration-orchestrator" if input(step, "command") == Some("security-workflow") => Self::Findings,
            _ => Self::Other,
        })
    }

    /// Whether a step publishes by the action `publish`.
    pub(super) fn publishes(step: &Step) -> bool {
        Self::of(step) == Some(Self::Publish) && input(step, "dry-run") != Some("true")
    }

    /// What a failure is hidden of, where it is hidden.
    pub(super) fn scanner(self) -> Option<&'static str> {
        match self {
            Self::Scan => Some("the action scan"),
            Self::Findings => Some("the action that judges the reports"),
            Self::Publish | Self::PublishPypi | Self::Build | Self::Other => None,
        }
    }

    /// What it runs of the project, or installs for it.
    pub(super) fn code_of_project(self) -> Option<&'static str> {
        match self {
            Self::Build => Some("the action build"),
            Self::Scan => Some("the action scan"),
            Self::Publish | Self::PublishPypi | Self::Findings | Self::Other => None,
        }
    }
}

/// What a step hands to an input of its action.
pub(super) fn input<'s>(step: &'s Step, name: &str) -> Option<&'s str> {
    step.with.iter().find(|setting| setting.name.eq_ignore_ascii_case(name)).map(|setting| setting.value.trim())
}
