//! Which processes have a file open for writing: the writers of a log.
//!
//! By device and inode, not by path: a container has paths of its own, and a log that was renamed is still written into.
//! Only of a file without a name the path that it had is all that is left.

use std::ffi::OsStr;
use std::fs::File as OsFile;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::file::{self, Holder};
use crate::held;
use crate::link::{Link, undeleted};
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
    /// The processes that have one of these very files open for writing, whatever they are called, or one that has no
    /// name any more and had one that `was_it`.
    ///
    /// # Errors
    /// When a file cannot be looked at, or the processes cannot be listed.
    pub fn writers(&self, files: &[OsFile], was_it: impl Fn(&Path) -> bool) -> std::io::Result<Writers> {
        let identities: Vec<_> = files.iter().map(identity_of).collect::<std::io::Result<_>>()?;
        let had_its_name = |link: &Link| matches!(link, Link::Path(name) if link.says_deleted() && was_it(Path::new(OsStr::from_bytes(undeleted(name)))));
        let mut found = Writers::default();
        let (mut looked_at, mut shut) = (0, 0);
        for pid in self.pids().map_err(std::io::Error::other)? {
            let Some(entered) = self.enter(pid) else { continue };
            let mut writes = false;
            let looked = held::each(&entered, |fds, fd, link| {
                looked_at += 1;
                let name = fd.to_string();
                let is_it = || file::look(fds, &name).is_some_and(|looked| identities.contains(&looked.identity));
                let may_be = matches!(link, Link::Path(_)) && !writes && file::writes(fds, &name);
                writes |= may_be && (had_its_name(&link) || is_it());
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

/// Device and inode.
fn identity_of(file: &OsFile) -> std::io::Result<(u32, u32, u64)> {
    use rustix::fs::{AtFlags, StatxFlags, statx};
    let seen = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::INO)?;
    Ok((seen.stx_dev_major, seen.stx_dev_minor, seen.stx_ino))
}
