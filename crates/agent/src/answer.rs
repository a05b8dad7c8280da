//! The agent's answers: lists, pages and bytes, read from the disk on a few blocking threads.
//!
//! Fair and bounded: so many questions are at the disk at once, the others wait their turn in the order in which they came,
//! and short ones do not wait behind those that look through much. A question that is taken back looks through no more
//! than a page: from then on every line is wanted. Nothing is kept between two questions.
//!
//! A file system that hangs (`disk`) keeps the thread that asked it and not the turn: who asks for something on it is told, a
//! list has the rest, and whoever asks for something else is answered.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use tailcast_lines::{Context, FilterState, Recognizer};
use tailcast_tail as tail;
use tailcast_tail::{Ask, Error, Incarnation, Line, Offset, Position, Stopped};
use tailcast_wire::{
    Answer, Block, Body, Ends, Failure, HalfLine, Inspect, Page, Part, Place, Question, Refusal, Spot, Tiding, Told,
    Why,
};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::disk::{SLOW, Visit};
use crate::host::{Followed, Host};
use crate::list::{Eyes, Wanted, list};
use crate::sieve::compile;
use crate::text::text;
use crate::told;

/// Questions that are at the disk at once and are soon done: lists, bytes, pages of all lines.
const READERS: usize = 4;
/// Questions that look for lines at once: each may look through [`MAX_SCAN`].
const SEEKERS: usize = 2;
/// The most bytes in one answer, whatever is asked for: it has to fit into a message.
const MAX_BYTES: u32 = 4 << 20;
/// The most bytes looked through for one answer.
const MAX_SCAN: u64 = 1 << 30;
/// The most bytes looked at for the end of one long line, whatever else is asked for: its length is told. Less than a tenth of
/// a second of a core, and some seconds of a slow disk, once per line.
const MAX_LENGTH: u64 = 256 << 20;
/// Threads that file systems may keep, of the 512 that there are for blocking: each hung one keeps those that were at it before
/// that was known.
const MOST_LEFT_BEHIND: usize = 64;
/// How often a page is asked for again when the file moves on in the middle of it.
const TRIES: usize = 3;

/// Answers questions about one host.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    host: Arc<Host>,
    readers: Arc<Semaphore>,
    seekers: Arc<Semaphore>,
    /// Threads that a file system keeps.
    left_behind: Arc<AtomicUsize>,
}

/// Whether somebody still waits for an answer; told by dropping the [`Asker`].
#[derive(Debug, Clone, Default)]
struct TakenBack(Arc<AtomicBool>);

/// Held by who waits for an answer.
struct Asker(TakenBack);

impl TakenBack {
    fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl Answers {
    pub(crate) fn new(host: Arc<Host>) -> Self {
        Answers {
            host,
            readers: Arc::new(Semaphore::new(READERS)),
            seekers: Arc::new(Semaphore::new(SEEKERS)),
            left_behind: Arc::default(),
        }
    }

    /// The answer to a question. Cancel safe: what is at the disk then reads some megabytes more, or to the end of one long line, and is dropped.
    pub(crate) async fn answer(&self, question: Question) -> Answer {
        // What is not offered needs no disk: the hub asks for such a log to hear whether this agent lives.
        if let Question::Read { log, .. } | Question::Raw { log, .. } = &question
            && let Err(refusal) = self.host.log(log)
        {
            return Answer::Refused(refusal);
        }
        let asker = Asker(TakenBack::default());
        let taken_back = asker.0.clone();
        let readers = match &question {
            Question::Read { filter, .. } if !filter.is_empty() => &self.seekers,
            _ => &self.readers,
        };
        let Ok(turn) = Arc::clone(readers).acquire_owned().await else {
            return refused(Failure::Busy, "the agent stops");
        };
        // On its own: also of a question that is taken back it has to be known whether it hangs, or it would keep its turn.
        let answering =
            Answering { host: Arc::clone(&self.host), left_behind: Arc::clone(&self.left_behind), taken_back };
        let answered = tokio::spawn(async move {
            let answer = answering.answer(question).await;
            drop(turn);
            answer
        });
        answered.await.unwrap_or_else(|_| unforeseen())
    }
}

/// One question that has its turn.
struct Answering {
    host: Arc<Host>,
    left_behind: Arc<AtomicUsize>,
    taken_back: TakenBack,
}

impl Answering {
    async fn answer(&self, question: Question) -> Answer {
        loop {
            if self.left_behind.load(Ordering::Relaxed) >= MOST_LEFT_BEHIND {
                return refused(
                    Failure::Busy,
                    "too many questions of this host wait for file systems that do not answer",
                );
            }
            let hung = match self.look_up(question.clone()).await {
                Ok(answer) => return answer,
                Err(hung) => hung,
            };
            // Once more, and without what hangs: the rest of a list is worth having.
            if !matches!(question, Question::List { .. }) || self.taken_back.is_so() {
                return Answer::Refused(hangs(&hung));
            }
        }
    }

