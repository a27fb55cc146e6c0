//! The bytes of one scanner report to findings, coverage and warnings.
//!
//! [`read`] recognises a report by its content, compares that with its name or the declared format, and hands it to the format's
//! module. What comes out is a [`findings_model::Scan`] per run in the report, never an error: a report that cannot be used is a
//! failed scan of the scanner that its name says, with the reason, so that nothing of that scanner is taken for resolved.
//!
//! This crate never opens a file, and what it returns holds no secret, no hash of one, no e-mail address and no commit's author.
//!
//! A format is one module of `formats` and one row of its table.

#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod broken;
mod clean;
mod decode;
mod draft;
mod formats;
mod observe;
mod outline;
mod places;
mod read;
mod source;
mod stream;
mod surrogates;
mod whole;
mod wire;

pub use formats::{format_by_name, is_about_secrets};
pub use places::Places;
pub use read::{read, read_in, unreadable};
pub use source::{FingerprintKey, FingerprintKeyError, Source};
pub use whole::{Whole, speak_of_parts};
