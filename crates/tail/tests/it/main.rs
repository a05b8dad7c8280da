//! The tests of the crate as its users see it, one module for each kind of trouble.

mod bench;
mod rotation;
