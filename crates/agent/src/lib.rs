//! On a host: offer logs, pump them to the hub, answer its questions.

pub mod dial;
