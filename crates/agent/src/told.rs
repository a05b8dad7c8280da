//! What a follower tells, in the words of the wire: events of `tail` become [`Told`], blocks become [`Block`].
//!
//! The words are for the person who reads the log at three in the morning: what happened, and what it means for the lines.

use std::path::Path;

use bytes::Bytes;
use tailcast_tail as tail;
use tailcast_tail::{Departure, Event, Incarnation, Loss, Obstacle, Offset, Poll};
use tailcast_wire::{Begins, Block, Body, Encoding, Ends, Place, Tiding, Told, Why};

/// A place by its parts.
pub(crate) fn place(life: tail::Life, offset: Offset, position: &tail::Position) -> Place {
    Place { life: life.number(), offset: offset.0, position: position.to_string() }
}

/// The edge of a follower as a place.
pub(crate) fn edge_place(edge: &tail::Edge) -> Place {
    place(edge.life, edge.offset, &edge.position)
}

/// The beginning of an incarnation, or a place in it of which the bytes in front are not known: at 0 there are none.
fn start(incarnation: &Incarnation, offset: Offset) -> Option<Place> {
    (offset == Offset::ZERO).then(|| place(incarnation.life(), offset, &incarnation.position(offset, &[])))
}

/// What an event says, apart from blocks; `edge` is where the follower stands behind it.
pub(crate) fn told(event: &Event, edge: Option<Place>) -> Option<Told> {
    let (tiding, from, to, bytes, words) = match event {
        Event::Block(_) => return None,
        Event::Opened { incarnation, offset, size } => {
            let words = format!("opened at byte {offset} of {size}");
            (Tiding::Opened, None, start(incarnation, *offset).or(edge), None, words)
        }
        Event::Rotated { to, at, .. } => (
            Tiding::Rotated,
            None,
            start(to, *at).or(edge),
            None,
            "the file was rotated; this is the new one".to_owned(),
        ),
        Event::Truncated { given, to, at, .. } => {
            let words = format!("the file was truncated after byte {given}; it goes on at byte {at}");
            (Tiding::Truncated, None, start(to, *at).or(edge), None, words)
        }
        Event::Hole { from, to, .. } => {
            let words = format!("a hole of {} bytes in which nothing was ever written was skipped", to.since(*from));
            (Tiding::Truncated, None, edge, Some(to.since(*from)), words)
        }
        // It lies in a file that was left: the log does not go on behind it.
        Event::Gap(gap) => {
            let words =
                format!("{} bytes came late, into a file that was rotated away; they can be loaded", gap.bytes());
            (Tiding::Gap, Some(gap_start(gap)), Some(bound(&gap.to)), Some(gap.bytes()), words)
        }
        Event::Lost(lost) => lost_words(lost),
        Event::Gone(departure) => (Tiding::Gone, None, None, None, gone_words(*departure)),
        Event::Waiting(obstacle) => (Tiding::Waiting, None, None, None, waiting_words(*obstacle)),
        Event::Polling(poll) => (Tiding::Polling, None, None, None, polling_words(*poll)),
        Event::Watching => (Tiding::Polling, None, None, None, "changes are told by the system again".to_owned()),
    };
    Some(Told { tiding: Some(tiding), from, to, bytes, words, why: why(event) })
}

/// That the file system at `mount` does not answer, to who follows a log on it.
pub(crate) fn hangs(mount: &Path) -> Told {
    let words = format!("{}; this log goes on as soon as it does", hangs_words(mount));
    Told { why: Some(Why::DiskHangs), ..Told::of(Tiding::Waiting, words) }
}

/// That the file system at `mount` does not answer.
pub(crate) fn hangs_words(mount: &Path) -> String {
    format!("the file system at {} does not answer", mount.display())
}

/// Why, for those who say it in words of their own.
fn why(event: &Event) -> Option<Why> {
    match event {
        Event::Block(_) | Event::Opened { .. } | Event::Rotated { .. } | Event::Truncated { .. } => None,
        Event::Hole { .. } => Some(Why::Hole),
        Event::Gap(_) => Some(Why::LateWriter),
        Event::Lost(lost) => Some(match lost.why {
            Loss::NotFound => Why::NotFound,
            Loss::Truncated => Why::Rewritten,
            Loss::Stale => Why::Stale,
        }),
        Event::Gone(Departure::Deleted) => Some(Why::Deleted),
        Event::Gone(Departure::Moved) => Some(Why::Moved),
        Event::Gone(Departure::Displaced(obstacle)) | Event::Waiting(obstacle) => Some(hindrance(*obstacle)),
        Event::Polling(Poll::Network) => Some(Why::Network),
        Event::Polling(Poll::NoWatches) => Some(Why::NoWatches),
        Event::Polling(Poll::NoInstances) => Some(Why::NoInstances),
        Event::Polling(Poll::Failed(_)) => Some(Why::NotWatched),
        Event::Watching => Some(Why::Watched),
    }
}

