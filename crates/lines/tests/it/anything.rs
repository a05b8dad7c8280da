//! Whatever the bytes are.

use proptest::collection::vec;
use proptest::prelude::*;
use tailcast_lines::{
    Context, Encoding, Filter, FilterSpec, FilterState, Level, Recognizer, display, formats, harmless,
};

/// Any bytes, or an example of some format with a few bytes changed.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let examples: Vec<&str> = formats::TABLE.iter().flat_map(|format| format.examples).map(|(_, line)| *line).collect();
    let changed = (prop::sample::select(examples), vec((any::<prop::sample::Index>(), any::<u8>()), 0..4));
    prop_oneof![
        vec(any::<u8>(), 0..200),
        changed.prop_map(|(line, changes)| {
            let mut line = line.as_bytes().to_vec();
            changes.into_iter().for_each(|(place, byte)| *place.get_mut(&mut line) = byte);
            line
        }),
    ]
}

/// Blocks of few letters, so that patterns match often, with every kind of line end.
fn blocks() -> impl Strategy<Value = Vec<u8>> {
    let pieces = ["a", "b", "ab", " ", "\n", "\r\n", "\r", "\n\n", "é", "\u{ff}", "[ERROR]", "[INFO] ", "\n[INFO] a"];
    let piece = prop_oneof![9 => prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
                            1 => vec(any::<u8>(), 1..3)];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn patterns() -> impl Strategy<Value = String> {
    let patterns = [
        "a",
        "ab",
        "a*",
        "^a",
        "b$",
        "^$",
        r"a\s",
        r"a\s*b",
        "[^a]b",
        "(?s)a.b",
        "a.*b",
        r"\Aa",
        r"b\z",
        r"\bab\b",
        r"\B",
        "(?-u:\\xff)",
        "(?-s:.)",
        "(?m:^)b",
        "(?-m:^b)",
        "(?R)a$",
        r"\r",
        "a|b",
        "a??",
        r"\s+$",
        "(?i)A",
        r"[\s\S]b",
        r"(a|\n)b",
        "$",
        "(?:)",
        r"(?-m:$)",
        r"(?-u:[^a])b",
        r"\s",
        r"(?-u:\B)a",
        r"a\b{end}",
        r"\b{start}b",
    ];
    prop::sample::select(patterns.to_vec()).prop_map(str::to_owned)
}

fn specs() -> impl Strategy<Value = FilterSpec> {
    let level = prop_oneof![3 => Just(None), 1 => prop::sample::select(Level::ALL.to_vec()).prop_map(Some)];
    (vec(patterns(), 0..3), vec(patterns(), 0..2), any::<bool>(), level)
        .prop_map(|(include, exclude, ignore_case, level)| FilterSpec { include, exclude, ignore_case, level })
}

/// The lines of a block, with nothing clever.
fn split(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ended = block.strip_suffix(b"\n").unwrap_or(block);
    ended.split(|&byte| byte == b'\n').filter(move |_| !block.is_empty())
}

proptest! {
    #[test]
    fn reading_never_panics_and_is_the_same_twice(line in lines()) {
        let recognizer = Recognizer::new(Context::utc("2026-11-20T22:00:00Z".parse()?));
        prop_assert_eq!(recognizer.read(&line), recognizer.read(&line));
    }

    #[test]
    fn picking_is_asking_line_by_line(block in blocks(), spec in specs()) {
        let filter = Filter::new(&spec)?;
        let mut state = FilterState::default();
        let asked: Vec<&[u8]> = split(&block).filter(|line| filter.matches(line, &mut state)).collect();
        let mut other = FilterState::default();
        let picked: Vec<&[u8]> = filter.pick(&block, &mut other).map(|range| &block[range]).collect();
        prop_assert_eq!(picked, asked);
        prop_assert_eq!(other, state);
    }

    #[test]
    fn what_is_lossless_is_the_same_bytes(line in vec(any::<u8>(), 0..40), max in 0_usize..40) {
        let shown = display(&line, Encoding::Utf8, max);
        if shown.lossless {
            prop_assert!(line.starts_with(shown.text.as_bytes()));
        }
        for (encoding, unit) in [(Encoding::Utf16Le, u16::to_le_bytes as fn(u16) -> [u8; 2]), (Encoding::Utf16Be, u16::to_be_bytes)] {
            let shown = display(&line, encoding, max);
            let again: Vec<u8> = shown.text.encode_utf16().flat_map(unit).collect();
            prop_assert!(!shown.lossless || line.starts_with(&again));
        }
    }

    #[test]
    fn whole_text_is_shown_whole(text in any::<String>()) {
        let shown = display(text.as_bytes(), Encoding::Utf8, text.len());
        prop_assert_eq!(&*shown.text, text.strip_suffix('\r').unwrap_or(&text));
        prop_assert!(shown.lossless && shown.cut.is_none());
    }

    #[test]
    fn harmless_text_has_no_control_characters(bytes in vec(any::<u8>(), 0..100)) {
        let text = harmless(&bytes);
        prop_assert!(text.chars().all(|character| character == '\t' || !character.is_control()));
        prop_assert_eq!(harmless(&*text), &*text);
    }
}
