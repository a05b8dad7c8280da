//! How high a limit somebody can set: to his hard limit, or above it with `CAP_SYS_RESOURCE`, which root in a container mostly
//! does not have.

use super::ancestry::Ancestor;
use super::origin::Origin;
use crate::proc::Proc;

/// Its bit (linux/capability.h).
const CAP_SYS_RESOURCE: u64 = 1 << 24;

/// How much of `want` whoever carries out what is advised for `origin` can give; who cannot be looked at is trusted with all.
pub(super) fn of(proc: &Proc, ancestors: &[Ancestor], origin: &Origin, want: u64) -> u64 {
    let place = |pid: u32| ancestors.iter().position(|ancestor| ancestor.pid == pid);
    let (at, sets) = match origin {
        Origin::Supervisord { pid, .. } => (place(*pid), "CapEff:"),
        // Started anew, it has what is above it.
        Origin::Shell(pid) => (place(*pid).map(|at| at + 1), "CapBnd:"),
        Origin::Pam { .. } => {
            (ancestors.iter().rposition(|ancestor| ancestor.login().is_some()).map(|at| at + 1), "CapBnd:")
        }
        Origin::Between { .. } | Origin::Start(_) => (Some(1), "CapBnd:"),
        Origin::Itself { hard } => return of(proc, ancestors, hard, want),
        Origin::Systemd { .. } | Origin::Container(_) => return want,
    };
    let Some(actor) = at.and_then(|at| ancestors.get(at)).or(ancestors.last()) else { return want };
    match (capable(proc, actor.pid, sets), actor.limit) {
        (Some(false), Some(limit)) => want.min(limit.hard),
        _ => want,
    }
}

fn capable(proc: &Proc, pid: u32, set: &str) -> Option<bool> {
    let status = proc.enter(pid)?.read("status").ok()?;
    let text = String::from_utf8_lossy(&status).into_owned();
    let mask = text.lines().find_map(|line| line.strip_prefix(set))?;
    u64::from_str_radix(mask.trim(), 16).ok().map(|mask| mask & CAP_SYS_RESOURCE != 0)
}
