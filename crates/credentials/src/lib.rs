//! Credentials for the package index, and the secret types that hold them.
//!
//! This crate must never know how a secret is used: it takes text that somebody else fetched, judges its shape and
//! keeps it so that it cannot be printed. A credential carries where it came from ([`TokenSource`]), which is all
//! that messages and logs may say about it.

mod credential;
mod redact;
mod token;

pub use credential::{IndexCredential, TokenSource};
pub use redact::redact;
pub use token::{PypiToken, TokenError, TokenShape};
