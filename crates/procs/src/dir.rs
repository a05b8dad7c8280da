//! The names in a directory, without an allocation for each: a process may have a million of them.

use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

use rustix::fs::RawDir;

/// Hands each name but `.` and `..` to `seen`, in the order of the kernel. The directory is read from where it stands.
pub(crate) fn names(dir: BorrowedFd<'_>, mut seen: impl FnMut(&[u8])) -> rustix::io::Result<()> {
    let mut room = [const { MaybeUninit::uninit() }; 32 << 10];
    let mut entries = RawDir::new(dir, &mut room);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        match entry.file_name().to_bytes() {
            b"." | b".." => (),
            name => seen(name),
        }
    }
    Ok(())
}
