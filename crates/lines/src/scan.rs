//! A place in a line, moving forward over what it expects.
//!
//! Every format reads with this, and none indexes into a line: what is not there is `None`, never a panic. A failed
//! step may have moved; who wants to try again copies the scan first, which costs two words.

/// What is left of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    pub(crate) fn new(line: &'a [u8]) -> Scan<'a> {
        Scan { rest: line }
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn peek(self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// One byte, whichever it is.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    /// Exactly this byte.
    pub(crate) fn eat(&mut self, byte: u8) -> Option<()> {
        self.eat_any(&[byte]).map(|_| ())
    }

    /// One of these bytes.
    pub(crate) fn eat_any(&mut self, bytes: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| bytes.contains(byte))?;
        self.rest = &self.rest[1..];
        Some(byte)
    }

    /// Exactly these bytes.
    pub(crate) fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    /// The bytes that `belongs` holds for; there may be none.
    pub(crate) fn while_(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !belongs(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Blanks and tabs; there may be none.
    pub(crate) fn blanks(&mut self) {
        self.while_(is_blank);
    }

    /// The bytes before `end`, which must come within `limit` bytes, and is passed over too.
    pub(crate) fn until(&mut self, end: u8, limit: usize) -> Option<&'a [u8]> {
        let near = &self.rest[..self.rest.len().min(limit)];
        let at = memchr::memchr(end, near)?;
        let taken = &self.rest[..at];
        self.rest = &self.rest[at + 1..];
        Some(taken)
    }

    /// A number of exactly `N` digits (N ≤ 4).
    pub(crate) fn digits<const N: usize>(&mut self) -> Option<i16> {
        let (digits, rest) = self.rest.split_first_chunk::<N>()?;
        let mut number = 0;
        for digit in digits {
            number = number * 10 + i16::from(digit_value(*digit)?);
        }
        self.rest = rest;
        Some(number)
    }

    /// A number of one to 19 digits, and how many they are.
    pub(crate) fn number(&mut self) -> Option<(u64, usize)> {
        let digits = self.while_(|byte| byte.is_ascii_digit());
        if digits.is_empty() || digits.len() > 19 {
            return None;
        }
        let number = digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        Some((number, digits.len()))
    }

    /// The digits after a decimal point, in billionths; finer ones are dropped.
    pub(crate) fn billionths(&mut self) -> Option<i32> {
        let digits = self.while_(|byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return None;
        }
        let nine = &digits[..digits.len().min(9)];
        let number = nine.iter().fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
        Some(number * 10_i32.pow(9 - nine.len() as u32))
    }
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn digit_value(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then_some(byte.wrapping_sub(b'0'))
}
