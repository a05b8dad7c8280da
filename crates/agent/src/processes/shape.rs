//! What was seen of processes, in the shapes of the wire.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use jiff::Timestamp;
use tailcast_procs as procs;
use tailcast_procs::{Access, Kind, Seen, Users, Writers};
use tailcast_wire::{
    Ancestor, Ceiling, DeletedFiles, Finding, Hidden, Holder, HostSockets, Limits, Listener, OpenFile, Order, Peer,
    Phrase, Point, Process, ProcessDetail, Processes, Remedy, Slopes, SocketEnds, Step, Waiting,
};

use crate::offers::Offers;

/// The longest command in a list, in bytes.
const COMMAND: usize = 512;
/// Logs of one process that are named.
const MOST_LOGS: usize = 200;

/// Processes in which something is wrong that are named unasked.
const MOST_FOUND: usize = 20;

/// What is asked of a list.
pub(super) struct Wanted {
    limit: usize,
    /// In small letters.
    words: Vec<String>,
    order: Order,
}

impl Wanted {
    pub(super) fn new(limit: u32, words: Vec<String>, order: Option<Order>) -> Self {
        let words = words.into_iter().map(|word| word.to_lowercase()).collect();
        Wanted { limit: limit as usize, words, order: order.unwrap_or_default() }
    }
}

/// Gives shapes, with names for users.
pub(super) struct Shaper<'a> {
    users: &'a Users,
}

impl<'a> Shaper<'a> {
    pub(super) fn new(users: &'a Users) -> Self {
        Shaper { users }
    }

    /// The first of those that are wanted; `only` the writers of a log where they are given.
    pub(super) fn list(&self, look: &procs::Look, wanted: &Wanted, only: Option<&Writers>) -> Processes {
        let pids: Option<HashSet<u32>> = only.map(|only| only.writers.iter().map(|writer| writer.pid).collect());
        let writes = |seen: &&Seen| pids.as_ref().is_none_or(|pids| pids.contains(&seen.process.id.pid));
        let rows = look.list.iter().filter(writes).map(|seen| self.row(seen));
        let mut processes: Vec<Process> = rows.filter(|row| row.is_named(&wanted.words)).collect();
        processes.sort_by(|a, b| wanted.order.compare(a, b));
        let left_out = (processes.len().saturating_sub(wanted.limit) + look.left_out) as u64;
        processes.truncate(wanted.limit);
        processes.iter_mut().for_each(|row| shorten(&mut row.command));
        let unseen = look.unseen.iter().chain(only.map_or(&[][..], |only| &only.unseen)).map(hidden).collect();
        Processes { processes, left_out, unseen, found: self.found(look) }
    }

    /// Those in which something is wrong, the nearest to their limit first.
    fn found(&self, look: &procs::Look) -> Vec<Process> {
        let found = look.list.iter().filter(|seen| !seen.findings.is_empty());
        let mut found: Vec<Process> = found.map(|seen| self.row(seen)).collect();
        found.sort_by(|a, b| Order::default().compare(a, b));
        found.truncate(MOST_FOUND);
        found.iter_mut().for_each(|row| shorten(&mut row.command));
        found
    }

    fn row(&self, seen: &Seen) -> Process {
        let process = &seen.process;
        let user = |uid: u32| self.users.name(uid).map_or_else(|| uid.to_string(), str::to_owned);
        Process {
            pid: process.id.pid,
            start: process.id.start,
            parent: process.parent,
            name: process.name.to_string(),
            command: text(&process.command),
            user: process.uid.map(user),
            unit: process.owner.as_ref().map(ToString::to_string),
            fds: process.fds,
            soft: process.limit.map(|limit| limit.soft),
            hard: process.limit.map(|limit| limit.hard),
            percent: process.percent().map(rounded),
            slope_per_min: seen.slopes.steadiest().map(rounded),
            slopes: Slopes {
                one: seen.slopes.one.map(rounded),
                ten: seen.slopes.ten.map(rounded),
                sixty: seen.slopes.sixty.map(rounded),
            },
            seconds_left: seen.left.map(|left| left.as_secs()),
            cpu: seen.cpu.map(rounded),
            memory: process.memory,
            threads: process.threads,
            state: process.state.to_string(),
            started: process.started.and_then(|time| Timestamp::try_from(time).ok()).map(|time| format!("{time:.0}")),
            findings: seen.findings.iter().map(finding).collect(),
            trend: seen.trend.iter().map(|point| Point { ago: point.ago.as_secs(), fds: point.fds }).collect(),
        }
    }

