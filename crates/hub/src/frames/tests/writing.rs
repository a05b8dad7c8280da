//! What the writer makes of frames, however little the stream takes at a time.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use tokio::io::AsyncWrite;

use super::unmasked;
use crate::frames::writer::Writer;
use crate::frames::{Code, Frame, Kind};

/// A stream that takes as much per call as it is told, and keeps it.
#[derive(Default)]
struct Narrow {
    takes: Vec<usize>,
    written: Vec<u8>,
    calls: usize,
}

impl AsyncWrite for Narrow {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(take) = self.takes.pop() else { return Poll::Pending };
        self.calls += 1;
        assert!(slices.len() <= 64 && slices.iter().all(|slice| !slice.is_empty()));
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).take(take).collect();
        self.written.extend(&bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn flush(writer: &mut Writer, stream: &mut Narrow, takes: &[usize]) -> bool {
    stream.takes = takes.iter().rev().copied().collect();
    writer.poll_flush(stream, &mut Context::from_waker(Waker::noop())).is_ready()
}

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    Ping,
    Pong(u8),
    Flush(Vec<usize>),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_usize..300).prop_map(Step::Send),
        2 => Just(Step::Ping),
        2 => any::<u8>().prop_map(Step::Pong),
        6 => prop::collection::vec(1_usize..200, 0..4).prop_map(Step::Flush),
        1 => prop::bool::weighted(0.1).prop_map(|close| if close { Step::Close } else { Step::Ping }),
    ]
}

proptest! {
    #[test]
    fn frames_arrive_whole_and_in_order_with_control_frames_between(steps in prop::collection::vec(step(), 0..60)) {
        let (mut writer, mut stream) = (Writer::new(usize::MAX), Narrow::default());
        let (mut sent, mut dropped, mut closed) = (Vec::new(), 0, false);
        for step in &steps {
            match step {
                Step::Send(len) if !closed => {
                    let payload = vec![sent.len() as u8; *len];
                    writer.push(Frame::encode(Kind::Binary, &payload)).unwrap();
                    sent.push(payload);
                }
                Step::Ping if !closed => writer.ping(),
                Step::Pong(byte) if !closed => writer.pong(&[*byte]),
                Step::Close => {
                    dropped += writer.close(Code::NORMAL, "done");
                    closed = true;
                }
                Step::Flush(takes) => {
                    flush(&mut writer, &mut stream, takes);
                }
                Step::Send(_) | Step::Ping | Step::Pong(_) => {}
            }
        }
        prop_assert!(flush(&mut writer, &mut stream, &[usize::MAX; 100]));
        let frames = unmasked(&stream.written);
        let data: Vec<_> = frames.iter().filter(|(first, _)| *first == 0x82).map(|(_, payload)| payload).collect();
        prop_assert_eq!(data, sent[..sent.len() - dropped].iter().collect::<Vec<_>>());
        prop_assert!(frames.iter().all(|(first, _)| [0x82, 0x88, 0x89, 0x8A].contains(first)));
        let closes = frames.iter().position(|(first, _)| *first == 0x88);
        prop_assert_eq!(closes, closed.then(|| frames.len() - 1), "one close, and nothing behind it");
    }

    #[test]
    fn a_frame_has_the_shortest_header_and_the_payload(len in prop_oneof![0_usize..130, 65_530_usize..65_540]) {
        let payload = vec![b'x'; len];
        let frame = Frame::encode(Kind::Text, &payload);
        let header = if len < 126 { 2 } else if len < 65_536 { 4 } else { 10 };
        prop_assert_eq!(frame.len(), header + len);
        prop_assert_eq!(unmasked(&frame.0), vec![(0x81, payload)]);
    }
}

#[test]
fn a_hundred_frames_leave_in_two_calls() {
    let (mut writer, mut stream) = (Writer::new(usize::MAX), Narrow::default());
    let frame = Frame::encode(Kind::Text, "a line");
    for _ in 0..100 {
        writer.push(frame.clone()).unwrap();
    }
    assert!(flush(&mut writer, &mut stream, &[usize::MAX; 2]));
    assert_eq!(stream.calls, 2);
    assert_eq!(unmasked(&stream.written).len(), 100);
}

#[test]
fn a_full_queue_refuses_and_an_empty_one_takes_any_frame() {
    let mut writer = Writer::new(100);
    let big = Frame::encode(Kind::Binary, [0; 500]);
    writer.push(big.clone()).unwrap();
    assert_eq!(writer.push(big.clone()), Err(big.clone()), "the frame comes back");
    assert_eq!(writer.queued(), big.len());
    let mut stream = Narrow::default();
    assert!(!flush(&mut writer, &mut stream, &[1]));
    assert_eq!(writer.queued(), 0, "one that has been begun counts no more");
    writer.push(big).unwrap();
}

#[test]
fn a_close_overtakes_what_is_queued_and_says_how_much() {
    let (mut writer, mut stream) = (Writer::new(usize::MAX), Narrow::default());
    for _ in 0..3 {
        writer.push(Frame::encode(Kind::Text, "abc")).unwrap();
    }
    assert!(!flush(&mut writer, &mut stream, &[1]));
    assert_eq!(writer.close(Code::POLICY, "no"), 2);
    assert_eq!(writer.close(Code::NORMAL, "again"), 0);
    assert!(flush(&mut writer, &mut stream, &[usize::MAX; 2]));
    assert_eq!(unmasked(&stream.written), [(0x81, b"abc".to_vec()), (0x88, b"\x03\xF0no".to_vec())]);
}

#[test]
fn a_long_reason_is_cut_between_characters_and_a_code_never_sent_is_not() {
    let (mut writer, mut stream) = (Writer::new(0), Narrow::default());
    writer.close(Code::INTERNAL, &"é".repeat(100));
    assert!(flush(&mut writer, &mut stream, &[usize::MAX]));
    assert_eq!(unmasked(&stream.written)[0].1[2..], *"é".repeat(61).as_bytes());
    let (mut writer, mut stream) = (Writer::new(0), Narrow::default());
    writer.close(Code::CUT, "");
    assert!(flush(&mut writer, &mut stream, &[usize::MAX]));
    assert_eq!(unmasked(&stream.written), [(0x88, vec![])]);
}
