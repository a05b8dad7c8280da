//! Where each log of a run stands, and how that is asked for.

use http::StatusCode;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::line::Line;
use super::time::Begin;
use crate::client::{Client, Unanswered, is_about_us};
use crate::exit::{Exit, Failure};

/// More last lines than this are not begun with over the WebSocket; their beginning is looked for in pages.
const MOST_LAST: u32 = 10_000;

/// The logs of a run, in the order in which they were named.
#[derive(Debug)]
pub(super) struct Places(Vec<Place>);

#[derive(Debug)]
struct Place {
    log: String,
    stands: Stands,
}

/// Where a log stands.
#[derive(Debug, PartialEq, Eq)]
enum Stands {
    /// It is to begin there.
    Before(Begin),
    /// Everything in front of this position has been written.
    At(String),
    /// It was looked at, and there was nothing to read; so all that comes is new.
    Nowhere,
}

/// The part of a page of lines that says where it lies.
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) lines: Vec<Line>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) end: bool,
}

impl Places {
    /// Logs that all begin alike, but for those that were left somewhere.
    pub(super) fn new(logs: &[String], begin: &Begin, left: impl Fn(&str) -> Option<String>) -> Self {
        let place = |log: &String| {
            let stands = left(log).map_or_else(|| Stands::Before(begin.clone()), Stands::At);
            Place { log: log.clone(), stands }
        };
        Places(logs.iter().map(place).collect())
    }

    /// A log has been written out up to `position`; `None`: there is nothing to read.
    pub(super) fn moved(&mut self, log: &str, position: Option<&str>) {
        let Some(place) = self.0.iter_mut().find(|place| place.log == log) else { return };
        match (position, &mut place.stands) {
            (Some(position), Stands::At(at)) => position.clone_into(at),
            (Some(position), stands) => *stands = Stands::At(position.to_owned()),
            (None, stands @ Stands::Before(_)) => *stands = Stands::Nowhere,
            (None, _) => {}
        }
    }

    /// Refuses what would be waited for without an end: a log that no host offers, and logs of which none is there. Beside
    /// one that is there the others may come, as may what was read before, and who is on a host that is only away.
    pub(super) async fn are_there(&self, client: &mut Client) -> Result<(), Failure> {
        let mut absent = Vec::new();
        for place in &self.0 {
            let failure = presence(client, &place.log).await?;
            absent.extend(failure.filter(|_| !matches!(place.stands, Stands::At(_))));
        }
        if absent.len() < self.0.len() {
            return Ok(());
        }
        let exit = absent.iter().map(Failure::exit).max().unwrap_or(Exit::Nothing);
        let words: Vec<_> = absent.iter().map(ToString::to_string).collect();
        Err(Failure::new(exit, anyhow::anyhow!(words.join("\n"))))
    }

    /// Finds the positions of beginnings that a live view cannot be asked for: a time, very many lines, and the very
    /// first line of a log that was not there when it was first looked at.
    pub(super) async fn find_beginnings(&mut self, client: &mut Client, filter: &str) -> Result<(), Failure> {
        for place in &mut self.0 {
            let found = match &place.stands {
                Stands::Nowhere => first(client, &place.log).await,
                Stands::Before(begin @ Begin::Since(_)) => start(client, &place.log, begin, filter).await,
                Stands::Before(begin @ Begin::Last(lines)) if *lines > MOST_LAST => {
                    start(client, &place.log, begin, filter).await
                }
                _ => continue,
            };
            match found {
                Ok(Some(position)) => place.stands = Stands::At(position),
                // Still nothing: whatever comes is new.
                Ok(None) => place.stands = Stands::Nowhere,
                // The log or its host is away, which the live view tells as it goes.
                Err(Unanswered::Refused(..)) => {}
                Err(Unanswered::Failed(failure)) => return Err(failure),
            }
        }
        Ok(())
    }

    /// `log=…&from=…&log=…&last=…`
    pub(super) fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        let mut last = 0;
        for Place { log, stands } in &self.0 {
            query.append_pair("log", log);
            match stands {
                Stands::At(position) | Stands::Before(Begin::At(position)) => drop(query.append_pair("from", position)),
                Stands::Before(Begin::Last(lines)) => last = *lines,
                Stands::Before(Begin::Since(_)) | Stands::Nowhere => last = last.max(MOST_LAST),
            }
        }
        query.append_pair("last", &last.min(MOST_LAST).to_string());
        query.finish()
    }
}

/// Whether what could be a glob is the very name of a log that can be read.
pub(super) async fn is_name(client: &mut Client, word: &str) -> bool {
    let page: Result<Page, _> = client.json(&path(word, &[("last", "1")], "")).await;
    page.is_ok_and(|page| page.after.is_some())
}

