//! Who has set a limit: the walk up the ancestors, and what is found where it changes.

use super::ancestry::Ancestor;
use super::limits_conf::{self, Who};
use super::pam::{self, Session};
use super::supervisord;
use super::systemd;
use crate::limit::Limit;
use crate::owner::Owner;
use crate::phrase::Phrase;
use crate::proc::Proc;

/// How sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sureness {
    /// The configuration that was found gives exactly this limit.
    Certain,
    /// It fits where it changes, and nothing that was found says it.
    Probable,
}

/// Who has set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// systemd, when it started a unit.
    Systemd {
        /// Which.
        unit: String,
        /// The line that says it, as `FILE:LINE`; `None` for what is built in.
        at: Option<String>,
        /// How sure that is.
        sure: Sureness,
    },
    /// supervisord, which raised its own limit to `minfds`.
    Supervisord {
        /// Its number.
        pid: u32,
        /// Its file, when it could be found.
        file: Option<String>,
        /// `minfds`.
        minfds: u64,
    },
    /// A session of PAM.
    Pam {
        /// Its service.
        service: String,
        /// The file of its stack.
        stack: String,
        /// Whether `pam_limits.so` is called in it, and where, as `FILE:LINE`.
        applied: Option<String>,
        /// Whose session it is.
        user: String,
        /// What it goes by.
        given: Given,
        /// Whether the program that logs in goes back to 1024 by itself, and that is what holds.
        reset: bool,
    },
    /// What runs a container.
    Container(Owner),
    /// A shell, or a script, by `ulimit`.
    Shell(u32),
    /// The process has raised its soft limit to its hard limit, as many programs do at their start.
    Itself {
        /// Who has set the hard limit.
        hard: Box<Origin>,
    },
    /// Set on the way from the one to the other, by either of them or from outside.
    Between {
        /// The upper one.
        above: String,
        /// The lower one, which has it.
        below: String,
        /// Whether the upper one becomes the parent of those whose own has ended: it is the first process, or known to.
        adopts: bool,
    },
    /// It was so from the start of the first process on.
    Start(String),
}

/// What a session of PAM goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// This line of `limits.conf` or `limits.d`, as `FILE:LINE`, gives just what holds.
    Line(String),
    /// This line gives another limit than what holds.
    Other {
        /// As `FILE:LINE`.
        at: String,
        /// What it says: a number, or `unlimited`.
        limit: String,
    },
    /// No line says anything of the user.
    Nothing,
}

impl Origin {
    /// The word for it in every interface.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Origin::Systemd { .. } => "systemd",
            Origin::Supervisord { .. } => "supervisord",
            Origin::Pam { .. } => "pam",
            Origin::Container(_) => "container",
            Origin::Shell(_) => "shell",
            Origin::Itself { .. } => "itself",
            Origin::Between { .. } | Origin::Start(_) => "unknown",
        }
    }
}

impl Origin {
    /// Whether the one above may have started it or not: what that one could give says nothing then.
    pub(super) fn is_of_an_orphan(&self) -> bool {
        match self {
            Origin::Between { adopts, .. } => *adopts,
            Origin::Itself { hard } => hard.is_of_an_orphan(),
            _ => false,
        }
    }

    /// It in sentences: one, and of a hard limit that somebody else has set another.
    #[must_use]
    pub fn phrases(&self) -> Vec<Phrase> {
        let deeper = match self {
            Origin::Itself { hard } => hard.phrases(),
            _ => Vec::new(),
        };
        std::iter::once(self.phrase()).chain(deeper).collect()
    }

