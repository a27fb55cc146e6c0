use std::fmt;

use aws_sdk_sts::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId as _,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use findings_model::text;

use super::{AwsSettings, RoleArn, StoredError};
use crate::{Claims, ErrorKind, redact};

/// The most characters of AWS's words that are shown.
const WORDS: usize = 500;

/// Which call to AWS failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The role, at STS.
    AssumeRole,
    /// The secret, at Secrets Manager.
    ReadSecret,
    /// The new value of the secret.
    ReplaceSecret,
}

impl Stage {
    fn attempt(self) -> &'static str {
        match self {
            Self::AssumeRole => "AWS STS did not let this job assume the role",
            Self::ReadSecret => "AWS Secrets Manager did not give the secret out",
            Self::ReplaceSecret => "AWS Secrets Manager did not store the new value",
        }
    }

    /// The word for reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssumeRole => "assume-role",
            Self::ReadSecret => "read-secret",
            Self::ReplaceSecret => "replace-secret",
        }
    }
}

/// What went wrong, as far as the code and the message of the service tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsFailure {
    /// There is no such role, or its trust policy does not admit this job.
    NotTrusted,
    /// The account has no identity provider for GitHub.
    NoProvider,
    /// The provider does not know the audience.
    Audience,
    /// The identity token cannot be read or its signature not be checked.
    IdentityToken,
    /// The identity token was too old when it arrived.
    Clock,
    /// AWS could not reach GitHub.
    IdentityService,
    /// GitHub's service refused a claim.
    RejectedClaim,
    /// The role, the session's name, its time or its policy.
    Request,
    /// STS is switched off in the region.
    RegionDisabled,
    /// No such secret, or no current version of it.
    NoSecret,
    /// The role may not do this with the secret.
    NotAllowed,
    /// The role may not use the key that the secret is encrypted with.
    KeyNotAllowed,
    /// The key cannot be used.
    KeyUnusable,
    /// The secret is scheduled for deletion.
    Deleted,
    /// The keys of the session are not accepted.
    Keys,
    /// The service fails or is busy.
    Service,
    /// The secret's value is none that can be used.
    Content,
    /// The value that is current is not the one that was stored.
    NotCurrent,
    /// No connection.
    Connection,
    /// No answer in time.
    TimeOut,
    /// An answer in no known form.
    Answer,
    /// A code that this program does not know.
    Unknown,
}

/// A call to AWS that failed.
#[derive(Debug)]
pub struct AwsError(Box<Report>);

#[derive(Debug)]
struct Report {
    stage: Stage,
    failure: AwsFailure,
    code: Option<String>,
    status: Option<u16>,
    request_id: Option<String>,
    said: Option<String>,
    content: Option<StoredError>,
    /// What the hint speaks of.
    role: Option<String>,
    secret: String,
    region: String,
    claims: Option<Claims>,
}

impl AwsError {
    pub(super) fn new(stage: Stage, failure: AwsFailure, settings: &AwsSettings) -> Self {
        Self(Box::new(Report {
            stage,
            failure,
            code: None,
            status: None,
            request_id: None,
            said: None,
            content: None,
            role: None,
            secret: settings.secret().to_owned(),
            region: settings.region().to_owned(),
            claims: None,
        }))
    }

