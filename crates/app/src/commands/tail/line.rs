//! A line as the hub has put it into JSON. The object itself is passed on as it came; what is needed of it is read here.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

/// One line, as text of its JSON object.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Line(Box<RawValue>);

/// What is read of a line.
#[derive(Debug, Deserialize)]
pub(super) struct Said<'a> {
    /// Where it starts.
    #[serde(borrow)]
    pub(super) position: Cow<'a, str>,
    /// As text, with U+FFFD for what is none.
    #[serde(borrow)]
    pub(super) text: Cow<'a, str>,
    /// The bytes in base64, where the text is not exactly them.
    bytes: Option<String>,
    /// Whether a carriage return stands behind the text.
    #[serde(default)]
    cr: bool,
    /// Its true length in bytes, where this is only its beginning.
    pub(super) cut: Option<u64>,
}

impl Line {
    /// What it says; `None` when it is not of the known shape.
    pub(super) fn said(&self) -> Option<Said<'_>> {
        serde_json::from_str(self.0.get()).ok()
    }

    /// The object with `log` in front of the rest.
    pub(super) fn named(&self, log: &str) -> serde_json::Result<String> {
        let rest = self.0.get().trim_start_matches('{');
        Ok(format!("{{\"log\":{},{rest}", serde_json::to_string(log)?))
    }
}

impl Said<'_> {
    /// Its bytes without the newline.
    pub(super) fn bytes(&self) -> Cow<'_, [u8]> {
        let exact = self.bytes.as_ref().and_then(|bytes| STANDARD.decode(bytes).ok());
        match exact {
            Some(exact) => Cow::Owned(exact),
            None if self.cr => Cow::Owned([self.text.as_bytes(), b"\r"].concat()),
            None => Cow::Borrowed(self.text.as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> Line {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_object_is_passed_on_as_it_came() {
        let text = line(r#"{"position":"p","offset":3,"text":"x","new_field":[1]}"#).named("a:/\"b").unwrap();
        assert_eq!(text, "{\"log\":\"a:/\\\"b\",\"position\":\"p\",\"offset\":3,\"text\":\"x\",\"new_field\":[1]}");
    }

    #[test]
    fn bytes_that_are_no_text_come_back_as_they_were() {
        assert_eq!(&*line(r#"{"position":"p","text":"a\ufffd","bytes":"Yf8="}"#).said().unwrap().bytes(), b"a\xff");
        assert_eq!(&*line(r#"{"position":"p","text":"a","cr":true}"#).said().unwrap().bytes(), b"a\r");
        let both = line(r#"{"position":"p","text":"a\ufffd","bytes":"Yf8N","cr":true}"#);
        assert_eq!(&*both.said().unwrap().bytes(), b"a\xff\r");
        assert_eq!(&*line(r#"{"position":"p","text":"a\tb"}"#).said().unwrap().bytes(), b"a\tb");
    }
}
