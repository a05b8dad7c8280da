//! A process and those above it, each with its limit.

use bstr::{BString, ByteSlice};

use crate::limit::Limit;
use crate::owner::Owner;
use crate::proc::Proc;
use crate::process::Process;

/// More than any tree of processes is high; a circle, which a made-up `/proc` can have, ends here.
const HIGHEST: usize = 64;

/// One of them.
#[derive(Debug, Clone)]
pub struct Ancestor {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub name: BString,
    /// Its arguments, with spaces between them.
    pub command: BString,
    /// Its limit; `None` where it cannot be read.
    pub limit: Option<Limit>,
    /// To whom it belongs.
    pub owner: Option<Owner>,
    /// Its effective user.
    pub uid: Option<u32>,
    /// The name of the file that runs in it, which is not that of a script; `None` where it cannot be seen.
    program: Option<BString>,
}

/// Names of shells.
const SHELLS: [&str; 11] = ["sh", "bash", "dash", "zsh", "ksh", "ksh93", "mksh", "fish", "ash", "csh", "tcsh"];
/// Programs that open a session through PAM, with the name of their service in `/etc/pam.d`.
const LOGINS: [(&str, &str); 10] = [
    ("sshd", "sshd"),
    ("sshd-session", "sshd"),
    ("login", "login"),
    ("su", "su"),
    ("sudo", "sudo"),
    ("runuser", "runuser"),
    ("cron", "cron"),
    ("crond", "crond"),
    ("atd", "atd"),
    ("gdm-session-wor", "gdm-password"),
];

/// How the names of those begin that become the parents of what they did not start.
const SUBREAPERS: [&str; 8] =
    ["containerd-shim", "conmon", "tini", "docker-init", "dumb-init", "catatonit", "podman-init", "lxc-monitord"];

impl Ancestor {
    fn of(proc: &Proc, process: Process) -> Self {
        Ancestor {
            program: program(proc, process.id.pid),
            pid: process.id.pid,
            name: process.name,
            command: process.command,
            limit: process.limit,
            owner: process.owner,
            uid: process.uid,
        }
    }

    /// It may stand as `python3 /usr/bin/supervisord …`; a program that is only given that word is none.
    pub(super) fn is_supervisord(&self) -> bool {
        self.name == "supervisord"
            || self.command.split_str(" ").take(2).any(|word| word.rsplit_str("/").next() == Some(&b"supervisord"[..]))
    }

    pub(super) fn is_systemd(&self) -> bool {
        self.name == "systemd" || (self.pid == 1 && self.name == "init" && self.command.contains_str("systemd"))
    }

    /// A script that names its shell in its first line has its own name, and is one; a busybox is what it calls itself.
    pub(super) fn is_shell(&self) -> bool {
        let program = self.program.as_ref().filter(|program| **program != "busybox").unwrap_or(&self.name);
        SHELLS.iter().any(|shell| program == shell)
    }

    /// The service of PAM through which it opens sessions; `su -` has another than `su`.
    pub(super) fn login(&self) -> Option<&'static str> {
        let (_, service) = LOGINS.iter().find(|(name, _)| self.name == *name)?;
        Some(match *service {
            "su" if self.is_login_shell() => "su-l",
            "runuser" if self.is_login_shell() => "runuser-l",
            service => service,
        })
    }

    /// The soft limit to which it goes back whatever it had, before PAM: `su` and `runuser` of util-linux (`FD_SETSIZE`).
    pub(super) fn resets(&self) -> Option<u64> {
        ["su", "runuser"].iter().any(|name| self.name == *name).then_some(1024)
    }

    /// Whether `su` or `runuser` was told to begin anew: `-`, `-l` or `--login`, before what is run.
    fn is_login_shell(&self) -> bool {
        let words = self.command.split_str(" ").skip(1).take_while(|word| *word != b"-c" && *word != b"--");
        words.into_iter().any(|word| matches!(word, b"-" | b"-l" | b"--login"))
    }

    /// Whether it may have become the parent of what it never started: the first process does, and so does who asked for it
    /// (`PR_SET_CHILD_SUBREAPER`), which can only be told by who is known to.
    pub(super) fn adopts(&self) -> bool {
        self.pid == 1 || self.is_systemd() || SUBREAPERS.iter().any(|name| self.name.starts_with(name.as_bytes()))
    }

    /// Who it is, as one writes it.
    pub(super) fn called(&self) -> String {
        format!("{} (pid {})", self.name, self.pid)
    }
}

fn program(proc: &Proc, pid: u32) -> Option<BString> {
    let exe = proc.link(&format!("{pid}/exe")).ok()?;
    let exe = exe.strip_suffix(b" (deleted)").unwrap_or(&exe);
    exe.rsplit_str("/").next().map(BString::from)
}

/// The process and all above it.
pub(super) fn of(proc: &Proc, process: &Process) -> Vec<Ancestor> {
    let mut parent = process.parent;
    let mut ancestors = vec![Ancestor::of(proc, process.clone())];
    while parent != 0 && ancestors.len() < HIGHEST {
        let Ok(process) = proc.process(parent) else { break };
        parent = process.parent;
        ancestors.push(Ancestor::of(proc, process));
    }
    ancestors
}
