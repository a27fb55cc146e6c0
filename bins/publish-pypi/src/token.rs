use cli_support::{Context, ExitStatus};
use findings_model::SchemaVersion;
use serde::Serialize;

use crate::index::{Auth, IndexArgs, credential};

/// Prove that a credential can be had, and print nothing of it
///
/// The index is not asked: whether it accepts the credential is shown by a publish only.
#[derive(Debug, clap::Args)]
pub(crate) struct Token {
    #[command(flatten)]
    index: IndexArgs,
    /// How to prove who publishes [default: by what is present]
    #[arg(long, value_enum)]
    auth: Option<Auth>,
}

#[derive(Serialize)]
struct Document {
    schema_version: SchemaVersion,
    index: String,
    source: Option<String>,
    accepted_by_index: Option<bool>,
}

impl Token {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let address = self.index.address(cx)?;
        let credential = credential(self.auth, &address, cx)?;
        let source = credential.map(|credential| credential.source().to_string());
        let text = match &source {
            Some(source) => format!("{source} holds a token of the right form; not asked whether the index accepts it"),
            None => "no credential is used".to_owned(),
        };
        let document = Document {
            schema_version: SchemaVersion::new(1, 0),
            index: address.upload_url().to_string(),
            source,
            accepted_by_index: None,
        };
        cx.result(&document, &text)?;
        Ok(ExitStatus::Done)
    }
}
