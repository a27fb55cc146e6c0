//! What PyPI refuses, in the order in which it looks, with its own words where they are known. Each function judges one
//! form; the first that speaks decides.
//!
//! Left out is what only the real index knows or what takes a whole interpreter: prohibited names, renderings, organisations.

use axum::http::StatusCode;

use super::{
    Settings, pages,
    upload::{Form, hex},
};

/// A refusal: its status and the index's words.
pub(super) type Refusal = (StatusCode, String);

const VERSIONS: [&str; 8] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];

/// Fields that a form has once.
const ONCE: [&str; 16] = [
    "metadata_version",
    "name",
    "version",
    "summary",
    "description",
    "description_content_type",
    "keywords",
    "home_page",
    "download_url",
    "author",
    "author_email",
    "maintainer",
    "maintainer_email",
    "license",
    "license_expression",
    "requires_python",
];

/// Fields that older metadata does not have.
const SINCE: [(&str, &str); 8] = [
    ("description_content_type", "2.1"),
    ("provides_extra", "2.1"),
    ("dynamic", "2.2"),
    ("license_expression", "2.4"),
    ("license_file", "2.4"),
    ("import_name", "2.5"),
    ("import_namespace", "2.5"),
    ("requires_dist", "1.2"),
];

/// The first words of every classifier.
const CLASSIFIERS: [&str; 10] = [
    "Development Status ::",
    "Environment ::",
    "Framework ::",
    "Intended Audience ::",
    "License ::",
    "Natural Language ::",
    "Operating System ::",
    "Programming Language ::",
    "Topic ::",
    "Typing ::",
];

fn no<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err((StatusCode::BAD_REQUEST, message.into()))
}

/// The form itself: what every index needs to take a file at all.
pub(super) fn form(form: &Form) -> Result<(), Refusal> {
    if form.one(":action") != Some("file_upload") || form.one("protocol_version").is_some_and(|version| version != "1")
    {
        return no("Unknown protocol version.");
    }
    if let Some(field) = form.files.iter().find(|field| *field != "content") {
        return no(format!("`{field}`: Should not be a tuple."));
    }
    let name = form.one("name").unwrap_or_default();
    let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inside = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !ends_well(name.chars().next()) || !ends_well(name.chars().last()) || !name.chars().all(inside) {
        return no(format!("{name:?} is an invalid value for Name. Error: Start and end with a letter or numeral"));
    }
    match (form.one("filetype"), form.one("pyversion")) {
        (Some("bdist_wheel"), Some(_)) | (Some("sdist"), None | Some("source")) => {}
        (Some("bdist_wheel"), None) => return no("Python version is required for binary distribution uploads."),
        (Some("sdist"), _) => return no("Use 'source' as Python version for an sdist."),
        _ => return no("Invalid value for filetype. Error: Use a known file type."),
    }
    let digests = [("md5_digest", 32), ("sha256_digest", 64), ("blake2_256_digest", 64)];
    let mut given = 0;
    for (field, digits) in digests {
        if let Some(digest) = form.one(field) {
            given += 1;
            if digest.len() != digits || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
                return no(format!("Invalid value for {field}. Error: Use a valid, hex-encoded message digest."));
            }
        }
    }
    if given == 0 { no("Include at least one message digest.") } else { Ok(()) }
}

/// The metadata, which is taken from the form and not from the file.
pub(super) fn metadata(form: &Form) -> Result<(), Refusal> {
    if let Some(field) = ONCE.iter().find(|field| form.all(field).count() > 1) {
        return no(format!("'{field}' has invalid data"));
    }
    let metadata_version = form.one("metadata_version").unwrap_or_default();
    if !VERSIONS.contains(&metadata_version) {
        return no(format!("'{metadata_version}' is not a valid metadata version"));
    }
    for (field, since) in SINCE {
        // The versions are of one length, so that texts compare as they do.
        if form.one(field).is_some() && metadata_version < since {
            return no(format!("'{field}' introduced in metadata version {since}, not {metadata_version}"));
        }
    }
    let version = form.one("version").unwrap_or_default();
    if version.is_empty() || !version.starts_with(|c: char| c.is_ascii_digit() || c == 'v') {
        return no(format!("'{version}' is invalid for 'version'"));
    }
    if version.contains('+') {
        return no(format!("The use of local versions in '{version}' is not allowed."));
    }
    let summary = form.one("summary").unwrap_or_default();
    if summary.contains('\n') {
        return no("'summary' must be a single line");
    }
    if summary.chars().count() > 512 {
        return no("'summary' field must be 512 characters or less.");
    }
    for classifier in form.all("classifiers") {
        if !CLASSIFIERS.iter().any(|start| classifier.starts_with(start)) && !classifier.starts_with("Private ::") {
            return no(format!("'{classifier}' is not a valid classifier."));
        }
    }
    for url in ["home_page", "download_url"].into_iter().filter_map(|field| form.one(field)) {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return no(format!("'{url}' is not a valid url."));
        }
    }
    for entry in form.all("project_urls") {
        match entry.split_once(',') {
            Some((label, url)) => {
                if label.trim().is_empty() {
                    return no("Must have a label");
                }
                if label.trim().chars().count() > 32 {
                    return no(format!("'{label}' must be 32 characters or less."));
                }
                if !url.trim().starts_with("http") {
                    return no(format!("'{}' is not a valid url.", url.trim()));
                }
            }
            None => return no("'project_urls' has invalid data"),
        }
    }
    if let Some(direct) = form.all("requires_dist").find(|requirement| requirement.contains(" @ ")) {
        return no(format!("Can't have direct dependency: {direct}"));
    }
    let content_type = form.one("description_content_type").unwrap_or("text/plain");
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if !["text/plain", "text/x-rst", "text/markdown"].contains(&kind) {
        return no(format!("'{kind}' is invalid for 'description-content-type', must be one of the known types"));
    }
    if form.one("license").is_some() && form.one("license_expression").is_some() {
        return no(
            "License is deprecated when License-Expression is present. Only License-Expression should be present",
        );
    }
    Ok(())
}

