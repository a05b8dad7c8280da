//! Bytes as text, for a person.
//!
//! The last step before a line leaves for a screen. The bytes themselves pass through untouched elsewhere; here they
//! become a string that is what was written, as far as that can be shown, and says so where it cannot.

use std::borrow::Cow;
use std::fmt::Write;

use encoding_rs::{UTF_16BE, UTF_16LE};

/// How much of a line is shown at most, in bytes of the file: 1 MiB.
pub const MAX_SHOWN: usize = 1 << 20;

/// How a log writes its characters. Anything that is not UTF-16 is UTF-8, with what is not valid in it replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, and so ASCII.
    #[default]
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// A line as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The text, with U+FFFD where the bytes are no character. Control characters are still in it: see [`harmless`].
    pub text: Cow<'a, str>,
    /// Whether the text, encoded again, is the bytes that it was made from.
    pub lossless: bool,
    /// The true length of the line in bytes, where not all of it is shown.
    pub cut: Option<u64>,
    /// Whether a `\r` at its end was taken off.
    pub carriage_return: bool,
}

/// `line` as text: at most `max_bytes` bytes of it, cut at a character, without the `\r` of a `\r\n`.
pub fn display(line: &[u8], encoding: Encoding, max_bytes: usize) -> Shown<'_> {
    let carriage_return: &[u8] = match encoding {
        Encoding::Utf8 => b"\r",
        Encoding::Utf16Le => b"\r\0",
        Encoding::Utf16Be => b"\0\r",
    };
    let whole = line.strip_suffix(carriage_return).unwrap_or(line);
    let shown = &whole[..boundary(whole, encoding, max_bytes)];
    let (text, lossless) = match encoding {
        Encoding::Utf8 => {
            let text = String::from_utf8_lossy(shown);
            // Borrowed means that nothing was replaced.
            let lossless = matches!(text, Cow::Borrowed(_));
            (text, lossless)
        }
        Encoding::Utf16Le => decode(UTF_16LE, shown),
        Encoding::Utf16Be => decode(UTF_16BE, shown),
    };
    let cut = (shown.len() < whole.len()).then_some(line.len() as u64);
    Shown { text, lossless, cut, carriage_return: whole.len() < line.len() }
}

fn decode<'a>(encoding: &'static encoding_rs::Encoding, bytes: &'a [u8]) -> (Cow<'a, str>, bool) {
    let (text, replaced) = encoding.decode_without_bom_handling(bytes);
    (text, !replaced)
}

/// The greatest length ≤ `max` at which no character of `line` is cut in two.
fn boundary(line: &[u8], encoding: Encoding, max: usize) -> usize {
    if line.len() <= max {
        return line.len();
    }
    match encoding {
        // A character has at most three bytes after its first; more than that is not UTF-8, and may be cut anywhere.
        Encoding::Utf8 => (max.saturating_sub(3)..=max).rev().find(|&at| line[at] & 0xC0 != 0x80).unwrap_or(max),
        Encoding::Utf16Le | Encoding::Utf16Be => {
            let even = max & !1;
            let high = if encoding == Encoding::Utf16Le { even + 1 } else { even };
            // A low surrogate belongs to the unit before it.
            let inside_pair = even >= 2 && line.get(high).is_some_and(|byte| byte & 0xFC == 0xDC);
            if inside_pair { even - 2 } else { even }
        }
    }
}

/// `text` with nothing left in it that a terminal would obey or that would make it read as something else: control
/// characters but tab (also C1, as in U+009B), the characters that turn the direction of writing, the line separators
/// U+2028 and U+2029, and bytes that are not UTF-8 become visible escapes such as `\x1b` and `\u{202e}`.
///
/// A `\r` at the end is a control character like any other: take it off first ([`display`] does).
pub fn harmless<T: AsRef<[u8]> + ?Sized>(text: &T) -> Cow<'_, str> {
    let bytes = text.as_ref();
    if let Ok(text) = str::from_utf8(bytes)
        && !text.contains(is_harmful)
    {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|character| push_harmless(&mut shown, character));
        chunk.invalid().iter().for_each(|&byte| push_byte(&mut shown, byte));
    }
    Cow::Owned(shown)
}

fn is_harmful(character: char) -> bool {
    match character {
        '\t' => false,
        // Direction marks, embeddings, overrides and isolates: UAX #9, "Trojan Source".
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        '\u{2028}' | '\u{2029}' => true,
        other => other.is_control(),
    }
}

fn push_harmless(shown: &mut String, character: char) {
    match character {
        safe if !is_harmful(safe) => shown.push(safe),
        ascii if ascii.is_ascii() => push_byte(shown, ascii as u8),
        other => shown.extend(other.escape_unicode()),
    }
}

fn push_byte(shown: &mut String, byte: u8) {
    // Writing into a String cannot fail.
    write!(shown, "\\x{byte:02x}").unwrap_or_default();
}
