//! What to change so that a limit is another one: the file, the lines, and what to run so that they take effect.

use super::ancestry::Ancestor;
use super::command;
use super::containers;
use super::limits_conf::{self, Who};
use super::origin::Origin;
use super::pam;
use super::reach::{self, Reach};
use super::supervisord;
use super::systemd;
use crate::owner::Owner;
use crate::phrase::Phrase;
use crate::proc::Proc;
use crate::unseen;

/// Something to do, to be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What it does.
    pub phrase: Phrase,
    /// The file to change; `None` for something to run.
    pub file: Option<String>,
    /// The lines to write into it, or to run.
    pub lines: Vec<String>,
    /// What to run afterwards.
    pub then: Vec<String>,
}

/// What makes the limit as high as can be had, for good: all of it, in this order.
pub(super) fn lasting(proc: &Proc, ancestors: &[Ancestor], origin: &Origin, reach: Reach) -> Vec<Remedy> {
    let (process, want) = (&ancestors[0], reach.limit);
    let Some(at) = reach.lowered else { return where_it_is_set(proc, ancestors, origin, want) };
    let culprit = &ancestors[at];
    let mut steps = match at {
        0 => started_by(proc, process, want),
        _ => started_higher(proc, culprit, want),
    };
    if !has_what_it_gives(culprit, process, origin) {
        steps.extend(where_it_is_set(proc, ancestors, origin, want));
    }
    steps
}

/// Who has just what the one above him gave him needs nothing else; nor does who raises himself to the hard limit that he has from it.
fn has_what_it_gives(culprit: &Ancestor, process: &Ancestor, origin: &Origin) -> bool {
    let hard = |of: &Ancestor| of.limit.map(|limit| limit.hard);
    culprit.limit == process.limit || (matches!(origin, Origin::Itself { .. }) && hard(culprit) == hard(process))
}

fn where_it_is_set(proc: &Proc, ancestors: &[Ancestor], origin: &Origin, want: u64) -> Vec<Remedy> {
    match origin {
        Origin::Systemd { unit, .. } => vec![of_unit(unit, want)],
        Origin::Supervisord { pid, .. } => {
            let itself = ancestors.iter().find(|ancestor| ancestor.pid == *pid);
            itself.map(|itself| supervisord(proc, itself, want)).unwrap_or_default()
        }
        Origin::Pam { stack, applied, .. } => login(proc, ancestors, stack, applied.is_some(), want),
        Origin::Container(owner) => vec![containers::of(owner, want)],
        Origin::Shell(pid) => vec![shell(ancestors.iter().find(|ancestor| ancestor.pid == *pid), *pid, want)],
        Origin::Itself { hard } => where_it_is_set(proc, ancestors, hard, want),
        Origin::Between { .. } | Origin::Start(_) => match reach::passing_on(ancestors) {
            Some(itself) => supervisord(proc, itself, want),
            // What it starts is its program, or what a script of that has become.
            None => match ancestors.iter().skip(1).find(|ancestor| !ancestor.is_shell()) {
                Some(itself) if itself.is_supervisord() => vec![program(proc, itself, &ancestors[0], want)],
                _ => started_by(proc, &ancestors[0], want),
            },
        },
    }
}

/// Below what has more: what gives it to this one, and to all below it.
fn started_higher(proc: &Proc, culprit: &Ancestor, want: u64) -> Vec<Remedy> {
    if culprit.is_shell() {
        return vec![shell(Some(culprit), culprit.pid, want)];
    }
    if culprit.is_supervisord() {
        return supervisord(proc, culprit, want);
    }
    started_by(proc, culprit, want).into_iter().map(|step| of_another(step, culprit)).collect()
}

/// Of a command for one that is above the process which is asked about: which one that is.
fn of_another(step: Remedy, culprit: &Ancestor) -> Remedy {
    if !step.phrase.code.starts_with("remedy_start") {
        return step;
    }
    let phrase = match has_dots(&step) {
        false => Phrase::new(
            "remedy_start_above",
            "starts {who} with this limit, which all below it then have; put it where that one is started now: a shell below it \
             cannot give more",
        ),
        true => Phrase::new(
            "remedy_start_above_dots",
            "starts {who} with this limit, which all below it then have; put it where that one is started now, its command in place \
             of the dots: a shell below it cannot give more",
        ),
    };
    Remedy { phrase: phrase.with("who", culprit.called()), ..step }
}

