//! Document and history to the published tree.

use crate::{History, StatusDocument, badge, page};

/// One file of the published tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFile {
    /// Its path below the output folder.
    pub path: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why the tree could not be made: a defect of this program, never of its input.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The page's template failed.
    #[error("cannot render the status page")]
    Page(#[source] minijinja::Error),
    /// A document has no JSON form.
    #[error("cannot write {file} as JSON")]
    Json {
        /// The file.
        file: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// Enters the document into the history and makes every published file of both.
///
/// `index.json` comes last: whoever finds it new finds the others new too.
pub fn render(document: &StatusDocument, mut history: History) -> Result<Vec<StatusFile>, RenderError> {
    history.record(document);
    let mut files = vec![
        json("history.json", &history)?,
        StatusFile { path: "index.html", bytes: page::html(document, &history)?.into_bytes() },
    ];
    for badge in badge::badges(document) {
        files.push(json(badge.json_path, &badge.shields())?);
        files.push(StatusFile { path: badge.svg_path, bytes: badge.svg().into_bytes() });
    }
    files.push(json("index.json", document)?);
    Ok(files)
}

fn json(file: &'static str, document: &impl serde::Serialize) -> Result<StatusFile, RenderError> {
    let mut bytes = serde_json::to_vec_pretty(document).map_err(|source| RenderError::Json { file, source })?;
    bytes.push(b'\n');
    Ok(StatusFile { path: file, bytes })
}
