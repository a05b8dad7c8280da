//! The doctor: which limit of open files is in force for a process, who has set it, what else stands above it, and the exact
//! lines that change it.
//!
//! A limit is inherited at fork and exec and carries no name. Who has set it is told by walking up the ancestors to where it
//! changes, and by what the one there is and is configured to do. What that does not prove is called probable, or unknown. It
//! reads configuration and changes none.

mod ancestry;
mod ceilings;
mod command;
mod containers;
mod etc;
mod limits_conf;
mod origin;
mod pam;
mod pids;
mod reach;
mod remedies;
mod supervisord;
mod systemd;
mod waiting;
mod ways;

use crate::limit::Limit;
use crate::network::Overflows;
use crate::phrase::Phrase;
use crate::proc::{Error, Proc};
use crate::process::Process;
use crate::unseen::{self, Unseen};

pub use ancestry::Ancestor;
pub use ceilings::Ceiling;
pub use origin::{Given, Origin, Sureness};
pub use remedies::Remedy;
pub use waiting::{Bound, Waiting};
pub use ways::{Lasts, Way};

/// What limits a process.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// Which.
    pub process: Process,
    /// What is in force.
    pub limit: Limit,
    /// Who has set it.
    pub origin: Origin,
    /// From the process upwards, to the first of all.
    pub ancestors: Vec<Ancestor>,
    /// What stands above the limit, or beside it.
    pub ceilings: Vec<Ceiling>,
    /// Where it waits for connections, those with the longest queues first.
    pub waiting: Vec<Waiting>,
    /// How many were dropped for a full queue in its network namespace, since that was made.
    pub overflows: Option<Overflows>,
    /// What changes it, the quickest first: any one of them does.
    pub ways: Vec<Way>,
    /// What is easily mistaken here.
    pub notes: Vec<Phrase>,
    /// What could not be seen.
    pub unseen: Vec<Unseen>,
}

impl Proc {
    /// Looks what limits a process; of a thread, what limits its process, and a note says so. `want`: how many open files it is to be allowed; four times what it has open, at least
    /// 65,536, when nothing is said.
    ///
    /// # Errors
    /// When there is no such process, it has ended, or its limit cannot be read.
    pub fn diagnose(&self, pid: u32, want: Option<u64>) -> Result<Diagnosis, Error> {
        let asked = pid;
        let pid = self.whole(asked);
        let process = self.process(pid)?;
        if process.state == 'Z' {
            return Err(Error::Ended { pid, parent: process.parent });
        }
        let limit = process.limit.ok_or(Error::NoSuchProcess(pid))?;
        let ancestors = ancestry::of(self, &process);
        let origin = origin::of(self, &ancestors);
        let want = want.unwrap_or_else(|| enough(process.fds.unwrap_or(0)));
        let ways = ways::of(self, &ancestors, &origin, want);
        let (ceilings, hidden) = ceilings::of(self, &process);
        let (waiting, mut unseen) = waiting::of(self, pid);
        unseen.extend(hidden);
        unseen.extend(process.above.is_none().then_some(Unseen::Above { processes: 1 }));
        let overflows = self.overflows_of(pid);
        let mut notes = Vec::from_iter((pid != asked).then(|| of_thread(asked, &ancestors[0])));
        notes.extend(general(self, &ancestors, &origin));
        notes.extend(ways::short_of(&ancestors, limit, &ways, want));
        Ok(Diagnosis { process, limit, origin, ancestors, ceilings, waiting, overflows, ways, notes, unseen })
    }
}

/// A limit that will not be in the way soon, and that nobody pays for who allocates or closes per possible descriptor.
fn enough(fds: u64) -> u64 {
    fds.saturating_mul(4).next_power_of_two().clamp(1 << 16, 1 << 20)
}

/// A thread has the limit and the descriptors of its process.
fn of_thread(tid: u32, process: &Ancestor) -> Phrase {
    let phrase = Phrase::new(
        "note_thread",
        "{tid} is no process but a thread of {who}, whose limit it shares: all of this is about that",
    );
    phrase.with("tid", tid).with("who", process.called())
}

fn general(proc: &Proc, ancestors: &[Ancestor], origin: &Origin) -> Vec<Phrase> {
    let mut notes = Vec::from_iter(pam::claim(proc, ancestors).and_then(|claim| mistaken(&claim, origin)));
    notes.extend(hidden(proc, ancestors));
    if let Origin::Supervisord { .. } = origin {
        notes.push(Phrase::new(
            "note_supervisord_closes",
            "supervisord closes every descriptor up to minfds at each start of a program: a million of them take seconds",
        ));
    }
    notes.push(Phrase::new("note_ulimit", "`ulimit -n` in a shell says what that shell has, not what a service has"));
    notes
}

/// What was not read: that nothing was found in it must not look as if nothing were there.
fn hidden(proc: &Proc, ancestors: &[Ancestor]) -> Option<Phrase> {
    let is_configured = |at: usize, each: &Ancestor| at == 0 || each.is_supervisord() || each.login().is_some();
    let mut those = ancestors.iter().enumerate().filter(|(at, each)| is_configured(*at, each));
    let (_, one) = those.find(|(_, each)| etc::is_hidden(proc, each.pid))?;
    let phrase = match unseen::may_look_into_others() {
        true => Phrase::new(
            "note_configuration_kept",
            "the configuration that {who} sees (limits.conf, PAM, supervisord) could not be read: a security module, a sandbox or a \
             user namespace keeps this process out",
        ),
        false => Phrase::new(
            "note_configuration_hidden",
            "the configuration that {who} sees (limits.conf, PAM, supervisord) could not be read: CAP_SYS_PTRACE (root) would show it",
        ),
    };
    Some(phrase.with("who", one.called()))
}

/// Why what `limits.conf` says does not hold; `None` where it does, or where the origin says it.
fn mistaken(claim: &pam::Claim, origin: &Origin) -> Option<Phrase> {
    let phrase = match origin {
        Origin::Pam { applied: None, stack, .. } => Phrase::new(
            "note_limits_conf_not_called",
            "{at} says {limit} for {user}, but {stack} does not call pam_limits.so",
        )
        .with("stack", stack),
        // It says so itself, or the stack names another file in its place.
        Origin::Pam { .. } => return None,
        _ => Phrase::new(
            "note_limits_conf_no_login",
            "{at} says {limit} for {user}, but that is for logins through PAM, and this limit was not set by one",
        ),
    };
    Some(phrase.with("at", &claim.at).with("limit", &claim.limit).with("user", &claim.user))
}
