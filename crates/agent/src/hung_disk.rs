//! A file system that does not answer, for tests: FUSE (fuse(4)) with nobody behind it, as a network disk whose server is away.
//!
//! It needs root and `/dev/fuse`, and refuses to be where they are not.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;

/// Mounted on a folder of its own until it is dropped.
pub(crate) struct HungDisk {
    dir: TempDir,
    /// What the kernel asks would be read here.
    fuse: Option<File>,
}

impl HungDisk {
    /// `None`, and a word why, where this machine lets us have none.
    pub(crate) fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let fuse = File::options().read(true).write(true).open("/dev/fuse");
        let mounted = fuse.and_then(|fuse| {
            let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", fuse.as_raw_fd());
            mount("hung", dir.path(), "fuse", MountFlags::empty(), CString::new(options)?.as_c_str())?;
            Ok(fuse)
        });
        match mounted {
            Ok(fuse) => Some(HungDisk { dir, fuse: Some(fuse) }),
            Err(error) => {
                println!("skipped: there can be no file system that hangs here: {error}");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Lets go of whoever waits: all that was asked, and is asked from now on, fails.
    pub(crate) fn let_go(&mut self) {
        self.fuse = None;
    }
}

impl Drop for HungDisk {
    fn drop(&mut self) {
        self.let_go();
        unmount(self.dir.path(), UnmountFlags::DETACH).unwrap();
    }
}
