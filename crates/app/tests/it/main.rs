//! The program as a whole: one test binary, so that it is linked once. Begin to read with `../path.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod house;
#[path = "../path.rs"]
mod path;
mod rig;