/// Whether a command has to be put in by hand.
fn has_dots(step: &Remedy) -> bool {
    step.lines.iter().chain(&step.then).any(|line| line.ends_with('…'))
}

/// What makes systemd start a unit with it.
pub(super) fn of_unit(unit: &str, want: u64) -> Remedy {
    let target = if unit.ends_with(".scope") { "user@.service" } else { unit };
    let restart = command::word(target).map(|unit| format!("systemctl restart {unit}"));
    Remedy {
        phrase: Phrase::new("remedy_unit", "lets systemd start {unit} with {want}")
            .with("unit", target)
            .with("want", want),
        file: Some(format!("/etc/systemd/system/{target}.d/open-files.conf")),
        lines: vec!["[Service]".to_owned(), format!("LimitNOFILE={want}")],
        // Whoever has a control group of his own names what is in it as he likes.
        then: std::iter::once("systemctl daemon-reload".to_owned()).chain(restart).collect(),
    }
}

/// The same for a unit that a control group names; no line of systemd's where it does not run.
fn named_unit(proc: &Proc, unit: &str, want: u64) -> Remedy {
    let about = |phrase: Phrase| phrase.with("unit", unit).with("want", want);
    match systemd::runs(proc) {
        Some(true) => of_unit(unit, want),
        Some(false) => Remedy {
            phrase: about(Phrase::new(
                "remedy_unit_elsewhere",
                "{unit} gets {want} from LimitNOFILE= in its unit on the machine that started it: no systemd runs here",
            )),
            file: None,
            lines: Vec::new(),
            then: Vec::new(),
        },
        None => Remedy {
            phrase: about(Phrase::new(
                "remedy_unit_if",
                "lets systemd start {unit} with {want}, if systemd runs here, which this user may not see",
            )),
            ..of_unit(unit, want)
        },
    }
}

/// `minfds` cannot lift a supervisord that is not root above its own hard limit: then whoever starts it has to.
fn supervisord(proc: &Proc, itself: &Ancestor, want: u64) -> Vec<Remedy> {
    let too_low = itself.limit.is_some_and(|limit| limit.hard < want);
    let unit = match &itself.owner {
        Some(Owner::Unit(unit)) if unit.ends_with(".service") => Some(unit.as_str()),
        _ => None,
    };
    let above = unit.filter(|_| too_low).map(|unit| named_unit(proc, unit, want));
    let config =
        minfds(proc, itself, unit.filter(|_| systemd::runs(proc) != Some(false)), too_low.then_some(want), want);
    // One restart at the end is enough.
    let above = above.map(|step| Remedy { then: step.then.into_iter().take(1).collect(), ..step });
    above.into_iter().chain([config]).collect()
}

/// `hard`: what it has to be started with.
fn minfds(proc: &Proc, itself: &Ancestor, unit: Option<&str>, hard: Option<u64>, want: u64) -> Remedy {
    let restart = unit.and_then(command::word).map(|unit| format!("systemctl restart {unit}"));
    let Some(path) = supervisord::of(proc, itself).file else {
        let then = restart.filter(|_| itself.pid != 1).into_iter().collect();
        return Remedy { phrase: unknown_file(itself, want), file: None, lines: Vec::new(), then };
    };
    // A reload does not raise it: only a start does.
    let then = match (itself.pid, unit) {
        (1, _) => Vec::new(),
        (_, Some(_)) => restart.into_iter().collect(),
        (_, None) => by_hand(proc, itself, &path, hard).unwrap_or_default(),
    };
    let phrase = match itself.pid {
        1 => Phrase::new(
            "remedy_minfds_first",
            "lets supervisord raise its limit, and that of its programs, to {want} when it starts anew; it is the first process here, \
             so whatever started this container, machine or namespace has to start it anew",
        ),
        _ if then.iter().any(|line| line.ends_with('…')) => Phrase::new(
            "remedy_minfds_dots",
            "lets supervisord raise its limit, and that of its programs, to {want}; all of them stop, and start again with it; the other \
             flags of its command in place of the dots: this user may not see for certain how it was started",
        ),
        _ => Phrase::new(
            "remedy_minfds",
            "lets supervisord raise its limit, and that of its programs, to {want}; all of them stop, and start again with it",
        ),
    };
    Remedy {
        phrase: phrase.with("want", want),
        file: Some(path),
        lines: vec!["[supervisord]".to_owned(), format!("minfds={want}")],
        then,
    }
}

