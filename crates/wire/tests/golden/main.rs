//! Every message as bytes, held against `v1.txt`: what one version says the other versions must go on understanding.
//!
//! A difference is a break of the link between programs that are installed already. A new message or field is a new line
//! in the file (the failing test prints it); a line that is there never changes.

#![expect(clippy::unwrap_used, reason = "in a test a panic that names the line is the best message")]

mod processes;

use std::collections::BTreeMap;
use std::fmt::Debug;

use bytes::Bytes;
use minicbor::data::Type;
use minicbor::{Decode, Decoder, Encode, Encoder};
use tailcast_wire::{
    Answer, Begins, Block, Body, Encoding, Ends, Failure, Filter, Follow, HalfLine, Hello, Live, LiveBlock, LogEntry,
    Page, Part, Picked, Place, Question, Refusal, Spot, Tiding, ToAgent, ToHub, Told, Welcome, Why, decode, encode,
    unknown_question,
};

const GOLDEN: &str = include_str!("v1.txt");

fn place() -> Place {
    Place { life: 3, offset: 4096, position: "Apos".to_owned() }
}

fn told(tiding: Tiding) -> Told {
    let words = "words".to_owned();
    Told { tiding: Some(tiding), from: Some(place()), to: Some(place()), bytes: Some(17), words, why: None }
}

fn filter() -> Filter {
    let level = Some("warn".to_owned());
    Filter { include: vec!["a".to_owned()], exclude: vec!["b".to_owned()], ignore_case: true, level }
}

fn block(body: Body, ends: Ends, encoding: Encoding, begins: Begins) -> Block {
    let (token, lead) = (Bytes::from_static(b"token"), Bytes::from_static(b"lead"));
    Block { life: 3, token, start: 4096, end: 4100, lead, body, ends, encoding, begins }
}

fn raw() -> Block {
    block(Body::Raw(Bytes::from_static(b"\xffab\n")), Ends::Whole, Encoding::Utf8, Begins::AtLine)
}