    /// The mount point of a file system that hangs, where there is no answer for that.
    async fn look_up(&self, question: Question) -> Result<Answer, PathBuf> {
        // These it asks nothing: it cannot be them that hold it up.
        let known = self.host.disk.all_that_hang();
        let visit = Visit::default();
        let (host, taken_back, at) = (Arc::clone(&self.host), self.taken_back.clone(), visit.clone());
        let mut looking = tokio::task::spawn_blocking(move || look_up(&host, question, &taken_back, &at));
        loop {
            if let Ok(answer) = tokio::time::timeout(SLOW, &mut looking).await {
                return Ok(answer.unwrap_or_else(|_| unforeseen()));
            }
            if let Some(hung) = self.hung(&visit, &known).await {
                self.leave_behind(looking);
                return Err(hung);
            }
        }
    }

    /// The file system that holds up who stands there: that of the place, or that of an offer which might have it.
    async fn hung(&self, visit: &Visit, known: &HashSet<PathBuf>) -> Option<PathBuf> {
        let place = visit.place()?;
        let roots: Vec<PathBuf> = self.host.offers().roots().map(Path::to_owned).collect();
        for path in std::iter::once(place).chain(roots) {
            if let Some(hung) = self.host.disk.look(path).await.filter(|hung| !known.contains(hung)) {
                return Some(hung);
            }
        }
        None
    }

