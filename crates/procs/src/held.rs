//! All descriptors of a process with where they lead, read in one pass.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::readlinkat_raw;

use crate::dir::names;
use crate::link::{Link, TOO_LONG};
use crate::proc::{Entered, number};

/// Descriptors of one process that are looked at; what is beyond is counted only.
const MOST: usize = 1 << 20;
/// `PATH_MAX`, and the kernel's word behind a path.
const ROOM: usize = 4096 + 16;

/// Hands each descriptor with its link to `seen`, in ascending order, and returns how many there are.
pub(crate) fn each(entered: &Entered<'_>, mut seen: impl FnMut(BorrowedFd<'_>, u32, Link)) -> rustix::io::Result<u64> {
    let fds = entered.open("fd")?;
    let mut room = [MaybeUninit::<u8>::uninit(); ROOM];
    let (mut count, mut denied) = (0, None);
    names(fds.as_fd(), |name| {
        let Some(fd) = number(name) else { return };
        count += 1;
        if count > MOST as u64 {
            return;
        }
        match readlinkat_raw(&fds, name, &mut room[..]) {
            Ok((text, _)) => seen(fds.as_fd(), fd, Link::of(text)),
            // A path of more than a page. One such file, which anybody can have, hides none of the others.
            Err(rustix::io::Errno::NAMETOOLONG) => seen(fds.as_fd(), fd, Link::Path(TOO_LONG.into())),
            // Closed since it was listed.
            Err(rustix::io::Errno::NOENT) => count -= 1,
            Err(error) => denied = Some(error),
        }
    })?;
    match denied {
        Some(error) => Err(error),
        None => Ok(count),
    }
}
