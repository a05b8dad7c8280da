//! What to change so that a limit is another one: the file, the lines, and what to run so that they take effect.

use super::ancestry::Ancestor;
use super::command;
use super::origin::Origin;
use super::pam;
use super::reach;
use crate::limit::Limit;
use crate::owner::Owner;
use crate::phrase::Phrase;
use crate::proc::Proc;

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

impl Remedy {
    /// Whether it is for somebody above this machine: what is done here goes as far as it can without it.
    #[must_use]
    pub fn is_from_above(&self) -> bool {
        self.phrase.code == "remedy_hard_first"
    }
}

/// What makes the limit `want`, the lasting first.
pub(super) fn of(proc: &Proc, ancestors: &[Ancestor], origin: &Origin, want: u64) -> Vec<Remedy> {
    let Some(process) = ancestors.first() else { return Vec::new() };
    let reach = reach::of(proc, ancestors, origin, want);
    let mut remedies = lasting(proc, ancestors, origin, reach);
    if reach < want {
        remedies.insert(0, hard_first(reach, want));
    }
    if let Some(ceiling) = proc.number("sys/fs/nr_open").filter(|ceiling| *ceiling < want) {
        remedies.insert(0, kernel(ceiling, want));
    }
    remedies.extend(process.limit.and_then(|limit| Remedy::at_once(process.pid, limit, want)));
    remedies
}

fn lasting(proc: &Proc, ancestors: &[Ancestor], origin: &Origin, want: u64) -> Vec<Remedy> {
    match origin {
        Origin::Systemd { unit, .. } => vec![of_unit(unit, want)],
        Origin::Supervisord { pid, file, .. } => supervisord(ancestors, *pid, file.as_deref(), want),
        Origin::Pam { service, applied, .. } => login(proc, ancestors, service, applied.is_some(), want),
        Origin::Container(owner) => vec![container(owner, want)],
        Origin::Shell(pid) => vec![shell(*pid, want)],
        Origin::Itself { hard } => lasting(proc, ancestors, hard, want),
        Origin::Between { .. } | Origin::Start(_) => started_by(proc, ancestors, want),
    }
}

fn of_unit(unit: &str, want: u64) -> Remedy {
    let target = if unit.ends_with(".scope") { "user@.service" } else { unit };
    // Whoever has a control group of his own names what is in it as he likes.
    let restart = command::word(target).map(|unit| format!("systemctl restart {unit}"));
    Remedy {
        phrase: Phrase::new("remedy_unit", "lets systemd start {unit} with {want}")
            .with("unit", target)
            .with("want", want),
        file: Some(format!("/etc/systemd/system/{target}.d/open-files.conf")),
        lines: vec!["[Service]".to_owned(), format!("LimitNOFILE={want}")],
        then: std::iter::once("systemctl daemon-reload".to_owned()).chain(restart).collect(),
    }
}

/// `minfds` cannot lift a supervisord that is not root above its own hard limit: then whoever starts it has to.
fn supervisord(ancestors: &[Ancestor], pid: u32, file: Option<&str>, want: u64) -> Vec<Remedy> {
    let path = file.unwrap_or("/etc/supervisor/supervisord.conf");
    let restart = |path| vec![format!("supervisorctl -c {path} shutdown"), format!("supervisord -c {path}")];
    let config = Remedy {
        phrase: Phrase::new("remedy_minfds", "lets supervisord raise its limit, and that of its programs, to {want}")
            .with("want", want),
        file: Some(path.to_owned()),
        lines: vec!["[supervisord]".to_owned(), format!("minfds={want}")],
        // A reload does not raise it: only a start does.
        then: command::word(path).map(restart).unwrap_or_default(),
    };
    let itself = ancestors.iter().find(|ancestor| ancestor.pid == pid);
    let too_low = itself.and_then(|itself| itself.limit).is_some_and(|limit| limit.hard < want);
    let unit = itself.and_then(|itself| match &itself.owner {
        Some(Owner::Unit(unit)) => Some(unit.as_str()),
        _ => None,
    });
    let above = unit.filter(|_| too_low).map(|unit| of_unit(unit, want));
    above.into_iter().chain([config]).collect()
}

/// What the others cannot go beyond: a supervisord with a `minfds` above its hard limit does not even start.
fn hard_first(ceiling: u64, want: u64) -> Remedy {
    Remedy {
        phrase: Phrase::new(
            "remedy_hard_first",
            "before anything here can have {want}: the hard limit is {ceiling}, and root may not raise it here \
             (CAP_SYS_RESOURCE); whatever started this container or machine has to give more, and what follows then goes further \
             than {ceiling}",
        )
        .with("want", want)
        .with("ceiling", ceiling),
        file: None,
        lines: vec![format!("docker run --ulimit nofile={want}:{want} …")],
        then: Vec::new(),
    }
}

