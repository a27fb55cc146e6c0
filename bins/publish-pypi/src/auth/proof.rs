use std::collections::BTreeMap;

use credentials::{Claims, IndexCredential, PublishAuth, PublisherForm, TokenFacts, TokenScope, is_reusable};
use findings_model::Timestamp;
use serde::Serialize;

/// What was proven on the way to a credential. Nothing of it is secret.
#[derive(Debug, Serialize)]
pub(crate) struct Proof {
    pub(crate) auth: PublishAuth,
    /// Where the token came from.
    pub(crate) source: Option<String>,
    /// What GitHub says of the job, where it was asked.
    pub(crate) claims: Option<BTreeMap<&'static str, Option<String>>>,
    /// What to type into the index's form for a trusted publisher that this job is.
    pub(crate) publisher: Option<PublisherForm>,
    pub(crate) aws: Option<AwsProof>,
    pub(crate) token: Option<TokenProof>,
    /// What is allowed and better done otherwise.
    pub(crate) advice: Vec<String>,
}

/// What AWS gave for the identity.
#[derive(Debug, Serialize)]
pub(crate) struct AwsProof {
    /// The role, if one was assumed.
    pub(crate) role: Option<String>,
    /// The name of the session, which leads from CloudTrail to the run.
    pub(crate) session: Option<String>,
    pub(crate) region: String,
    pub(crate) secret: String,
    /// The id of the secret's version.
    pub(crate) version: Option<String>,
}

/// What the token says of itself.
#[derive(Debug, Serialize)]
pub(crate) struct TokenProof {
    /// A token of PyPI's making, of which all below is known, or one of which nothing is.
    pub(crate) readable: bool,
    pub(crate) index: Option<String>,
    pub(crate) scope: Option<String>,
    /// Whether it carries a condition that this program does not know; null for a token of which nothing is known.
    pub(crate) unknown_condition: Option<bool>,
    pub(crate) expires: Option<Timestamp>,
    /// Whether what is used is narrowed to this project and the next minutes.
    pub(crate) narrowed: bool,
    pub(crate) narrowed_until: Option<Timestamp>,
}

impl Proof {
    pub(crate) fn new(auth: PublishAuth, claims: Option<&Claims>) -> Self {
        let mut advice = Vec::new();
        if auth == PublishAuth::Trusted && claims.is_some_and(is_reusable) {
            advice.push(
                "the job stands in a reusable workflow; PyPI does not support that for trusted publishing".to_owned(),
            );
        }
        Self {
            auth,
            source: None,
            claims: claims.map(Claims::shown),
            publisher: claims.filter(|_| auth == PublishAuth::Trusted).map(Claims::publisher),
            aws: None,
            token: None,
            advice,
        }
    }

    pub(crate) fn token(
        &mut self,
        credential: &IndexCredential,
        facts: Option<&TokenFacts>,
        narrowed: Option<&IndexCredential>,
    ) {
        self.source = Some(credential.source().to_string());
        if facts.is_some_and(TokenFacts::has_unknown_caveat) {
            self.advice.push(
                "the token carries a condition that this program does not know; an index that does not know it either accepts no \
                 such token"
                    .to_owned(),
            );
        } else if let Some(facts) = facts
            && facts.scope() == TokenScope::Account
            && self.auth != PublishAuth::Trusted
        {
            self.advice.push(
                "the token is for every project of its account: make one for this project alone and store it with \
                 `publish-pypi rotate`"
                    .to_owned(),
            );
        }
        self.token = Some(TokenProof {
            readable: facts.is_some(),
            index: facts.and_then(TokenFacts::index).map(|index| index.to_string()),
            scope: facts.map(|facts| facts.scope().to_string()),
            unknown_condition: facts.map(TokenFacts::has_unknown_caveat),
            expires: credential.expires(),
            narrowed: narrowed.is_some(),
            narrowed_until: narrowed.and_then(IndexCredential::expires),
        });
    }

    /// The proof for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(claims) = &self.claims {
            lines.push("GitHub says of this job:".to_owned());
            let says = |(name, value): (&&str, &Option<String>)| {
                format!("  {name}: {}", value.as_deref().unwrap_or("(missing)"))
            };
            lines.extend(claims.iter().map(says));
        }
        if let Some(publisher) = &self.publisher {
            lines.push("The index's form for a trusted publisher takes:".to_owned());
            lines.extend(publisher.lines().map(|line| format!("  {line}")));
        }
        if let Some(aws) = &self.aws {
            if let (Some(role), Some(session)) = (&aws.role, &aws.session) {
                lines.push(format!("AWS let the job assume {role} as {session}"));
            }
            let version = aws.version.as_deref().unwrap_or("without an id");
            lines.push(format!("AWS gave out the secret {} in {}, version {version}", aws.secret, aws.region));
        }
        if let Some(token) = &self.token {
            lines.extend(token.lines());
        }
        lines.extend(self.advice.iter().map(|advice| format!("advice: {advice}")));
        lines.push(match &self.source {
            Some(source) => {
                format!("{source} holds a token of the right form; not asked whether the index accepts it")
            }
            None => "no credential is used".to_owned(),
        });
        lines
    }
}

impl TokenProof {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let (Some(index), Some(scope)) = (&self.index, &self.scope) {
            lines.push(format!("The token was made by {index}, for {scope}"));
        }
        lines.extend(self.expires.map(|time| format!("The token ends at {time}")));
        lines.extend(self.narrowed_until.map(|time| format!("What is used is for this project until {time} only")));
        lines
    }
}
