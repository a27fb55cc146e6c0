//! AWS: an identity token becomes a role for fifteen minutes, and the role reads or replaces one secret.
//!
//! The two calls are made one by one and not through a chain of providers, so that each failure is told as the service told it.
//! Nothing is looked up in files, in the machine's metadata service or by another process: region, role, secret and addresses are
//! what [`AwsSettings`] says.

mod client;
mod error;
mod settings;
mod stored;

#[cfg(test)]
mod tests;

pub use client::{Access, AwsKeys, assume, read_secret, read_secret_if_there, replace_secret};
pub use error::{AwsError, AwsFailure, Stage};
pub use settings::{AwsSettings, RoleArn, SettingsError};
pub use stored::{Owner, StoredError, StoredSecret};
