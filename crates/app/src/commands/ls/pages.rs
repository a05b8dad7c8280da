//! The hub's list of logs, page by page, and the hosts that are not in it because they did not answer: an empty list says
//! something only when nobody is missing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use url::form_urlencoded::Serializer;

use crate::client::Client;
use crate::exit::{Exit, Failure, say};

/// How many logs are asked for at a time.
const PAGE: u32 = 1000;

/// A list that is being read.
pub(super) struct Pages<'a> {
    client: &'a mut Client,
    pattern: Option<&'a str>,
    next: Next,
    missing: Missing,
}

/// Where the next page begins.
enum Next {
    First,
    From(String),
    End,
}

/// Hosts that did not answer, with the hub's words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Missing(BTreeMap<String, String>);

/// A page of the list, with each entry as the hub wrote it.
#[derive(Deserialize)]
struct Page {
    logs: Vec<Box<RawValue>>,
    next: Option<String>,
    #[serde(default)]
    missing: Vec<MissingHost>,
}

#[derive(Deserialize)]
struct MissingHost {
    host: String,
    words: String,
}

impl<'a> Pages<'a> {
    /// The list of the logs that match. Nothing is asked yet.
    pub(super) fn new(client: &'a mut Client, pattern: Option<&'a str>) -> Self {
        Pages { client, pattern, next: Next::First, missing: Missing::default() }
    }

    /// The next page; `None` behind the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Box<RawValue>>>, Failure> {
        let next = match &self.next {
            Next::First => None,
            Next::From(next) => Some(next.as_str()),
            Next::End => return Ok(None),
        };
        let page: Page = self.client.json(&path(self.pattern, next)).await?;
        self.next = page.next.map_or(Next::End, Next::From);
        // A host that does not answer is missing from each page behind its name.
        self.missing.0.extend(page.missing.into_iter().map(|missing| (missing.host, missing.words)));
        Ok(Some(page.logs))
    }

    /// Who has not answered so far.
    pub(super) fn missing(self) -> Missing {
        self.missing
    }
}

impl Missing {
    /// Says it beside a list that is not empty.
    pub(super) fn tell(&self) {
        if let Some(words) = self.words() {
            say(&words);
        }
    }

    /// Why there is nothing, when that may be because of who is missing.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.words().map(|words| Failure::new(Exit::Unreachable, anyhow::anyhow!(words)))
    }

    /// One line for each.
    fn words(&self) -> Option<String> {
        let lines: Vec<_> = self.0.iter().map(|(host, words)| format!("{host} is not in the list: {words}")).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

fn path(pattern: Option<&str>, next: Option<&str>) -> String {
    const PATH: &str = "logs?";
    let mut query = Serializer::for_suffix(PATH.to_owned(), PATH.len());
    query.append_pair("limit", &PAGE.to_string());
    if let Some(pattern) = pattern {
        query.append_pair("match", pattern);
    }
    if let Some(next) = next {
        query.append_pair("next", next);
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_escaped() {
        assert_eq!(path(Some("web*:/a b&c"), None), "logs?limit=1000&match=web*%3A%2Fa+b%26c");
    }

    #[test]
    fn each_host_that_is_missing_has_a_line() {
        let missing = |hosts: &[(&str, &str)]| {
            Missing(hosts.iter().map(|(host, words)| ((*host).to_owned(), (*words).to_owned())).collect())
        };
        assert!(missing(&[]).failure().is_none());
        let failure = missing(&[("web2", "away"), ("web1", "late")]).failure().unwrap();
        assert_eq!(failure.exit(), Exit::Unreachable);
        assert_eq!(failure.to_string(), "web1 is not in the list: late\nweb2 is not in the list: away");
    }
}
