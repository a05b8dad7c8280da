//! The tests of the crate as its users see it, one module for each kind of trouble.

mod absence;
mod bench;
mod bounds;
mod history;
mod jump;
mod late;
mod lines;
mod logrotate;
mod model;
mod places;
mod quota;
mod rotation;
mod sharing;
mod turning;
mod waking;
