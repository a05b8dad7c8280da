//! Sessions of PAM, with and without `pam_limits`, begun by the real `su` and `runuser`.

use std::fs;
use std::io::Write;
use std::path::Path;

use tailcast_procs::Given;
use tempfile::TempDir;

use super::*;

/// Files that a login sees in place of the machine's, in a mount namespace of its own.
pub(super) struct Login {
    pub(super) dir: TempDir,
}

impl Login {
    pub(super) fn new() -> Self {
        let login = Login { dir: TempDir::new().unwrap() };
        for dir in ["pam.d", "limits.d"] {
            fs::create_dir(login.dir.path().join(dir)).unwrap();
        }
        login
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(self.dir.path().join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// A session of the user nobody by `su`, which sees these files.
    pub(super) fn start(&self) -> (Program, u32) {
        self.start_by("su", 20_000)
    }

    /// The same by `su` or `runuser`, with at most this soft limit before it.
    fn start_by(&self, by: &str, soft: u64) -> (Program, u32) {
        let dir = self.dir.path().display();
        // `su -P` would need a terminal; without it, it waits beside the session and is its parent.
        let script = format!(
            "mount --bind {dir}/pam.d /etc/pam.d && mount --bind {dir}/limits.d /etc/security/limits.d && \
             ulimit -Sn $(($(ulimit -Hn) < {soft} ? $(ulimit -Hn) : {soft})); \
             exec {by} nobody -s /bin/sh -c 'echo pid $$; exec sleep 600'"
        );
        let mut program = Program::start(Command::new("unshare").args(["-m", "sh", "-c", &script]));
        let pid = program.said();
        until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
        (program, pid)
    }

    /// Does what is said, below our directory in place of `/etc`.
    fn apply(&self, remedy: &Remedy) {
        let Some(file) = remedy.file.as_deref().map(Path::new) else { return };
        let name = file.strip_prefix("/etc/security").or_else(|_| file.strip_prefix("/etc")).unwrap();
        self.write(name.to_str().unwrap(), &(remedy.lines.join("\n") + "\n"));
    }

    /// Whether this machine lets us make such a namespace.
    pub(super) fn is_possible() -> bool {
        let unshare = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
        rustix::process::geteuid().is_root() && unshare.is_ok_and(|status| status.success())
    }
}

pub(super) const STACK: &str =
    "auth sufficient pam_rootok.so\naccount sufficient pam_permit.so\nsession required pam_permit.so\n";

#[test]
fn a_login_without_pam_limits_is_told_why_limits_conf_does_not_apply_and_what_makes_it() {
    if !Login::is_possible() {
        return;
    }
    let login = Login::new();
    login.write("pam.d/su", STACK);
    login.write("limits.d/50.conf", "nobody - nofile 700\n");
    let (program, pid) = login.start();
    assert_ne!(soft(pid), 700);
    let found = diagnose(pid);
    assert_eq!(found.origin.name(), "pam", "{}", found.origin);
    let note = "/etc/security/limits.d/50.conf:1 says 700 for nobody, but /etc/pam.d/su does not call pam_limits.so";
    assert!(found.notes.iter().any(|said| said.to_string() == note), "{:?}", found.notes);
    let files: Vec<_> = lasting(&found).iter().map(|remedy| remedy.file.as_deref().unwrap()).collect();
    assert_eq!(files, ["/etc/pam.d/su", "/etc/security/limits.d/90-open-files.conf"]);
    lasting(&found).iter().for_each(|remedy| login.apply(remedy));
    drop(program);
    let (_program, pid) = login.start();
    assert_eq!(soft(pid), WANT);
}

#[test]
fn a_login_with_pam_limits_is_named_with_the_line_that_says_it() {
    if !Login::is_possible() {
        return;
    }
    let login = Login::new();
    login.write("pam.d/su", &format!("{STACK}@include limits\n"));
    login.write("pam.d/limits", "# of the house\nsession required pam_limits.so\n");
    login.write("limits.d/50.conf", "* - nofile 600\nnobody soft nofile 700\nnobody hard nofile 900\n");
    let (program, pid) = login.start();
    assert_eq!(soft(pid), 700);
    let found = diagnose(pid);
    let wanted = Origin::Pam {
        service: "su".to_owned(),
        stack: "/etc/pam.d/su".to_owned(),
        applied: Some("/etc/pam.d/limits:2".to_owned()),
        user: "nobody".to_owned(),
        given: Given::Line("/etc/security/limits.d/50.conf:2".to_owned()),
        reset: false,
    };
    assert_eq!(found.origin, wanted, "{}", found.origin);
    lasting(&found).iter().for_each(|remedy| login.apply(remedy));
    drop(program);
    let (_program, pid) = login.start();
    assert_eq!(soft(pid), WANT);
}

/// Whatever stands in the way in `limits.d`, the lines that are printed have the last word: after them the session has the limit.
#[test]
fn a_line_that_is_read_later_does_not_win_over_the_one_that_is_printed() {
    if !Login::is_possible() {
        return;
    }
    for (file, line, printed) in [
        ("zz-other.conf", "nobody - nofile 700", "zz-open-files.conf"),
        ("zz-open-files.conf", "nobody - nofile 700", "zz-open-files.conf"),
        ("zzzz.conf", "nobody soft nofile 700", "zzzz.conf"),
        ("zz-other.conf", "@nogroup - nofile 700", "zz-open-files.conf"),
        ("zz-other.conf", "* - nofile 700", "zz-open-files.conf"),
        ("zz-other.conf", "mole - nofile 700", "90-open-files.conf"),
    ] {
        let printed =
            printed.replace("zz-open-files.conf", if file == "zz-other.conf" { "zzz-open-files.conf" } else { file });
        let login = Login::new();
        login.write("pam.d/su", &format!("{STACK}session required pam_limits.so\n"));
        login.write(&format!("limits.d/{file}"), &format!("{line}\n"));
        let (program, pid) = login.start();
        let found = diagnose(pid);
        assert_eq!(found.origin.name(), "pam", "{}", found.origin);
        let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
        assert_eq!(step.file.as_deref(), Some(&*format!("/etc/security/limits.d/{printed}")), "{file}: {line}");
        login.apply(step);
        drop(program);
        let (_program, pid) = login.start();
        assert_eq!(soft(pid), WANT, "{file}: {line}");
    }
}

#[test]
fn a_file_that_the_stack_names_is_the_one_to_change() {
    if !Login::is_possible() {
        return;
    }
    let login = Login::new();
    let own = login.dir.path().join("own.conf");
    let named = own.to_str().unwrap();
    fs::write(&own, "nobody - nofile 700\n").unwrap();
    login.write("limits.d/50.conf", "nobody - nofile 900\n");
    login.write("pam.d/su", &format!("{STACK}session required pam_limits.so conf={named}\n"));
    let (program, pid) = login.start();
    assert_eq!(soft(pid), 700);
    let found = diagnose(pid);
    assert!(found.origin.to_string().contains(&format!("{named}:1 says so")), "{}", found.origin);
    let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
    assert_eq!(step.file.as_deref(), Some(named));
    fs::write(&own, step.lines.join("\n") + "\n").unwrap();
    drop(program);
    let (_program, pid) = login.start();
    assert_eq!(soft(pid), WANT);
}

/// `su` and `runuser` of util-linux go back to 1024 by themselves; what PAM did or did not do about it is said with its file.
#[test]
fn a_login_that_went_back_to_1024_is_told_why_nothing_set_another() {
    if !Login::is_possible() {
        return;
    }
    for by in ["su", "runuser"] {
        let [without, silent, other] = [Login::new(), Login::new(), Login::new()];
        without.write(&format!("pam.d/{by}"), STACK);
        for login in [&silent, &other] {
            login.write(&format!("pam.d/{by}"), &format!("{STACK}session optional pam_limits.so\n"));
        }
        let started = [&without, &silent, &other].map(|login| login.start_by(by, 3000));
        // The file is changed under the session.
        other.write("limits.d/50.conf", "nobody soft nofile 777\n");
        let reasons = [
            format!("and nothing set another: /etc/pam.d/{by} does not call pam_limits"),
            "but no line of limits.conf or limits.d is about nobody".to_owned(),
            "and /etc/security/limits.d/50.conf:1, which says 777, did not change that".to_owned(),
        ];
        for ((_, pid), reason) in started.iter().zip(reasons) {
            assert_eq!(soft(*pid), 1024);
            let words = diagnose(*pid).origin.to_string();
            assert!(words.starts_with(&format!("{by} put the soft limit of nobody back to 1024")), "{words}");
            assert!(words.contains(&reason), "{reason}: {words}");
        }
    }
}

#[test]
fn a_service_without_a_stack_of_its_own_is_not_given_one_that_would_keep_everybody_out() {
    if !Login::is_possible() {
        return;
    }
    let login = Login::new();
    login.write("pam.d/other", STACK);
    login.write("limits.d/50.conf", "nobody - nofile 700\n");
    let (program, pid) = login.start_by("runuser", 3000);
    let found = diagnose(pid);
    assert_eq!(found.origin.name(), "pam", "{}", found.origin);
    assert_eq!(lasting(&found)[0].file.as_deref(), Some("/etc/pam.d/other"));
    lasting(&found).iter().for_each(|step| login.apply(step));
    drop(program);
    let (_program, pid) = login.start_by("runuser", 3000);
    assert_eq!(soft(pid), WANT);
}