/// What stands in the way of reading a file, as a word.
pub(crate) fn hindrance(obstacle: Obstacle) -> Why {
    match obstacle {
        Obstacle::NotThere => Why::NotThere,
        Obstacle::Denied => Why::Denied,
        Obstacle::NotRegular(_) => Why::NotRegular,
        Obstacle::Refused => Why::NotOffered,
        Obstacle::LinkLoop => Why::LinkLoop,
        Obstacle::NoDescriptor => Why::NoDescriptor,
        Obstacle::Unreadable(_) => Why::Unreadable,
    }
}

type Parts = (Tiding, Option<Place>, Option<Place>, Option<u64>, String);

fn gap_start(gap: &tail::Gap) -> Place {
    place(gap.incarnation.life(), gap.from.offset(), &gap.from)
}

/// A place that bounds something and is not where the log goes on.
fn bound(position: &tail::Position) -> Place {
    Place { life: Place::BOUND, offset: position.offset().0, position: position.to_string() }
}

/// A gap that the pump itself made.
pub(crate) fn skipped(gap: &tail::Gap) -> Told {
    let to = place(gap.incarnation.life(), gap.to.offset(), &gap.to);
    let words =
        format!("{} bytes were skipped since the log grows faster than it is shown; they can be loaded", gap.bytes());
    let (from, bytes) = (Some(gap_start(gap)), Some(gap.bytes()));
    Told { from, to: Some(to), bytes, why: Some(Why::FastLog), ..Told::of(Tiding::Gap, words) }
}

fn lost_words(lost: &tail::Lost) -> Parts {
    let bytes = match lost.bytes {
        Some(bytes) => format!("at least {bytes} bytes are lost"),
        None => "bytes are lost, it is not known how many".to_owned(),
    };
    (Tiding::Lost, Some(bound(&lost.from)), None, lost.bytes, format!("{bytes}: {}", lost.why))
}

fn gone_words(departure: Departure) -> String {
    match departure {
        Departure::Deleted => "the file was deleted; what its writer still adds is shown for a while".to_owned(),
        Departure::Moved => "the file was moved away; it is read on, until a new one appears".to_owned(),
        Departure::Displaced(obstacle) => format!("something else stands in the file's place: {obstacle}"),
    }
}

pub(crate) fn waiting_words(obstacle: Obstacle) -> String {
    format!("nothing to read yet: {obstacle}")
}

fn polling_words(poll: Poll) -> String {
    let why = match poll {
        Poll::Network => "it is on a network file system",
        Poll::NoWatches => "the inotify watches are used up (fs.inotify.max_user_watches)",
        Poll::NoInstances => "the inotify instances are used up (fs.inotify.max_user_instances)",
        Poll::Failed(_) => "watching it failed",
    };
    format!("lines may come up to 2 s late: {why}, so the file is looked at again and again")
}

/// A block with all its bytes.
pub(crate) fn block(block: tail::Block) -> Block {
    let (life, token) =
        (block.incarnation().life().number(), Bytes::copy_from_slice(block.incarnation().token().as_bytes()));
    let (start, end, encoding) = (block.start().0, block.end().0, encoding(block.encoding()));
    let (begins, ends) = (begins(block.begins()), ends(block.ends()));
    let (buffer, lead) = block.into_buffer();
    let mut lead_and_bytes = Bytes::from(buffer);
    let lead = lead_and_bytes.split_to(lead);
    Block { life, token, start, end, lead, body: Body::Raw(lead_and_bytes), ends, encoding, begins }
}

fn begins(begins: tail::Begins) -> Begins {
    match begins {
        tail::Begins::AtLine => Begins::AtLine,
        tail::Begins::InLine => Begins::InLine,
    }
}

fn ends(ends: &tail::Ends) -> Ends {
    match ends {
        tail::Ends::Whole => Ends::Whole,
        tail::Ends::Continues => Ends::Continues,
        tail::Ends::Unfinished => Ends::Unfinished,
        tail::Ends::Cut { line, last } => Ends::Cut { line: *line, last: Bytes::copy_from_slice(last) },
    }
}

fn encoding(encoding: tail::Encoding) -> Encoding {
    match encoding {
        tail::Encoding::Bytes => Encoding::Utf8,
        tail::Encoding::Utf16Le => Encoding::Utf16Le,
        tail::Encoding::Utf16Be => Encoding::Utf16Be,
    }
}

/// That the last line of a block has no end.
pub(crate) fn unfinished(block: &Block) -> Option<Told> {
    let words = "the last line has no end: its writer stopped in the middle of it".to_owned();
    (block.ends == Ends::Unfinished).then(|| Told::of(Tiding::Unfinished, words))
}