fn blocks() -> [(&'static str, Block); 4] {
    let line = Picked {
        offset: 4096,
        lead: Bytes::from_static(b"lead"),
        bytes: Bytes::from_static(b"line"),
        cut: Some(1 << 33),
    };
    let picked = Body::Picked { lines: vec![line], last: Bytes::from_static(b"last") };
    let cut = Ends::Cut { line: 5_000_000_000, last: Bytes::from_static(b"last") };
    [
        ("raw", raw()),
        ("picked", block(picked, Ends::Continues, Encoding::Utf16Le, Begins::InLine)),
        ("cut", block(Body::Raw(Bytes::new()), cut, Encoding::Utf16Be, Begins::InLine)),
        ("unfinished", block(Body::Raw(Bytes::new()), Ends::Unfinished, Encoding::Utf8, Begins::AtLine)),
    ]
}

const TIDINGS: [Tiding; 11] = [
    Tiding::Opened,
    Tiding::Gap,
    Tiding::Lost,
    Tiding::Rotated,
    Tiding::Truncated,
    Tiding::Gone,
    Tiding::Waiting,
    Tiding::Unfinished,
    Tiding::Polling,
    Tiding::Limit,
    Tiding::Error,
];

const WHYS: [Why; 33] = [
    Why::Deleted,
    Why::Moved,
    Why::NotThere,
    Why::Denied,
    Why::NotRegular,
    Why::NotOffered,
    Why::LinkLoop,
    Why::NoDescriptor,
    Why::Unreadable,
    Why::Network,
    Why::NoWatches,
    Why::NoInstances,
    Why::NotWatched,
    Why::Watched,
    Why::NotFound,
    Why::Rewritten,
    Why::Stale,
    Why::Hole,
    Why::FastLog,
    Why::SlowLink,
    Why::SlowViewer,
    Why::SlowAnswer,
    Why::Busy,
    Why::AgentStopped,
    Why::LinkDown,
    Why::TakenOver,
    Why::NotReading,
    Why::NotAdmitted,
    Why::NeverHere,
    Why::HubStopped,
    Why::BrokerDown,
    Why::HubLost,
    Why::BetweenHubs,
];

const FAILURES: [Failure; 8] = [
    Failure::NotOffered,
    Failure::Unreadable,
    Failure::BadPosition,
    Failure::BadFilter,
    Failure::Gone,
    Failure::Busy,
    Failure::Unknown,
    Failure::Failed,
];

fn hello() -> Hello {
    Hello {
        protocol_min: 1,
        protocol_max: 2,
        version: "1.2.3".to_owned(),
        host: "web1".parse().unwrap(),
        session: u64::MAX,
        offers: vec!["/var/log".to_owned()],
        labels: vec![("role".to_owned(), "web".to_owned())],
        zone: Some("Europe/Berlin".to_owned()),
    }
}

fn answers() -> Vec<(String, Answer)> {
    let entry =
        LogEntry { name: "/a".to_owned(), size: Some(1), modified: Some(-2), unreadable: Some("why".to_owned()) };
    let page = Page {
        parts: vec![Part::Block(raw()), Part::Told(told(Tiding::Rotated))],
        before: Some("Abefore".to_owned()),
        after: Some(place()),
        end: true,
        limited: true,
        scanned: 9,
        in_front: None,
        behind: None,
    };
    let mut answers = vec![
        ("logs".to_owned(), Answer::Logs { logs: vec![entry], next: Some("/b".to_owned()) }),
        ("page".to_owned(), Answer::Page(page.clone())),
        (
            "page of another life".to_owned(),
            Answer::Page(Page { in_front: Some(told(Tiding::Rotated)), ..page.clone() }),
        ),
        ("page up to the edge".to_owned(), Answer::Page(Page { behind: Some(9), ..page })),
        ("raw".to_owned(), Answer::Raw { bytes: Bytes::from_static(b"\0\xff"), next: Some("Anext".to_owned()) }),
    ];
    for failure in FAILURES {
        let refusal = Refusal { failure: Some(failure), words: "words".to_owned(), at: Some(4), why: None };
        answers.push((format!("refused {failure:?}"), Answer::Refused(refusal)));
    }
    answers.extend(processes::answers());
    let (failure, words) = (Some(Failure::Unreadable), "words".to_owned());
    let refusal = Refusal { failure, words, at: None, why: Some(Why::NotThere) };
    answers.push(("refused not_there".to_owned(), Answer::Refused(refusal)));
    answers
}

fn questions() -> Vec<(String, Question)> {
    let (log, pattern, contains) = ("/a".to_owned(), Some("*".to_owned()), Some("part".to_owned()));
    let (from, to) = (Some("Afrom".to_owned()), Some("Ato".to_owned()));
    let read = |spot, half| Question::Read {
        log: "/a".to_owned(),
        spot,
        lines: 20,
        bytes: 1 << 20,
        filter: filter(),
        scan: 1 << 30,
        half,
    };
    let mut questions = vec![
        ("list".to_owned(), Question::List { pattern, contains, limit: 500, after: Some("/0".to_owned()) }),
        ("read last".to_owned(), read(Spot::Last, HalfLine::Give)),
        ("read before".to_owned(), read(Spot::Before("Apos".to_owned()), HalfLine::Hold)),
        ("read after".to_owned(), read(Spot::After("Apos".to_owned()), HalfLine::Hold)),
        ("read offset".to_owned(), read(Spot::Offset(7), HalfLine::Give)),
        ("read time".to_owned(), read(Spot::Time(-1), HalfLine::Give)),
        ("raw".to_owned(), Question::Raw { log, from, to, bytes: 9 }),
    ];
    questions.extend(processes::questions());
    questions
}

fn to_hub() -> Vec<(String, ToHub)> {
    let named = |name: &str, message| (name.to_owned(), message);
    let mut said = vec![
        named("hello", ToHub::Hello(hello())),
        named("followed", ToHub::Followed { channel: 1, edge: Some(place()) }),
        named("followed nothing", ToHub::Followed { channel: 1, edge: None }),
        named("edge", ToHub::Edge { channel: 1, edge: Some(place()), behind: 5 }),
        named("bye", ToHub::Bye { words: "words".to_owned() }),
    ];
    said.extend(blocks().map(|(name, block)| (format!("block {name}"), ToHub::Block { channel: 1, block })));
    said.extend(TIDINGS.map(|tiding| (format!("told {tiding:?}"), ToHub::Told { channel: 1, told: told(tiding) })));
    said.extend(WHYS.map(|why| {
        let told = Told { why: Some(why), ..told(Tiding::Gone) };
        (format!("told why {}", why.name()), ToHub::Told { channel: 1, told })
    }));
    said.extend(
        answers().into_iter().map(|(name, answer)| (format!("answer {name}"), ToHub::Answer { ask: 2, answer })),
    );
    for (_, message) in &said {
        match message {
            // A new message belongs into the list above.
            ToHub::Hello(_) | ToHub::Followed { .. } | ToHub::Block { .. } | ToHub::Told { .. } => (),
            ToHub::Edge { .. } | ToHub::Answer { .. } | ToHub::Bye { .. } => (),
        }
    }
    said
}

fn to_agent() -> Vec<(String, ToAgent)> {
    let named = |name: &str, message| (name.to_owned(), message);
    let follow =
        Follow { channel: 1, log: "/a".to_owned(), filter: filter(), from: Some("Apos".to_owned()), credit: 4 << 20 };
    let mut said = vec![
        named("welcome", ToAgent::Welcome(Welcome { protocol: 1, version: "1.2.3".to_owned() })),
        named("refused", ToAgent::Refused { words: "words".to_owned(), lasting: true }),
        named("follow", ToAgent::Follow(follow)),
        named("unfollow", ToAgent::Unfollow { channel: 1 }),
        named("credit", ToAgent::Credit { channel: 1, bytes: 2 }),
        named("cancel", ToAgent::Cancel { ask: 2 }),
        named("bye", ToAgent::Bye { retry_ms: 1000 }),
        named("notice", ToAgent::Notice { words: "words".to_owned() }),
    ];
    said.extend(
        questions().into_iter().map(|(name, question)| (format!("ask {name}"), ToAgent::Ask { ask: 2, question })),
    );
    for (_, message) in &said {
        match message {
            // A new message belongs into the list above.
            ToAgent::Welcome(_) | ToAgent::Refused { .. } | ToAgent::Follow(_) | ToAgent::Unfollow { .. } => (),
            ToAgent::Credit { .. } | ToAgent::Ask { .. } | ToAgent::Cancel { .. } | ToAgent::Bye { .. } => (),
            ToAgent::Notice { .. } => (),
        }
    }
    said
}

fn live() -> Vec<(String, Live)> {
    let log = || "web1:/a".parse().unwrap();
    let named = |name: &str, message| (name.to_owned(), message);
    let words = || "words".to_owned();
    let said = vec![
        named("block", Live::Block(LiveBlock { log: log(), position: "Apos".to_owned(), block: raw() })),
        named("told", Live::Told { log: log(), told: told(Tiding::Gap) }),
        named("edge", Live::Edge { log: log(), position: Some("Apos".to_owned()), behind: 5 }),
        named("agent lost", Live::AgentLost { log: log(), words: words(), why: None }),
        named("agent lost by a stop", Live::AgentLost { log: log(), words: words(), why: Some(Why::AgentStopped) }),
        named("agent back", Live::AgentBack { log: log(), words: words() }),
        named("bye", Live::Bye { retry_ms: 1000 }),
    ];
    for (_, message) in &said {
        match message {
            // A new message belongs into the list above.
            Live::Block(_) | Live::Told { .. } | Live::Edge { .. } => (),
            Live::AgentLost { .. } | Live::AgentBack { .. } | Live::Bye { .. } => (),
        }
    }
    said
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// Holds the messages of one kind against the file, in both directions.
fn hold<T>(kind: &str, messages: Vec<(String, T)>)
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let lines = GOLDEN.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(": ")?.split_once(" = "));
    let mut golden: BTreeMap<_, _> = lines.collect();
    let mut missing = Vec::new();
    for (name, message) in messages {
        let said = hex(&encode(&message));
        match golden.remove(name.as_str()) {
            Some(written) => {
                assert_eq!(decode::<T>(&unhex(written)).unwrap(), Some(message), "{kind} {name} is read otherwise");
                assert_eq!(said, written, "{kind} {name} is written otherwise");
            }
            None => missing.push(format!("{kind}: {name} = {said}")),
        }
    }
    assert!(golden.is_empty(), "{kind}: no longer said: {:?}", golden.keys());
    assert!(missing.is_empty(), "to be added to v1.txt:\n{}", missing.join("\n"));
}

