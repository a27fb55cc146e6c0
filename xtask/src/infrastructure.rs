//! The cloud set-up of `infrastructure/`: one model of its policies, written into CloudFormation and Terraform.

mod cloudformation;
mod lint;
mod model;
mod terraform;
#[cfg(test)]
mod tests;

pub(crate) use cloudformation::stack;
pub(crate) use lint::{Lint, lint};
pub(crate) use terraform::policies;
