//! The helpers themselves, against the real programs.

mod browser;
mod command;
mod fixtures;
mod pypiserver;