/// Of a supervisord whose file is not proven: lines for another one would stop the programs of another supervisord.
fn unknown_file(itself: &Ancestor, want: u64) -> Phrase {
    let phrase = match unseen::may_look_into_others() {
        true => Phrase::new(
            "remedy_minfds_somewhere",
            "minfds={want} under [supervisord] in the configuration of {who}, and a new start of it; which file that is cannot be told",
        ),
        false => Phrase::new(
            "remedy_minfds_unseen",
            "minfds={want} under [supervisord] in the configuration of {who}, and a new start of it; which file that is cannot be \
             seen by this user: CAP_SYS_PTRACE (root) would show it",
        ),
    };
    phrase.with("who", itself.called()).with("want", want)
}

/// Ended by a signal, since not every one listens to `supervisorctl`; waited for, since two of them cannot be; and started as it was.
/// One that has ended is listed for as long as its parent keeps it (Z), and a signal reaches it: nothing would ever end a wait for
/// that to be over.
fn by_hand(proc: &Proc, itself: &Ancestor, path: &str, hard: Option<u64>) -> Option<Vec<String>> {
    let path = command::word(path)?;
    let pid = itself.pid;
    let as_it_was = supervisord::command(proc, itself).unwrap_or_else(|| format!("supervisord -c {path} …"));
    let raised = hard.map(|hard| format!("prlimit --nofile={hard}:{hard} ")).unwrap_or_default();
    Some(vec![
        format!("kill -TERM {pid}"),
        format!("while grep -qs '^State:.[^ZX]' /proc/{pid}/status; do sleep 1; done"),
        format!("{raised}{as_it_was}"),
    ])
}

/// In a file that has the last word about the user: a line that is read later would win.
fn login(proc: &Proc, ancestors: &[Ancestor], stack: &str, applied: bool, want: u64) -> Vec<Remedy> {
    let Some(process) = ancestors.first() else { return Vec::new() };
    let user = pam::domain(proc, process);
    let session = ancestors.iter().find(|each| each.login().is_some()).and_then(|login| pam::session(proc, login));
    let conf = session.and_then(|session| session.applied).and_then(|call| call.conf);
    let file = limits_conf::last_word(proc, process.pid, Who::of(proc, process).as_ref(), conf.as_deref());
    let limits = Remedy {
        phrase: Phrase::new(
            "remedy_login",
            "at the end of this file nothing overrules it: gives {user} {want} at each new login; open sessions keep what they have",
        )
        .with("user", &user)
        .with("want", want),
        file: Some(file),
        lines: vec![format!("{user} soft nofile {want}"), format!("{user} hard nofile {want}")],
        then: Vec::new(),
    };
    let stack = (!applied).then(|| Remedy {
        phrase: Phrase::new(
            "remedy_pam_service",
            "lets logins through {stack} set limits at all; at the end of the file",
        )
        .with("stack", stack),
        file: Some(stack.to_owned()),
        lines: vec!["session required pam_limits.so".to_owned()],
        then: Vec::new(),
    });
    stack.into_iter().chain([limits]).collect()
}

/// Where its hard limit allows it, the soft one is enough.
fn shell(itself: Option<&Ancestor>, pid: u32, want: u64) -> Remedy {
    let (phrase, line) = match itself.and_then(|itself| itself.limit).is_some_and(|limit| limit.hard >= want) {
        true => (
            Phrase::new(
                "remedy_shell_soft",
                "in the script or the shell (pid {pid}) that starts it, in place of the `ulimit` that is there, or before it is started",
            ),
            format!("ulimit -Sn {want}"),
        ),
        false => (
            Phrase::new(
                "remedy_shell",
                "in the script or the shell (pid {pid}) that starts it, in place of the `ulimit -n` that is there, which lowers the hard \
                 limit too: a shell that has done that cannot raise it any more, a new one can",
            ),
            format!("ulimit -n {want}"),
        ),
    };
    Remedy { phrase: phrase.with("pid", pid), file: None, lines: vec![line], then: Vec::new() }
}

