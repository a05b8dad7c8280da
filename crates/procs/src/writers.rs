//! Which processes have a file open for writing: the writers of a log.
//!
//! By device and inode, not by path: a container has paths of its own, and a log that was renamed is still written into.

use std::fs::File as OsFile;

use crate::file::{self, Holder};
use crate::held;
use crate::link::Link;
use crate::proc::Proc;
use crate::stat;
use crate::unseen::Unseen;

/// Descriptors that are looked at for one answer.
const MOST: u64 = 200_000;

/// Who writes a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Writers {
    /// In order of their numbers.
    pub writers: Vec<Holder>,
    /// What could not be seen.
    pub unseen: Vec<Unseen>,
}

impl Proc {
    /// The processes that have this very file open for writing, whatever it is called.
    ///
    /// # Errors
    /// When the file cannot be looked at.
    pub fn writers(&self, file: &OsFile) -> std::io::Result<Writers> {
        use rustix::fs::{AtFlags, StatxFlags, statx};
        let seen = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::INO)?;
        let identity = (seen.stx_dev_major, seen.stx_dev_minor, seen.stx_ino);
        let mut found = Writers::default();
        let (mut looked_at, mut shut) = (0, 0);
        for pid in self.pids().map_err(std::io::Error::other)? {
            let Some(entered) = self.enter(pid) else { continue };
            let mut writes = false;
            let looked = held::each(&entered, |fds, fd, link| {
                looked_at += 1;
                let name = fd.to_string();
                let is_it = || file::look(fds, &name).is_some_and(|looked| looked.identity == identity);
                writes |= matches!(link, Link::Path(_)) && !writes && file::writes(fds, &name) && is_it();
            });
            shut += usize::from(matches!(looked, Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM)));
            if writes {
                let name = entered.read("stat").ok().and_then(|stat| stat::parse(&stat)).map(|stat| stat.name);
                found.writers.push(Holder { pid, name: name.unwrap_or_default() });
            }
            if looked_at > MOST {
                found.unseen.push(Unseen::TooMany { looked_at: looked_at as usize });
                break;
            }
        }
        found.unseen.extend((shut > 0).then_some(Unseen::OtherEnds { processes: shut }));
        Ok(found)
    }
}