    /// A thread that nobody waits for any more, until its file system lets it go.
    fn leave_behind(&self, looking: JoinHandle<Answer>) {
        let left_behind = Arc::clone(&self.left_behind);
        left_behind.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            drop(looking.await);
            left_behind.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

fn unforeseen() -> Answer {
    refused(Failure::Failed, "reading failed in an unforeseen way; see the agent's log")
}

fn hangs(mount: &Path) -> Refusal {
    let words = format!("the file system at {} does not answer", mount.display());
    Refusal { why: Some(Why::DiskHangs), ..Refusal::of(Failure::Unreadable, words) }
}

/// The log that has to be at hand for an answer.
fn question_about(question: &Question) -> Option<&str> {
    match question {
        Question::Read { log, .. } | Question::Raw { log, .. } => Some(log),
        Question::Inspect(Inspect::Processes { writes, .. }) => writes.as_deref(),
        Question::Inspect(_) | Question::List { .. } => None,
    }
}

fn look_up(host: &Host, question: Question, taken_back: &TakenBack, visit: &Visit) -> Answer {
    if let Some(path) = question_about(&question).and_then(|log| host.offers().path_of(log)) {
        visit.at(&path);
        if let Some(mount) = host.disk.hangs_at(&path) {
            return Answer::Refused(hangs(&mount));
        }
    }
    let answer = match question {
        Question::List { pattern, contains, limit, after } => {
            let wanted = Wanted {
                pattern: pattern.as_deref(),
                contains: contains.as_deref(),
                limit: limit as usize,
                after: after.as_deref(),
            };
            return list(Eyes { offers: &host.offers(), disk: &host.disk, visit }, &wanted);
        }
        Question::Read { log, spot, lines, bytes, filter, scan, half } => {
            let bounds = Bounds { lines, bytes: bytes.min(MAX_BYTES), scan: scan.min(MAX_SCAN), half };
            let wanted = Lines { bounds, filter, taken_back };
            host.log(&log).and_then(|log| read(&log, &spot, &wanted, host.zone()))
        }
        Question::Inspect(question) => return host.processes().answer(&host.offers(), question),
        Question::Raw { log, from, to, bytes } => {
            host.log(&log).and_then(|log| raw(&log, from.as_deref(), to.as_deref(), bytes.min(MAX_BYTES)))
        }
    };
    answer.unwrap_or_else(Answer::Refused)
}

/// What one page may cost.
struct Bounds {
    lines: u32,
    bytes: u32,
    scan: u64,
    half: HalfLine,
}

/// Which lines one page is to have.
struct Lines<'a> {
    bounds: Bounds,
    filter: tailcast_wire::Filter,
    taken_back: &'a TakenBack,
}

fn read(log: &Followed, spot: &Spot, wanted: &Lines<'_>, zone: Option<&str>) -> Result<Answer, Refusal> {
    let Lines { bounds, filter, taken_back } = wanted;
    let compiled = compile(filter).map_err(|(words, at)| Refusal {
        at: at.and_then(|at| u32::try_from(at).ok()),
        ..Refusal::of(Failure::BadFilter, words)
    })?;
    let mut tries = 0;
    loop {
        tries += 1;
        let mut state = FilterState::default();
        let mut wants =
            |line: Line<'_>| taken_back.is_so() || compiled.matches(&text(line.bytes, line.encoding), &mut state);
        let ask = Ask {
            lines: bounds.lines as usize,
            bytes: bounds.bytes.into(),
            scan: bounds.scan,
            length: MAX_LENGTH,
            upto: log.edge(),
            want: (!filter.is_empty()).then_some(&mut wants),
        };
        match page(log, spot, ask, zone) {
            // Also what seems gone: while a file is rotated or copied and cut, it can be missed under either name.
            Err(Error::MovedOn | Error::Gone(_)) if tries < TRIES && !taken_back.is_so() => (),
            // The log is not there (yet): an empty page, and whoever waits is told by the channel.
            Err(Error::Obstacle(tail::Obstacle::NotThere)) if *spot == Spot::Last => {
                return Ok(Answer::Page(Page { end: true, ..Page::default() }));
            }
            Err(e) => return Err(refusal(&e)),
            Ok(page) => return Ok(Answer::Page(wire_page(page, bounds.half))),
        }
    }
}

fn page(log: &Followed, spot: &Spot, ask: Ask<'_>, zone: Option<&str>) -> Result<tail::Page, Error> {
    match spot {
        Spot::Last => log.log.last(ask),
        Spot::Before(position) => log.log.before(&position.parse()?, ask),
        Spot::After(position) => log.log.after(&position.parse()?, ask),
        Spot::Offset(offset) => log.log.after(&log.log.at_offset(Offset(*offset))?, ask),
        Spot::Time(micros) => {
            let place = jump(log, *micros, zone, &ask)?;
            log.log.after(&place, ask)
        }
    }
}

/// The first line that is not earlier than a time.
fn jump(log: &Followed, micros: i64, zone: Option<&str>, ask: &Ask<'_>) -> Result<Position, Error> {
    let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
    let recognizer = Recognizer::new(Context { zone, reference: jiff::Timestamp::now() });
    let mut compare = |line: Line<'_>| {
        recognizer.read(&text(line.bytes, line.encoding)).time.map(|time| time.as_microsecond().cmp(&micros))
    };
    Ok(log.log.find_first(ask.upto, &mut compare)?.place)
}

fn raw(log: &Followed, from: Option<&str>, to: Option<&str>, bytes: u32) -> Result<Answer, Refusal> {
    let parse = |text: Option<&str>| text.map(str::parse::<Position>).transpose().map_err(|e| refusal(&e));
    let (from, to) = (parse(from)?, parse(to)?);
    let from = match from {
        Some(from) => from,
        None => log.log.at_offset(Offset::ZERO).map_err(|e| refusal(&e))?,
    };
    let raw = log.log.raw(&from, to.as_ref(), bytes as usize).map_err(|e| refusal(&e))?;
    Ok(Answer::Raw { bytes: Bytes::from(raw.bytes), next: raw.next.map(|next| next.to_string()) })
}

/// A page for the wire; where one incarnation ends and the next begins, that is told.
fn wire_page(page: tail::Page, half: HalfLine) -> Page {
    let mut last: Option<Incarnation> = None;
    let in_front = page.blocks.first().filter(|_| page.new_life).map(rotated);
    // Who has read the older file to its end was perhaps not told that it ended there.
    let mut parts: Vec<Part> = in_front.iter().filter(|_| page.crosses).cloned().map(Part::Told).collect();
    for block in page.blocks {
        if last.as_ref().is_some_and(|last| last.life() != block.incarnation().life()) {
            parts.push(Part::Told(rotated(&block)));
        }
        last = Some(block.incarnation().clone());
        parts.push(Part::Block(told::block(block)));
    }
    // `after` is the start of a line that has no end yet.
    if let (HalfLine::Hold, Some(after)) = (half, &page.after)
        && let Some(Part::Block(block)) = parts.last_mut()
        && hold_half_line(block, after.offset().0) == Held::Whole
    {
        parts.pop();
    }
    let after = page.after.map(|after| {
        let life = page.after_life.map_or(0, tail::Life::number);
        Place { life, offset: after.offset().0, position: after.to_string() }
    });
    Page {
        parts,
        before: page.before.map(|before| before.to_string()),
        after,
        end: page.end,
        limited: page.stopped == Stopped::Scan,
        scanned: page.scanned,
        in_front,
    }
}

/// How much of a page's last block was held back.
#[derive(Debug, PartialEq, Eq)]
enum Held {
    /// Nothing, or the half line behind the whole ones.
    Rest,
    /// All of it: it was nothing but the beginning of a line.
    Whole,
}

/// Takes the half line off the end of a page: it comes whole when its writer is done with it.
fn hold_half_line(block: &mut Block, after: u64) -> Held {
    match (&block.ends, &mut block.body) {
        (Ends::Unfinished | Ends::Cut { .. }, _) if block.start == after => Held::Whole,
        (Ends::Unfinished, Body::Raw(bytes)) if (block.start..block.end).contains(&after) => {
            bytes.truncate((after - block.start) as usize);
            block.end = after;
            block.ends = Ends::Whole;
            Held::Rest
        }
        _ => Held::Rest,
    }
}

fn rotated(block: &tail::Block) -> Told {
    let to = told::place(block.incarnation().life(), block.start(), &block.position_at(block.start()));
    let words = "the file was rotated; this is the next one".to_owned();
    Told { to: Some(to), ..Told::of(Tiding::Rotated, words) }
}

fn refusal(error: &Error) -> Refusal {
    let (failure, why) = match error {
        Error::Garbled(_) | Error::AnotherLog => (Failure::BadPosition, None),
        Error::Gone(_) => (Failure::Gone, None),
        Error::Followed | Error::MovedOn => (Failure::Busy, None),
        Error::Obstacle(tail::Obstacle::Refused) => return crate::host::not_offered(),
        Error::Obstacle(obstacle) => (Failure::Unreadable, Some(told::hindrance(*obstacle))),
    };
    Refusal { why, ..Refusal::of(failure, error.to_string()) }
}

fn refused(failure: Failure, words: &str) -> Answer {
    Answer::Refused(Refusal::of(failure, words))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tailcast_wire::Filter;

    use super::*;
    use crate::host::HostConfig;
    use crate::hung_disk::HungDisk;
    use crate::offers::Offers;

    /// A host that offers a directory.
    fn host(dir: &Path) -> Arc<Host> {
        let offers = Offers::new(&[dir.to_str().unwrap()], &[]).unwrap();
        Host::new(HostConfig { host: "web1".parse().unwrap(), offers, labels: Vec::new(), zone: None })
    }

    fn question(log: &Path, spot: Spot, include: &[&str]) -> Question {
        let filter = Filter { include: include.iter().map(|&text| text.to_owned()).collect(), ..Filter::default() };
        let log = log.to_str().unwrap().to_owned();
        Question::Read { log, spot, lines: 1, bytes: 1 << 20, filter, scan: MAX_SCAN, half: HalfLine::Give }
    }

    #[tokio::test]
    async fn a_time_is_found_in_a_log_in_utf_16() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().canonicalize().unwrap().join("a.log");
        let text: String = (10..60).map(|second| format!("2026-11-20T22:10:{second}Z said\r\n")).collect();
        let wide = |unit: u16| unit.to_le_bytes();
        let bytes: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(wide).collect();
        fs::write(&log, bytes).unwrap();
        let time: jiff::Timestamp = "2026-11-20T22:10:30Z".parse().unwrap();
        let answers = Answers::new(host(log.parent().unwrap()));
        let answer = answers.answer(question(&log, Spot::Time(time.as_microsecond()), &[])).await;
        let Answer::Page(page) = answer else { panic!("{answer:?}") };
        let [Part::Block(Block { start, .. })] = &page.parts[..] else { panic!("{page:?}") };
        assert_eq!(*start, 2 + 20 * 2 * "2026-11-20T22:10:30Z said\r\n".len() as u64);
    }