    fn phrase(&self) -> Phrase {
        match self {
            Origin::Systemd { unit, at, sure } => systemd_has(unit, at.as_deref(), *sure),
            Origin::Supervisord { pid, file: Some(file), minfds } => {
                Phrase::new("origin_supervisord", "supervisord (pid {pid}) raised it to its minfds, {minfds} ({file})")
                    .with("pid", pid)
                    .with("minfds", minfds)
                    .with("file", file)
            }
            Origin::Supervisord { pid, file: None, minfds } => {
                Phrase::new("origin_supervisord_alone", "supervisord (pid {pid}) raised it to its minfds, {minfds}")
                    .with("pid", pid)
                    .with("minfds", minfds)
            }
            Origin::Pam { service, stack, applied, user, given, reset } => {
                let phrase = match reset {
                    true => pam_left(stack, applied.as_deref(), given),
                    false => pam_has(stack, applied.as_deref(), given),
                };
                phrase.with("service", service).with("user", user)
            }
            Origin::Container(owner) => {
                Phrase::new("origin_container", "the container's runtime has set it ({owner})").with("owner", owner)
            }
            Origin::Shell(pid) => {
                Phrase::new("origin_shell", "a shell or a script has probably set it (`ulimit -n`; shell with pid {pid})")
                    .with("pid", pid)
            }
            Origin::Itself { .. } => Phrase::new(
                "origin_itself",
                "the process, or what started it, has raised its soft limit to its hard limit; of the hard limit",
            ),
            Origin::Between { above, below, adopts } => {
                let phrase = match adopts {
                    false => Phrase::new(
                        "origin_changed",
                        "not certain who: {below} has it and {above}, its parent, has not; it set it itself, a `ulimit` or `prlimit` did \
                         before it was started, or a `prlimit --pid` since",
                    ),
                    true => Phrase::new(
                        "origin_changed_first",
                        "not certain who: {below} has it and {above} has not, which started it, or only took it over when what started it \
                         had ended; that one, a `ulimit` or `prlimit` at its start, a `prlimit --pid` since, or the process itself set it",
                    ),
                };
                phrase.with("above", above).with("below", below)
            }
            Origin::Start(first) => Phrase::new(
                "origin_start",
                "set from outside: {first}, the first process here, has it too, and who started that cannot be seen from here",
            )
            .with("first", first),
        }
    }
}

fn systemd_has(unit: &str, at: Option<&str>, sure: Sureness) -> Phrase {
    let phrase = match (at, sure) {
        (Some(_), Sureness::Certain) => Phrase::new("origin_systemd", "systemd has set it for {unit}: {at} says so"),
        (None, Sureness::Certain) => Phrase::new(
            "origin_systemd_built_in",
            "systemd has set it for {unit}: nothing says another, and this is what is built in",
        ),
        (Some(_), Sureness::Probable) => Phrase::new(
            "origin_systemd_other",
            "systemd started {unit}, so it probably has set it, but {at} says another: it was changed since the start, or by the \
             process",
        ),
        (None, Sureness::Probable) => {
            Phrase::new("origin_systemd_probably", "systemd started {unit}, so it probably has set it")
        }
    };
    at.into_iter().fold(phrase.with("unit", unit), |phrase, at| phrase.with("at", at))
}

fn pam_has(stack: &str, applied: Option<&str>, given: &Given) -> Phrase {
    match (applied, given) {
        (None, _) => Phrase::new(
            "origin_pam_without",
            "it changed at the login of {user} by {service}, and not by pam_limits: {stack} does not call it",
        )
        .with("stack", stack),
        (Some(_), Given::Line(at)) => {
            Phrase::new("origin_pam", "the login of {user} by {service} set it: {at} says so").with("at", at)
        }
        (Some(applied), Given::Other { at, limit }) => Phrase::new(
            "origin_pam_other",
            "the login of {user} by {service} set it, but {at} says {limit}: that line is newer than the login, or pam_limits \
             (called in {applied}) was not allowed to set it, or the session changed it",
        )
        .with("at", at)
        .with("limit", limit)
        .with("applied", applied),
        (Some(applied), Given::Nothing) => Phrase::new(
            "origin_pam_default",
            "the login of {user} by {service} set it, probably pam_limits by its own default ({applied} calls it): no line of \
             limits.conf or limits.d is about {user}",
        )
        .with("applied", applied),
    }
}

