//! Where lines end: the last newline of a stretch, and its lines one by one, in one-byte and two-byte encodings.
//!
//! On the hot path only [`last_newline`] runs, once per block. [`Lines`] is for filters and for tests.
//! In UTF-16 a newline is two bytes at an even *file* offset; the byte `0A` also occurs as half of other characters.

use memchr::{memchr, memrchr};

use crate::block::{Encoding, Line};
use crate::position::Offset;

/// How many bytes of `bytes` reach up to and including its last newline; nothing when there is none.
pub(crate) fn last_newline(bytes: &[u8], start: Offset, encoding: Encoding) -> Option<usize> {
    let mut upto = bytes.len();
    loop {
        let at = memrchr(b'\n', &bytes[..upto])?;
        if let Some(end) = ends_line(bytes, at, start, encoding) {
            return Some(end);
        }
        upto = at;
    }
}

/// How many bytes of `bytes` reach up to and including its first newline.
pub(crate) fn newline_at(bytes: &[u8], start: Offset, encoding: Encoding) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr(b'\n', &bytes[from..])?;
        if let Some(end) = ends_line(bytes, at, start, encoding) {
            return Some(end);
        }
        from = at + 1;
    }
}

/// Where the line ends whose newline has its `0A` at index `at`, if that byte is one.
fn ends_line(bytes: &[u8], at: usize, start: Offset, encoding: Encoding) -> Option<usize> {
    let even = (start.0.wrapping_add(at as u64)).is_multiple_of(2);
    match encoding {
        Encoding::Bytes => Some(at + 1),
        Encoding::Utf16Le => (even && bytes.get(at + 1) == Some(&0)).then_some(at + 2),
        Encoding::Utf16Be => (!even && at > 0 && bytes[at - 1] == 0).then_some(at + 1),
    }
}

/// The lines of a stretch, without their newlines.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
    offset: Offset,
    encoding: Encoding,
}

impl<'a> Lines<'a> {
    /// The lines of `bytes`, which stand at `offset` of a file. A last piece without a newline is given out too.
    #[must_use]
    pub fn new(bytes: &'a [u8], offset: Offset, encoding: Encoding) -> Self {
        Self { rest: bytes, offset, encoding }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = newline_at(self.rest, self.offset, self.encoding);
        let (line, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let newline = end.map_or(0, |_| self.encoding.newline_bytes());
        let line = Line { offset: self.offset, bytes: &line[..line.len() - newline], encoding: self.encoding };
        self.offset = self.offset.plus((self.rest.len() - rest.len()) as u64);
        self.rest = rest;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8], encoding: Encoding) -> Vec<(u64, Vec<u8>)> {
        Lines::new(bytes, Offset::ZERO, encoding).map(|line| (line.offset.0, line.bytes.to_vec())).collect()
    }

    #[test]
    fn a_carriage_return_stays_and_an_empty_line_is_a_line() {
        let lines = texts(b"a\r\n\nb", Encoding::Bytes);
        assert_eq!(lines, [(0, b"a\r".to_vec()), (3, b"".to_vec()), (4, b"b".to_vec())]);
    }

    #[test]
    fn half_of_a_wide_character_is_no_newline() {
        // U+0A0A (LE 0A 0A) and U+0A41 contain the byte 0A; only U+000A divides.
        let wide: Vec<u8> = [0xfeff_u16, 0x0a0a, 0x0a41, 0x000a, 0x0041].iter().flat_map(|c| c.to_le_bytes()).collect();
        assert_eq!(texts(&wide, Encoding::Utf16Le).len(), 2);
        assert_eq!(last_newline(&wide, Offset::ZERO, Encoding::Utf16Le), Some(8));
        let wide: Vec<u8> = [0xfeff_u16, 0x0a00, 0x0a41, 0x000a, 0x0041].iter().flat_map(|c| c.to_be_bytes()).collect();
        assert_eq!(last_newline(&wide, Offset::ZERO, Encoding::Utf16Be), Some(8));
        assert_eq!(texts(&wide, Encoding::Utf16Be).len(), 2);
    }
}
