//! Lines of every shape: half, long, empty, wide, and bytes that are no text.

use tailcast_tail::{Ask, BLOCK_BYTES, Begins, Block, Encoding, Ends, Event, From, Offset};

use crate::bench::{Bench, Seen};

fn blocks(seen: &Seen) -> Vec<&Block> {
    let blocks = seen.events.iter().filter_map(|event| match event {
        Event::Block(block) => Some(block),
        _ => None,
    });
    blocks.collect()
}

#[test]
fn a_character_divided_between_two_writes_comes_whole() {
    let bench = Bench::new();
    let mut seen = bench.follow(From::Start);
    let (first, second) = "grüße\n".as_bytes().split_at(3);
    bench.append("log", first);
    seen.drain();
    assert_eq!(seen.text(), "");
    bench.append("log", second);
    seen.reads("grüße\n");
    assert_eq!(blocks(&seen).len(), 1);
}

#[test]
fn lines_around_the_size_of_a_block_keep_their_bytes_and_offsets() {
    for around in [-2_i64, -1, 0, 1, 2] {
        let bench = Bench::new();
        let long = "x".repeat((BLOCK_BYTES as i64 + around) as usize);
        let all = format!("a\n{long}\nb\r\n{long}\r\nc\rd\n");
        bench.append("log", &all);
        let mut seen = bench.follow(From::Start);
        seen.drain();
        assert!(seen.text() == all, "{around}");
        let mut next = 0;
        for block in blocks(&seen) {
            assert_eq!(block.start().0, next, "{around}");
            assert_eq!(block.begins() == Begins::AtLine, next == 0 || all.as_bytes()[next as usize - 1] == b'\n');
            assert_eq!(*block.ends() == Ends::Whole, block.bytes().ends_with(b"\n"));
            next = block.end().0;
        }
    }
}

#[test]
fn a_long_line_that_grows_slowly_comes_in_pieces_and_in_full() {
    let bench = Bench::new();
    let mut seen = bench.follow(From::Start);
    let mut all = String::new();
    for n in 0..300 {
        let piece = format!("{n:04}").repeat(1000);
        bench.append("log", &piece);
        all += &piece;
        seen.drain();
    }
    bench.append("log", "\nnext\n");
    all += "\nnext\n";
    seen.reads(&all);
    assert!(blocks(&seen).iter().filter(|block| *block.ends() == Ends::Continues).count() >= 4);
}

#[test]
fn bytes_that_are_no_text_pass_through_untouched() {
    let bench = Bench::new();
    let all: Vec<u8> = (0..=255).chain(*b"\x1b[31mred\x1b[0m\0\0\xff\xfe\r\n\n\n").collect();
    bench.append("log", &all);
    let mut seen = bench.follow(From::Start);
    seen.drain();
    assert_eq!(seen.bytes(), all);
}

#[test]
fn a_byte_order_mark_of_utf_8_is_part_of_the_first_line() {
    let bench = Bench::new();
    bench.append("log", "\u{feff}");
    let mut seen = bench.follow(From::Start);
    seen.drain();
    bench.append("log", "one\n");
    seen.reads("\u{feff}one\n");
}

#[test]
fn wide_characters_are_divided_at_wide_newlines() {
    for (encoding, order) in
        [(Encoding::Utf16Le, u16::to_le_bytes as fn(u16) -> [u8; 2]), (Encoding::Utf16Be, u16::to_be_bytes)]
    {
        let bench = Bench::new();
        let wide = |text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let mut seen = bench.follow(From::Start);
        // The file is empty at first: what it is written in is not known before its first bytes.
        bench.append("log", "");
        seen.drain();
        bench.append("log", wide("\u{feff}one\nਊ\u{0a41}two\nha"));
        seen.drain();
        let expected = wide("\u{feff}one\nਊ\u{0a41}two\n");
        assert_eq!(seen.bytes(), expected);
        let first = blocks(&seen)[0].clone();
        assert_eq!((first.encoding(), first.lines().count()), (encoding, 2));
        bench.append("log", wide("lf\n"));
        seen.drain();
        assert_eq!(seen.bytes(), [expected, wide("half\n")].concat());
        let page = bench.log.last(tailcast_tail::Ask::lines(2)).expect("a page");
        assert_eq!(page.blocks[0].bytes(), wide("ਊ\u{0a41}two\nhalf\n"));
        let middle = bench.log.at_offset(tailcast_tail::Offset(13)).expect("a place");
        assert_eq!(middle.offset().0, 10);
    }
}

#[test]
fn wide_characters_followed_from_the_middle_of_a_file_come_in_whole_lines() {
    let bench = Bench::new();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    bench.append("log", wide("\u{feff}one\nha"));
    let mut seen = bench.follow(From::End);
    seen.drain();
    let (first, second) = (wide("lf\nਊtwo\n"), wide("three\n"));
    // Written up to the middle of a character, as a full buffer is.
    bench.append("log", &first[..9]);
    seen.drain();
    bench.append("log", &first[9..]);
    bench.append("log", &second);
    seen.drain();
    assert_eq!(seen.bytes(), wide("half\nਊtwo\nthree\n"));
    assert_eq!(blocks(&seen)[0].encoding(), Encoding::Utf16Le);
}

#[test]
fn lines_behind_four_gibibytes_have_their_offsets_and_are_found_by_them() {
    let bench = Bench::new();
    bench.append("log", "a first line\n");
    let far = 5 << 30;
    let file = bench.writer("log");
    file.set_len(far).expect("a hole");
    bench.append("log", "\none\n");
    let mut seen = bench.follow(From::End);
    seen.drain();
    bench.append("log", "two\nthree\n");
    seen.reads("two\nthree\n");
    let block = blocks(&seen)[0].clone();
    assert_eq!(block.start(), Offset(far + 5));
    let place = block.position_at(Offset(far + 9)).to_string().parse().expect("its own text");
    let page = bench.log.after(&place, Ask::lines(9)).expect("a page");
    assert_eq!(page.blocks[0].bytes(), b"three\n");
}

#[test]
fn every_position_in_a_block_can_be_derived_from_its_token_and_bytes() {
    let bench = Bench::new();
    bench.append("log", (0..100).map(|n| format!("line {n}\n")).collect::<String>());
    let mut seen = bench.follow(From::Start);
    seen.drain();
    for block in blocks(&seen) {
        let token = *block.incarnation().token().as_bytes();
        let token = tailcast_tail::Token::try_from(token.as_slice()).expect("a token");
        let all = [block.lead(), block.bytes()].concat();
        for line in block.lines() {
            let upto = block.lead().len() + line.offset.since(block.start()) as usize;
            assert_eq!(token.position(line.offset, &all[..upto]), block.position_at(line.offset));
        }
        assert_eq!(token.position(block.end(), &all), block.after());
    }
}
