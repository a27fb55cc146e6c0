//! Everything that is said to Sigstore's crates. Their interfaces change with every minor release: whatever changes there
//! changes here, and nowhere else.

use std::{fmt, time::Duration};

use dist_check::Sha256;
use serde_json::json;
use sigstore_sign::{SigningContext, SigningServices, oidc::IdentityToken, reqwest};
use sigstore_verify::{
    CertificateError, TransparencyLogError, VerificationPolicy,
    trust_root::TrustedRoot,
    types::{Bundle, Sha256Hash, SignatureContent},
};

use crate::{
    Attestation, IdentityError, Instance, PredicateType, Service, SignError, SignedBy, Subject, statement::shown,
};

/// The form of Sigstore bundles that attestations are translated from and to.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The type of what is signed.
const PAYLOAD: &str = "application/vnd.in-toto+json";
/// The audience that Fulcio takes identity tokens for.
const AUDIENCE: &str = "sigstore";
/// Time to make a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Time for one request.
const REQUEST: Duration = Duration::from_secs(30);

/// A trusted root, prepared.
pub(crate) struct Root(sigstore_verify::Verifier);

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Root")
    }
}

/// Why a trusted root cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// Not UTF-8.
    #[error("the trusted root is not UTF-8 text")]
    Encoding(#[source] std::str::Utf8Error),
    /// Not a trusted root.
    #[error("the trusted root cannot be read")]
    Unreadable(#[source] RootFlaw),
    /// A kind of keys is missing without which nothing can be proven.
    #[error("the trusted root has no {0}")]
    Lacks(&'static str),
}

/// What is wrong with a trusted root, in Sigstore's words.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct RootFlaw(Box<sigstore_verify::Error>);

/// Why the evidence of an attestation does not hold.
#[derive(Debug, thiserror::Error)]
pub enum Evidence {
    /// Certificate, log entry or signature have a form that cannot be read.
    #[error("it is malformed: {0}")]
    Malformed(String),
    /// The statement was not signed with the certificate's key.
    #[error("the signature is wrong: {0}")]
    Signature(String),
    /// The certificate was not valid when the signature was logged.
    #[error("the certificate was not valid when the signature was made: {0}")]
    Expired(String),
    /// The certificate is not of an authority in the trusted root, or its own log did not vouch for it.
    #[error("the certificate is not trusted: {0}")]
    Certificate(String),
    /// The entry is not of a log in the trusted root, or not the one of this signature.
    #[error("the transparency log's entry does not hold: {0}")]
    Log(String),
}

impl Root {
    pub(crate) fn public() -> Result<Self, RootError> {
        Self::parse(sigstore_verify::trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes())
    }

    pub(crate) fn parse(json: &[u8]) -> Result<Self, RootError> {
        let text = std::str::from_utf8(json).map_err(RootError::Encoding)?;
        let flaw = |error: sigstore_verify::Error| RootError::Unreadable(RootFlaw(Box::new(error)));
        let root = TrustedRoot::from_json(text).map_err(|error| flaw(error.into()))?;
        let lacks = [
            (root.certificate_authorities.is_empty(), "certificate authority"),
            (root.tlogs.is_empty(), "transparency log"),
            (root.ctlogs.is_empty(), "certificate transparency log"),
        ];
        if let Some((_, what)) = lacks.into_iter().find(|(is_missing, _)| *is_missing) {
            return Err(RootError::Lacks(what));
        }
        sigstore_verify::Verifier::new(&root).map(Self).map_err(flaw)
    }

    /// Proves signature, certificate and log entry of an attestation about these bytes; returns what the certificate says.
    pub(crate) fn prove(&self, attestation: &Attestation, sha256: Sha256) -> Result<SignedBy, Evidence> {
        let bundle = to_bundle(attestation)?;
        // Who may sign is our own rule: the library's compares whole identities, in which the ref stands.
        let policy = VerificationPolicy::any_identity();
        let digest = Sha256Hash::new(*sha256.as_bytes());
        let result = self.0.verify(digest, &bundle, &policy).map_err(|error| evidence(&error))?;
        let is_whole = result.certificate_verified()
            && result.sct_verified()
            && result.tlog_verified()
            && result.integrated_time().is_some();
        let certificate = result.certificate().filter(|_| is_whole);
        let certificate = certificate.ok_or_else(|| Evidence::Log("there is no authenticated time".to_owned()))?;
        let claims = &certificate.ci_claims;
        Ok(SignedBy {
            issuer: certificate.issuer.clone(),
            identity: certificate.identity.as_ref().map(|identity| identity.as_str().to_owned()),
            repository: claims.source_repository_uri.clone(),
            workflow: claims.build_config_uri.clone(),
            commit: claims.source_repository_digest.clone(),
            git_ref: claims.source_repository_ref.clone(),
            run: claims.run_invocation_uri.clone(),
        })
    }
}

fn evidence(error: &sigstore_verify::Error) -> Evidence {
    use sigstore_verify::Error as E;
    let said = shown(&error.to_string());
    match error {
        E::SignatureInvalid(_) | E::ArtifactMismatch(_) => Evidence::Signature(said),
        E::Certificate(CertificateError::Malformed(_)) => Evidence::Malformed(said),
        E::Certificate(CertificateError::Expired { .. } | CertificateError::NotYetValid { .. })
        | E::TransparencyLog(TransparencyLogError::IntegratedTime(_)) => Evidence::Expired(said),
        // The path is judged at the time of the log entry, before the certificate's own dates are looked at.
        E::Certificate(CertificateError::ChainInvalid(detail))
            if detail.contains("CertExpired") || detail.contains("CertNotValidYet") =>
        {
            Evidence::Expired(said)
        }
        E::Certificate(_) => Evidence::Certificate(said),
        E::TransparencyLog(_) | E::Timestamp(_) => Evidence::Log(said),
        _ => Evidence::Malformed(said),
    }
}

fn to_bundle(attestation: &Attestation) -> Result<Bundle, Evidence> {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let bundle = json!({
        "mediaType": BUNDLE,
        "verificationMaterial": {
            "certificate": { "rawBytes": BASE64_STANDARD.encode(&attestation.certificate) },
            "tlogEntries": attestation.log_entries,
        },
        "dsseEnvelope": {
            "payload": BASE64_STANDARD.encode(&attestation.statement),
            "payloadType": PAYLOAD,
            "signatures": [{ "sig": BASE64_STANDARD.encode(&attestation.signature) }],
        },
    });
    Bundle::from_json(&bundle.to_string()).map_err(|error| Evidence::Malformed(shown(&error.to_string())))
}

/// What a bundle holds, as an attestation; none for a bundle of another kind.
fn from_bundle(bundle: &Bundle) -> Option<Attestation> {
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
        return None;
    };
    let entries = bundle.verification_material.tlog_entries.iter().map(serde_json::to_value);
    Some(Attestation {
        certificate: bundle.signing_certificate()?.as_bytes().to_vec(),
        log_entries: entries.collect::<Result<Vec<_>, _>>().ok().filter(|entries| !entries.is_empty())?,
        statement: envelope.payload.as_bytes().to_vec(),
        signature: envelope.signature.sig.as_bytes().to_vec(),
    })
}

/// Signs with one identity.
pub(crate) struct Signatures {
    signer: sigstore_sign::Signer,
    identity: IdentityToken,
}

impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signatures")
    }
}

