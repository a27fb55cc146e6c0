//! The legacy upload address, with PyPI's answers to what PyPI refuses.

use axum::{
    extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use sha2::{Digest as _, Sha256};

use super::{Shared, Upload, lock, pages};

/// An answer as PyPI gives it to clients that accept JSON.
pub(super) fn answer(status: StatusCode, message: &str) -> Response {
    let code = format!("{} {message}", status.as_u16());
    let document = serde_json::json!({ "message": message, "code": code, "title": status.as_str() });
    (status, [(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = b"0123456789abcdef";
    let pairs = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    pairs.map(|half| char::from(digits[usize::from(half)])).collect()
}

/// Takes an upload or says why not.
pub(super) fn take(shared: &Shared, upload: Upload) -> Response {
    match store(shared, upload) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(message) => answer(StatusCode::BAD_REQUEST, &message),
    }
}

/// Reads a whole upload form, or says why it is none.
pub(super) async fn read(mut request: Request) -> Result<Upload, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("The form cannot be read: {error}");
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| unreadable(&error))?;
    let mut fields = Vec::new();
    let mut content = None;
    while let Some(part) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(file_name) if name == "content" => {
                let bytes = part.bytes().await.map_err(|error| unreadable(&error))?;
                content = Some((file_name, bytes.to_vec()));
            }
            Some(_) => return Err(format!("`{name}`: Should not be a tuple.")),
            None => fields.push((name, part.text().await.map_err(|error| unreadable(&error))?)),
        }
    }
    let (file_name, bytes) = content.ok_or("Upload payload does not have a file.")?;
    Ok(Upload { fields, file_name, bytes })
}

fn store(shared: &Shared, upload: Upload) -> Result<(), String> {
    let once = |name| match upload.field(name)[..] {
        [value] if !value.is_empty() => Ok(value.to_owned()),
        [] | [_] => Err(format!("'{name}' is missing")),
        _ => Err(format!("'{name}' has invalid data")),
    };
    if once(":action")? != "file_upload" || once("protocol_version")? != "1" {
        return Err("Unknown protocol version.".to_owned());
    }
    let (name, version, file_type, python) = (once("name")?, once("version")?, once("filetype")?, once("pyversion")?);
    once("metadata_version")?;
    // Endings count in lower case only, as on PyPI.
    let has_suffix = |suffix| upload.file_name.ends_with(suffix);
    let fits = match file_type.as_str() {
        "sdist" => has_suffix(".tar.gz") && python == "source",
        "bdist_wheel" => has_suffix(".whl"),
        _ => return Err("Invalid value for filetype. Error: Use a known file type.".to_owned()),
    };
    if !fits {
        return Err("Invalid file extension or Python version for this filetype.".to_owned());
    }
    let stem = format!("{}-{version}", pages::normal(&name).replace('-', "_"));
    if !upload.file_name.starts_with(&stem) {
        return Err(format!("Start filename for '{name}' with '{stem}'."));
    }
    if once("sha256_digest")?.to_ascii_lowercase() != hex(&Sha256::digest(&upload.bytes)) {
        return Err("The digest supplied does not match a digest calculated from the uploaded file.".to_owned());
    }
    let mut inner = lock(shared);
    if let Some(bytes) = inner.files.get(&upload.file_name) {
        if *bytes != upload.bytes {
            return Err(format!("File already exists ('{}').", upload.file_name));
        }
    } else {
        inner.files.insert(upload.file_name.clone(), upload.bytes.clone());
        inner.projects.insert(upload.file_name.clone(), pages::normal(&name));
    }
    inner.uploads.push(upload);
    Ok(())
}