#[test]
fn what_an_agent_says_is_what_it_always_said() {
    hold("agent to hub", to_hub());
}

#[test]
fn what_a_hub_says_to_agents_is_what_it_always_said() {
    hold("hub to agent", to_agent());
}

#[test]
fn what_a_viewer_is_sent_is_what_it_always_was() {
    hold("live", live());
}

#[test]
fn each_cut_or_spoilt_message_is_an_error_and_no_panic() {
    for line in GOLDEN.lines() {
        let bytes = unhex(line.split_once(" = ").unwrap().1);
        for length in 0..bytes.len() {
            // An error, or a message that only a newer peer knows; what matters is that it ends.
            drop(decode::<ToHub>(&bytes[..length]));
            drop(decode::<ToAgent>(&bytes[..length]));
            let mut spoilt = bytes.clone();
            spoilt[length] ^= 0xff;
            drop(decode::<ToHub>(&spoilt));
            drop(decode::<Live>(&spoilt));
        }
    }
}

/// More fields than any message has.
const NEWER: u64 = 20;

/// A message with a field that only a newer peer knows. Those in front of it that are absent are `null`, as they are written
/// wherever a field behind them is there: an absent one is left out at the end alone.
fn with_unknown_fields(bytes: &[u8]) -> Vec<u8> {
    let mut out = Encoder::new(Vec::new());
    let mut input = Decoder::new(bytes);
    lengthen(&mut input, &mut out, 0);
    out.into_writer()
}