    #[tokio::test]
    async fn a_page_that_begins_in_a_newer_file_than_where_it_was_asked_for_says_so_once() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().canonicalize().unwrap().join("a.log");
        fs::write(&log, "one\n").unwrap();
        let answers = Answers::new(host(log.parent().unwrap()));
        let page = async |spot| match answers.answer(question(&log, spot, &[])).await {
            Answer::Page(page) => page,
            other => panic!("{other:?}"),
        };
        let end_of_one = page(Spot::Last).await.after.unwrap();
        fs::rename(&log, log.with_extension("log.1")).unwrap();
        fs::write(&log, "two\n").unwrap();
        let two = page(Spot::After(end_of_one.position)).await;
        let [Part::Told(told), Part::Block(block)] = &two.parts[..] else { panic!("{two:?}") };
        assert_eq!((told.tiding, told.goes_on()), (Some(Tiding::Rotated), Some(&start_of(block))));
        let again = page(Spot::After(start_of(block).position)).await;
        assert!(matches!(&again.parts[..], [Part::Block(_)]), "{again:?}");
    }

    fn start_of(block: &Block) -> Place {
        let token = tail::Token::try_from(&block.token[..]).unwrap();
        let position = token.position(Offset(block.start), &block.lead).to_string();
        Place { life: block.life, offset: block.start, position }
    }

    #[tokio::test]
    async fn a_question_that_is_taken_back_looks_through_no_more_than_a_page() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().canonicalize().unwrap().join("a.log");
        fs::write(&log, "nothing that anybody looks for\n".repeat(300_000)).unwrap();
        let host = host(log.parent().unwrap());
        let scanned = |taken_back: &TakenBack| match look_up(
            &host,
            question(&log, Spot::Last, &["wanted"]),
            taken_back,
            &Visit::default(),
        ) {
            Answer::Page(page) => page.scanned,
            other => panic!("{other:?}"),
        };
        let asker = Asker(TakenBack::default());
        let taken_back = asker.0.clone();
        assert_eq!(scanned(&taken_back), fs::metadata(&log).unwrap().len());
        drop(asker);
        assert!(scanned(&taken_back) <= 2 << 20);
    }

    fn list() -> Question {
        Question::List { pattern: None, contains: None, limit: 100, after: None }
    }

    fn why(answer: &Answer) -> Option<Why> {
        let Answer::Refused(refusal) = answer else { panic!("{answer:?}") };
        refusal.why()
    }

    #[tokio::test]
    async fn a_file_system_that_hangs_keeps_no_answer_but_its_own() {
        let Some(mut hung) = HungDisk::mount() else { return };
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let log = root.join("a.log");
        fs::write(&log, "one\n").unwrap();
        std::os::unix::fs::symlink(hung.path().join("deep"), root.join("by-link")).unwrap();
        let (on_it, by_link) = (hung.path().join("b.log"), root.join("by-link/c.log"));
        let offers = [hung.path(), &root].map(|path| path.to_str().unwrap());
        let offers = Offers::new(&offers, &[]).unwrap();
        let host = Host::new(HostConfig { host: "web1".parse().unwrap(), offers, labels: Vec::new(), zone: None });
        let answers = Answers::new(Arc::clone(&host));
        let ask = async |log: &Path| answers.answer(question(log, Spot::Last, &[])).await;

        // More than there are turns, and all of them taken back: that must not keep a turn either.
        for _ in 0..2 * READERS {
            let mut listing = std::pin::pin!(answers.answer(list()));
            tokio::select! {
                biased;
                _ = &mut listing => panic!("it did not hang"),
                () = tokio::task::yield_now() => (),
            }
        }
        assert!(matches!(ask(&log).await, Answer::Page(_)));
        for log in [&on_it, &by_link] {
            assert_eq!(why(&ask(log).await), Some(Why::DiskHangs), "{}", log.display());
        }
        let Answer::Logs { logs, .. } = answers.answer(list()).await else { panic!() };
        let said =
            |path: &Path| logs.iter().find(|each| Path::new(&each.name) == path).map(|each| each.unreadable.as_deref());
        assert_eq!(said(&log), Some(None));
        assert_eq!(said(hung.path()), Some(Some("its file system does not answer")));
        assert_eq!(said(&root.join("by-link")), Some(Some("its file system does not answer")));

        hung.let_go();
        while answers.left_behind.load(Ordering::Relaxed) > 0 || host.disk.hangs_at(&on_it).is_some() {
            tokio::task::yield_now().await;
        }
        assert_ne!(why(&ask(&on_it).await), Some(Why::DiskHangs));
    }

    #[tokio::test]
    async fn a_short_question_does_not_wait_behind_those_that_look_through_much() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().canonicalize().unwrap().join("a.log");
        fs::write(&log, "one\n").unwrap();
        let answers = Answers::new(host(log.parent().unwrap()));
        let all = answers.seekers.acquire_many(SEEKERS as u32).await.unwrap();
        let mut seeking = std::pin::pin!(answers.answer(question(&log, Spot::Last, &["one"])));
        tokio::select! {
            biased;
            _ = &mut seeking => panic!("it did not wait its turn"),
            answer = answers.answer(question(&log, Spot::Last, &[])) => assert!(matches!(answer, Answer::Page(_))),
        }
        drop(all);
        assert!(matches!(seeking.await, Answer::Page(_)));
    }
}
