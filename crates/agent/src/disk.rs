//! File systems that do not answer: a network disk whose server is away keeps each thread that asks it, and nobody can take a
//! thread back. It must keep nothing else: one that is known to hang is asked nothing until it answers.
//!
//! Whoever works at the disk says where it stands ([`Visit`]). When that takes long, one look at that place tells a disk that
//! hangs from one that is slow. It refuses to guess from time alone: what answers that look may take as long as it takes.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

/// How long one look at a file may take before its file system counts as hanging. A disk that is merely busy, or spins up, is
/// sooner; whoever looks at a log is told within a few seconds.
const LOOK: Duration = Duration::from_secs(2);
/// How long somebody is at the disk before it is looked whether that hangs.
pub(crate) const SLOW: Duration = Duration::from_secs(1);
/// As many links as the kernel follows in one path (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// The file systems of this host, as far as they hang.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// Mount points.
    hung: Mutex<HashSet<PathBuf>>,
}

/// Where somebody stands at the disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visit(Arc<Mutex<Option<PathBuf>>>);

impl Visit {
    pub(crate) fn at(&self, path: &Path) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
    }

    pub(crate) fn place(&self) -> Option<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Disk {
    /// All that hang, by their mount points.
    pub(crate) fn all_that_hang(&self) -> HashSet<PathBuf> {
        self.hung().clone()
    }

    /// Whether any hangs.
    pub(crate) fn any_hangs(&self) -> bool {
        !self.hung().is_empty()
    }

    /// The mount point of the file system that `path` leads to, or leads over, if that is one that hangs. Asks none that hangs.
    pub(crate) fn hangs_at(&self, path: &Path) -> Option<PathBuf> {
        // Mostly none does, and then a path costs nothing.
        if !self.any_hangs() {
            return None;
        }
        let mounts = mounts();
        let mut over = None;
        walk(path, &mut |at| {
            over = Some(mount_of(at, &mounts)).filter(|mount| self.hung().contains(mount));
            over.is_none()
        });
        over
    }

    /// Looks whether the file system behind `path` answers; the mount point of one that does not, which counts as hanging from
    /// now until it does.
    pub(crate) async fn look(self: &Arc<Self>, path: PathBuf) -> Option<PathBuf> {
        let (visit, disk) = (Visit::default(), Arc::clone(self));
        let at = visit.clone();
        let mut looking = spawn_blocking(move || {
            let known = disk.hangs_at(&path);
            if known.is_none() {
                walk(&path, &mut |each| {
                    at.at(each);
                    true
                });
            }
            known
        });
        if let Ok(looked) = timeout(LOOK, &mut looking).await {
            return looked.ok().flatten();
        }
        let mount = mount_of(&visit.place()?, &mounts());
        if self.hung().insert(mount.clone()) {
            tracing::warn!("the file system at {} does not answer; it is asked nothing until it does", mount.display());
        }
        tokio::spawn(Arc::clone(self).wait_for(looking, mount.clone()));
        Some(mount)
    }

    async fn wait_for(self: Arc<Self>, looking: JoinHandle<Option<PathBuf>>, mount: PathBuf) {
        drop(looking.await);
        if self.hung().remove(&mount) {
            tracing::warn!("the file system at {} answers again", mount.display());
        }
    }

    fn hung(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.hung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The real path that `path` leads to, when its file system answers soon: a program must start also where one hangs.
pub(crate) fn leads_to(path: &Path) -> Option<PathBuf> {
    let (found, finds) = mpsc::sync_channel(1);
    let looked = path.to_owned();
    // Who waited too long is gone by then.
    let look = move || found.send(looked.canonicalize().ok()).unwrap_or_default();
    std::thread::Builder::new().name("leads-to".to_owned()).spawn(look).ok()?;
    finds.recv_timeout(LOOK).unwrap_or_else(|_| {
        tracing::warn!(
            "the file system of {} does not answer; a link there is not offered by where it leads",
            path.display()
        );
        None
    })
}

/// Goes down a path, one part after the other and over the links in it, as the kernel does. `goes_on` is told each place before
/// it is asked anything, and may end the way there.
fn walk(path: &Path, goes_on: &mut dyn FnMut(&Path) -> bool) {
    let parts = |path: &Path| path.components().map(|part| part.as_os_str().to_owned()).collect::<VecDeque<OsString>>();
    let (mut left, mut at, mut links) = (parts(path), PathBuf::new(), 0);
    while let Some(part) = left.pop_front() {
        match Path::new(&part).components().next() {
            Some(Component::ParentDir) => drop(at.pop()),
            Some(Component::CurDir) | None => (),
            Some(_) => at.push(&part),
        }
        if !goes_on(&at) {
            return;
        }
        let Ok(target) = fs::read_link(&at) else { continue };
        links += 1;
        if links > MOST_LINKS {
            return;
        }
        at.pop();
        left = parts(&target).into_iter().chain(left).collect();
    }
    // A part that is no link says so without its file system being asked, when the kernel has it in mind.
    drop(fs::metadata(&at));
}

/// The mount points of this process (proc_pid_mountinfo(5)).
fn mounts() -> Vec<PathBuf> {
    let text = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let points = text.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    points.map(|point| PathBuf::from(OsString::from_vec(unescaped(point)))).collect()
}

/// `\040` for a blank, and the like.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((first, behind)) = rest.split_first() {
        let octal = behind.get(..3).filter(|_| *first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &behind[3..];
            }
            None => {
                out.push(*first);
                rest = behind;
            }
        }
    }
    out
}

/// The innermost mount point that a path without links is below; nothing is asked for it.
fn mount_of(path: &Path, mounts: &[PathBuf]) -> PathBuf {
    let above = mounts.iter().filter(|mount| path.starts_with(mount));
    above.max_by_key(|mount| mount.as_os_str().len()).cloned().unwrap_or_else(|| PathBuf::from("/"))
}
