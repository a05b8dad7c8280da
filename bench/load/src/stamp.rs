//! A line that knows when it was written: `tick SEQUENCE NANOSECONDS xxxx…`.
//!
//! Writer and viewers live in one process and read one clock, so that write→viewer needs no agreement between
//! clocks. The sequence makes a hole or a repetition visible: a fast delivery of fewer lines is no success.

use std::io::Write as _;
use std::sync::LazyLock;
use std::time::Instant;

use memchr::memmem;

/// What a stamp starts with. Neither a log's name nor a message around the line may hold it.
const MARK: &[u8] = b"tick ";
/// `0000000001 0000000000000001`
const DIGITS: usize = 10 + 1 + 16;

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
static FINDER: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(MARK));

/// One stamp, read out of what a viewer was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Counts from 1 in each run.
    pub(crate) sequence: u64,
    /// On the clock of [`now_ns`].
    pub(crate) written_ns: u64,
}

/// Nanoseconds since this process first asked.
pub(crate) fn now_ns() -> u64 {
    u64::try_from(BEGAN.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Makes `line` a stamped line of `length` bytes without its newline, written now.
pub(crate) fn stamp(line: &mut Vec<u8>, sequence: u64, length: usize) {
    line.clear();
    // Writing into a vector cannot fail.
    write!(line, "tick {sequence:010} {:016} ", now_ns()).unwrap_or_default();
    line.resize(length.max(line.len()), b'x');
}

/// All stamps in a message, in their order. The form around them does not matter: JSON, text, socket.io.
pub(crate) fn stamps(message: &[u8]) -> impl Iterator<Item = Stamp> {
    FINDER.find_iter(message).filter_map(|at| read(message.get(at + MARK.len()..)?))
}

fn read(text: &[u8]) -> Option<Stamp> {
    let digits = std::str::from_utf8(text.get(..DIGITS)?).ok()?;
    let (sequence, written_ns) = digits.split_once(' ')?;
    Some(Stamp { sequence: sequence.parse().ok()?, written_ns: written_ns.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_again_in_whatever_is_around_it() {
        let mut line = Vec::new();
        stamp(&mut line, 7, 80);
        assert_eq!(line.len(), 80);
        let message = format!(r#"{{"lines":[{{"text":"{0}"}},{{"text":"{0}"}}]}}"#, String::from_utf8_lossy(&line));
        let found: Vec<Stamp> = stamps(message.as_bytes()).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].sequence, 7);
        assert!(found[0].written_ns <= now_ns());
    }

    #[test]
    fn a_stamp_that_is_cut_off_is_none() {
        assert_eq!(stamps(b"tick 0000000001 00000").count(), 0);
    }
}
