use std::path::PathBuf;

use serde::Deserialize;

/// `[tool.relwarden.publish.attestations]`: whose signature is expected, and the Sigstore that it is made with. An address is
/// `https`, or `http` on this machine.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attestations {
    /// The repository whose workflow signs, `owner/name` [default: the one whose job runs].
    pub repository: Option<String>,
    /// The workflow's file, as it is registered with the index as a trusted publisher [default: the one whose job runs].
    pub workflow: Option<String>,
    /// The certificate authority of an instance of one's own; `rekor` and `trusted_root` belong to it [default: Sigstore's public one].
    pub fulcio: Option<String>,
    /// The transparency log of an instance of one's own, API version 1.
    pub rekor: Option<String>,
    /// A `trusted_root.json` to prove attestations with [default: the public instance's, as of this program's release].
    pub trusted_root: Option<PathBuf>,
}
