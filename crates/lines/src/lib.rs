//! What a line says: its time, its level, whether a filter wants it, and how to show it to a person.
//!
//! A line is the bytes up to and without `\n`: raw, of any encoding and any length. These functions read it after it
//! has left the file and before it is shown, on every hop of its path that has to decide something about it: a filter
//! on the agent, the level and the time beside the text in the hub, a terminal in the client.
//!
//! * [`Recognizer`] reads the time and the level out of a line, by a [table of formats](formats).
//! * [`Filter`] says whether a line is wanted, and picks the wanted lines out of a block.
//! * [`display`] and [`harmless`] make text out of bytes that nobody should trust.
//!
//! What this crate refuses: I/O, clocks, the environment, and guessing. The same bytes give the same answer on every
//! host; a zone and a year that a line does not name come from the caller's [`Context`]; a word in the message is never
//! taken for a level.
//!
//! ```
//! use tailcast_lines::{Context, Filter, FilterSpec, FilterState, Level, Recognizer};
//!
//! let recognizer = Recognizer::new(Context::utc("2026-11-20T23:00:00Z".parse()?));
//! let said = recognizer.read(b"2026-11-20 22:10:11,123 ERROR pool - no connection left");
//! assert_eq!(said.level, Some(Level::Error));
//! assert_eq!(said.time, Some("2026-11-20T22:10:11.123Z".parse()?));
//!
//! let filter = Filter::new(&FilterSpec { include: vec!["connection".into()], ..FilterSpec::default() })?;
//! let block = b"started\nno connection left\n  at pool.rs:12\n";
//! let picked: Vec<_> = filter.pick(block, &mut FilterState::default()).collect();
//! assert_eq!(picked, [8..26]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod columns;
mod filter;
pub mod formats;
mod level;
mod recognizer;
mod scan;
mod stamp;
mod text;
mod when;

pub use filter::{Filter, FilterError, FilterSpec, FilterState, MAX_PATTERN, MAX_PATTERNS, Pattern, Pick, Role};
pub use level::{Level, UnknownLevel};
pub use recognizer::{Context, Recognizer, Said};
pub use text::{Encoding, MAX_SHOWN, Shown, display, harmless};
