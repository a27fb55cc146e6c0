use std::time::Duration;

use dist_check::{Distribution, Target};
use tokio::time::Instant;

use crate::{
    Answered, ErrorKind, IndexClient, LostError, Patience,
    client::{Answer, Question},
};

/// What PyPI answers to a form that lacks the file. Up to there it has looked at the credential and stored nothing; whether it has
/// looked at the form and the metadata too, its answer to a form without sense tells.
const ONLY_THE_FILE_LACKS: &str = "Upload payload does not have a file";

/// What an index says to a release before a file is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// The credential is known, the form complete and the metadata acceptable. Whether the credential may upload to this
    /// project, and what is wrong with the files themselves, is looked at later only.
    Acceptable,
    /// The credential is known. The index asks for the file before it looks at anything else.
    Known,
    /// The index does not accept the credential.
    Refused(Answered),
    /// The index would not take the metadata.
    Rejected(Answered),
    /// The answer says neither; indexes other than PyPI may not look at a form without a file.
    Inconclusive(Answered),
}

/// The index could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// No answer.
    #[error("the index could not be asked beforehand in {tries} tries")]
    Lost {
        /// The requests that were sent.
        tries: u32,
        /// The cause of the last try's end.
        source: LostError,
    },
    /// Temporary failures only.
    #[error("the index could not be asked beforehand in {tries} tries: it answered with {answered}")]
    Exhausted {
        /// The requests that were sent.
        tries: u32,
        /// The last answer.
        answered: Answered,
    },
}

impl Preflight {
    /// The word for documents.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Acceptable => "acceptable",
            Self::Known => "known",
            Self::Refused(_) => "refused",
            Self::Rejected(_) => "rejected",
            Self::Inconclusive(_) => "inconclusive",
        }
    }

    /// The index's answer, where it says more than the outcome.
    pub fn answered(&self) -> Option<&Answered> {
        match self {
            Self::Acceptable | Self::Known => None,
            Self::Refused(answered) | Self::Rejected(answered) | Self::Inconclusive(answered) => Some(answered),
        }
    }

    /// What the outcome means, for people.
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::Acceptable => {
                "the index knows the credential, and takes the form and the metadata; it has not looked at the permission \
                 for this project, nor at the files"
            }
            Self::Known => {
                "the index knows the credential; at the metadata, at the permission for this project and at the files it \
                 looks later only"
            }
            Self::Refused(_) => "the index does not accept the credential",
            Self::Rejected(_) => "the index does not take the metadata",
            Self::Inconclusive(_) => {
                "the index does not say what it makes of the credential and the metadata without a file"
            }
        }
    }
}

impl PreflightError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Outside
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "look at the index's status page, then run the same command again"
    }
}

/// Asks the index what it makes of a release: sends the form of one file, complete but for the file.
///
/// If only the file lacks, a second form with metadata that no index takes tells whether the first was looked at. PyPI counts each as an
/// attempt to upload, so once for each release is enough; nothing comes to be of it.
pub async fn preflight<S: AsyncFn(Duration)>(
    client: &IndexClient,
    file: &Distribution,
    patience: &Patience<S>,
) -> Result<Preflight, PreflightError> {
    let started = Instant::now();
    let mut tries = patience.tries(0);
    loop {
        tries.begin();
        let (error, asked) = match client.ask(file, Question::AsItIs).await {
            Ok(Answer::Temporary { answered, retry_after }) => {
                (PreflightError::Exhausted { tries: tries.made(), answered }, retry_after)
            }
            Ok(Answer::Lost { source, .. }) | Err(source) => {
                let error = PreflightError::Lost { tries: tries.made(), source };
                (error, None)
            }
            Ok(answer) => {
                let found = judge(answer, client.address().target());
                let acceptable = found == Preflight::Acceptable;
                return Ok(if acceptable && !looks_at_metadata(client, file).await { Preflight::Known } else { found });
            }
        };
        let Some(wait) = tries.next_wait(started.elapsed(), asked) else {
            return Err(error);
        };
        tracing::warn!("{error}; trying again in {:.1} s", wait.as_secs_f64());
        patience.wait(wait).await;
    }
}

/// Whether the index minds metadata that cannot be right in a form that lacks the file. One that does not answer is not shown to.
async fn looks_at_metadata(client: &IndexClient, file: &Distribution) -> bool {
    let answer = client.ask(file, Question::WithoutSense).await;
    matches!(answer, Ok(Answer::Denied(answered)) if answered.status == 400 && !says_only_the_file_lacks(&answered))
}

fn judge(answer: Answer, target: Target) -> Preflight {
    let inconclusive = |status| Preflight::Inconclusive(Answered { status, said: None, request_id: None });
    match answer {
        Answer::Refused(answered) => Preflight::Refused(answered),
        // The one place where an index's words count: nothing is sent or left out because of them.
        Answer::Denied(answered) if says_only_the_file_lacks(&answered) => Preflight::Acceptable,
        Answer::Denied(answered) if answered.status == 400 && target == Target::PyPi => Preflight::Rejected(answered),
        Answer::Denied(answered) if answered.status == 400 && looks_like_pypi(&answered) => {
            Preflight::Rejected(answered)
        }
        Answer::Denied(answered) | Answer::Redirected(answered) | Answer::Temporary { answered, .. } => {
            Preflight::Inconclusive(answered)
        }
        Answer::Taken { .. } | Answer::Flawed(_) | Answer::Lost { .. } => inconclusive(200),
    }
}

fn says_only_the_file_lacks(answered: &Answered) -> bool {
    answered.status == 400 && answered.said.as_deref().is_some_and(|said| said.contains(ONLY_THE_FILE_LACKS))
}

/// PyPI's software writes the status before its words.
fn looks_like_pypi(answered: &Answered) -> bool {
    answered.said.as_deref().is_some_and(|said| said.starts_with("400 "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(said: &str) -> Answer {
        Answer::Denied(Answered { status: 400, said: Some(said.to_owned()), request_id: None })
    }

    #[test]
    fn what_the_index_says_without_a_file() {
        let judged = |answer, target| judge(answer, target).as_str();
        assert_eq!(judged(denied("400 Upload payload does not have a file."), Target::PyPi), "acceptable");
        assert_eq!(judged(denied("400 'x' is not a valid classifier."), Target::OtherIndex), "rejected");
        assert_eq!(judged(denied("Bad Request"), Target::PyPi), "rejected");
        assert_eq!(judged(denied("Error: 400 no file"), Target::OtherIndex), "inconclusive");
        assert_eq!(judged(Answer::Taken { said: None }, Target::OtherIndex), "inconclusive");
        let refused = Answered { status: 403, said: None, request_id: None };
        assert_eq!(judged(Answer::Refused(refused), Target::PyPi), "refused");
    }
}
