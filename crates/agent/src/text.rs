//! The text of a line whatever its encoding: what filters and time stamps are looked for in.
//!
//! Lines in UTF-16 are decoded as far as views show them; all others are looked at as the bytes that they are, also where
//! those are no UTF-8.

use std::borrow::Cow;

use tailcast_lines::{MAX_SHOWN, display};
use tailcast_tail::Encoding;

/// What is written in a line of this encoding, without its newline.
pub(crate) fn text(line: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    let wide = match encoding {
        Encoding::Bytes => return Cow::Borrowed(line),
        Encoding::Utf16Le => tailcast_lines::Encoding::Utf16Le,
        Encoding::Utf16Be => tailcast_lines::Encoding::Utf16Be,
    };
    Cow::Owned(display(line, wide, MAX_SHOWN).text.into_owned().into_bytes())
}
