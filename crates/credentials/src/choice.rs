use findings_model::PublishAuth;

/// Which ways to a credential are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// The job can have identity tokens, and the index offers trusted publishing.
    pub trusted: bool,
    /// A role or a secret of AWS is named.
    pub aws: bool,
    /// A token is in the environment.
    pub token: bool,
}

/// Why no way can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// None is open.
    #[error("no credential found")]
    Nothing,
    /// Two are open, and nobody said which one is meant.
    #[error("both {} and {} are set; choose one with --auth", way(*.0), way(*.1))]
    Both(PublishAuth, PublishAuth),
}

impl ChoiceError {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Nothing => {
                "for trusted publishing give the job `permissions: id-token: write`; for AWS set AWS_ROLE_ARN, AWS_REGION and \
                 AWS_SECRET_NAME as well; or set PYPI_TOKEN to a token of the index, for this step only (a secret that is not there arrives as empty text)"
            }
            Self::Both(..) => "set `auth` in [tool.relwarden.publish], or give --auth trusted, aws or env",
        }
    }
}

fn way(auth: PublishAuth) -> &'static str {
    match auth {
        PublishAuth::Trusted => "trusted publishing",
        PublishAuth::Aws => "a secret of AWS",
        PublishAuth::Env => "a token in PYPI_TOKEN",
        PublishAuth::None => "no credential",
    }
}

/// The one way that is used when nobody said which.
///
/// A token that was passed to this step goes before trusted publishing, which any job with an identity may try. Where AWS is set up
/// as well as another way, whoever set it up has to say which one is meant: a refusal never leads to a second try by another way.
pub fn choose(present: Present) -> Result<PublishAuth, ChoiceError> {
    match present {
        Present { aws: true, token: true, .. } => Err(ChoiceError::Both(PublishAuth::Aws, PublishAuth::Env)),
        Present { aws: true, trusted: true, .. } => Err(ChoiceError::Both(PublishAuth::Trusted, PublishAuth::Aws)),
        Present { aws: true, .. } => Ok(PublishAuth::Aws),
        Present { token: true, .. } => Ok(PublishAuth::Env),
        Present { trusted: true, .. } => Ok(PublishAuth::Trusted),
        Present { .. } => Err(ChoiceError::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_way_is_taken_and_two_are_never_guessed_between() {
        use PublishAuth::{Aws, Env, Trusted};
        let of = |trusted, aws, token| choose(Present { trusted, aws, token });
        assert_eq!(of(true, false, false), Ok(Trusted));
        assert_eq!(of(false, true, false), Ok(Aws));
        assert_eq!(of(false, false, true), Ok(Env));
        assert_eq!(of(true, false, true), Ok(Env));
        assert_eq!(of(true, true, false), Err(ChoiceError::Both(Trusted, Aws)));
        assert_eq!(of(false, true, true), Err(ChoiceError::Both(Aws, Env)));
        assert_eq!(of(true, true, true), Err(ChoiceError::Both(Aws, Env)));
        assert_eq!(of(false, false, false), Err(ChoiceError::Nothing));
    }
}
