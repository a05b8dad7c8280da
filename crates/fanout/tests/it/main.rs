//! The laws of the crate, each in its own module: order and loss against a model, waking, threads, channels.

mod channels;
mod item;
mod model;
mod threads;
mod waking;
