//! How high a limit somebody can set: to his hard limit, or above it with `CAP_SYS_RESOURCE`, which root in a container mostly
//! does not have; and who above him has lowered it.

use super::ancestry::{self, Ancestor};
use super::origin::Origin;
use crate::proc::Proc;

/// Its bit (linux/capability.h).
const CAP_SYS_RESOURCE: u64 = 1 << 24;

/// What can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// So much.
    pub(super) limit: u64,
    /// Which of the ancestors has to be started anew for it: what is above that one has a higher hard limit.
    pub(super) lowered: Option<usize>,
}

/// How much of `want` whoever carries out what is advised for `origin` can give, or those above him.
pub(super) fn of(proc: &Proc, ancestors: &[Ancestor], origin: &Origin, want: u64) -> Reach {
    let by_hand = by_hand(proc, ancestors, want);
    let Some((at, sets, want)) = actor(ancestors, origin, want, by_hand) else {
        return Reach { limit: want, lowered: None };
    };
    let at = at.min(ancestors.len() - 1);
    let mut reach = Reach { limit: gives(proc, &ancestors[at], sets, want), lowered: None };
    for (above, ancestor) in ancestors.iter().enumerate().skip(at + 1) {
        let limit = gives(proc, ancestor, "CapBnd:", by_hand);
        if limit > reach.limit {
            reach = Reach { limit, lowered: Some(above - 1) };
        }
    }
    reach
}

/// Who is to do it: which ancestor's hard limit holds for him, which of his capabilities counts, and what he can be asked for.
fn actor(ancestors: &[Ancestor], origin: &Origin, want: u64, by_hand: u64) -> Option<(usize, &'static str, u64)> {
    let place = |pid: u32| ancestors.iter().position(|ancestor| ancestor.pid == pid).unwrap_or(ancestors.len());
    Some(match origin {
        Origin::Supervisord { pid, .. } => (place(*pid), "CapEff:", want),
        // Started anew, it has what is above it.
        Origin::Shell(pid) => (place(*pid) + 1, "CapBnd:", want),
        Origin::Pam { .. } => {
            let login = ancestors.iter().rposition(|ancestor| ancestor.login().is_some());
            (login.map_or(ancestors.len(), |at| at + 1), "CapBnd:", want)
        }
        Origin::Between { .. } | Origin::Start(_) => match passing_on(ancestors) {
            Some(supervisord) => (place(supervisord.pid), "CapEff:", want),
            None => (1, "CapBnd:", by_hand),
        },
        Origin::Itself { hard } => return actor(ancestors, hard, want, by_hand),
        Origin::Systemd { .. } | Origin::Container(_) => return None,
    })
}

/// The supervisord from which the process has its limit, whoever gave it to that.
pub(super) fn passing_on(ancestors: &[Ancestor]) -> Option<&Ancestor> {
    let limit = ancestors.first()?.limit;
    ancestors.iter().take_while(|ancestor| ancestor.limit == limit).find(|ancestor| ancestor.is_supervisord())
}

/// A command that is pasted can give no more than the shell has into which it is, where nobody may raise a hard limit. We were
/// started from one like it: its limit counts, and not ours, which may be what is asked about. One that has no more than the
/// process itself is not the one to paste it into; what started that one may be.
fn by_hand(proc: &Proc, ancestors: &[Ancestor], want: u64) -> u64 {
    if ancestors.last().and_then(|first| capable(proc, first.pid, "CapBnd:")) != Some(false) {
        return want;
    }
    let has = ancestors.first().and_then(|process| process.limit).map_or(0, |limit| limit.soft);
    let above_us = proc.process(std::process::id()).map(|ours| ancestry::of(proc, &ours)).unwrap_or_default();
    let mut hard = above_us.iter().skip(1).filter_map(|each| each.limit).map(|limit| limit.hard);
    hard.find(|hard| *hard > has).map_or(want, |hard| want.min(hard))
}

/// Who cannot be looked at is trusted with all.
fn gives(proc: &Proc, actor: &Ancestor, sets: &str, want: u64) -> u64 {
    match (capable(proc, actor.pid, sets), actor.limit) {
        (Some(false), Some(limit)) => want.min(limit.hard),
        _ => want,
    }
}

/// Whether root below `pid` may raise a hard limit; `None` where that cannot be seen.
pub(super) fn may_raise(proc: &Proc, pid: u32) -> Option<bool> {
    capable(proc, pid, "CapBnd:")
}

/// The hard limit of what started us: of the shell into which a line is pasted that is read there.
pub(super) fn above_us(proc: &Proc) -> Option<u64> {
    let ours = proc.process(std::process::id()).ok()?;
    proc.process(ours.parent).ok()?.limit.map(|limit| limit.hard)
}

fn capable(proc: &Proc, pid: u32, set: &str) -> Option<bool> {
    let status = proc.enter(pid)?.read("status").ok()?;
    let text = String::from_utf8_lossy(&status).into_owned();
    let mask = text.lines().find_map(|line| line.strip_prefix(set))?;
    u64::from_str_radix(mask.trim(), 16).ok().map(|mask| mask & CAP_SYS_RESOURCE != 0)
}
