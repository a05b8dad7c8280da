//! A file on a host becomes blocks: follow it, read it by position.
//!
//! A synchronous library for Linux, to be called from threads that may block on a disk. Three doors:
//!
//! * [`Log::follow`] gives a [`Follower`]. Each [`Follower::step`] says what happened since the last one: blocks of
//!   whole lines,
//!   and between them what keeps a reader from being misled (rotated, truncated, lost, a gap, gone, waiting).
//!   [`Follower::edge`] is the end of what it gave out.
//! * [`Log::last`], [`Log::before`], [`Log::after`], [`Log::find_first`], [`Log::raw`] answer questions about the past,
//!   up to a [`Cap`]
//!   (an edge), so that history and live lines meet without gap or double.
//! * A [`Watcher`] wakes who steps. Its events are hints; everything is also found by looking.
//!
//! ```
//! use std::sync::Arc;
//! use tailcast_tail::{Ask, Event, Everything, From, Log, Setup, Tag};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("log");
//! std::fs::write(&path, "one\ntwo\nthree\n")?;
//! let setup = Arc::new(Setup::new(Everything));
//! let log = Log::new(path, Tag::of("here:/the/log"), &setup);
//!
//! let page = log.last(Ask::lines(2))?;
//! assert_eq!(page.blocks[0].bytes(), b"two\nthree\n");
//!
//! // A position is text that finds the place again: after a restart, a rotation, or on a copy of the file.
//! let place = page.blocks[0].position_at(page.blocks[0].start()).to_string();
//! let mut follower = log.follow(From::At(place.parse()?))?;
//! let step = follower.step(1 << 20);
//! assert!(matches!(&step.events[1], Event::Block(block) if block.bytes() == b"two\nthree\n"));
//! # Ok(())
//! # }
//! ```
//!
//! What holds: every line that could be read when somebody looked comes once and in order; what was skipped is told
//! with exact bounds; what is gone is told as lost. Bytes pass through untouched. Nothing is open or watched for a log
//! that nobody reads. Memory is bounded by the block (256 KiB) and by what is asked for, however long a line is.
//!
//! What this crate refuses: sockets, memory mapping (a truncated log would kill the process), reading anything but
//! regular files that the [`Gate`] admits, more files than the [`Quota`] gives, and trusting device and inode numbers or modification times alone.
//! It needs `/proc`, for the real path of what was opened.
//!
//! The way of a line through the files: `open` (path to file, past the gate) → `file` (the only one that reads) →
//! `cursor` (one block at a time, compared with what stood before) → `block`. A follower (`follow`) and a page (`history`)
//! are two ways to drive a cursor; `siblings` and `resolve` find the file in which to go on.

mod block;
mod cursor;
mod error;
mod event;
mod file;
mod files;
mod follow;
mod gate;
mod hash;
mod history;
mod homes;
mod incarnation;
mod lines;
mod log;
mod open;
mod page;
mod place;
mod position;
mod quota;
mod resolve;
mod setup;
mod siblings;
mod watch;

pub use block::{BLOCK_BYTES, Begins, Block, Encoding, Ends, LINE_BYTES, Line};
pub use error::{Error, Kind, Loss, Obstacle};
pub use event::{Departure, Event, Gap, Lost, Poll, Step};
pub use files::OpenFiles;
pub use follow::{Edge, Follower, From};
pub use gate::{Candidate, Everything, Gate, Role};
pub use incarnation::{Incarnation, Life};
pub use lines::Lines;
pub use log::{Glance, Log};
pub use page::{Ask, Cap, Found, Jump, Page, Raw, Stopped, Want};
pub use position::{ANCHOR_BYTES, HEAD_BYTES, Offset, Position, Tag, Token};
pub use quota::{Need, Permit, Quota, Unbounded};
pub use setup::{Counter, Counters, Ground, Patience, Setup};
pub use watch::{Wake, Watcher};
