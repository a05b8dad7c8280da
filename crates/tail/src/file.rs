//! One open file: the only place in the crate that reads.
//!
//! Reads are positional and never mapped: a mapped log that is truncated kills the process with `SIGBUS`.
//! Everything is counted here.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{AtFlags, SeekFrom, StatxFlags, fstatfs, seek, statx};
use rustix::io::{Errno, pread};

use crate::hash::hash64;
use crate::position::{HEAD_BYTES, Offset};
use crate::quota::Permit;
use crate::setup::{Ground, Setup};

/// How many stretches of data a file with holes is looked through for its end.
const MOST_STRETCHES: usize = 4096;

/// A file open for reading.
#[derive(Debug)]
pub(crate) struct File {
    fd: OwnedFd,
    /// Given back after the descriptor is closed: fields are dropped in this order.
    _permit: Permit,
    identity: Identity,
    ground: Ground,
    setup: Arc<Setup>,
}

/// Which inode a file is. Exact while it is held open; afterwards the number may be given to another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// Birth time in nanoseconds where the file system keeps one, else 0. Tells a reused inode number from its
    /// predecessor.
    pub(crate) born: u64,
}

/// What a look at a file says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    pub(crate) identity: Identity,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) size: u64,
    pub(crate) links: u32,
    /// Nanoseconds since 1970. A hint for order and stillness, never the only ground for a decision.
    pub(crate) modified: i128,
    /// When the inode last changed, names and links included; of a deleted file: when it was deleted. Same unit.
    pub(crate) changed: i128,
}

impl Identity {
    /// 32 bits that decide between files which agree in everything else.
    pub(crate) fn tie(self) -> u32 {
        let mut bytes = [0; 24];
        bytes[0..8].copy_from_slice(&self.device.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.inode.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.born.to_le_bytes());
        (hash64(&bytes) >> 32) as u32
    }
}

impl Stat {
    /// Looks at an open file (also one opened with `O_PATH`).
    pub(crate) fn of(fd: impl AsFd) -> Result<Self, Errno> {
        Self::from_statx(&statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS | StatxFlags::BTIME)?)
    }

    /// Looks at what a path leads to, links followed.
    pub(crate) fn at(path: &std::path::Path) -> Result<Self, Errno> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        Self::from_statx(&statx(rustix::fs::CWD, path, AtFlags::empty(), wanted)?)
    }

    fn from_statx(stat: &rustix::fs::Statx) -> Result<Self, Errno> {
        let has_birth = StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::BTIME);
        let nanos =
            |time: rustix::fs::StatxTimestamp| i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
        let identity = Identity {
            device: rustix::fs::makedev(stat.stx_dev_major, stat.stx_dev_minor),
            inode: stat.stx_ino,
            born: if has_birth { nanos(stat.stx_btime) as u64 } else { 0 },
        };
        Ok(Self {
            identity,
            mode: u32::from(stat.stx_mode),
            uid: stat.stx_uid,
            size: stat.stx_size,
            links: stat.stx_nlink,
            modified: nanos(stat.stx_mtime),
            changed: nanos(stat.stx_ctime),
        })
    }
}

impl File {
    pub(crate) fn new((fd, permit): (OwnedFd, Permit), identity: Identity, setup: Arc<Setup>) -> Self {
        let ground = match setup.ground {
            Ground::Detect => detect(fd.as_fd()),
            told => told,
        };
        setup.counters.opened.add(1);
        Self { fd, _permit: permit, identity, ground, setup }
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Local or network, never [`Ground::Detect`].
    pub(crate) fn ground(&self) -> Ground {
        self.ground
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        Stat::of(&self.fd)
    }

    /// The first ≤ 1 KiB. NUL bytes at its end are no part of it: they may be space set aside, and be written to later.
    pub(crate) fn read_head(&self) -> Result<Vec<u8>, Errno> {
        let mut head = self.read(Offset::ZERO, HEAD_BYTES)?;
        match head.iter().rposition(|&byte| byte != 0) {
            Some(last) => head.truncate(last + 1),
            // A hole in front of lines is what the file begins with.
            None if self.data_from(Offset::ZERO).is_none() => head.clear(),
            None => {}
        }
        Ok(head)
    }

    /// Up to `most` bytes from `from` on; fewer only at the end of the file.
    pub(crate) fn read(&self, from: Offset, most: usize) -> Result<Vec<u8>, Errno> {
        let mut buffer = Vec::with_capacity(most);
        while buffer.len() < most {
            let place = from.plus(buffer.len() as u64).0;
            match pread(&self.fd, rustix::buffer::spare_capacity(&mut buffer), place) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        self.setup.counters.reads.add(1);
        self.setup.counters.bytes.add(buffer.len() as u64);
        Ok(buffer)
    }

    /// Where the next data begins at or after `from`; `from` itself where the file system knows no holes.
    /// Nothing when only a hole is left.
    pub(crate) fn data_from(&self, from: Offset) -> Option<Offset> {
        match seek(&self.fd, SeekFrom::Data(from.0)) {
            Ok(data) => Some(Offset(data)),
            Err(Errno::NXIO) => None,
            Err(_) => Some(from),
        }
    }

    /// Where the first hole begins at or after `from`; the end of the file counts as one.
    pub(crate) fn hole_from(&self, from: Offset) -> Offset {
        seek(&self.fd, SeekFrom::Hole(from.0)).map_or(Offset(u64::MAX), Offset)
    }

    /// Where the data of a file of this size ends: before the hole at its end, if there is one.
    pub(crate) fn end_of_data(&self, size: Offset) -> Offset {
        if self.data_from(Offset(size.0.saturating_sub(1))).is_some() {
            return size;
        }
        let mut end = Offset::ZERO;
        for _ in 0..MOST_STRETCHES {
            let Some(data) = self.data_from(end) else { break };
            end = self.hole_from(data).min(size);
        }
        end
    }
}

/// File systems whose changes may be made by another host or another kernel: inotify does not tell of them.
/// Numbers from `linux/magic.h`, and `fs/` of the file systems that are not listed there.
fn detect(fd: BorrowedFd<'_>) -> Ground {
    const NETWORK: [u64; 15] = [
        0x6969,      // NFS
        0x517b,      // SMB
        0xff53_4d42, // CIFS
        0xfe53_4d42, // SMB2
        0x6573_5546, // FUSE
        0x0102_1997, // 9P
        0x00c3_6400, // Ceph
        0x5346_414f, // OpenAFS
        0x6b41_4653, // AFS
        0x7375_7245, // Coda
        0x564c,      // NCP
        0x0bd0_0bd0, // Lustre
        0x4750_4653, // GPFS
        0x1983_0326, // BeeGFS
        0x786f_4256, // VirtualBox shared folders
    ];
    match fstatfs(fd) {
        Ok(stat) if NETWORK.contains(&(stat.f_type as u64 & 0xffff_ffff)) => Ground::Network,
        _ => Ground::Local,
    }
}
