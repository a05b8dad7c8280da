//! Descriptors whose numbers a limit does not allow any more: they are open, and take no room below it.
//!
//! RLIMIT_NOFILE bounds the number that a new descriptor may get, not how many are open. A limit that was lowered below what is open,
//! or a high descriptor that was inherited, leaves some above it. The kernel counts all together; its listing is in order, and its places
//! are the numbers, so only those above are listed, and only of who seems to be near its limit: mostly there is none.

use std::os::fd::AsFd;

use rustix::fs::{SeekFrom, seek};

use crate::dir::names;
use crate::limit::Limit;
use crate::proc::{Entered, number};

/// In the listing, before the numbers: `.` and `..`.
const DOTS: u64 = 2;

/// How many have the number of the soft limit or a higher one: none of who is not near it; `None` where more are open than it allows and
/// they cannot be listed.
pub(crate) fn of(entered: &Entered<'_>, fds: u64, limit: Limit) -> Option<u64> {
    if is_far(fds, limit.soft) {
        return Some(0);
    }
    match listed(entered, limit.soft) {
        Ok(above) => Some(above.min(fds)),
        Err(_) => (fds <= limit.soft).then_some(0),
    }
}

/// Below nine tenths of it.
fn is_far(fds: u64, soft: u64) -> bool {
    fds < soft - soft / 10
}

fn listed(entered: &Entered<'_>, soft: u64) -> rustix::io::Result<u64> {
    let dir = entered.open("fd")?;
    // A directory of files has other places than numbers: there all are listed.
    if entered.proc.is_kernels() {
        let place = soft.saturating_add(DOTS).min(i32::MAX as u64);
        seek(&dir, SeekFrom::Start(place))?;
    }
    let mut above = 0;
    names(dir.as_fd(), |name| above += u64::from(number(name).is_some_and(|fd| u64::from(fd) >= soft)))?;
    Ok(above)
}
