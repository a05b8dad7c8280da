//! Where a viewer who has read the file may go on in the ring.

use bytes::Bytes;
use tailcast_fanout::Limits;
use tailcast_wire::{Block, Body, Encoding, Tiding, Told};

use super::*;

fn channel() -> (Arc<Channel>, Writer) {
    let key = Key { log: "web1:/var/log/app.log".parse().unwrap(), filter: Filter::default() };
    let channel = Arc::new(Channel::new(key, Ring::new(Limits::new(1 << 20, 1000))));
    let (writer, _) = channel.hand_over();
    writer.opened(1, &TimeZone::UTC, Some(&place(1, 0)));
    (channel, writer)
}

fn place(life: u64, offset: u64) -> Place {
    Place { life, offset, position: format!("{life}.{offset}") }
}

fn at(life: u64, offset: u64) -> At {
    At::new(1, &place(life, offset))
}

fn lines(writer: &Writer, life: u64, start: u64, end: u64) {
    let block = Block {
        life,
        token: Bytes::new(),
        start,
        end,
        lead: Bytes::new(),
        body: Body::Raw(Bytes::from(vec![b'\n'; (end - start) as usize])),
        ends: Ends::Whole,
        encoding: Encoding::Utf8,
        begins: Begins::AtLine,
    };
    writer.take(What::Block { block, long: None }, Some(&place(life, end)));
}

fn rotated(writer: &Writer, to: &Place) {
    writer.take(What::Told(Told::of(Tiding::Rotated, String::new())), Some(to));
}

fn is_there(joint: &Joint) -> bool {
    matches!(joint, Joint::Here(..))
}

/// A log that was copied and truncated when it had been given out up to 80: the rest is given out of the copy, its life 2.
fn copied() -> Arc<Channel> {
    let (channel, writer) = channel();
    lines(&writer, 1, 0, 80);
    rotated(&writer, &place(2, 80));
    lines(&writer, 2, 80, 100);
    rotated(&writer, &place(3, 0));
    lines(&writer, 3, 0, 40);
    channel
}

#[test]
fn who_reads_a_copy_of_the_log_goes_on_in_the_ring_only_where_the_ring_goes_on_in_the_copy() {
    let channel = copied();
    for offset in [0, 1, 60, 79] {
        assert_eq!(channel.join(&at(2, offset)), Joint::NotYet, "the ring has nothing before 80 of the copy");
    }
    for offset in [80, 90, 100] {
        assert!(is_there(&channel.join(&at(2, offset))), "from {offset} on in the copy");
    }
}

#[test]
fn who_reads_the_file_itself_goes_on_in_the_ring_wherever_it_stands_in_it() {
    let channel = copied();
    for at in [at(1, 0), at(1, 30), at(1, 80), at(3, 0), at(3, 20), at(3, 40)] {
        assert!(is_there(&channel.join(&at)), "{at:?}");
    }
}