/// `depth` counts arrays: the outermost is the envelope, the next the message, which is (number, fields).
fn lengthen(input: &mut Decoder<'_>, out: &mut Encoder<Vec<u8>>, depth: u32) {
    match input.datatype().unwrap() {
        Type::Array => {
            let length = input.array().unwrap().unwrap();
            let is_message = depth == 2;
            out.array(if is_message { NEWER + 1 } else { length }).unwrap();
            (0..length).for_each(|_| lengthen(input, out, depth + 1));
            if is_message {
                for _ in length..NEWER {
                    out.null().unwrap();
                }
                out.str("from the future").unwrap();
            }
        }
        _ => {
            let from = input.position();
            input.skip().unwrap();
            let item = &input.input()[from..input.position()];
            out.writer_mut().extend_from_slice(item);
        }
    }
}

#[test]
fn a_field_of_a_newer_peer_is_skipped() {
    for (name, message) in to_hub() {
        assert_eq!(decode(&with_unknown_fields(&encode(&message))).unwrap(), Some(message), "{name}");
    }
    for (name, message) in to_agent() {
        assert_eq!(decode(&with_unknown_fields(&encode(&message))).unwrap(), Some(message), "{name}");
    }
    for (name, message) in live() {
        assert_eq!(decode(&with_unknown_fields(&encode(&message))).unwrap(), Some(message), "{name}");
    }
}

#[test]
fn a_question_of_a_newer_hub_is_none_but_its_number_is_known() {
    let question = |kind: u32| {
        let mut out = Encoder::new(Vec::new());
        out.array(1).unwrap().array(2).unwrap().u32(5).unwrap().array(3).unwrap().u64(7).unwrap();
        // What is asked, and a field that nobody knows.
        out.array(2).unwrap().u32(kind).unwrap().array(1).unwrap().array(1).unwrap().str("from").unwrap();
        out.str("the future").unwrap();
        out.into_writer()
    };
    let newer = question(99);
    assert_eq!(decode::<ToAgent>(&newer).unwrap(), None);
    assert_eq!(unknown_question(&newer), Some(7));
    assert_eq!(unknown_question(&encode(&ToAgent::Unfollow { channel: 7 })), None);
    assert_eq!(unknown_question(b"\xff"), None);
}

#[test]
fn a_message_of_a_newer_peer_is_none() {
    // [[99, ["from the future"]]]: the envelope, and in it a message with a number that is not known.
    let mut out = Encoder::new(Vec::new());
    out.array(1).unwrap().array(2).unwrap().u32(99).unwrap().array(1).unwrap().str("from the future").unwrap();
    let bytes = out.into_writer();
    assert_eq!(decode::<ToHub>(&bytes).unwrap(), None);
    assert_eq!(decode::<ToAgent>(&bytes).unwrap(), None);
    assert_eq!(decode::<Live>(&bytes).unwrap(), None);
}
