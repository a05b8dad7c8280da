//! Asked by a user who may not look into the process that he asks about: what he can read is read, what he cannot is said, and no
//! line is about a file of which nobody knows whether it is the process's.

use std::os::fd::AsFd as _;

use rustix::thread::{
    LinkNameSpaceType, UnshareFlags, move_into_link_name_space, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};

use super::login::{Login, STACK};
use super::supervisord::Supervised;
use super::*;

const NOBODY: u32 = 65_534;

/// What the user nobody is told of a process, in the mounts of `beside`: a thread has a user and mounts of its own.
pub(super) fn told_nobody(pid: u32, beside: Option<u32>) -> Diagnosis {
    let ask = move || {
        if let Some(beside) = beside {
            let mounts = fs::File::open(format!("/proc/{beside}/ns/mnt")).unwrap();
            #[allow(deprecated, reason = "of its folder and root only, which takes nothing from another thread")]
            rustix::thread::unshare(UnshareFlags::FS).unwrap();
            move_into_link_name_space(mounts.as_fd(), Some(LinkNameSpaceType::Mount)).unwrap();
        }
        let (uid, gid) = (rustix::process::Uid::from_raw(NOBODY), rustix::process::Gid::from_raw(NOBODY));
        set_thread_groups(&[]).unwrap();
        set_thread_res_gid(gid, gid, gid).unwrap();
        set_thread_res_uid(uid, uid, uid).unwrap();
        diagnose(pid)
    };
    std::thread::spawn(ask).join().unwrap()
}

pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_stranger_is_given_the_file_of_the_very_supervisord_that_runs_the_process() {
    if !is_root() || !Program::is_installed("supervisord") {
        return;
    }
    // In a folder that only its user may enter.
    let supervised = Supervised::new(Some(1100));
    let (_program, pid) = supervised.start(256);
    let found = told_nobody(pid, None);
    let config = supervised.config().display().to_string();
    let step = lasting(&found).iter().find(|step| step.lines.contains(&format!("minfds={WANT}"))).unwrap();
    assert_eq!(step.file.as_deref(), Some(&*config));
    assert!(step.then.iter().any(|line| line.contains(&config)), "{step:?}");
    assert!(!format!("{:?}", found.ways).contains("/etc/supervisor"), "{:?}", found.ways);
}

#[test]
fn a_stranger_is_given_no_line_for_a_supervisord_whose_file_cannot_be_told() {
    if !is_root() || !Program::is_installed("supervisord") {
        return;
    }
    let supervised = Supervised::new(Some(1100));
    let (_program, pid) = supervised.start_in(supervised.dir.path(), 256, "supervisord.conf");
    let found = told_nobody(pid, None);
    let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
    assert_eq!((step.phrase.code, &step.file), ("remedy_minfds_unseen", &None));
    assert!(step.lines.is_empty() && step.then.is_empty(), "{step:?}");
    assert!(step.phrase.to_string().contains("CAP_SYS_PTRACE"), "{}", step.phrase);
}

#[test]
fn who_asks_in_a_session_of_his_own_is_told_of_the_line_that_set_its_limit() {
    if !Login::is_possible() {
        return;
    }
    let login = Login::new();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(login.dir.path(), everybody).unwrap();
    login.write("pam.d/su", &format!("{STACK}session required pam_limits.so\n"));
    login.write("limits.d/10-zoo.conf", "nobody soft nofile 300\nnobody hard nofile 600\n");
    let (program, pid) = login.start();
    assert_eq!(soft(pid), 300);
    let found = told_nobody(pid, Some(pid));
    assert_eq!(found.origin.name(), "pam", "{}", found.origin);
    assert!(found.origin.to_string().contains("/etc/security/limits.d/10-zoo.conf:1"), "{}", found.origin);
    assert!(!format!("{:?}", found.ways).contains("setpriv"), "{:?}", found.ways);
    // Elsewhere those paths are other files: they say nothing of it, and that they do not is said.
    let elsewhere = told_nobody(program.0.id(), None);
    assert_ne!(elsewhere.origin.name(), "pam", "{}", elsewhere.origin);
    let hidden = |note: &tailcast_procs::Phrase| note.code == "note_configuration_hidden";
    assert!(elsewhere.notes.iter().any(hidden), "{:?}", elsewhere.notes);
    assert!(!found.notes.iter().any(hidden), "{:?}", found.notes);
}

#[test]
fn who_is_the_user_of_a_process_is_given_no_command_to_become_him() {
    if !is_root() {
        return;
    }
    let words = ["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c"];
    let mut program =
        Program::start(Command::new("setpriv").args(words).arg("ulimit -Sn 300; echo pid $$; exec sleep 600"));
    let pid = program.said();
    until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
    for (found, is_needed) in [(diagnose(pid), true), (told_nobody(pid, None), false)] {
        let text = format!("{:?}", found.ways);
        assert!(text.contains("/sleep 600"), "{text}");
        assert_eq!(text.contains("setpriv --reuid=65534"), is_needed, "{text}");
    }
}
