//! The laws of the crate.