/// The file's name and place, before its bytes count.
pub(super) fn file(form: &Form, settings: &Settings) -> Result<(), Refusal> {
    let Some(content) = &form.content else {
        return no("Upload payload does not have a file.");
    };
    let project = pages::normal(form.one("name").unwrap_or_default());
    if settings.may_upload_to.as_ref().is_some_and(|projects| !projects.contains(&project)) {
        let message = format!("The user isn't allowed to upload to project '{project}'.");
        return Err((StatusCode::FORBIDDEN, message));
    }
    let name = &content.name;
    if name.chars().any(char::is_control) {
        return no("Cannot upload a file with non-printable characters (ordinals 0-31) in the name.");
    }
    if name.contains(['/', '\\']) {
        return no("Cannot upload a file with '/' or '\\' in the name.");
    }
    let fits = match form.one("filetype") {
        Some("sdist") => pages::is_sdist(name),
        _ => pages::is_wheel(name),
    };
    if !fits {
        return no(format!("Invalid file extension: {name}"));
    }
    if content.kind.as_deref().is_some_and(|kind| kind.starts_with("image/")) {
        return no("Invalid distribution file.");
    }
    let limit = settings.file_bytes.unwrap_or(100 << 20);
    if content.bytes.len() as u64 > limit {
        return no(format!("File too large. Limit for project '{project}' is {} MB.", limit >> 20));
    }
    Ok(())
}

/// The digests of the form are those of the file.
pub(super) fn digests(form: &Form) -> Result<(), Refusal> {
    use sha2::{Digest as _, Sha256};
    let Some(content) = &form.content else { return Ok(()) };
    let given = form.one("sha256_digest").map(str::to_ascii_lowercase);
    match given {
        Some(given) if given != hex(&Sha256::digest(&content.bytes)) => {
            no("The digest supplied does not match a digest calculated from the uploaded file.")
        }
        _ => Ok(()),
    }
}

/// The archive and its name, after it is known that nothing is there under this name.
pub(super) fn archive(form: &Form) -> Result<(), Refusal> {
    let Some(content) = &form.content else { return Ok(()) };
    let (name, bytes) = (&content.name, &content.bytes);
    let (project, version) = (form.one("name").unwrap_or_default(), form.one("version").unwrap_or_default());
    let stem = format!("{}-{version}", pages::normal(project).replace('-', "_"));
    if pages::is_wheel(name) {
        if !bytes.starts_with(b"PK") {
            return no("Invalid distribution file. File is not a zipfile");
        }
        let parts: Vec<&str> = name.trim_end_matches(".whl").split('-').collect();
        if !(5..=6).contains(&parts.len()) {
            return no(format!("Invalid wheel filename (wrong number of parts): '{name}'"));
        }
        let folder = format!("{}-{}.dist-info", parts[0], parts[1]);
        for file in ["WHEEL", "RECORD", "METADATA"] {
            let path = format!("{folder}/{file}");
            if !bytes.windows(path.len()).any(|window| window == path.as_bytes()) {
                return no(format!("Wheel '{name}' does not contain the required {file} file: {path}"));
            }
        }
        if pages::normal(parts[0]) != pages::normal(project) || !name.starts_with(&stem) {
            return no(format!("Start filename for '{project}' with '{stem}'."));
        }
        if let Some(tag) = parts[parts.len() - 1].split('.').find(|tag| *tag == "linux_x86_64") {
            return no(format!("Binary wheel '{name}' has an unsupported platform tag '{tag}'."));
        }
    } else {
        if !bytes.starts_with(b"\x1f\x8b") {
            return no("Invalid distribution file. File is not a tarfile");
        }
        if *name != format!("{stem}.tar.gz") {
            return no(format!("Filename '{name}' is invalid, should be '{stem}.tar.gz'."));
        }
    }
    Ok(())
}

/// The file's name alone, for an index that does not look into archives.
pub(super) fn archive_name(form: &Form) -> Result<(), Refusal> {
    let Some(content) = &form.content else { return Ok(()) };
    let (project, version) = (form.one("name").unwrap_or_default(), form.one("version").unwrap_or_default());
    let stem = format!("{}-{version}", pages::normal(project).replace('-', "_"));
    if content.name.starts_with(&stem) { Ok(()) } else { no(format!("Start filename for '{project}' with '{stem}'.")) }
}

/// Attestations, which come with trusted publishing only.
pub(super) fn attestations(form: &Form, trusted: bool) -> Result<(), Refusal> {
    let Some(text) = form.one("attestations") else { return Ok(()) };
    let wrong = |why: &str| no(format!("Invalid attestations supplied during upload: {why}"));
    if !trusted {
        return wrong("Attestations are only supported when using Trusted Publishing");
    }
    let Ok(serde_json::Value::Array(attestations)) = serde_json::from_str(text) else {
        return wrong("Error while decoding the included attestation");
    };
    match attestations.len() {
        0 => wrong("Attestations cannot be empty"),
        1 | 2 => Ok(()),
        _ => wrong("A maximum of 2 attestations per file are supported"),
    }
}
