//! What hosts say of their processes, with every field filled.

use std::collections::BTreeMap;

use tailcast_wire::{
    Ancestor, Answer, By, Ceiling, DeletedFiles, Finding, Hidden, Holder, HostSockets, Inspect, Inspected, Limits,
    Listener, OpenFile, Order, Peer, Phrase, Point, Process, ProcessDetail, Processes, Question, Remedy, Slopes,
    SocketEnds, Step, Waiting,
};

fn text(text: &str) -> String {
    text.to_owned()
}

fn counts() -> BTreeMap<String, u64> {
    BTreeMap::from([(text("CLOSE_WAIT"), 118), (text("ESTABLISHED"), 2)])
}

fn hidden() -> Vec<Hidden> {
    vec![Hidden { words: text("words"), capabilities: vec![text("CAP_SYS_PTRACE")], phrase: None }]
}

fn holders() -> Vec<Holder> {
    vec![Holder { pid: 9, name: text("cat") }]
}

fn process() -> Process {
    let finding = Finding {
        pattern: text("leak"),
        cause: Some(text("not_closed")),
        words: text("words"),
        advice: text("advice"),
        peer: Some(text("10.0.0.5:6379")),
        per_minute: Some(2.5),
        minutes: Some(40),
        seconds_left: Some(7200),
        share: None,
        addresses: None,
        full: Vec::new(),
        demand: None,
    };
    Process {
        pid: 812,
        start: 4242,
        parent: 1,
        name: text("worker"),
        command: text("worker --all"),
        user: Some(text("www")),
        unit: Some(text("worker.service")),
        fds: Some(900),
        soft: Some(1024),
        hard: Some(524_288),
        percent: Some(87.5),
        slope_per_min: Some(2.5),
        slopes: Slopes { one: Some(1.5), ten: Some(2.5), sixty: None },
        seconds_left: Some(7200),
        cpu: Some(3.25),
        memory: 1 << 33,
        threads: 8,
        state: text("S"),
        started: Some(text("2026-11-20T22:31:00Z")),
        findings: vec![finding],
        trend: Vec::new(),
    }
}

fn risen() -> Process {
    let trend = vec![Point { ago: 120, fds: 880 }, Point { ago: 0, fds: 900 }];
    let findings = process().findings.into_iter().map(|finding| Finding { share: Some(97.5), ..finding }).collect();
    Process { trend, findings, ..process() }
}

fn peer() -> Peer {
    Peer {
        direction: text("out"),
        remote: text("10.0.0.5:6379"),
        port: Some(80),
        service: Some(text("redis")),
        count: 120,
        states: counts(),
        words: text("words"),
        addresses: None,
        network: None,
    }
}

fn listener() -> Listener {
    Listener { address: text("0.0.0.0:80"), queue: 3, backlog: Some(128), holders: holders(), network: None }
}

fn remedy() -> Remedy {
    Remedy {
        words: text("words"),
        file: Some(text("/a")),
        lines: vec![text("a=1")],
        then: vec![text("b")],
        phrase: None,
        step: None,
    }
}

fn detail() -> ProcessDetail {
    let socket = SocketEnds {
        protocol: text("tcp"),
        state: text("CLOSE_WAIT"),
        local: text("10.0.0.1:1"),
        remote: text("10.0.0.5:6379"),
        received: 4,
        unsent: Some(5),
        close: Some(text("ss -K")),
    };
    let file = OpenFile {
        fd: 7,
        kind: text("socket"),
        target: text("socket:[1]"),
        access: Some(text("both")),
        size: Some(9),
        deleted: true,
        about: Some(text("about")),
        socket: Some(socket),
        others: holders(),
        about_phrase: None,
    };
    ProcessDetail {
        process: process(),
        files: vec![file],
        files_total: Some(900),
        next: Some(8),
        kinds: BTreeMap::from([(text("socket"), 120)]),
        deleted: DeletedFiles { files: 2, bytes: 5 },
        peers: vec![peer()],
        listeners: vec![listener()],
        logs: vec![text("/var/log/a")],
        commands: vec![remedy()],
        unseen: hidden(),
    }
}

fn sockets() -> HostSockets {
    HostSockets {
        states: counts(),
        udp: 1,
        unix: 2,
        listeners: vec![listener()],
        peers: vec![peer()],
        overflows: Some(3),
        drops: Some(4),
        namespaces: 5,
        unseen: hidden(),
    }
}

