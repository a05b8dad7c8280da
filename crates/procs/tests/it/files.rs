//! Every kind of open file, of a real process: this one.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::fs::{CWD, FileType, OFlags, inotify, mknodat};
use rustix::pipe::{PipeFlags, pipe_with};
use tailcast_procs::{Access, Detail, Kind, Proc, Unseen, Window};

fn own() -> (Proc, u32) {
    (Proc::new().unwrap(), std::process::id())
}

fn look() -> Detail {
    let (proc, pid) = own();
    proc.detail(pid, Window { from: 0, most: 10_000 }).unwrap()
}

fn find(detail: &Detail, fd: &impl AsRawFd) -> tailcast_procs::File {
    let fd = fd.as_raw_fd() as u32;
    detail.files.iter().find(|file| file.fd == fd).unwrap().clone()
}

#[test]
fn this_process_is_seen_with_its_limit_and_its_user() {
    let (proc, pid) = own();
    let process = proc.process(pid).unwrap();
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    assert_eq!(process.limit.map(|limit| limit.soft), Some(limit.current.unwrap_or(u64::MAX)));
    assert_eq!(process.uid, Some(rustix::process::geteuid().as_raw()));
    assert!(process.fds.unwrap() >= 3 && process.memory > 0 && process.threads > 0, "{process:?}");
    assert!(process.started.unwrap() <= std::time::SystemTime::now());
    assert!(proc.counts().unwrap().iter().any(|(known, fds)| *known == pid && *fds >= 3));
    assert!(proc.processes().unwrap().list.iter().any(|known| known.id == process.id));
}

#[test]
fn files_are_told_from_directories_devices_and_deleted_ones() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a (deleted)");
    let mut file = File::create(&path).unwrap();
    file.write_all(&[b'x'; 1000]).unwrap();
    let gone = File::create(dir.path().join("gone")).unwrap();
    (&gone).write_all(&[b'x'; 77]).unwrap();
    fs::remove_file(dir.path().join("gone")).unwrap();
    let both = OpenOptions::new().read(true).write(true).open("/dev/null").unwrap();
    let folder = File::open(dir.path()).unwrap();
    let detail = look();
    let seen = find(&detail, &file);
    assert_eq!((seen.kind, seen.size, seen.deleted, seen.access), (Kind::File, Some(1000), false, Some(Access::Write)));
    assert!(seen.target.ends_with(b"a (deleted)"), "{seen:?}");
    let seen = find(&detail, &gone);
    assert_eq!((seen.kind, seen.size, seen.deleted), (Kind::File, Some(77), true));
    assert!(seen.target.ends_with(b"/gone"), "{seen:?}");
    assert!(detail.deleted.files >= 1 && detail.deleted.bytes >= 77);
    let seen = find(&detail, &both);
    assert_eq!((seen.kind, seen.access), (Kind::Device, Some(Access::Both)));
    assert_eq!(find(&detail, &folder).kind, Kind::Directory);
}

#[test]
fn what_watches_says_what() {
    let (read, _write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
    epoll::add(&poll, &read, epoll::EventData::new_u64(1), epoll::EventFlags::IN).unwrap();
    let counter = eventfd(3, EventfdFlags::CLOEXEC).unwrap();
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, "/tmp", inotify::WatchFlags::CREATE).unwrap();
    let detail = look();
    let said = |fd: &rustix::fd::OwnedFd| find(&detail, fd).about.map(|about| about.to_string());
    assert_eq!(said(&poll), Some(format!("watches {}", read.as_raw_fd())));
    assert_eq!(said(&counter).as_deref(), Some("counter 3"));
    let inode = std::fs::metadata("/tmp").unwrap().ino();
    let unnamed = format!("watches a file or directory: inode {inode} on device ");
    assert!(said(&watch).unwrap().starts_with(&unnamed), "{:?}", said(&watch));
    assert_eq!(find(&detail, &poll).kind, Kind::Epoll);
}

#[test]
fn what_is_watched_and_open_besides_is_watched_by_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&watch, dir.path(), inotify::WatchFlags::CREATE).unwrap();
    let _open = File::open(dir.path()).unwrap();
    let about = find(&look(), &watch).about.map(|about| about.to_string());
    assert_eq!(about, Some(format!("watches {}", dir.path().canonicalize().unwrap().display())));
}

#[test]
fn a_pipe_knows_who_has_its_other_end() {
    let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let detail = look();
    let seen = find(&detail, &stdin);
    assert_eq!((seen.kind, seen.access), (Kind::Pipe, Some(Access::Write)));
    assert_eq!(seen.others.iter().map(|other| other.pid).collect::<Vec<_>>(), [child.id()], "{seen:?}");
    assert_eq!(seen.others[0].name, "cat");
    drop(stdin);
    child.wait().unwrap();
}

/// What is said of a pipe whose other end nobody has that can be seen; in a container there may be others.
fn nobody(does: &str) -> String {
    let whole = fs::read_link("/proc/self/ns/pid").unwrap().as_os_str() == "pid:[4026531836]";
    let all = look().unseen.is_empty() && whole;
    if all { format!("nobody {does} it") } else { format!("nobody that can be seen {does} it") }
}

