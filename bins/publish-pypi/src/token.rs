use cli_support::{Context, ExitStatus};
use findings_model::SchemaVersion;
use serde::Serialize;

use crate::{
    auth::{self, Auth, Proof},
    index::IndexArgs,
};

/// Prove that a credential can be had, and print nothing of it
///
/// The whole way is gone: identity, role, secret or trusted publishing, and what the token says of itself. The index is not asked
/// whether it accepts the token: that is shown by a publish only, or by publish --dry-run --preflight.
#[derive(Debug, clap::Args)]
pub(crate) struct Token {
    #[command(flatten)]
    index: IndexArgs,
    /// How to prove who publishes [default: publish.auth of the configuration, or by what is present]
    #[arg(long, value_enum, env = "RELWARDEN_AUTH")]
    auth: Option<Auth>,
}

#[derive(Serialize)]
struct Document {
    schema_version: SchemaVersion,
    index: String,
    #[serde(flatten)]
    proof: Proof,
    accepted_by_index: Option<bool>,
}

impl Token {
    pub(crate) fn run(self, cx: &mut Context) -> anyhow::Result<ExitStatus> {
        let address = self.index.address(cx)?;
        let credential = auth::credential(self.auth, &address, cx)?;
        let text = credential.proof.lines().join("\n");
        let document = Document {
            schema_version: SchemaVersion::new(1, 0),
            index: address.upload_url().to_string(),
            proof: credential.proof,
            accepted_by_index: None,
        };
        cx.result(&document, &text)?;
        Ok(ExitStatus::Done)
    }
}
