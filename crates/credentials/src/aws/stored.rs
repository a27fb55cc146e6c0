use findings_model::{PackageName, text};
use serde_json::Value;
use zeroize::Zeroize as _;

use crate::{PypiToken, Secret, TokenError, TokenShape};

/// What a secret of AWS Secrets Manager holds, in one version.
#[derive(Debug)]
pub struct StoredSecret {
    value: Secret,
    is_binary: bool,
    version: Option<String>,
    stages: Vec<String>,
}

/// Why what is stored is no token for this project. Nothing of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// Nothing, neither text nor bytes.
    #[error("the secret has no value")]
    Empty,
    /// Bytes that are no text.
    #[error("the secret holds bytes that are not text")]
    NoText,
    /// Begins like JSON and is none.
    #[error("the secret looks like JSON but cannot be parsed")]
    NoJson,
    /// JSON without the key `token`.
    #[error("the secret is JSON without a text under the key \"token\"")]
    NoToken,
    /// A token of another form.
    #[error("what the secret holds is not a valid token: {0}")]
    Token(TokenError),
    /// The secret says that it is for another package.
    #[error("the secret is for the package {found:?}, not for {project}")]
    Package {
        /// What the secret says.
        found: String,
        /// The project.
        project: PackageName,
    },
    /// The secret says that it is for another repository or index.
    #[error("the secret is for the repository {found:?}, which is neither this index nor this repository on GitHub")]
    Repository {
        /// What the secret says.
        found: String,
    },
}

impl StoredError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Token(error) => error.hint(),
            Self::Package { .. } | Self::Repository { .. } => {
                "compare AWS_SECRET_NAME with the secret that is meant for this project"
            }
            Self::Empty | Self::NoText | Self::NoJson | Self::NoToken => {
                "store the token with `publish-pypi rotate`; the secret is then {\"token\":\"pypi-…\"}"
            }
        }
    }
}

/// What the project is, for comparing with what a secret says that it is for.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The project.
    pub project: &'a PackageName,
    /// The names that the index goes by: its word, its addresses.
    pub index: &'a [String],
    /// `owner/name` on GitHub, where known.
    pub repository: Option<&'a str>,
}

/// The id of a version as AWS gave it, fit to be shown.
pub(super) fn clean_id(id: &str) -> String {
    text::shorten(&text::one_line(id), 80).into_owned()
}

impl StoredSecret {
    pub(super) fn text(value: Secret) -> Self {
        Self { value, is_binary: false, version: None, stages: Vec::new() }
    }

