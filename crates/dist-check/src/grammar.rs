//! The small languages that metadata and file names are written in, read exactly as PyPI reads them.
//!
//! PyPI validates with Python's `packaging`, `email`, `rfc3986` and `email-validator`. A reader that is stricter refuses files
//! that the index takes; one that is laxer finds out at upload. So each module here follows the behaviour of one of those
//! libraries, oddities included, and is held against it in tests.

pub(crate) mod address;
pub(crate) mod content_type;
pub(crate) mod license;
pub(crate) mod name;
pub(crate) mod requirement;
pub(crate) mod scan;
pub(crate) mod specifier;
pub(crate) mod uri;
pub(crate) mod version;
