//! `SECURITY_FINDINGS.md`: the ledger for people.

mod plan_of;
mod view;

use findings_model::{SlaDays, Timestamp};
use minijinja::{Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};

use crate::{Ledger, Plans};

/// What the document is made of.
#[derive(Debug)]
pub struct DocumentInput<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// What people decided.
    pub plans: &'a Plans,
    /// How long findings may stay.
    pub sla: SlaDays,
    /// The moment of writing.
    pub now: Timestamp,
}

/// The document could not be made from its template.
#[derive(Debug, thiserror::Error)]
#[error("SECURITY_FINDINGS.md could not be written from its template")]
pub struct RenderError(#[source] minijinja::Error);

/// Writes the document: what is open by severity with age, fix, plan and due date, what was not scanned, what is excepted.
///
/// All text from reports and plans is escaped, so that it reads as itself in Markdown.
pub fn findings_document(input: &DocumentInput<'_>) -> Result<String, RenderError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build().map_err(RenderError)?);
    // Every text in the view is escaped for Markdown already.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
        .add_template("SECURITY_FINDINGS.md", include_str!("document/SECURITY_FINDINGS.md.j2"))
        .map_err(RenderError)?;
    let template = environment.get_template("SECURITY_FINDINGS.md").map_err(RenderError)?;
    template.render(Serde(view::View::new(input))).map_err(RenderError)
}
