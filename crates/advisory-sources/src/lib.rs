//! Asks advisory services for what a run lacks, and keeps their answers for a day: the one place that asks an OSV service, or
//! fetches the KEV catalogue and the EPSS scores.
//!
//! [`attach`] gives a run of `update-findings` its ways to ask. Nothing is sent, and neither a runtime nor a client is made,
//! before the run lacks something that the cache does not have. A service that cannot be reached is a warning: the answers that
//! were kept from earlier days serve on, and what nobody knows stays unknown.
//!
//! What is asked for and what the answers mean is decided elsewhere (`advisories`). A process that uses this crate installs a
//! rustls crypto provider first.

mod address;
mod ask;
mod attach;
mod cache;
mod patience;
mod session;
#[cfg(test)]
mod tests;

pub use address::SourceAddressError;
pub use attach::attach;
