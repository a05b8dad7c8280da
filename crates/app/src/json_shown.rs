//! JSON that a hub has written, on its way to a terminal: the same JSON, with nothing in it that the terminal would obey or
//! that would make it read as something else (law 9). Into a pipe it goes as it came.

use std::borrow::Cow;
use std::fmt::Write;

use tailcast_lines::harmless;

/// `json` with each harmful character in its strings written as `\uXXXX`, which means the same to whoever parses it.
pub(crate) fn for_terminal(json: &str) -> Cow<'_, str> {
    if matches!(harmless(json), Cow::Borrowed(_)) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        match character {
            // No string has these unescaped: they stand between values, where one blank is as good as another.
            '\0'..' ' => shown.push(' '),
            harmful if is_harmful(harmful) => push_escaped(&mut shown, harmful),
            other => shown.push(other),
        }
    }
    Cow::Owned(shown)
}

fn is_harmful(character: char) -> bool {
    matches!(harmless(character.encode_utf8(&mut [0; 4])), Cow::Owned(_))
}

/// RFC 8259 section 7.
fn push_escaped(shown: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        // Writing into a String cannot fail.
        write!(shown, "\\u{unit:04x}").unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_harmless_goes_as_it_came() {
        let json = r#"{"text":"ä\u001b[2J 😀"}"#;
        assert!(matches!(for_terminal(json), Cow::Borrowed(shown) if shown == json));
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_means_the_same() {
        let json = "{\"text\":\"a\u{7f}\u{9b}2J\u{2028}\u{2029}\u{202e}\u{2066}\u{200f}z\",\r\n\"n\":1}";
        let shown = for_terminal(json);
        assert_eq!(shown, "{\"text\":\"a\\u007f\\u009b2J\\u2028\\u2029\\u202e\\u2066\\u200fz\",  \"n\":1}");
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parsed(&shown), parsed(json));
    }
}