fn login(proc: &Proc, ancestors: &[Ancestor], service: &str, applied: bool, want: u64) -> Vec<Remedy> {
    let user = ancestors.first().map_or_else(|| "*".to_owned(), |process| pam::domain(proc, process));
    let limits = Remedy {
        phrase: Phrase::new(
            "remedy_login",
            "gives {user} {want} at each login; sessions that are open keep what they have",
        )
        .with("user", &user)
        .with("want", want),
        file: Some("/etc/security/limits.d/90-open-files.conf".to_owned()),
        lines: vec![format!("{user} soft nofile {want}"), format!("{user} hard nofile {want}")],
        then: Vec::new(),
    };
    let stack = (!applied).then(|| Remedy {
        phrase: Phrase::new("remedy_pam_service", "lets logins by {service} set limits at all")
            .with("service", service),
        file: Some(format!("/etc/pam.d/{service}")),
        lines: vec!["session required pam_limits.so".to_owned()],
        then: Vec::new(),
    });
    stack.into_iter().chain([limits]).collect()
}

fn container(owner: &Owner, want: u64) -> Remedy {
    let runtime = match owner {
        Owner::Container { runtime, .. } => runtime.as_str(),
        Owner::Unit(_) => "",
    };
    match runtime {
        "docker" | "libpod" => {
            let program = if runtime == "docker" { "docker" } else { "podman" };
            Remedy {
                phrase: Phrase::new(
                    "remedy_container_run",
                    "starts the container with this limit; in a compose file: ulimits, nofile",
                ),
                file: None,
                lines: vec![format!("{program} run --ulimit nofile={want}:{want} …")],
                then: Vec::new(),
            }
        }
        // A pod cannot ask for it (kubernetes/kubernetes#3595): it gets what the runtime on the node has.
        _ => Remedy {
            phrase: Phrase::new(
                "remedy_container_node",
                "lets the container runtime on the node, and all that it starts, have this limit",
            ),
            ..of_unit("containerd.service", want)
        },
    }
}

fn shell(pid: u32, want: u64) -> Remedy {
    Remedy {
        phrase: Phrase::new("remedy_shell", "in the script or the shell (pid {pid}) that starts it, before it does")
            .with("pid", pid),
        file: None,
        lines: vec![format!("ulimit -n {want}")],
        then: Vec::new(),
    }
}

/// Nobody was found who sets it: whoever starts it can.
fn started_by(proc: &Proc, ancestors: &[Ancestor], want: u64) -> Vec<Remedy> {
    let process = &ancestors[0];
    match &process.owner {
        Some(Owner::Unit(unit)) if unit.ends_with(".service") => vec![of_unit(unit, want)],
        _ => vec![started(command::of(proc, process.pid).as_deref(), want)],
    }
}

fn started(command: Option<&str>, want: u64) -> Remedy {
    let phrase = match command {
        Some(_) => Phrase::new(
            "remedy_start",
            "starts it with this limit, if the hard limit allows it or root does it; run it where it was started",
        ),
        None => Phrase::new(
            "remedy_start_by_hand",
            "starts it with this limit, if the hard limit allows it or root does it; put the command that starts it in place of \
             the dots: what it shows as its command line is not certain to be that",
        ),
    };
    let lines = vec![format!("prlimit --nofile={want}:{want} {}", command.unwrap_or("…"))];
    Remedy { phrase, file: None, lines, then: Vec::new() }
}

fn kernel(ceiling: u64, want: u64) -> Remedy {
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

impl Remedy {
    /// What raises the soft limit of a process while it runs, to `want` or as far as the hard one lets it; `None` where it is
    /// there already.
    #[must_use]
    pub fn at_once(pid: u32, limit: Limit, want: u64) -> Option<Self> {
        let reach = want.min(limit.hard);
        (reach > limit.soft).then(|| Remedy {
            phrase: Phrase::new(
                "remedy_at_once",
                "raises it at once, until the process ends; a program that asked for its limit at its start (redis, nginx, haproxy, \
                 memcached) goes on with the old one",
            ),
            file: None,
            lines: vec![format!("prlimit --pid {pid} --nofile={reach}:{}", limit.hard)],
            then: Vec::new(),
        })
    }
}
