//! What the reader makes of bytes, however they are cut.

use proptest::prelude::*;

use super::masked;
use crate::frames::reader::{Event, Reader};
use crate::frames::{Close, Code, Violation};

const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
const MAX: u32 = 1 << 16;

/// Bytes of which characters of one to four bytes are made, and some that no character has.
const PARTS: [u8; 12] = [b'a', 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80, 0xED, 0xA0];

/// All events up to the end of the bytes, a close or a violation, and that violation.
fn read<'a>(max: u32, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Violation>) {
    let mut reader = Reader::new(max);
    let mut events = Vec::new();
    for mut piece in pieces {
        loop {
            match reader.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(event)) => {
                    events.push(event);
                    if matches!(events.last(), Some(Event::Close(_))) {
                        return (events, None);
                    }
                }
                Err(violation) => return (events, Some(violation)),
            }
        }
        assert!(piece.is_empty(), "bytes are left only behind an event");
    }
    (events, None)
}

fn whole(bytes: &[u8]) -> (Vec<Event>, Option<Violation>) {
    read(MAX, [bytes])
}

/// Cuts bytes into pieces of the given sizes, again and again.
fn cut<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*size).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

#[derive(Clone, Debug)]
enum Sent {
    Text(Vec<String>),
    Binary(Vec<Vec<u8>>),
    Ping(Vec<u8>),
    Pong,
}

fn sent() -> impl Strategy<Value = Sent> {
    let bytes = |most| prop::collection::vec(any::<u8>(), 0..most);
    prop_oneof![
        prop::collection::vec(".{0,60}", 1..4).prop_map(Sent::Text),
        prop::collection::vec(bytes(300), 1..4).prop_map(Sent::Binary),
        bytes(126).prop_map(Sent::Ping),
        Just(Sent::Pong),
    ]
}

/// The frames of a message, with a ping between its fragments, and the events that are due.
fn encode(sent: &Sent, mask: [u8; 4], bytes: &mut Vec<u8>, events: &mut Vec<Event>) {
    let mut fragments = |opcode: u8, parts: Vec<&[u8]>| {
        let last = parts.len() - 1;
        for (n, part) in parts.into_iter().enumerate() {
            bytes.extend(masked(n == last, if n == 0 { opcode } else { 0 }, part, mask));
            if n < last {
                bytes.extend(masked(true, 9, b"between", mask));
                events.push(Event::Ping(b"between".to_vec()));
            }
        }
    };
    match sent {
        Sent::Text(parts) => {
            fragments(1, parts.iter().map(String::as_bytes).collect());
            events.push(Event::Text(parts.concat()));
        }
        Sent::Binary(parts) => {
            fragments(2, parts.iter().map(Vec::as_slice).collect());
            events.push(Event::Binary(parts.concat()));
        }
        Sent::Ping(payload) => {
            bytes.extend(masked(true, 9, payload, mask));
            events.push(Event::Ping(payload.clone()));
        }
        Sent::Pong => {
            bytes.extend(masked(true, 10, b"", mask));
            events.push(Event::Pong);
        }
    }
}

proptest! {
    #[test]
    fn any_split_of_a_good_stream_gives_what_was_sent(
        all in prop::collection::vec((sent(), any::<[u8; 4]>()), 0..8),
        sizes in prop::collection::vec(1_usize..40, 1..10),
    ) {
        let (mut bytes, mut events) = (Vec::new(), Vec::new());
        for (sent, mask) in &all {
            encode(sent, *mask, &mut bytes, &mut events);
        }
        prop_assert_eq!(read(MAX, cut(&bytes, &sizes)), (events, None));
    }

    #[test]
    fn any_split_of_any_bytes_gives_the_same_events_and_the_same_end(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        sizes in prop::collection::vec(1_usize..20, 1..10),
    ) {
        prop_assert_eq!(whole(&bytes), read(MAX, cut(&bytes, &sizes)));
    }

    #[test]
    fn any_split_of_frames_with_any_header_gives_the_same_events_and_the_same_end(
        frames in prop::collection::vec((any::<bool>(), 0_u8..12, prop::collection::vec(any::<u8>(), 0..140)), 0..6),
        sizes in prop::collection::vec(1_usize..20, 1..10),
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(|(fin, op, payload)| masked(*fin, *op, payload, MASK)).collect();
        prop_assert_eq!(whole(&bytes), read(MAX, cut(&bytes, &sizes)));
    }

    #[test]
    fn text_is_refused_exactly_when_it_is_not_utf8(
        bytes in prop::collection::vec(prop::sample::select(&PARTS[..]), 0..8),
        at in any::<prop::sample::Index>(),
    ) {
        let (front, back) = bytes.split_at(at.index(bytes.len() + 1));
        let stream = [masked(false, 1, front, MASK), masked(true, 0, back, MASK)].concat();
        let expected = match String::from_utf8(bytes) {
            Ok(text) => (vec![Event::Text(text)], None),
            Err(_) => (vec![], Some(Violation::NotText)),
        };
        prop_assert_eq!(whole(&stream), expected);
    }
}

