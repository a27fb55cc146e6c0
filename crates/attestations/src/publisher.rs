use std::fmt;

use findings_model::text;
use serde::Serialize;

use crate::statement::shown;

/// The issuer of identity tokens of GitHub Actions.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Whose signature is expected: a workflow of a repository on GitHub, as it is registered with the index as a trusted
/// publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    /// `owner/name`
    repository: String,
    /// The file below `.github/workflows/`.
    workflow: String,
}

/// Why a repository or workflow is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublisherError {
    /// Not `owner/name`.
    #[error("{0:?} is not a valid repository on GitHub (owner/name)")]
    Repository(String),
    /// Not the name of a workflow file.
    #[error("{0:?} is not a valid workflow file name (such as release.yml)")]
    Workflow(String),
}

impl Publisher {
    /// A workflow of a repository.
    ///
    /// `repository` is `owner/name`; `workflow` is the file's name, its path, or the whole `GITHUB_WORKFLOW_REF`
    /// (`owner/name/.github/workflows/release.yml@refs/heads/main`).
    pub fn github(repository: &str, workflow: &str) -> Result<Self, PublisherError> {
        let is_word = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        let is_repository = repository.split('/').count() == 2 && repository.split('/').all(is_word);
        if !is_repository {
            return Err(PublisherError::Repository(shown(repository)));
        }
        // A ref may have slashes and a second `@` in it; the workflow's path has neither behind its folder.
        let path = workflow.split('@').next().unwrap_or_default();
        let file = path.rsplit('/').next().unwrap_or_default();
        let has_suffix =
            file.rsplit_once('.').is_some_and(|(stem, suffix)| !stem.is_empty() && matches!(suffix, "yml" | "yaml"));
        if !has_suffix || file.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(PublisherError::Workflow(shown(workflow)));
        }
        Ok(Self { repository: repository.to_owned(), workflow: file.to_owned() })
    }

    /// `owner/name`
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The workflow's file name.
    pub fn workflow(&self) -> &str {
        &self.workflow
    }

    /// Whether a certificate was issued to this workflow, by the rule of the index: the issuer is GitHub Actions, the
    /// source repository is this one, and the build configuration is the workflow's file at the commit or ref that the
    /// certificate itself names.
    pub(crate) fn check(&self, certificate: &SignedBy) -> Result<(), Mismatch> {
        let differs = |theirs: Option<&String>, ours: &str| theirs.is_none_or(|theirs| theirs != ours);
        let theirs = |value: &Option<String>| value.as_deref().map_or_else(|| "nobody".to_owned(), shown);
        if differs(certificate.issuer.as_ref(), GITHUB_ISSUER) {
            return Err(Mismatch::Issuer { theirs: theirs(&certificate.issuer) });
        }
        let repository = format!("https://github.com/{}", self.repository);
        if differs(certificate.repository.as_ref(), &repository) {
            return Err(Mismatch::Repository { ours: repository, theirs: theirs(&certificate.repository) });
        }
        let workflow = format!("{repository}/.github/workflows/{}", self.workflow);
        let is_ours = [&certificate.commit, &certificate.git_ref]
            .into_iter()
            .flatten()
            .any(|at| certificate.workflow.as_deref() == Some(format!("{workflow}@{at}").as_str()));
        if is_ours { Ok(()) } else { Err(Mismatch::Workflow { ours: workflow, theirs: theirs(&certificate.workflow) }) }
    }
}

impl fmt::Display for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", text::one_line(&self.workflow), self.repository)
    }
}

/// In what a certificate is not of the expected publisher.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Who vouched for the identity.
    #[error("the identity was vouched for by {theirs}, expected {GITHUB_ISSUER}")]
    Issuer {
        /// The certificate's issuer of identities.
        theirs: String,
    },
    /// Another repository.
    #[error("it was signed for the repository {theirs}, expected {ours}")]
    Repository {
        /// The expected repository.
        ours: String,
        /// The certificate's.
        theirs: String,
    },
    /// Another workflow of the repository.
    #[error("it was signed by the workflow {theirs}, expected {ours}")]
    Workflow {
        /// The expected workflow.
        ours: String,
        /// The certificate's.
        theirs: String,
    },
}

/// Who signed, by the certificate's own words. They are proven when a [`crate::Verifier`] returned them; they come from
/// outside all the same and are escaped where they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SignedBy {
    /// Who vouched for the identity.
    pub issuer: Option<String>,
    /// The identity: a workflow's URI, an e-mail address.
    pub identity: Option<String>,
    /// The source repository's URI.
    pub repository: Option<String>,
    /// The build configuration: the workflow's URI with its ref or commit.
    pub workflow: Option<String>,
    /// The commit that was built.
    pub commit: Option<String>,
    /// The ref that was built.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    /// The run's address.
    pub run: Option<String>,
}

impl SignedBy {
    /// Whether a job of GitHub Actions signed.
    pub fn is_github(&self) -> bool {
        self.issuer.as_deref() == Some(GITHUB_ISSUER)
    }
}

impl fmt::Display for SignedBy {
    /// The workflow, or the identity where there is none; one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.workflow.as_deref().or(self.identity.as_deref()).unwrap_or("nobody named");
        f.write_str(&shown(who))
    }
}
