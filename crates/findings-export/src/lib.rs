//! The ledger's findings in the formats of other tools.
//!
//! [`export`] takes findings with what is known around them and gives a document's bytes: the same for the same input.
//! It never opens a file or reads a clock, knows no plan file and compares nothing: whoever calls it brings the words of the
//! plans ([`PlanWords`]) and each finding's place against the released baseline ([`BaselineState`]).
//!
//! - SARIF 2.1.0, a run per scanner, within the limits of GitHub code scanning ([`limits`]).
//! - CycloneDX 1.6 and OpenVEX 0.2.0: what is known about each flaw of a dependency ([`vex`](ExportFormat::CyclonedxVex)).
//! - CSV after RFC 4180 and NDJSON, a finding per line.
//!
//! Text from outside is neutralised for where it goes. What a format has no place for, or what goes over a limit, is counted in
//! [`Exported::left_out`]; a scanner whose newest scan is not complete is told in the document, where the format can.

mod csv;
mod cyclonedx;
mod input;
pub mod limits;
mod ndjson;
mod openvex;
mod own;
mod sarif;
#[cfg(test)]
mod tests;
mod vex;
mod words;

pub use input::{
    BaselineState, ExportFormat, ExportInput, ExportWordError, Exported, LeftOut, LeftOutReason, PlanWords, Selection,
    StatusWord,
};

/// Writes the selected findings in a format.
pub fn export(format: ExportFormat, input: &ExportInput<'_>) -> Exported {
    match format {
        ExportFormat::Sarif => sarif::write(input),
        ExportFormat::CyclonedxVex => cyclonedx::write(input),
        ExportFormat::Openvex => openvex::write(input),
        ExportFormat::Csv => csv::write(input),
        ExportFormat::Ndjson => ndjson::write(input),
    }
}
