//! Bytes as text.

use std::borrow::Cow;

use tailcast_lines::{Encoding, MAX_SHOWN, display, harmless};

fn utf16(text: &str, unit: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn a_usual_line_is_borrowed_and_lossless() {
    let shown = display(b"caf\xc3\xa9\tok\r", Encoding::Utf8, MAX_SHOWN);
    assert!(matches!(shown.text, Cow::Borrowed("café\tok")));
    assert!(shown.lossless);
    assert_eq!(shown.cut, None);
}

#[test]
fn what_is_no_character_is_replaced_and_told() {
    let shown = display(b"caf\xe9", Encoding::Utf8, MAX_SHOWN);
    assert_eq!(shown.text, "caf\u{fffd}");
    assert!(!shown.lossless);
}

#[test]
fn a_long_line_is_cut_at_a_character_and_says_its_length() {
    let line = "aé€😀".as_bytes();
    let cut: Vec<String> = (0..=line.len()).map(|max| display(line, Encoding::Utf8, max).text.into_owned()).collect();
    assert_eq!(cut, ["", "a", "a", "aé", "aé", "aé", "aé€", "aé€", "aé€", "aé€", "aé€😀"]);
    let shown = display(line, Encoding::Utf8, 8);
    assert_eq!((shown.cut, shown.lossless), (Some(10), true));
    // What is not UTF-8 is cut all the same.
    assert_eq!(display(&[0x80; 100], Encoding::Utf8, 50).text.chars().count(), 50);
}

#[test]
fn utf16_is_decoded_in_both_orders() {
    for (line, encoding) in
        [(utf16("é😀x\r", u16::to_le_bytes), Encoding::Utf16Le), (utf16("é😀x\r", u16::to_be_bytes), Encoding::Utf16Be)]
    {
        let shown = display(&line, encoding, MAX_SHOWN);
        assert_eq!((&*shown.text, shown.lossless, shown.cut), ("é😀x", true, None));
        let cut: Vec<String> = (0..=8).map(|max| display(&line, encoding, max).text.into_owned()).collect();
        assert_eq!(cut, ["", "", "é", "é", "é", "é", "é😀", "é😀", "é😀x"]);
        // Half a unit at the end.
        assert!(!display(&line[..3], encoding, MAX_SHOWN).lossless);
    }
}

#[test]
fn a_terminal_obeys_nothing_that_is_harmless() {
    assert_eq!(harmless("\x1b]0;title\x07\x1b[2J"), "\\x1b]0;title\\x07\\x1b[2J");
    assert_eq!(harmless("a\rb\nc\0\x7f"), "a\\x0db\\x0ac\\x00\\x7f");
    assert_eq!(harmless("\u{9b}2J"), "\\u{9b}2J");
    assert_eq!(harmless(b"\x9b2J\xff"), "\\x9b2J\\xff");
    assert_eq!(harmless("user\u{202e}nimda"), "user\\u{202e}nimda");
    assert_eq!(harmless("\u{2066}\u{2028}"), "\\u{2066}\\u{2028}");
}

#[test]
fn text_without_harm_is_left_alone() {
    assert!(matches!(harmless("tab\tcafé 😀 \\x1b"), Cow::Borrowed(_)));
}
