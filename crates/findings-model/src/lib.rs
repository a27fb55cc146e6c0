//! The shared nouns: findings, identifiers, severities, coverage and scans.
//!
//! Every other crate speaks in these words. Nothing here knows a scanner's format, a file's name,
//! the network or today's date: values come in, values go out.
//!
//! - [`Scan`] is what one report said: its [`Coverage`] and its [`Observation`]s.
//! - [`Finding`] is what is known over time; the ledger keeps them.
//! - [`FindingSet`] is findings with the coverage they were seen under: what is compared.
//! - [`identity`] decides which observation is which finding.
//! - [`text`] makes text from outside safe to show.

mod advisory_id;
mod advisory_ids;
mod counts;
mod exploitation;
mod finding;
pub mod identity;
pub mod json;
mod names;
pub mod order;
mod package;
mod publish_auth;
mod receipt;
mod rule_set;
mod scan;
mod scan_target;
mod schema;
mod secret_rules;
mod secret_variables;
mod set;
mod severity;
mod sla;
mod subject;
pub mod text;
mod time_format;

pub use advisory_id::{AdvisoryId, AdvisoryIdError};
pub use advisory_ids::AdvisoryIds;
pub use counts::SeverityCounts;
pub use exploitation::{EpssScore, Exploitation, KevListing, Probability};
pub use finding::{
    Attribution, Attributions, ExceptedBy, Extra, Finding, Memory, ResolvedReason, Scope, Status, UnderOverride,
};
pub use names::{FindingId, NameError, ReportFormat, ScannerName};
pub use package::{Ecosystem, Package, PackageName, PackageNameError};
pub use publish_auth::PublishAuth;
pub use receipt::{FileOutcome, Receipt, ReceiptFile};
pub use rule_set::{Detector, RuleSet};
pub use scan::{Clearance, Coverage, CoverageState, Gap, LookedAt, Observation, Scan};
pub use scan_target::ScanTarget;
pub use schema::{SchemaError, SchemaVersion};
pub use secret_rules::{has_private_place, is_about_secrets};
pub use secret_variables::SECRET_VARIABLES;
pub use set::{FindingSet, RuleSetUse, ScanSummary, ScannerState, repeated_id};
pub use severity::{CvssScore, CvssVector, CvssVectorError, Rating, Severity, SeverityError, SeveritySource};
pub use sla::SlaDays;
pub use subject::{AdvisoryVerdict, CodeSpot, CodeText, FindingKind, SecretMark, SecretSpot, Subject, Vulnerability};
pub use time_format::{Timestamp, date_text, parse_date};
