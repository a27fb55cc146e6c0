//! The tests of the whole: ledger in, tree out.

mod assess;
mod sample;
mod tree;

pub(crate) use sample::{Sample, contrast, flaw, history, mixed, secret};
