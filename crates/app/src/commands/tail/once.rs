//! `--no-follow`: from the beginning that was asked for to the end as it stands, and no further.
//!
//! Into a pipe the bytes come untouched, whatever they are: raw where there is no filter, else from pages of lines, which
//! say what their text leaves out.

use http_body_util::BodyExt;
use url::form_urlencoded::Serializer;

use super::line::Line;
use super::output::Output;
use super::places::{self, Page};
use super::stretch::Stretch;
use super::time::Begin;
use crate::client::{Client, Unanswered, is_about_us};
use crate::exit::{Exit, Failure, Outcome, say};

/// Lines asked for at a time.
const PAGE: &str = "1000";

/// A run of `tail` that ends by itself.
pub(super) struct Once {
    pub(super) client: Client,
    /// The words of the filter, as in a query; empty when there is none.
    pub(super) filter: String,
    pub(super) begin: Begin,
    pub(super) output: Output,
    /// The gravest that has been told so far.
    pub(super) exit: Exit,
}

impl Once {
    /// Writes each log in turn. One that cannot be shown is told and keeps nobody from the others; it is in the exit code.
    /// There was nothing when no log had a line.
    pub(super) async fn run(mut self, logs: &[String]) -> Outcome {
        let mut any = false;
        for log in logs {
            match self.show(log).await {
                Ok(shown) => any |= shown,
                Err(Unanswered::Refused(status, words)) if !is_about_us(status) => {
                    let failure = Unanswered::Refused(status, words).of(log);
                    say(&failure.to_string());
                    self.exit = self.exit.max(failure.exit());
                }
                Err(unanswered) => return Err(unanswered.into()),
            }
        }
        Ok(if any { self.exit } else { self.exit.max(Exit::Nothing) })
    }

    /// Writes a log; whether it had a line.
    async fn show(&mut self, log: &str) -> Result<bool, Unanswered> {
        let Some(start) = places::start(&mut self.client, log, &self.begin, &self.filter).await? else {
            say(&format!("{log}: there is no such file now"));
            self.exit = self.exit.max(Exit::Nothing);
            return Ok(false);
        };
        match self.output.is_bytes() && self.filter.is_empty() {
            true => self.raw(log, &start).await,
            false => self.pages(log, start).await,
        }
    }

    async fn raw(&mut self, log: &str, start: &str) -> Result<bool, Unanswered> {
        const PATH: &str = "raw?";
        let path = Serializer::for_suffix(PATH.to_owned(), PATH.len())
            .append_pair("log", log)
            .append_pair("from", start)
            .finish();
        let mut body = self.client.get(&path, "application/octet-stream").await?.into_body();
        let mut any = false;
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame.map_err(|error| self.client.broken(error))?.into_data() {
                any |= !bytes.is_empty();
                self.output.bytes(log, 0, &bytes)?;
            }
        }
        Ok(any)
    }

    async fn pages(&mut self, log: &str, start: String) -> Result<bool, Unanswered> {
        let mut any = false;
        let mut after = start;
        loop {
            let page: Page =
                self.client.json(&places::path(log, &[("after", &after), ("limit", PAGE)], &self.filter)).await?;
            any |= !page.lines.is_empty();
            match self.output.is_bytes() {
                true => self.whole(log, &page.lines).await?,
                false => self.output.lines(log, &page.lines)?,
            }
            match page.after {
                Some(next) if !page.end && next != after => after = next,
                _ => return Ok(any),
            }
        }
    }

    /// Writes lines with all of those that the hub has cut.
    async fn whole(&mut self, log: &str, lines: &[Line]) -> Result<(), Failure> {
        for uncut in lines.split_inclusive(|line| line.said().is_some_and(|said| said.cut.is_some())) {
            let (last, before) = match uncut.split_last() {
                Some((last, before)) => (last.said(), before),
                None => continue,
            };
            let Some((said, length)) = last.and_then(|said| said.cut.map(|length| (said, length))) else {
                self.output.lines(log, uncut)?;
                continue;
            };
            self.output.lines(log, before)?;
            let mut all = Stretch::of_length(said.position.into_owned(), length);
            all.copy(&mut self.client, &mut self.output, (log, 0)).await?;
            self.output.end_line(log, 0, false)?;
        }
        Ok(())
    }
}
