//! A file on a host becomes blocks: follow it, read it by position.
//!
//! (The API guide is written below as the crate grows.)

mod block;
mod cursor;
mod error;
mod event;
mod file;
mod follow;
mod gate;
mod hash;
mod history;
mod incarnation;
mod lines;
mod log;
mod open;
mod page;
mod place;
mod position;
mod resolve;
mod setup;
mod siblings;
mod watch;

pub use block::{BLOCK_BYTES, Begins, Block, Encoding, Ends, Line};
pub use error::{Error, Kind, Loss, Obstacle};
pub use event::{Departure, Event, Gap, Lost, Poll, Step};
pub use follow::{Edge, Follower, From};
pub use gate::{Candidate, Everything, Gate, Role};
pub use incarnation::{Incarnation, Life};
pub use lines::Lines;
pub use log::{Glance, Log};
pub use page::{Ask, Cap, Found, Jump, Page, Raw, Stopped, Want};
pub use position::{ANCHOR_BYTES, HEAD_BYTES, Offset, Position, Tag, Token};
pub use setup::{Counter, Counters, Ground, Patience, Setup};
pub use watch::{Wake, Watcher};
