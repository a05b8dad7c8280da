//! A `/proc` made of files, for what no real process can be made to show.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use tailcast_procs::Proc;
use tempfile::TempDir;

/// A machine that is made up.
pub(crate) struct Fake {
    pub(crate) dir: TempDir,
}

impl Fake {
    pub(crate) fn new() -> Self {
        let fake = Fake { dir: TempDir::new().unwrap() };
        fs::write(fake.dir.path().join("stat"), "cpu 1 2 3\nbtime 1700000000\n").unwrap();
        fs::create_dir(fake.dir.path().join("sys")).unwrap();
        fake
    }

    pub(crate) fn proc(&self) -> Proc {
        Proc::at(self.dir.path()).unwrap()
    }

    /// The directory of a process, with what each has.
    pub(crate) fn process(&self, pid: u32, name: &[u8]) -> PathBuf {
        let dir = self.dir.path().join(pid.to_string());
        fs::create_dir_all(dir.join("fd")).unwrap();
        fs::create_dir_all(dir.join("fdinfo")).unwrap();
        let head = format!("{pid} (");
        let tail = ") S 1 1 1 0 -1 4194560 0 0 0 0 250 50 0 0 20 0 3 0 4242 1000 10 0 0\n";
        fs::write(dir.join("stat"), [head.as_bytes(), name, tail.as_bytes()].concat()).unwrap();
        fs::write(dir.join("status"), "Name:\tx\nUid:\t1\t33\t1\t1\n").unwrap();
        fs::write(dir.join("cmdline"), [name, b"\0--flag\0"].concat()).unwrap();
        fs::write(dir.join("cgroup"), "0::/system.slice/made-up.service\n").unwrap();
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            20                   4096                 files\n";
        fs::write(dir.join("limits"), limits).unwrap();
        dir
    }

    /// Gives a process an open file.
    pub(crate) fn opens(&self, pid: u32, fd: u32, target: &[u8]) {
        let link = self.dir.path().join(pid.to_string()).join("fd").join(fd.to_string());
        symlink(OsStr::from_bytes(target), link).unwrap();
    }
}
