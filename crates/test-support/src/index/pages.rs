//! The simple pages.

use std::{collections::BTreeSet, fmt::Write as _};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::{Pages, Shared, Stored, lock};

pub(super) const JSON_TYPE: &str = "application/vnd.pypi.simple.v1+json";

/// A project's name in its normal form (PEP 503).
pub(super) fn normal(name: &str) -> String {
    let mut normal = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.push(c),
        }
    }
    normal
}

pub(super) fn project(shared: &Shared, name: &str, wants_json: bool) -> Response {
    let wanted = normal(name);
    if wanted != name {
        return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, format!("/simple/{wanted}/"))]).into_response();
    }
    let mut inner = lock(shared);
    if inner.stale_pages > 0 {
        inner.stale_pages -= 1;
        return StatusCode::NOT_FOUND.into_response();
    }
    let files: Vec<(&String, &Stored)> = inner.files.iter().filter(|(_, stored)| stored.project == wanted).collect();
    if files.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    if wants_json && inner.settings.pages == Pages::JsonAndHtml {
        let versions: BTreeSet<&str> = files.iter().map(|(file, _)| version(file)).collect();
        let entries: Vec<_> = files
            .iter()
            .map(|(file, stored)| {
                let provenance = stored
                    .attestations
                    .as_ref()
                    .map(|_| format!("../../integrity/{wanted}/{}/{file}/provenance", version(file)));
                json!({
                    "filename": file,
                    "url": format!("../../packages/{file}"),
                    "hashes": { "sha256": stored.sha256 },
                    "size": stored.bytes.len(),
                    "upload-time": stored.upload_time,
                    "provenance": provenance,
                    "yanked": false,
                })
            })
            .collect();
        let document = json!({
            "meta": { "api-version": "1.1" }, "name": wanted, "versions": versions, "files": entries,
        });
        return ([(header::CONTENT_TYPE, JSON_TYPE)], document.to_string()).into_response();
    }
    let mut html = format!("<!DOCTYPE html>\n<html><head><title>Links for {wanted}</title></head><body>\n");
    for (file, stored) in files {
        let digest = match inner.settings.pages {
            Pages::HtmlWithoutDigests => String::new(),
            Pages::Html | Pages::JsonAndHtml => format!("#sha256={}", stored.sha256),
        };
        let _infallible = writeln!(html, "<a href=\"/packages/{file}{digest}\">{file}</a><br>");
    }
    html.push_str("</body></html>\n");
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// Whether a file name ends as a wheel's does. Endings count in lower case only, as on PyPI.
pub(super) fn is_wheel(name: &str) -> bool {
    ends_in(name, ".whl")
}

/// Whether a file name ends as a source archive's does.
pub(super) fn is_sdist(name: &str) -> bool {
    ends_in(name, ".tar.gz") || ends_in(name, ".zip")
}

fn ends_in(name: &str, ending: &str) -> bool {
    name.ends_with(ending)
}

/// The version in a file name.
pub(super) fn version(file: &str) -> &str {
    match file.strip_suffix(".tar.gz").or_else(|| file.strip_suffix(".zip")) {
        Some(stem) => stem.rsplit('-').next().unwrap_or_default(),
        None => file.split('-').nth(1).unwrap_or_default(),
    }
}