/// Of a program that goes back to 1024 by itself, and why nothing sets another.
fn pam_left(stack: &str, applied: Option<&str>, given: &Given) -> Phrase {
    match (applied, given) {
        (None, _) => Phrase::new(
            "origin_reset_without",
            "{service} put the soft limit of {user} back to 1024, as it does at each start, and nothing set another: {stack} does \
             not call pam_limits",
        )
        .with("stack", stack),
        (Some(applied), Given::Other { at, limit }) => Phrase::new(
            "origin_reset_other",
            "{service} put the soft limit of {user} back to 1024, as it does at each start, and {at}, which says {limit}, did not \
             change that: it is newer than this login, or pam_limits (called in {applied}) was not allowed to set it",
        )
        .with("at", at)
        .with("limit", limit)
        .with("applied", applied),
        (Some(applied), Given::Line(_) | Given::Nothing) => Phrase::new(
            "origin_reset",
            "{service} put the soft limit of {user} back to 1024, as it does at each start, and nothing set another: pam_limits is \
             called ({applied}), but no line of limits.conf or limits.d is about {user}",
        )
        .with("applied", applied),
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let phrases: Vec<_> = self.phrases().iter().map(ToString::to_string).collect();
        f.write_str(&phrases.join(": "))
    }
}

/// Who has set the limit of the first of `ancestors`.
pub(super) fn of(proc: &Proc, ancestors: &[Ancestor]) -> Origin {
    let soft_and_hard = |ancestor: &Ancestor| ancestor.limit;
    let found = walk(proc, ancestors, &soft_and_hard);
    match (&found, raised_itself(ancestors)) {
        (Origin::Between { .. } | Origin::Shell(_), true) => {
            let hard = |ancestor: &Ancestor| ancestor.limit.map(|limit| Limit { soft: limit.hard, ..limit });
            Origin::Itself { hard: Box::new(walk(proc, ancestors, &hard)) }
        }
        _ => found,
    }
}

/// Whether it has its hard limit, and its parent has the same hard limit and a lower soft one.
fn raised_itself(ancestors: &[Ancestor]) -> bool {
    let limit = |at: usize| ancestors.get(at).and_then(|ancestor| ancestor.limit);
    match (limit(0), limit(1)) {
        (Some(own), Some(parent)) => own.soft == own.hard && parent.hard == own.hard && parent.soft < own.soft,
        _ => false,
    }
}

/// Goes up while what `of` says is the same; what stands where it changes has set it.
fn walk(proc: &Proc, ancestors: &[Ancestor], of: &dyn Fn(&Ancestor) -> Option<Limit>) -> Origin {
    let own = of(&ancestors[0]);
    let same = ancestors.iter().take_while(|ancestor| of(ancestor) == own).count().max(1);
    let (process, below, above) = (&ancestors[0], &ancestors[same - 1], ancestors.get(same));
    let limit = own.unwrap_or(Limit { soft: 0, hard: 0 });
    supervised(proc, &ancestors[..same], above, limit)
        .or_else(|| contained(below, above))
        .or_else(|| unit(proc, below, above, limit))
        .or_else(|| login(proc, process, [Some(below), above], limit))
        .unwrap_or_else(|| rest(&ancestors[..same], above))
}

/// supervisord raises its own limit to `minfds` when it is lower, and never lowers it: one that has exactly that, below what has a lower
/// one, has raised it, or would have. Below what has a higher one, soft or hard, somebody in between has lowered it (a `ulimit` in
/// the script that starts it, whose shell is gone): to this, or to less, from which supervisord then raised it. Nothing tells
/// which, and without that somebody it had more.
fn supervised(proc: &Proc, same: &[Ancestor], above: Option<&Ancestor>, limit: Limit) -> Option<Origin> {
    let supervisord = same.last().filter(|last| last.is_supervisord())?;
    match above {
        // What systemd has itself says nothing of what it gives.
        Some(above) if above.is_systemd() => {
            let found = unit(proc, supervisord, Some(above), limit);
            if matches!(found, Some(Origin::Systemd { sure: Sureness::Certain, .. })) {
                return None;
            }
            let (_, given) = systemds(proc, supervisord).unzip();
            if given.is_some_and(|given| limit.soft < given.map_or(BUILT_IN, |said| said.limit).soft) {
                return Some(between(above, supervisord));
            }
        }
        above => {
            let is_lower = |above: Limit| limit.hard < above.hard || limit.soft < above.soft;
            if above.and_then(|above| above.limit).is_some_and(is_lower) {
                return None;
            }
        }
    }
    let told = supervisord::of(proc, supervisord);
    let minfds = told.minfds.filter(|minfds| *minfds == limit.soft)?;
    Some(Origin::Supervisord { pid: supervisord.pid, file: told.file, minfds })
}