/// Why there is nothing to read in a log now, if that is so; an error when it is not offered, or nobody answers us at all.
async fn presence(client: &mut Client, log: &str) -> Result<Option<Failure>, Failure> {
    let page: Result<Page, _> = client.json(&path(log, &[("last", "1")], "")).await;
    match page {
        Ok(Page { after: Some(_), .. }) | Err(Unanswered::Failed(_)) => Ok(None),
        Ok(_) => {
            let words = format!("{log}: there is no such file now; -F waits until there is");
            Ok(Some(Failure::new(Exit::Nothing, anyhow::anyhow!(words))))
        }
        Err(refused @ Unanswered::Refused(StatusCode::CONFLICT, _)) => Ok(Some(refused.of(log))),
        Err(refused @ Unanswered::Refused(StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST, _)) => Err(refused.of(log)),
        Err(Unanswered::Refused(status, words)) if is_about_us(status) => {
            Err(Unanswered::Refused(status, words).into())
        }
        Err(_) => Ok(None),
    }
}

/// The position of the first line of a log's present file; `None` while there is none.
async fn first(client: &mut Client, log: &str) -> Result<Option<String>, Unanswered> {
    let page: Page = client.json(&path(log, &[("offset", "0"), ("limit", "1")], "")).await?;
    Ok(page.lines.first().and_then(position_of))
}

/// The position at which a log begins to be shown; `None` while there is nothing to read. `filter` is that of the run,
/// as it stands in a query.
pub(super) async fn start(
    client: &mut Client,
    log: &str,
    begin: &Begin,
    filter: &str,
) -> Result<Option<String>, Unanswered> {
    match begin {
        Begin::At(position) => Ok(Some(position.clone())),
        Begin::Since(time) => {
            let page: Page = client.json(&path(log, &[("at", &time.to_string()), ("limit", "1")], "")).await?;
            Ok(page.lines.first().and_then(position_of).or(page.after))
        }
        Begin::Last(0) => {
            let page: Page = client.json(&path(log, &[("last", "1")], "")).await?;
            Ok(page.after)
        }
        Begin::Last(lines) => last(client, log, *lines, filter).await,
    }
}

/// Goes back page by page until so many lines are found or there are no more.
async fn last(client: &mut Client, log: &str, lines: u32, filter: &str) -> Result<Option<String>, Unanswered> {
    let mut wanted = lines as usize;
    let mut begin = None;
    let mut spot = ("last", lines.min(MOST_LAST).to_string());
    loop {
        let limit = wanted.min(MOST_LAST as usize).to_string();
        let words: &[(&str, &str)] =
            if spot.0 == "last" { &[("last", &spot.1)] } else { &[(spot.0, &spot.1), ("limit", &limit)] };
        let page: Page = client.json(&path(log, words, filter)).await?;
        begin = page.lines.first().and_then(position_of).or(begin).or(page.after);
        wanted = wanted.saturating_sub(page.lines.len());
        match page.before {
            Some(before) if wanted > 0 => spot = ("before", before),
            _ => return Ok(begin),
        }
    }
}

/// `lines?log=…&…`, with the filter behind it.
pub(super) fn path(log: &str, words: &[(&str, &str)], filter: &str) -> String {
    const PATH: &str = "lines?";
    let mut query = Serializer::for_suffix(PATH.to_owned(), PATH.len());
    query.append_pair("log", log).extend_pairs(words);
    format!("{}&{filter}", query.finish()).trim_end_matches('&').to_owned()
}

fn position_of(line: &Line) -> Option<String> {
    line.said().map(|said| said.position.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let logs = ["web1:/a b".to_owned(), "web1:/c".to_owned()];
        Places::new(&logs, &Begin::Last(5), |log| log.ends_with('c').then(|| "left".to_owned()))
    }

    #[test]
    fn a_log_begins_where_it_was_left_and_the_others_with_their_last_lines() {
        assert_eq!(places().query(), "log=web1%3A%2Fa+b&log=web1%3A%2Fc&from=left&last=5");
    }

    #[test]
    fn a_log_goes_on_where_it_was_written_out() {
        let mut places = places();
        places.moved("web1:/a b", Some("one"));
        places.moved("web1:/a b", Some("two"));
        places.moved("web1:/c", None);
        places.moved("web9:/strange", Some("x"));
        assert_eq!(places.query(), "log=web1%3A%2Fa+b&from=two&log=web1%3A%2Fc&from=left&last=0");
    }

    #[test]
    fn what_was_not_there_is_all_new_when_it_comes() {
        let mut places = places();
        places.moved("web1:/a b", None);
        assert_eq!(places.0[0].stands, Stands::Nowhere);
        assert!(places.query().ends_with("last=10000"));
    }
}