    /// `limit`: so many of its files; `seen`: the same process as it was looked at over time, when it was.
    pub(super) fn detail(
        &self,
        detail: &procs::Detail,
        limit: usize,
        seen: Option<&Seen>,
        offers: &Offers,
    ) -> ProcessDetail {
        let fresh = || Seen::at_first(detail.process.clone());
        let seen = seen.cloned().map_or_else(fresh, |seen| Seen { process: detail.process.clone(), ..seen });
        let listed = &detail.files[..detail.files.len().min(limit)];
        let more = detail.beyond > 0 || listed.len() < detail.files.len();
        ProcessDetail {
            process: self.row(&seen),
            files: listed.iter().map(|open| file(open, detail)).collect(),
            files_total: detail.total,
            next: listed.last().filter(|_| more).map(|last| last.fd + 1),
            kinds: detail.kinds.iter().map(|(kind, count)| (kind.name().to_owned(), *count)).collect(),
            deleted: DeletedFiles { files: detail.deleted.files, bytes: detail.deleted.bytes },
            peers: detail.peers.iter().map(peer).collect(),
            listeners: detail.listeners.iter().map(listener).collect(),
            logs: logs(detail, offers),
            commands: commands(&detail.process),
            unseen: detail.unseen.iter().chain(&seen.unseen).map(hidden).collect(),
        }
    }
}

pub(super) fn sockets(network: &procs::Network) -> HostSockets {
    HostSockets {
        states: states(&network.states),
        udp: network.udp,
        unix: network.unix,
        listeners: network.listeners.iter().map(listener).collect(),
        peers: network.peers.iter().map(peer).collect(),
        overflows: network.overflows.map(|counters| counters.overflows),
        drops: network.overflows.map(|counters| counters.drops),
        namespaces: network.namespaces as u64,
        unseen: network.unseen.iter().map(hidden).collect(),
    }
}

pub(super) fn limits(diagnosis: &procs::Diagnosis) -> Limits {
    let (process, limit) = (&diagnosis.process, diagnosis.limit);
    let ancestors = diagnosis.ancestors.iter().map(|ancestor| Ancestor {
        pid: ancestor.pid,
        name: ancestor.name.to_string(),
        soft: ancestor.limit.map(|limit| limit.soft),
        hard: ancestor.limit.map(|limit| limit.hard),
    });
    let ceilings = diagnosis.ceilings.iter().map(|ceiling| Ceiling {
        name: ceiling.name.to_owned(),
        value: ceiling.value,
        used: ceiling.used,
        words: ceiling.words.to_owned(),
    });
    let above = process
        .above
        .filter(|above| *above > 0)
        .map(|above| format!("{above} more are open with numbers above the limit, and take no room below it"));
    let stops = process.fds.map(|fds| stops(fds, limit.soft)).into_iter().chain(above);
    Limits {
        pid: process.id.pid,
        name: process.name.to_string(),
        fds: process.fds,
        soft: limit.soft,
        hard: limit.hard,
        origin: diagnosis.origin.to_string(),
        set_by: diagnosis.origin.name().to_owned(),
        ancestors: ancestors.collect(),
        ceilings: ceilings.collect(),
        stops: stops.collect(),
        remedies: remedies(&diagnosis.ways),
        notes: diagnosis.notes.iter().map(ToString::to_string).collect(),
        origin_phrases: diagnosis.origin.phrases().iter().map(phrase).collect(),
        note_phrases: diagnosis.notes.iter().map(phrase).collect(),
        waiting: diagnosis.waiting.iter().map(waiting).collect(),
        overflows: diagnosis.overflows.map(|overflows| overflows.overflows),
        unseen: diagnosis.unseen.iter().map(hidden).collect(),
    }
}

fn waiting(waiting: &procs::Waiting) -> Waiting {
    let (listener, said) = (&waiting.listener, waiting.phrase());
    Waiting {
        address: listener.address.to_string(),
        queue: listener.queue,
        backlog: listener.backlog,
        full: listener.is_full(),
        bound: waiting.bound.name().to_owned(),
        words: said.to_string(),
        phrase: Some(phrase(&said)),
    }
}

