//! What whoever runs a container has to do, and who that is, where it can be told: no line is given for a runtime that has left no
//! mark.

use super::ancestry::Ancestor;
use super::etc;
use super::remedies::{self, Remedy};
use crate::owner::Owner;
use crate::phrase::Phrase;
use crate::proc::Proc;

/// What is above all that can be done here; with a line to run where it is known what runs the container.
pub(super) fn from_above(proc: &Proc, ancestors: &[Ancestor], ceiling: u64, want: u64) -> Remedy {
    let lines = runtime(proc, ancestors).map(|program| run_line(program, want));
    let phrase = match lines {
        Some(_) => Phrase::new(
            "remedy_hard_first_run",
            "more than {ceiling} has to come from outside this container: root may not raise the hard limit in here \
             (CAP_SYS_RESOURCE); start the container with this, your other options in place of the dots",
        ),
        None => Phrase::new(
            "remedy_hard_first",
            "more than {ceiling} has to come from whatever started this machine, container or namespace: root may not raise the hard limit in \
             here (CAP_SYS_RESOURCE), and what started it cannot be seen from here",
        ),
    };
    let phrase = phrase.with("want", want).with("ceiling", ceiling);
    Remedy { phrase, file: None, lines: lines.into_iter().collect(), then: Vec::new() }
}

/// What runs the container, where it has left its mark: in the control group, or a file in the root of all it starts.
fn runtime(proc: &Proc, ancestors: &[Ancestor]) -> Option<&'static str> {
    let by_group = ancestors.iter().find_map(|ancestor| ancestor.owner.as_ref().and_then(program_of));
    let mark = |path| ancestors.first().and_then(|process| etc::is_there(proc, process.pid, path)) == Some(true);
    by_group
        .or_else(|| mark("/.dockerenv").then_some("docker"))
        .or_else(|| mark("/run/.containerenv").then_some("podman"))
}

fn program_of(owner: &Owner) -> Option<&'static str> {
    match owner {
        Owner::Container { runtime, .. } if runtime == "docker" => Some("docker"),
        Owner::Container { runtime, .. } if runtime == "libpod" => Some("podman"),
        _ => None,
    }
}

fn run_line(program: &str, want: u64) -> String {
    format!("{program} run --ulimit nofile={want}:{want} …")
}

/// The limit of a container whose runtime has set it.
pub(super) fn of(owner: &Owner, want: u64) -> Remedy {
    match program_of(owner) {
        Some(program) => Remedy {
            phrase: Phrase::new(
                "remedy_container_run",
                "starts the container with this limit, your other options in place of the dots; in a compose file: ulimits, nofile",
            ),
            file: None,
            lines: vec![run_line(program, want)],
            then: Vec::new(),
        },
        // A pod cannot ask for it (kubernetes/kubernetes#3595): it gets what the runtime on the node has.
        None => Remedy {
            phrase: Phrase::new(
                "remedy_container_node",
                "on the node, not in the container, and if systemd starts containerd there: gives the runtime, and all that it \
                 starts, this limit",
            ),
            ..remedies::of_unit("containerd.service", want)
        },
    }
}
