//! The bytes of wheels and source archives to metadata, digests and problems.
//!
//! [`inspect`] reads one file and says what an index, an installer or a user would stumble over; [`check_set`] looks at
//! files that are to be published together, [`check_source`] holds a source archive against its repository. Nothing here opens a file or speaks to an index: bytes come in, values go
//! out. Reading is bounded by [`Limits`], whatever the archive claims about itself.
//!
//! What is checked is a table: see [`rules`].

mod archive;
mod data;
mod digest;
mod distribution;
mod file_name;
mod grammar;
mod inspect;
mod limits;
mod metadata;
mod problem;
mod rst;
pub mod rules;
mod set;
mod source;
mod wheel;

#[cfg(test)]
mod tests;

pub use data::{Table, tables};
pub use digest::{DigestError, Sha256};
pub use distribution::{DistKind, Distribution};
pub use file_name::{FileName, FileNameError, WheelTags};
pub use inspect::{ArchivedFile, InspectError, Inspection, inspect};
pub use limits::{CheckOptions, Limits, Target};
pub use metadata::{Defect, Metadata, MetadataError};
pub use problem::{Level, Problem};
pub use set::check_set;
pub use source::{Source, check_source};