#[test]
fn who_holds_the_same_end_of_a_pipe_is_not_at_the_other() {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let mut children: Vec<_> = (0..2)
        .map(|_| {
            let mut cat = std::process::Command::new("sleep");
            cat.arg("600").stdout(write.try_clone().unwrap()).spawn().unwrap()
        })
        .collect();
    let with_reader = look();
    drop(read);
    let without = look();
    let child = Proc::new().unwrap().detail(children[0].id(), Window { from: 0, most: 10 }).unwrap();
    let expected = nobody("reads");
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let own = find(&with_reader, &write).others;
    assert_eq!(own.iter().map(|other| other.pid).collect::<Vec<_>>(), [std::process::id()], "it reads it itself");
    for seen in [find(&without, &write), child.files[1].clone()] {
        assert_eq!((seen.access, &seen.others[..]), (Some(Access::Write), &[][..]));
        assert_eq!(seen.about.map(|about| about.to_string()), Some(expected.clone()));
    }
}

#[test]
fn a_pipe_with_a_name_knows_who_has_its_other_end_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    mknodat(CWD, &path, FileType::Fifo, 0o600.into(), 0).unwrap();
    let mut child = std::process::Command::new("sh");
    // Opening waits for the other side.
    let mut child = child.args(["-c", "exec sleep 600 < \"$0\""]).arg(&path).spawn().unwrap();
    let write = OpenOptions::new().write(true).open(&path).unwrap();
    // The shell moves it to the descriptor that the other has as its stdin.
    while fs::read_to_string(format!("/proc/{}/comm", child.id())).unwrap() != "sleep\n" {
        std::thread::yield_now();
    }
    let seen = find(&look(), &write);
    child.kill().unwrap();
    child.wait().unwrap();
    let alone = find(&look(), &write);
    assert_eq!((seen.kind, seen.about), (Kind::Pipe, None));
    assert_eq!(seen.others.iter().map(|other| other.pid).collect::<Vec<_>>(), [child.id()]);
    assert_eq!((&alone.others[..], alone.about.map(|about| about.to_string())), (&[][..], Some(nobody("reads"))));
}

#[test]
fn a_log_knows_its_writers_by_the_file_and_not_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let (log, moved) = (dir.path().join("app.log"), dir.path().join("app.log.1"));
    let open = File::create(&log).unwrap();
    let mut child = std::process::Command::new("sleep").arg("600").stdout(open).spawn().unwrap();
    fs::rename(&log, &moved).unwrap();
    fs::write(&log, "of nobody").unwrap();
    let proc = Proc::new().unwrap();
    let writers = |path: &Path| proc.writers(&[File::open(path).unwrap()], |name| name == path).unwrap().writers;
    let found = writers(&moved);
    assert_eq!(writers(&log), []);
    let both = [File::open(&log).unwrap(), File::open(&moved).unwrap()];
    assert_eq!(proc.writers(&both, |name| name == log).unwrap().writers, found);
    fs::remove_file(&moved).unwrap();
    assert_eq!(proc.writers(&[], |name| name == moved).unwrap().writers, found, "by the name that it had");
    assert_eq!(proc.writers(&[], |name| name == log).unwrap().writers, []);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        found.iter().map(|writer| (writer.pid, writer.name.to_string())).collect::<Vec<_>>(),
        [(child.id(), "sleep".to_owned())]
    );
}

#[test]
fn one_file_with_a_path_too_long_to_be_told_hides_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let plain = File::create(dir.path().join("plain")).unwrap();
    // Longer than a path may be that is handed to the kernel: only from folder to folder one gets there.
    let name = "d".repeat(250);
    let mut folder = File::open(dir.path()).unwrap();
    for _ in 0..20 {
        rustix::fs::mkdirat(&folder, &name, 0o700.into()).unwrap();
        folder = rustix::fs::openat(&folder, &name, OFlags::RDONLY | OFlags::DIRECTORY, 0.into()).unwrap().into();
    }
    let deep = rustix::fs::openat(&folder, "log", OFlags::CREATE | OFlags::WRONLY, 0o600.into()).unwrap();
    (&File::from(deep.try_clone().unwrap())).write_all(b"line\n").unwrap();
    let detail = look();
    assert!(detail.total.is_some() && detail.unseen.iter().all(|unseen| *unseen != Unseen::Files), "{detail:?}");
    let seen = find(&detail, &deep);
    assert_eq!((seen.kind, seen.size, seen.deleted, seen.access), (Kind::File, Some(5), false, Some(Access::Write)));
    assert_eq!(seen.target, "/… (a path that is too long to be told)");
    assert!(find(&detail, &plain).target.ends_with(b"/plain"));
    let (proc, pid) = own();
    let writers = proc.writers(&[File::from(deep)], |_| false).unwrap().writers;
    assert!(writers.iter().any(|writer| writer.pid == pid), "{writers:?}");
}

#[test]
fn deleted_files_may_together_be_larger_than_can_be_counted() {
    // A file of memory may have a hole of any size.
    let Ok(dir) = tempfile::tempdir_in("/dev/shm") else { return };
    let files: Vec<_> = (0..3).map(|_| tempfile::tempfile_in(dir.path()).unwrap()).collect();
    if files.iter().any(|file| file.set_len(i64::MAX as u64).is_err()) {
        return;
    }
    assert_eq!(look().deleted.bytes, u64::MAX);
}