/// Reads an identity token. Its signature is Fulcio's to judge; what can be told without it is told before anything is sent.
fn identity(jwt: &str) -> Result<IdentityToken, IdentityError> {
    // The library's words may repeat parts of the token.
    let token = IdentityToken::from_jwt(jwt).map_err(|_| IdentityError::NoToken)?;
    if !token.claims().aud.contains(AUDIENCE) {
        return Err(IdentityError::Audience);
    }
    if token.is_expired() {
        return Err(IdentityError::Expired);
    }
    Ok(token)
}

impl Signatures {
    pub(crate) fn new(instance: &Instance, jwt: &str) -> Result<Self, IdentityError> {
        let identity = identity(jwt)?;
        // Addresses are joined with paths that begin with a slash.
        let address = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
        // Rekor v1 and no timestamp authority, said explicitly: nothing else fits into an attestation.
        let services = SigningServices::new(address(&instance.fulcio), address(&instance.rekor));
        let client = reqwest::Client::builder()
            .user_agent(concat!("relwarden-attestations/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(REQUEST)
            // The identity token is in the request.
            .redirect(reqwest::redirect::Policy::none());
        let client = if instance.is_loopback() { client.no_proxy() } else { client };
        let client = client.build().map_err(|error| IdentityError::Client(shown(&error.to_string())))?;
        let signer = SigningContext::new(services).with_http_client(client).signer(identity.clone());
        Ok(Self { signer, identity })
    }

    /// Signs the statement that this file was published, once.
    pub(crate) async fn sign(&self, subject: &Subject) -> Result<Attestation, SignError> {
        let digest = Sha256Hash::new(*subject.sha256().as_bytes());
        let statement = sigstore_sign::Attestation::new(PredicateType::Publish.uri(), serde_json::Value::Null)
            .add_subject(subject.file_name(), digest);
        let bundle = self.signer.sign_attestation(statement).await.map_err(|error| self.failure(&error))?;
        from_bundle(&bundle).ok_or(SignError::Answer { service: Service::Rekor, said: "no log entry".to_owned() })
    }

    fn failure(&self, error: &sigstore_sign::Error) -> SignError {
        use sigstore_sign::{Error as E, fulcio::Error as F, rekor::Error as R};
        let (service, status, said) = match error {
            E::Fulcio(F::Status { status, message }) => (Service::Fulcio, Some(*status), message.clone()),
            E::Fulcio(F::Http(said)) => (Service::Fulcio, None, said.clone()),
            E::Fulcio(other) => return self.answer(Service::Fulcio, other),
            E::Rekor(R::Status { status, message }) => (Service::Rekor, Some(*status), message.clone()),
            E::Rekor(R::Http(said)) => (Service::Rekor, None, said.clone()),
            E::Rekor(other) => return self.answer(Service::Rekor, other),
            other => return self.answer(Service::Fulcio, other),
        };
        let said = self.harmless(&said);
        match status {
            None => SignError::Unreachable { service, said },
            Some(status) if status == 408 || status == 429 || status >= 500 => {
                SignError::Temporary { service, status, said }
            }
            Some(status) => SignError::Refused { service, status, said },
        }
    }

    fn answer(&self, service: Service, error: &dyn fmt::Display) -> SignError {
        SignError::Answer { service, said: self.harmless(&error.to_string()) }
    }

    /// A service's words without the identity token, which it may repeat whole or in part.
    fn harmless(&self, said: &str) -> String {
        let mut said = said.to_owned();
        for part in self.identity.expose_secret().split('.').filter(|part| part.len() > 8) {
            said = said.replace(part, "***");
        }
        shown(&said)
    }
}