    pub(super) fn binary(bytes: Vec<u8>) -> Result<Self, StoredError> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { is_binary: true, ..Self::text(Secret::new(text)) }),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(StoredError::NoText)
            }
        }
    }

    /// A secret without a value.
    pub fn empty() -> Self {
        Self::text(Secret::new(String::new()))
    }

    pub(super) fn in_version(mut self, version: Option<&str>, stages: &[String]) -> Self {
        self.version = version.map(clean_id);
        self.stages = stages.to_vec();
        self
    }

    /// The whole value, to be hidden from logs.
    pub fn value(&self) -> &Secret {
        &self.value
    }

    /// Whether it is stored as bytes and not as text.
    pub fn is_binary(&self) -> bool {
        self.is_binary
    }

    /// The id of this version of the secret.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether this version is the one that readers get (`AWSCURRENT`).
    pub fn is_current(&self) -> bool {
        self.stages.iter().any(|stage| stage == "AWSCURRENT")
    }

    /// The token in it: the text under `token` of a JSON object, or the whole text.
    pub fn token(&self, shape: TokenShape) -> Result<PypiToken, StoredError> {
        let text = self.value.expose();
        if text.is_empty() {
            return Err(StoredError::Empty);
        }
        let token = if is_json(text) {
            let mut document = Document::parse(text)?;
            match document.0.get_mut("token") {
                Some(Value::String(token)) => std::mem::take(token),
                _ => return Err(StoredError::NoToken),
            }
        } else {
            text.to_owned()
        };
        PypiToken::parse(token, shape).map_err(StoredError::Token)
    }

    /// Whether the secret says that it is for something else: its keys `package` and `repository`, where it has them.
    pub fn judge(&self, owner: Owner<'_>) -> Result<(), StoredError> {
        if !is_json(self.value.expose()) {
            return Ok(());
        }
        let document = Document::parse(self.value.expose())?;
        let says = |key| document.0.get(key).and_then(Value::as_str).filter(|value| !value.is_empty());
        if let Some(package) = says("package")
            && PackageName::parse(package).ok().as_ref() != Some(owner.project)
        {
            return Err(StoredError::Package { found: shown(package), project: owner.project.clone() });
        }
        if let Some(repository) = says("repository") {
            let same = |one: &str| one.trim_end_matches('/').eq_ignore_ascii_case(repository.trim_end_matches('/'));
            let is_ours = owner.repository.is_some_and(|own| {
                same(own)
                    || same(&format!("https://github.com/{own}"))
                    || same(&format!("https://github.com/{own}.git"))
            });
            if !is_ours && !owner.index.iter().any(|own| same(own)) {
                return Err(StoredError::Repository { found: shown(repository) });
            }
        }
        Ok(())
    }

    /// The value with another token in place of the old one: a JSON object keeps its other keys, a text is replaced.
    pub fn with_token(&self, token: &PypiToken) -> Result<Secret, StoredError> {
        if !is_json(self.value.expose()) {
            // An empty secret becomes the form that the documentation describes.
            if !self.value.expose().is_empty() {
                return Ok(Secret::new(token.expose().to_owned()));
            }
            return Document(serde_json::Map::new()).with_token(token);
        }
        Document::parse(self.value.expose())?.with_token(token)
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

fn shown(value: &str) -> String {
    text::shorten(&text::one_line(&crate::redact(value, None)), 120).into_owned()
}

/// A JSON object whose texts are wiped when it is dropped.
struct Document(serde_json::Map<String, Value>);

impl Document {
    fn parse(text: &str) -> Result<Self, StoredError> {
        serde_json::from_str(text).map(Self).map_err(|_no_json| StoredError::NoJson)
    }

    fn with_token(mut self, token: &PypiToken) -> Result<Secret, StoredError> {
        let new = Value::String(token.expose().to_owned());
        if let Some(Value::String(mut old)) = self.0.insert("token".to_owned(), new) {
            old.zeroize();
        }
        serde_json::to_string(&self.0).map(Secret::new).map_err(|_not_written| StoredError::NoJson)
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        fn wipe(value: &mut Value) {
            match value {
                Value::String(text) => text.zeroize(),
                Value::Array(values) => values.iter_mut().for_each(wipe),
                Value::Object(values) => values.values_mut().for_each(wipe),
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        self.0.values_mut().for_each(wipe);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "s3cret-token";

    fn stored(text: &str) -> StoredSecret {
        StoredSecret::text(Secret::new(text.to_owned()))
    }

    #[test]
    fn a_token_is_json_or_the_whole_text() {
        let token = |text: &str| stored(text).token(TokenShape::Opaque).map(|token| token.expose().to_owned());
        assert_eq!(token("{\"token\":\"s3cret-token\"}").as_deref(), Ok(TOKEN));
        assert_eq!(token(" {\n \"token\" : \"s3cret-token\", \"package\": \"x\" }\n").as_deref(), Ok(TOKEN));
        assert_eq!(token(TOKEN).as_deref(), Ok(TOKEN));
        let binary = StoredSecret::binary(TOKEN.as_bytes().to_vec()).unwrap();
        assert_eq!(binary.token(TokenShape::Opaque).unwrap().expose(), TOKEN);
        for (text, expected) in [
            ("", StoredError::Empty),
            ("{\"token\":", StoredError::NoJson),
            ("{\"Token\":\"x\"}", StoredError::NoToken),
            ("{\"token\":7}", StoredError::NoToken),
            ("{\"token\":\"s3cret-token\\n\"}", StoredError::Token(TokenError::WhiteSpace)),
            ("s3cret-token\n", StoredError::Token(TokenError::WhiteSpace)),
        ] {
            let error = token(text).unwrap_err();
            assert_eq!(error, expected);
            assert!(!format!("{error:?} {error} {}", error.hint()).contains("s3cret"));
        }
        assert_eq!(StoredSecret::binary(vec![0xff]).map(drop), Err(StoredError::NoText));
        assert!(!format!("{:?}", stored(TOKEN)).contains("s3cret"));
    }

    #[test]
    fn a_secret_for_something_else_is_refused() {
        let project = PackageName::parse("sample-package").unwrap();
        let index = ["pypi".to_owned(), "https://upload.pypi.org/legacy/".to_owned()];
        let owner = Owner { project: &project, index: &index, repository: Some("octo/demo") };
        let judge = |text: &str| stored(text).judge(owner);
        for fine in [
            "plain",
            "{\"token\":\"x\"}",
            "{\"package\":\"Sample_Package\"}",
            "{\"repository\":\"octo/demo\"}",
            "{\"repository\":\"https://github.com/Octo/demo\"}",
            "{\"repository\":\"https://upload.pypi.org/legacy\"}",
            "{\"repository\":\"pypi\"}",
        ] {
            assert_eq!(judge(fine), Ok(()), "{fine}");
        }
        assert!(matches!(judge("{\"package\":\"other\"}"), Err(StoredError::Package { .. })));
        assert!(matches!(judge("{\"repository\":\"testpypi\"}"), Err(StoredError::Repository { .. })));
    }

    #[test]
    fn a_new_token_leaves_the_rest_as_it_is() {
        let new = PypiToken::parse("new-token".to_owned(), TokenShape::Opaque).unwrap();
        let with = |text: &str| stored(text).with_token(&new).unwrap().expose().to_owned();
        assert_eq!(
            with("{\"token\":\"old\",\"package\":\"p\",\"n\":[1]}"),
            "{\"n\":[1],\"package\":\"p\",\"token\":\"new-token\"}"
        );
        assert_eq!(with("old"), "new-token");
        assert_eq!(with(""), "{\"token\":\"new-token\"}");
        assert!(stored("{broken").with_token(&new).is_err());
    }
}