/// How many more it can open.
fn stops(fds: u64, soft: u64) -> String {
    match soft.saturating_sub(fds) {
        0 => format!("{fds} of {soft} files are open: it cannot open one more"),
        more => format!("{fds} of {soft} files are open: it stops at {more} more"),
    }
}

fn remedies(ways: &[procs::Way]) -> Vec<Remedy> {
    (1..).zip(ways).flat_map(|(at, way)| way.steps.iter().map(move |step| remedy(at, way, step))).collect()
}

fn remedy(at: u32, way: &procs::Way, remedy: &procs::Remedy) -> Remedy {
    Remedy {
        step: Some(Step { way: at, lasts: way.name().to_owned(), reach: way.reach }),
        words: remedy.phrase.to_string(),
        file: remedy.file.clone(),
        lines: remedy.lines.clone(),
        then: remedy.then.clone(),
        phrase: Some(phrase(&remedy.phrase)),
    }
}

fn phrase(phrase: &procs::Phrase) -> Phrase {
    let values = phrase.values().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Phrase { code: phrase.code.to_owned(), values: values.collect() }
}

fn finding(finding: &procs::Finding) -> Finding {
    Finding {
        pattern: finding.pattern.name().to_owned(),
        cause: finding.pattern.cause().map(str::to_owned),
        words: finding.words.clone(),
        advice: finding.pattern.advice().to_owned(),
        peer: finding.peer.clone(),
        per_minute: finding.growth.map(|growth| rounded(growth.per_minute)),
        minutes: finding.growth.map(|growth| growth.minutes),
        seconds_left: finding.left.map(|left| left.as_secs()),
        share: finding.share.map(|share| rounded(share * 100.0)),
        addresses: finding.addresses,
        full: finding.waiting.iter().map(listener).collect(),
        demand: finding.demand.map(|demand| rounded(demand.wanted * 100.0)),
    }
}

fn file(file: &procs::File, of: &procs::Detail) -> OpenFile {
    let access = file.access.map(|access| match access {
        Access::Read => "read",
        Access::Write => "write",
        Access::Both => "both",
    });
    OpenFile {
        fd: file.fd,
        kind: file.kind.name().to_owned(),
        target: file.target.to_string(),
        access: access.map(str::to_owned),
        size: file.size,
        deleted: file.deleted,
        about: file.about.as_ref().map(ToString::to_string),
        socket: file.socket.as_ref().map(|socket| ends(socket, of)),
        others: file.others.iter().map(holder).collect(),
        about_phrase: file.about.as_ref().map(phrase),
    }
}

fn ends(socket: &procs::Socket, of: &procs::Detail) -> SocketEnds {
    let (local, remote) = match &socket.ends {
        procs::Ends::Inet { local, remote } if remote.port() == 0 => (local.to_string(), String::new()),
        procs::Ends::Inet { local, remote } => (local.to_string(), remote.to_string()),
        procs::Ends::Unix { path, .. } => (path.to_string(), String::new()),
        procs::Ends::Named(name) => (name.clone(), String::new()),
    };
    SocketEnds {
        protocol: socket.protocol.name().to_owned(),
        state: if matches!(socket.ends, procs::Ends::Named(_)) { "" } else { socket.state_name() }.to_owned(),
        local,
        remote,
        received: socket.queue.received,
        unsent: socket.queue.unsent,
        close: close(socket, of.other_network.then_some(of.process.id.pid)),
    }
}

/// `ss -K` ends the connection in the kernel, whoever holds it (SOCK_DESTROY; CAP_NET_ADMIN). The protocol
/// and all four parts are named, since a part that is left out means all there are; and the process whose network it is in, where that is another one:
/// on the host the same four may be of somebody else's connection.
fn close(socket: &procs::Socket, inside: Option<u32>) -> Option<String> {
    let (local, remote) = socket.inet()?;
    let connected =
        socket.protocol == procs::Protocol::Tcp && socket.state != procs::State::Listen && remote.port() != 0;
    // In brackets a shell would look for files whose names match.
    let ip = |address: std::net::SocketAddr| match address {
        std::net::SocketAddr::V4(v4) => v4.ip().to_string(),
        std::net::SocketAddr::V6(v6) => format!("'[{}]'", v6.ip()),
    };
    connected.then(|| {
        let (from, to) = (ip(local), ip(remote));
        let enter = inside.map(|pid| format!("nsenter -t {pid} -n ")).unwrap_or_default();
        format!("{enter}ss -Kt src {from} sport = {} dst {to} dport = {}", local.port(), remote.port())
    })
}