/// Of a program of supervisord that has another limit than that: its own line is the place. Started by hand it would run twice.
fn program(proc: &Proc, itself: &Ancestor, process: &Ancestor, want: u64) -> Remedy {
    let file = supervisord::of(proc, itself).file;
    let update = file.as_deref().and_then(command::word).map(|path| format!("supervisorctl -c {path} update"));
    let line = format!("command=prlimit --nofile={} …", pair(process, want));
    let phrase = Phrase::new(
        "remedy_program",
        "in its [program:…] in the configuration of {who}, or in the script that is started there: what is there now in place of the dots, \
         without any `ulimit -n` of its own; this is to stand there: {line}",
    );
    Remedy {
        phrase: phrase.with("who", itself.called()).with("line", &line),
        lines: file.is_some().then_some(line).into_iter().collect(),
        file,
        then: update.into_iter().collect(),
    }
}

/// A hard limit that is high enough stays as it is.
fn pair(process: &Ancestor, want: u64) -> String {
    match process.limit.is_some_and(|limit| limit.hard >= want) {
        true => format!("{want}:"),
        false => format!("{want}:{want}"),
    }
}

/// Nobody was found who sets it: whoever starts it can.
fn started_by(proc: &Proc, process: &Ancestor, want: u64) -> Vec<Remedy> {
    match &process.owner {
        Some(Owner::Unit(unit)) if unit.ends_with(".service") => by_unit(proc, process, unit, want),
        _ => vec![started(proc, process, want)],
    }
}

fn by_unit(proc: &Proc, process: &Ancestor, unit: &str, want: u64) -> Vec<Remedy> {
    match systemd::runs(proc) {
        // The unit is another machine's word: what starts it in here is for whoever is in here.
        Some(false) => vec![started(proc, process, want)],
        _ => vec![named_unit(proc, unit, want)],
    }
}

/// Root in a container mostly may not raise a hard limit: then it depends on where the line is pasted.
fn started(proc: &Proc, process: &Ancestor, want: u64) -> Remedy {
    let command = command::of(proc, process.pid);
    let needs_hard = process.limit.is_none_or(|limit| limit.hard < want);
    let barred = needs_hard && reach::may_raise(proc, 1) == Some(false);
    let phrase = match (&command, barred) {
        (Some(_), false) => Phrase::new(
            "remedy_start",
            "starts it with this limit, if the hard limit allows it or root does it; run it where it was started",
        ),
        (None, false) => Phrase::new(
            "remedy_start_by_hand",
            "starts it with this limit, if the hard limit allows it or root does it; put the command that starts it in place of \
             the dots: what it shows as its command line is not certain to be that",
        ),
        (Some(_), true) => Phrase::new(
            "remedy_start_in_shell",
            "starts it with this limit only in a shell whose `ulimit -Hn` says {want} or more: root may not raise the hard limit in here \
             (CAP_SYS_RESOURCE), and that of what asks this is {own}; run it where it was started",
        ),
        (None, true) => Phrase::new(
            "remedy_start_in_shell_dots",
            "starts it with this limit only in a shell whose `ulimit -Hn` says {want} or more: root may not raise the hard limit in here \
             (CAP_SYS_RESOURCE), and that of what asks this is {own}; run it where it was started, its command in place of the dots",
        ),
    };
    let phrase = match reach::above_us(proc) {
        _ if !barred => phrase,
        own => phrase.with("want", want).with("own", own.map_or_else(|| "?".to_owned(), |own| own.to_string())),
    };
    let lines = vec![format!("prlimit --nofile={} {}", pair(process, want), command.as_deref().unwrap_or("…"))];
    Remedy { phrase, file: None, lines, then: Vec::new() }
}

/// What lets the kernel allow it.
pub(super) fn kernel(ceiling: u64, want: u64) -> Remedy {
    Remedy {
        phrase: Phrase::new(
            "remedy_kernel",
            "the kernel lets no process have more than {ceiling} (fs.nr_open); this raises that",
        )
        .with("ceiling", ceiling),
        file: Some("/etc/sysctl.d/90-open-files.conf".to_owned()),
        lines: vec![format!("fs.nr_open = {want}")],
        then: vec!["sysctl --system".to_owned()],
    }
}