fn limits() -> Limits {
    let ancestor = Ancestor { pid: 1, name: text("systemd"), soft: Some(1024), hard: None };
    let ceiling = Ceiling { name: text("fs.nr_open"), value: 1 << 20, used: Some(9), words: text("words") };
    Limits {
        pid: 812,
        name: text("worker"),
        fds: Some(900),
        soft: 1024,
        hard: 4096,
        origin: text("origin"),
        set_by: text("systemd"),
        ancestors: vec![ancestor],
        ceilings: vec![ceiling],
        stops: vec![text("stops")],
        remedies: vec![remedy()],
        notes: vec![text("note")],
        origin_phrases: Vec::new(),
        note_phrases: Vec::new(),
        waiting: Vec::new(),
        overflows: None,
        unseen: Vec::new(),
    }
}

fn phrase() -> Phrase {
    Phrase { code: text("code"), values: BTreeMap::from([(text("count"), text("2"))]) }
}

/// The same with codes beside the words, where there are words.
fn limits_in_codes() -> Limits {
    let remedies = vec![Remedy { phrase: Some(phrase()), ..remedy() }];
    Limits { remedies, origin_phrases: vec![phrase()], note_phrases: vec![phrase()], ..limits() }
}

/// The same with what belongs together.
fn limits_in_ways() -> Limits {
    let step = |way, lasts| Remedy { step: Some(Step { way, lasts: text(lasts), reach: 65_536 }), ..remedy() };
    let remedies = vec![step(1, "until_it_ends"), step(2, "for_good"), step(2, "for_good")];
    Limits { remedies, ..limits() }
}

/// The same with queues of connections, and with what could not be seen.
fn limits_in_queues() -> Limits {
    let waiting = Waiting {
        address: text("0.0.0.0:80"),
        queue: 129,
        backlog: Some(128),
        full: true,
        bound: text("program"),
        words: text("words"),
        phrase: Some(phrase()),
    };
    Limits { waiting: vec![waiting], overflows: Some(7), unseen: detail_in_codes().unseen, ..limits() }
}

fn detail_in_codes() -> ProcessDetail {
    let mut detail = detail();
    detail.files[0].about_phrase = Some(phrase());
    detail.peers[0].addresses = Some(3);
    detail.process.findings[0].addresses = Some(3);
    detail.process.findings[0].full = vec![listener()];
    detail.unseen[0].phrase = Some(phrase());
    detail
}

fn sockets_of_two() -> HostSockets {
    let mut sockets = sockets();
    sockets.listeners[0].network = Some(812);
    sockets.peers[0].network = Some(812);
    sockets
}

fn spinning() -> ProcessDetail {
    let mut detail = detail();
    detail.process.findings[0].demand = Some(99.5);
    detail
}

/// Each answer by name.
pub(crate) fn answers() -> Vec<(String, Answer)> {
    let list = Processes { processes: vec![process()], left_out: 6, unseen: hidden(), found: Vec::new() };
    let found = Processes { found: vec![risen()], ..list.clone() };
    let all = [
        ("processes", Inspected::Processes(list)),
        ("processes found", Inspected::Processes(found)),
        ("process", Inspected::Process(Box::new(detail()))),
        ("sockets", Inspected::Sockets(Box::new(sockets()))),
        ("limits", Inspected::Limits(Box::new(limits()))),
        ("process in codes", Inspected::Process(Box::new(detail_in_codes()))),
        ("sockets of two networks", Inspected::Sockets(Box::new(sockets_of_two()))),
        ("process that spins", Inspected::Process(Box::new(spinning()))),
        ("limits in codes", Inspected::Limits(Box::new(limits_in_codes()))),
        ("limits in ways", Inspected::Limits(Box::new(limits_in_ways()))),
        ("limits in queues", Inspected::Limits(Box::new(limits_in_queues()))),
    ];
    all.map(|(name, inspected)| (text(name), Answer::Inspected(inspected))).into()
}

/// Each question by name.
pub(crate) fn questions() -> Vec<(String, Question)> {
    let order = Some(Order { by: By::Memory, reverse: true });
    let sought = Inspect::Processes { limit: 500, writes: None, words: vec![text("redis")], order };
    let all = [
        ("processes", Inspect::Processes { limit: 500, writes: Some(text("/a")), words: Vec::new(), order: None }),
        ("processes sought", sought),
        ("process", Inspect::Process { pid: 812, from: 7, limit: 100 }),
        ("sockets", Inspect::Sockets),
        ("limits", Inspect::Limits { pid: Some(812), want: None }),
        ("limits wanted", Inspect::Limits { pid: Some(812), want: Some(65_536) }),
    ];
    all.map(|(name, inspect)| (text(name), Question::Inspect(inspect))).into()
}