fn peer(peer: &procs::Peer) -> Peer {
    Peer {
        direction: peer.direction.name().to_owned(),
        remote: peer.remote.clone(),
        port: peer.port,
        service: peer.service.clone(),
        count: peer.count,
        states: states(&peer.states),
        words: peer.to_string(),
        addresses: peer.addresses,
        network: peer.inside,
    }
}

fn listener(listener: &procs::Listener) -> Listener {
    Listener {
        address: listener.address.to_string(),
        queue: listener.queue,
        backlog: listener.backlog,
        holders: listener.holders.iter().map(holder).collect(),
        network: listener.inside,
    }
}

fn holder(holder: &procs::Holder) -> Holder {
    Holder { pid: holder.pid, name: holder.name.to_string() }
}

fn hidden(unseen: &procs::Unseen) -> Hidden {
    let capabilities = unseen.capabilities().iter().map(|name| (*name).to_owned()).collect();
    Hidden { words: unseen.to_string(), capabilities, phrase: Some(phrase(&unseen.phrase())) }
}

fn states(states: &[(procs::State, u64)]) -> BTreeMap<String, u64> {
    states.iter().map(|(state, count)| (state.name().to_owned(), *count)).collect()
}

/// Which of the files that it writes are logs of this host.
fn logs(detail: &procs::Detail, offers: &Offers) -> Vec<String> {
    let writes = |file: &&procs::File| {
        file.kind == Kind::File && !file.deleted && matches!(file.access, Some(Access::Write | Access::Both))
    };
    let names = detail.files.iter().filter(writes).filter_map(|file| std::str::from_utf8(&file.target).ok());
    let mut logs: Vec<_> = names.filter(|name| offers.names(Path::new(name))).map(str::to_owned).collect();
    logs.sort();
    logs.dedup();
    logs.truncate(MOST_LOGS);
    logs
}

/// What raises the limit of a process that runs; a thread of the kernel opens nothing.
fn commands(process: &procs::Process) -> Vec<Remedy> {
    let raises = process
        .limit
        .filter(|_| !process.kernel_thread)
        .and_then(|limit| procs::Way::at_once(&procs::Proc::new().ok()?, process.id.pid, limit, limit.hard));
    remedies(raises.as_slice())
}

/// Cuts a command for a list, at the end of a character.
fn shorten(command: &mut String) {
    command.truncate(command.floor_char_boundary(COMMAND));
}

/// Two digits behind the point are what a person reads and a page draws.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_raised_for_a_process_and_not_for_a_thread_of_the_kernel() {
        let ours = procs::Proc::new().and_then(|proc| proc.process(std::process::id())).unwrap();
        let limit = Some(procs::Limit { soft: 20, hard: 400 });
        let process = procs::Process { limit, ..ours };
        let lines = [format!("prlimit --pid {} --nofile=400:400", std::process::id())];
        assert_eq!(commands(&process)[0].lines, lines);
        assert!(commands(&procs::Process { kernel_thread: true, ..process }).is_empty());
    }

    #[test]
    fn who_has_as_many_as_it_may_cannot_open_one_more() {
        assert_eq!(stops(18, 20), "18 of 20 files are open: it stops at 2 more");
        assert_eq!(stops(21, 20), "21 of 20 files are open: it cannot open one more");
    }

    #[test]
    fn a_connection_in_another_network_is_ended_in_there() {
        let ends =
            procs::Ends::Inet { local: "10.0.0.1:30000".parse().unwrap(), remote: "[fd00::5]:6379".parse().unwrap() };
        let (protocol, state) = (procs::Protocol::Tcp, procs::State::CloseWait);
        let socket = procs::Socket { inode: 7, protocol, state, ends, queue: procs::Queue::default(), inside: None };
        let plain = "ss -Kt src 10.0.0.1 sport = 30000 dst '[fd00::5]' dport = 6379";
        assert_eq!(close(&socket, None).as_deref(), Some(plain));
        assert_eq!(close(&socket, Some(42)), Some(format!("nsenter -t 42 -n {plain}")));
    }
}
