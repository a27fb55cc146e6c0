//! The legacy upload address, with PyPI's answers to what PyPI refuses.

use axum::{
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use super::{Inner, Shared, Stored, Upload, lock, pages, rules, rules::Refusal};

/// What the index calls every request that it does not do.
const REQUEST_ID: &str = "request-4711-of-the-index";

/// An answer as PyPI gives it to clients that accept JSON.
pub(super) fn answer(status: StatusCode, message: &str) -> Response {
    let code = format!("{} {message}", status.as_u16());
    let document = serde_json::json!({ "message": message, "code": code, "title": status.as_str() });
    let headers = [(header::CONTENT_TYPE.as_str(), "application/json"), ("x-request-id", REQUEST_ID)];
    (status, headers, document.to_string()).into_response()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = b"0123456789abcdef";
    let pairs = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    pairs.map(|half| char::from(digits[usize::from(half)])).collect()
}

/// An upload form that was read to its end.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) fields: Vec<(String, String)>,
    /// The names of the parts that are files.
    pub(super) files: Vec<String>,
    pub(super) content: Option<Content>,
}

#[derive(Debug)]
pub(super) struct Content {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Form {
    /// The first value of a field; an empty one is none.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, value)| field == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, value)| field == name && !value.is_empty()).map(|(_, value)| &**value)
    }
}

/// Reads a whole upload form, or says why it is none.
pub(super) async fn read(mut request: Request) -> Result<Form, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("The form cannot be read: {error}");
    DefaultBodyLimit::disable().apply(&mut request);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|error| unreadable(&error))?;
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await.map_err(|error| unreadable(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let kind = part.content_type().map(str::to_owned);
        match part.file_name().map(str::to_owned) {
            Some(file_name) => {
                let bytes = part.bytes().await.map_err(|error| unreadable(&error))?.to_vec();
                if name == "content" {
                    form.content = Some(Content { name: file_name, kind, bytes });
                }
                form.files.push(name);
            }
            None => form.fields.push((name, part.text().await.map_err(|error| unreadable(&error))?)),
        }
    }
    Ok(form)
}

/// Takes a form or says why not. `trusted`: the token was minted for a trusted publisher.
pub(super) fn take(shared: &Shared, form: Form, trusted: bool) -> Response {
    match judge(&mut lock(shared), form, trusted) {
        Ok(()) => StatusCode::OK.into_response(),
        Err((status, message)) => answer(status, &message),
    }
}

fn judge(inner: &mut Inner, form: Form, trusted: bool) -> Result<(), Refusal> {
    if inner.settings.file_first {
        rules::file(&form, &inner.settings)?;
    }
    rules::form(&form)?;
    if inner.settings.strict {
        rules::metadata(&form)?;
    } else if form.one("metadata_version").is_none() || form.one("version").is_none() {
        return Err((StatusCode::BAD_REQUEST, "'metadata_version' or 'version' is missing".to_owned()));
    }
    rules::file(&form, &inner.settings)?;
    rules::digests(&form)?;
    if let Some(content) = &form.content
        && let Some(stored) = inner.files.get(&content.name)
    {
        if stored.bytes != content.bytes {
            let message = format!("File already exists ('{}').", content.name);
            return Err((StatusCode::BAD_REQUEST, message));
        }
        if inner.settings.refuses_identical {
            return Err((StatusCode::CONFLICT, "it is there already".to_owned()));
        }
        return Ok(());
    }
    if inner.settings.strict {
        release(inner, &form)?;
        rules::archive(&form)?;
        rules::attestations(&form, trusted)?;
    } else {
        rules::archive_name(&form)?;
    }
    store(inner, form);
    Ok(())
}

/// What the release that the file belongs to does not allow.
fn release(inner: &Inner, form: &Form) -> Result<(), Refusal> {
    let (project, version) = (pages::normal(form.one("name").unwrap_or_default()), form.one("version"));
    let of_release =
        inner.files.iter().filter(|(name, stored)| stored.project == project && Some(pages::version(name)) == version);
    if of_release.clone().any(|(_, stored)| stored.is_closed) {
        let message = "Uploading new files to releases older than 14 days is not allowed.";
        return Err((StatusCode::BAD_REQUEST, message.to_owned()));
    }
    let is_sdist = form.one("filetype") == Some("sdist");
    if is_sdist && of_release.clone().any(|(name, _)| pages::is_sdist(name)) {
        return Err((StatusCode::BAD_REQUEST, "Only one sdist may be uploaded per release.".to_owned()));
    }
    Ok(())
}

fn store(inner: &mut Inner, form: Form) {
    let project = pages::normal(form.one("name").unwrap_or_default());
    let attestations = form.one("attestations").map(str::to_owned);
    let Some(content) = form.content else { return };
    let stored = Stored {
        project,
        sha256: hex(&Sha256::digest(&content.bytes)),
        bytes: content.bytes.clone(),
        upload_time: inner.settings.upload_time().to_owned(),
        is_closed: false,
        attestations,
    };
    inner.files.insert(content.name.clone(), stored);
    inner.uploads.push(Upload { fields: form.fields, file_name: content.name, bytes: content.bytes });
}
