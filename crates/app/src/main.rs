//! The program `tailcast`.
fn main() {}
