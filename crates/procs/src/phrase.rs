//! What is said to a person: in English, and as a code with its values, so that a page can say the same in its reader's language.
//!
//! The English words are a text with `{name}` where a value goes in, so that words and values cannot drift apart. A value is
//! put in once and never looked into: what a process calls itself cannot bring in another.

use std::fmt;

/// A sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The same for each such sentence, whatever its values are.
    pub code: &'static str,
    english: &'static str,
    values: Vec<(&'static str, String)>,
}

impl Phrase {
    /// `english`: with `{name}` for each value that [`with`](Self::with) adds.
    pub(crate) fn new(code: &'static str, english: &'static str) -> Self {
        Phrase { code, english, values: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.values.push((name, value.to_string()));
        self
    }

    /// What goes into it, by name.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str()))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values().find_map(|(known, value)| (known == name).then_some(value))
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.english;
        while let Some((before, (name, behind))) =
            rest.split_once('{').and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
        {
            f.write_str(before)?;
            f.write_str(self.value(name).unwrap_or("?"))?;
            rest = behind;
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_put_in_once_and_brings_in_no_other() {
        let said = Phrase::new("x", "{who} has {n}, says {who}").with("who", "{n}{").with("n", 3);
        assert_eq!(said.to_string(), "{n}{ has 3, says {n}{");
        assert_eq!(said.values().collect::<Vec<_>>(), [("who", "{n}{"), ("n", "3")]);
    }
}