/// The first process in a container has what its runtime gave it.
fn contained(below: &Ancestor, above: Option<&Ancestor>) -> Option<Origin> {
    let owner = below.owner.clone().filter(|owner| matches!(owner, Owner::Container { .. }))?;
    let outside = above.is_none_or(|above| above.owner.as_ref() != Some(&owner));
    outside.then_some(Origin::Container(owner))
}

/// The built-in default of systemd since 240.
const BUILT_IN: Limit = Limit { soft: 1024, hard: 524_288 };

/// The unit of a process, and what systemd is told of its limit, if anything.
fn systemds(proc: &Proc, process: &Ancestor) -> Option<(String, Option<systemd::Said>)> {
    let Some(Owner::Unit(unit)) = process.owner.clone() else { return None };
    let said = systemd::of_unit(proc, &unit).or_else(|| systemd::default(proc));
    Some((unit, said))
}

fn unit(proc: &Proc, below: &Ancestor, above: Option<&Ancestor>, limit: Limit) -> Option<Origin> {
    above.filter(|above| above.is_systemd())?;
    let (unit, said) = systemds(proc, below)?;
    let holds = said.as_ref().map_or(BUILT_IN, |said| said.limit);
    let sure = if equal(holds, limit) { Sureness::Certain } else { Sureness::Probable };
    Some(Origin::Systemd { unit, at: said.map(|said| said.at), sure })
}

/// `infinity` in a file is `fs.nr_open` in force; what was asked for may also have been cut to the hard limit.
fn equal(said: Limit, is: Limit) -> bool {
    let same = |said: u64, is: u64| said == is || said == u64::MAX;
    same(said.soft, is.soft) && same(said.hard, is.hard)
}

/// PAM sets the limit within the program that logs in, before or after it starts the one for the session.
fn login(proc: &Proc, process: &Ancestor, where_it_changes: [Option<&Ancestor>; 2], limit: Limit) -> Option<Origin> {
    let [below, above] = where_it_changes;
    // `su` has itself what PAM set, so what differs below it was changed there.
    let above = above.filter(|above| !["su", "runuser"].contains(&above.login().unwrap_or_default()));
    let login = [below, above].into_iter().flatten().find(|ancestor| ancestor.login().is_some())?;
    let Session { service, stack, applied } = pam::session(proc, login)?;
    let who = Who::of(proc, process);
    let conf = applied.as_ref().and_then(|call| call.conf.as_deref());
    let said = who.as_ref().map(|who| limits_conf::said(proc, login.pid, who, conf)).unwrap_or_default();
    let gives = said.gives(limit);
    let given = match said.promises() {
        Some((_, at)) if gives => Given::Line(at),
        Some((number, at)) => Given::Other { at, limit: pam::number(number) },
        None => Given::Nothing,
    };
    let user = who.map_or_else(|| "?".to_owned(), |who| who.name);
    let applied = applied.map(|call| call.at);
    let reset = login.resets() == Some(limit.soft) && !matches!(given, Given::Line(_));
    Some(Origin::Pam { service: service.to_owned(), stack, applied, user, given, reset })
}

fn rest(same: &[Ancestor], above: Option<&Ancestor>) -> Origin {
    let below = &same[same.len() - 1];
    match above {
        _ if below.is_shell() && above.is_some() => Origin::Shell(below.pid),
        Some(above) => between(above, below),
        None => Origin::Start(below.called()),
    }
}

fn between(above: &Ancestor, below: &Ancestor) -> Origin {
    Origin::Between { above: above.called(), below: below.called(), adopts: above.adopts() }
}