#[test]
fn what_the_rfc_forbids_is_named_and_has_its_code() {
    let masked = |first: u8, payload: &[u8]| super::masked(first & 0x80 != 0, first & 0x7F, payload, MASK);
    let rows: &[(&str, Vec<u8>, Violation, u16)] = &[
        ("RSV1", masked(0xC1, b"x"), Violation::ReservedBit, 1002),
        ("RSV3", masked(0x91, b"x"), Violation::ReservedBit, 1002),
        ("opcode 3", masked(0x83, b"x"), Violation::UnknownOpcode, 1002),
        ("opcode 11", masked(0x8B, b"x"), Violation::UnknownOpcode, 1002),
        ("no mask", vec![0x81, 0x01], Violation::Unmasked, 1002),
        ("a ping in pieces", masked(0x09, b"x"), Violation::BadControl, 1002),
        ("a long ping", masked(0x89, &[0; 126]), Violation::BadControl, 1002),
        ("a continuation of nothing", masked(0x80, b"x"), Violation::MixedFragments, 1002),
        ("text within text", [masked(0x01, b"x"), masked(0x81, b"y")].concat(), Violation::MixedFragments, 1002),
        ("125 in two bytes", vec![0x82, 0xFE, 0, 125, 0, 0, 0, 0], Violation::BadLength, 1002),
        ("65,535 in eight", vec![0x82, 0xFF, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0], Violation::BadLength, 1002),
        ("over 2^63", vec![0x82, 0xFF, 128, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], Violation::BadLength, 1002),
        ("half a close code", masked(0x88, b"\x03"), Violation::BadCloseCode, 1002),
        ("close 1005", masked(0x88, &1005_u16.to_be_bytes()), Violation::BadCloseCode, 1002),
        ("close 2999", masked(0x88, &2999_u16.to_be_bytes()), Violation::BadCloseCode, 1002),
        ("a reason that is not text", masked(0x88, b"\x03\xE8\xFF"), Violation::NotText, 1007),
        ("text that is not text", masked(0x81, b"\xFF"), Violation::NotText, 1007),
        ("text that can never be text, at once", masked(0x01, b"\xE2\x28"), Violation::NotText, 1007),
        ("text that ends within a character", masked(0x81, b"\xE2\x82"), Violation::NotText, 1007),
    ];
    for (what, bytes, violation, code) in rows {
        assert_eq!(whole(bytes), (vec![], Some(*violation)), "{what}");
        assert_eq!(violation.code().get(), *code, "{what}");
    }
}

#[test]
fn a_message_over_the_bound_is_refused_by_its_header_alone() {
    let fits = masked(true, 2, &[7; 10], MASK);
    assert_eq!(read(10, [&fits[..]]), (vec![Event::Binary(vec![7; 10])], None));
    let header = &masked(true, 2, &[7; 11], MASK)[..6];
    assert_eq!(read(10, [header]), (vec![], Some(Violation::TooBig)));
    let pieces = [masked(false, 2, &[7; 6], MASK), masked(true, 0, &[7; 5], MASK)].concat();
    assert_eq!(read(10, [&pieces[..]]), (vec![], Some(Violation::TooBig)));
    let enormous = [0x82, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(read(u32::MAX, [&enormous[..]]), (vec![], Some(Violation::TooBig)));
}

#[test]
fn a_close_is_the_last_event_with_its_code_and_reason() {
    let close = |code, reason: &str| Event::Close(Close { code, reason: reason.to_owned() });
    assert_eq!(whole(&masked(true, 8, b"\x03\xE9bye", MASK)), (vec![close(Code::GOING_AWAY, "bye")], None));
    assert_eq!(whole(&masked(true, 8, b"", MASK)), (vec![close(Code::NO_CODE, "")], None));
    assert_eq!(whole(&masked(true, 8, &4999_u16.to_be_bytes(), MASK)), (vec![close(Code::own(999), "")], None));
}
