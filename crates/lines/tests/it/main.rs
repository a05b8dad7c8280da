//! What tailcast-lines promises, tested from outside.

mod anything;
mod filter;
mod text;
mod times;
mod words;