    pub(super) fn of<E: ProvideErrorMetadata + std::error::Error + 'static>(
        stage: Stage,
        error: &SdkError<E, HttpResponse>,
        settings: &AwsSettings,
    ) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let (code, message) = (error.code(), error.message().unwrap_or_default());
        let failure = match error {
            SdkError::TimeoutError(_) => AwsFailure::TimeOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => AwsFailure::TimeOut,
            SdkError::DispatchFailure(_) => AwsFailure::Connection,
            SdkError::ServiceError(_) => classify(stage, code.unwrap_or_default(), message, status.unwrap_or_default()),
            _ if status.is_some_and(|status| status >= 500) => AwsFailure::Service,
            _ => AwsFailure::Answer,
        };
        let said = match error {
            SdkError::ServiceError(_) => (!message.is_empty()).then(|| redact::words(message, WORDS)),
            _ => Some(redact::words(&text::innermost(error), WORDS)),
        };
        let mut this = Self::new(stage, failure, settings);
        this.0.code = code.map(|code| redact::words(code, 100));
        this.0.status = status;
        this.0.request_id = error.request_id().map(|id| redact::words(id, 100));
        this.0.said = said;
        this
    }

    pub(super) fn content(error: StoredError, settings: &AwsSettings) -> Self {
        let mut this = Self::new(Stage::ReadSecret, AwsFailure::Content, settings);
        this.0.content = Some(error);
        this
    }

    pub(super) fn for_role(mut self, role: &RoleArn, claims: &Claims) -> Self {
        self.0.role = Some(role.to_string());
        self.0.claims = Some(claims.clone());
        self
    }

    /// Which call failed.
    pub fn stage(&self) -> Stage {
        self.0.stage
    }

    /// What went wrong.
    pub fn failure(&self) -> AwsFailure {
        self.0.failure
    }

    /// AWS's own code.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The HTTP status.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The request's id, for AWS's logs.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// What class of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self.0.failure {
            AwsFailure::Request
            | AwsFailure::RegionDisabled
            | AwsFailure::NoSecret
            | AwsFailure::KeyUnusable
            | AwsFailure::Deleted
            | AwsFailure::Content => ErrorKind::Configuration,
            AwsFailure::NotTrusted
            | AwsFailure::NoProvider
            | AwsFailure::Audience
            | AwsFailure::IdentityToken
            | AwsFailure::RejectedClaim
            | AwsFailure::NotAllowed
            | AwsFailure::KeyNotAllowed
            | AwsFailure::Keys
            | AwsFailure::Unknown => ErrorKind::Refused,
            AwsFailure::Clock
            | AwsFailure::IdentityService
            | AwsFailure::Service
            | AwsFailure::NotCurrent
            | AwsFailure::Connection
            | AwsFailure::TimeOut
            | AwsFailure::Answer => ErrorKind::Outside,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        let (secret, region) = (&self.0.secret, &self.0.region);
        let role = self.0.role.as_deref().unwrap_or("the role");
        match self.0.failure {
            AwsFailure::NotTrusted => self.trust_hint(),
            AwsFailure::NoProvider => format!(
                "create the identity provider token.actions.githubusercontent.com in the account of {role}: infrastructure/ has the templates"
            ),
            AwsFailure::Audience => format!(
                "add {} to the client ids (audiences) of the identity provider",
                self.claim("aud").unwrap_or_else(|| "sts.amazonaws.com".to_owned())
            ),
            AwsFailure::IdentityToken => {
                "run the job again: AWS could not check the signature of the identity token with GitHub's keys".to_owned()
            }
            AwsFailure::Clock => {
                "run the job again: an identity token lives about five minutes; compare the clock of a runner of your own".to_owned()
            }
            AwsFailure::IdentityService => {
                "run the job again later: AWS could not reach GitHub; see https://www.githubstatus.com and https://health.aws.amazon.com"
                    .to_owned()
            }
            AwsFailure::RejectedClaim => format!(
                "compare the trust policy of {role} with the token's claims: {}",
                self.claims_line()
            ),
            AwsFailure::Request => format!(
                "compare AWS_ROLE_ARN ({role}) and AWS_SECRET_NAME with the infrastructure; the role must allow sessions of 900 seconds"
            ),
            AwsFailure::RegionDisabled => {
                format!("switch STS on for {region} in the account's settings, or use another region in AWS_REGION")
            }
            AwsFailure::NoSecret => format!(
                "compare name, region and account: looked for {secret} in {region}; a new secret needs a value first, with \
                 `publish-pypi rotate`"
            ),
            AwsFailure::NotAllowed => format!(
                "allow {role} the action that the message names on {secret} alone: infrastructure/ has the policy"
            ),
            AwsFailure::KeyNotAllowed => format!(
                "allow {role} kms:Decrypt on the secret's key, in the role's policy and in the key's (with kms:ViaService)"
            ),
            AwsFailure::KeyUnusable => {
                "enable the key of the secret in KMS again, or cancel its deletion".to_owned()
            }
            AwsFailure::Deleted => format!(
                "restore the secret: aws secretsmanager restore-secret --region {region} --secret-id {secret}"
            ),
            AwsFailure::Keys => {
                "the keys of the session are not accepted: compare the clock, or the AWS_ACCESS_KEY_ID that is set".to_owned()
            }
            AwsFailure::Content => self.0.content.as_ref().map_or("", StoredError::hint).to_owned(),
            AwsFailure::NotCurrent => {
                "run `publish-pypi rotate` again; if it stays so, look whether something else writes this secret".to_owned()
            }
            AwsFailure::Connection | AwsFailure::TimeOut => format!(
                "a runner with a list of allowed addresses must allow sts.{region}.amazonaws.com and \
                 secretsmanager.{region}.amazonaws.com; look at HTTPS_PROXY, and run the job again"
            ),
            AwsFailure::Service | AwsFailure::Answer => {
                "run the job again later; https://health.aws.amazon.com tells of AWS's own troubles".to_owned()
            }
            AwsFailure::Unknown => {
                "look the code up in AWS's documentation; the request id leads to it in CloudTrail".to_owned()
            }
        }
    }

    fn claim(&self, name: &str) -> Option<String> {
        self.0.claims.as_ref().and_then(|claims| claims.shown().remove(name).flatten())
    }

    fn claims_line(&self) -> String {
        let names = ["sub", "aud", "repository_id"];
        let says = |name| format!("{name} = {}", self.claim(name).unwrap_or_else(|| "(missing)".to_owned()));
        names.map(says).join(", ")
    }

    fn trust_hint(&self) -> String {
        let role = self.0.role.as_deref().unwrap_or("the role");
        let mut hint = format!(
            "either {role} does not exist, or its trust policy does not admit this job: {}",
            self.claims_line()
        );
        let subject = self.claim("sub").unwrap_or_default();
        if subject.contains('@') {
            hint.push_str(". The subject has the immutable form with ids (repo:OWNER@ID/REPO@ID:…): list it in the policy as well");
        }
        if !subject.contains(":environment:") {
            hint.push_str(". The job has no environment, which the policies of infrastructure/ ask for");
        }
        hint.push_str(". `security-performance-validator security` shows what a policy admits");
        hint
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(content) = &self.0.content {
            return write!(f, "{content}");
        }
        if self.0.failure == AwsFailure::NotCurrent {
            return f.write_str("the new value was stored, and another one is current");
        }
        f.write_str(self.0.stage.attempt())?;
        let mut facts = Vec::new();
        facts.extend(self.0.code.clone());
        facts.extend(self.0.status.map(|status| format!("HTTP {status}")));
        facts.extend(self.0.request_id.as_ref().map(|id| format!("request {id}")));
        if self.0.failure == AwsFailure::TimeOut {
            facts.push("no answer in time".to_owned());
        }
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        match &self.0.said {
            Some(said) => write!(f, ": {said}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for AwsError {}

/// What a code means. The codes are those of the services' models; some say several things, and the message tells which.
pub(super) fn classify(stage: Stage, code: &str, message: &str, status: u16) -> AwsFailure {
    use AwsFailure as F;
    match (stage, code) {
        (
            _,
            "ThrottlingException"
            | "Throttling"
            | "RequestLimitExceeded"
            | "InternalServiceError"
            | "InternalFailure"
            | "ServiceUnavailable"
            | "ServiceUnavailableException",
        ) => F::Service,
        (Stage::AssumeRole, "AccessDenied" | "AccessDeniedException") => F::NotTrusted,
        (Stage::AssumeRole, "InvalidIdentityToken") if message.contains("No OpenIDConnect provider") => F::NoProvider,
        (Stage::AssumeRole, "InvalidIdentityToken") if message.contains("udience") => F::Audience,
        (Stage::AssumeRole, "InvalidIdentityToken") => F::IdentityToken,
        (Stage::AssumeRole, "ExpiredTokenException" | "ExpiredToken") => F::Clock,
        (Stage::AssumeRole, "IDPCommunicationError") => F::IdentityService,
        (Stage::AssumeRole, "IDPRejectedClaim") => F::RejectedClaim,
        (_, "RegionDisabledException") => F::RegionDisabled,
        (_, "ResourceNotFoundException") => F::NoSecret,
        (_, "AccessDeniedException" | "AccessDenied") if message.contains("KMS") || message.contains("kms:") => {
            F::KeyNotAllowed
        }
        (_, "AccessDeniedException" | "AccessDenied") => F::NotAllowed,
        (_, "DecryptionFailure" | "EncryptionFailure") => F::KeyUnusable,
        (_, "InvalidRequestException") if message.contains("delet") => F::Deleted,
        (
            _,
            "ExpiredTokenException"
            | "ExpiredToken"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "RequestExpired",
        ) => F::Keys,
        (
            _,
            "ValidationError"
            | "ValidationException"
            | "InvalidParameterException"
            | "InvalidParameterValue"
            | "InvalidRequestException"
            | "MalformedPolicyDocument"
            | "PackedPolicyTooLarge"
            | "LimitExceededException",
        ) => F::Request,
        _ if status >= 500 || status == 429 => F::Service,
        _ => F::Unknown,
    }
}
