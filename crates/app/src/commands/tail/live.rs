//! Following: one WebSocket for all logs, opened again for ever from where each log was left.
//!
//! ```text
//! connect ─▶ event ─▶ write to stdout ─▶ the log's position ─▶ cursor file
//!    ▲                                        │
//!    └──────── lost: wait, come again ◀───────┘  from=POSITION of each log
//! ```
//!
//! A position moves only with blocks and edges, and after the bytes in front of it were written, so a connection may break
//! anywhere and nothing is lost or doubled. What ends a run: the reader of our output left, the hub refuses us, or the user.

use std::time::Duration;

use futures_util::StreamExt;
use tailcast_agent::dial::{Dialer, Stream};
use tailcast_tail::{Offset, Token};
use tailcast_wire::{Block, Body, Ends};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_websockets::{CloseCode, Message, WebSocketStream};

use super::backoff::Backoff;
use super::cursor::Cursor;
use super::dialect::{Dialect, Event, Told};
use super::line::Line;
use super::output::Output;
use super::places::Places;
use super::stop::Stop;
use super::stretch::Stretch;
use super::words;
use crate::client::Client;
use crate::exit::{Exit, Failure, Outcome, say};

/// The hub pings every 20 s; who has said nothing for this long is gone.
const SILENCE: Duration = Duration::from_secs(70);

/// A run of `tail` that follows.
pub(super) struct Live {
    pub(super) dialer: Dialer,
    pub(super) client: Client,
    pub(super) dialect: Dialect,
    /// The words of the filter, as in a query; empty when there is none.
    pub(super) filter: String,
    pub(super) policy: &'static str,
    pub(super) places: Places,
    pub(super) output: Output,
    pub(super) cursor: Option<Cursor>,
    /// Whether a hub that was never there is waited for.
    pub(super) patient: bool,
    pub(super) link: Link,
}

/// Why a connection has ended.
enum End {
    /// It broke.
    Broken(Failure),
    /// The hub said that it stops, and when to come again.
    Bye(u32),
}

/// How the connection stands.
#[derive(Debug, Default)]
pub(super) struct Link {
    standing: Standing,
    backoff: Backoff,
}

/// What a person has been told about it.
#[derive(Debug, Default, PartialEq, Eq)]
enum Standing {
    /// Nothing has been heard yet.
    #[default]
    New,
    Good,
    Away,
}

impl Link {
    /// The hub has said something: only that makes a connection a good one.
    fn heard(&mut self) {
        if self.standing == Standing::Away {
            say("the hub is back; going on where each log was left");
        }
        self.standing = Standing::Good;
        self.backoff.reset();
    }

    /// It broke; says so once, and how long to wait.
    pub(super) fn broke(&mut self, failure: &Failure) -> Duration {
        if self.standing != Standing::Away {
            say(&format!("{failure}; trying again"));
        }
        self.standing = Standing::Away;
        self.backoff.next()
    }
}

impl Live {
    /// Follows until something ends it, which the cursor is told.
    pub(super) async fn run(mut self, mut stop: Stop) -> Outcome {
        let reader = self.output.stdout().reader()?;
        let ended = tokio::select! {
            biased;
            // Between two writes: each is whole or was never begun.
            () = reader.left() => Ok(Exit::Ok),
            () = stop.asked() => Ok(Exit::Ok),
            ended = self.follow() => ended,
        };
        let kept = self.cursor.as_mut().map_or(Ok(()), |cursor| cursor.end(self.output.stdout()));
        ended.and_then(|exit| kept.map(|()| exit))
    }

    async fn follow(&mut self) -> Outcome {
        if !self.patient {
            self.places.are_there(&mut self.client).await?;
        }
        loop {
            let end = match self.connect().await {
                Ok(socket) => self.attend(socket).await?,
                Err(failure) if failure.exit() != Exit::Unreachable => return Err(failure),
                Err(failure) if self.link.standing == Standing::New && !self.patient => return Err(failure),
                Err(failure) => End::Broken(failure),
            };
            let wait = match end {
                End::Bye(retry_ms) => Backoff::within(retry_ms),
                End::Broken(failure) => self.link.broke(&failure),
            };
            self.pause(wait).await?;
        }
    }

    /// A WebSocket on which each log goes on where it was left.
    async fn connect(&mut self) -> Result<WebSocketStream<Stream>, Failure> {
        self.places.find_beginnings(&mut self.client, &self.filter).await?;
        let gap = if self.filter.is_empty() { "" } else { "&" };
        let words = format!("{}{gap}policy={}", self.filter, self.policy);
        let path = format!("api/v1/live?{}&{words}", self.places.query());
        Ok(self.dialer.websocket(&path, self.dialect.name()).await?)
    }

    /// Writes what comes until the connection ends. An error is the end of the run.
    async fn attend(&mut self, mut socket: WebSocketStream<Stream>) -> Result<End, Failure> {
        loop {
            let heard = tokio::select! {
                heard = timeout(SILENCE, socket.next()) => heard,
                () = until(self.due()) => {
                    self.keep()?;
                    continue;
                }
            };
            let message = match heard {
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(error))) => return Ok(self.broken(error)),
                Ok(None) => return Ok(self.broken(anyhow::anyhow!("the hub closed it"))),
                Err(_) => return Ok(self.broken(anyhow::anyhow!("nothing was heard for {} s", SILENCE.as_secs()))),
            };
            self.link.heard();
            refused(&message)?;
            if let Some(end) = self.take(&message).await? {
                return Ok(end);
            }
        }
    }

    /// Writes what a message brings. Not to be dropped half way: a block may be half written.
    async fn take(&mut self, message: &Message) -> Result<Option<End>, Failure> {
        match self.dialect.read(message)? {
            Some(Event::Block { log, position, block }) => {
                self.begin(&log, start_of(&block).as_deref())?;
                self.cursor.as_mut().map_or(Ok(()), |cursor| cursor.begin_block(self.output.stdout()))?;
                self.block(&log, &block).await?;
                self.moved(&log, Some(&position))?;
            }
            Some(Event::Lines { log, position, lines }) => {
                let first = lines.first().and_then(Line::said).map(|said| said.position);
                self.begin(&log, first.as_deref())?;
                self.output.lines(&log, &lines)?;
                self.moved(&log, Some(&position))?;
            }
            Some(Event::Edge { log, position }) => self.moved(&log, position.as_deref())?,
            Some(Event::Told(told)) => {
                words::told(&told);
                self.fill(&told).await?;
            }
            Some(Event::Bye { retry_ms }) => return Ok(Some(End::Bye(retry_ms))),
            None => {}
        }
        Ok(None)
    }

    /// Writes a block, into a pipe with what the hub has cut from long lines in it.
    async fn block(&mut self, log: &str, block: &Block) -> Result<(), Failure> {
        let is_cut = match &block.body {
            Body::Raw(_) => matches!(block.ends, Ends::Cut { .. }),
            Body::Picked { lines, .. } => lines.iter().any(|line| line.cut.is_some()),
        };
        if !is_cut || !self.output.is_bytes() {
            return Ok(self.output.block(log, block)?);
        }
        match &block.body {
            Body::Raw(bytes) => {
                self.output.block(log, block)?;
                let rest = Stretch::behind(block, (block.start, bytes), block.end.saturating_sub(block.start));
                self.copy(rest, (log, block.life)).await?;
            }
            Body::Picked { lines, .. } => {
                for line in lines {
                    self.output.bytes(log, block.life, &line.bytes)?;
                    let rest = line.cut.and_then(|length| Stretch::behind(block, (line.offset, &line.bytes), length));
                    self.copy(rest, (log, block.life)).await?;
                    self.output.end_line(log, block.life, line.bytes.is_empty())?;
                }
            }
        }
        Ok(())
    }

    /// Fetches what came late into a file that was left, when everything is wanted as it is. A filter has nobody to judge
    /// it here, and a person has been told.
    async fn fill(&mut self, told: &Told) -> Result<(), Failure> {
        let wants_all = self.policy == "complete" && self.filter.is_empty() && self.output.is_bytes();
        let Some((from, to)) = told.gap.as_ref().filter(|_| wants_all) else { return Ok(()) };
        self.begin(&told.log, Some(from))?;
        // Under a life that no file has, so that it begins on a line of its own.
        self.copy(Some(Stretch::between(from, to)), (&told.log, u64::MAX)).await?;
        // No position has moved, and the bytes will not be sent again.
        self.keep()
    }

    /// Writes a stretch, however often the connection breaks: what is begun cannot be left half written.
    async fn copy(&mut self, stretch: Option<Stretch>, of: (&str, u64)) -> Result<(), Failure> {
        let Some(mut stretch) = stretch else { return Ok(()) };
        let mut backoff = Backoff::default();
        while let Err(failure) = stretch.copy(&mut self.client, &mut self.output, of).await {
            if failure.exit() != Exit::Unreachable {
                return Err(failure);
            }
            if backoff.is_fresh() {
                say(&format!("{failure}; trying again"));
            }
            sleep(backoff.next()).await;
        }
        Ok(())
    }

    /// A log is about to be written from `position` on.
    fn begin(&mut self, log: &str, position: Option<&str>) -> Result<(), Failure> {
        match (&mut self.cursor, position) {
            (Some(cursor), Some(position)) => cursor.begin(log, position, self.output.stdout()),
            _ => Ok(()),
        }
    }

    /// A log has been written out up to `position`; `None` says that there is nothing to read yet.
    fn moved(&mut self, log: &str, position: Option<&str>) -> Result<(), Failure> {
        self.places.moved(log, position);
        match (&mut self.cursor, position) {
            (Some(cursor), Some(position)) => cursor.moved(log, position, self.output.stdout()),
            _ => Ok(()),
        }
    }

    async fn pause(&mut self, wait: Duration) -> Result<(), Failure> {
        let over = Instant::now() + wait;
        while let Some(due) = self.due().filter(|due| *due < over) {
            sleep_until(due).await;
            self.keep()?;
        }
        sleep_until(over).await;
        Ok(())
    }

    fn due(&self) -> Option<Instant> {
        self.cursor.as_ref().and_then(Cursor::due)
    }

    fn keep(&mut self) -> Result<(), Failure> {
        self.cursor.as_mut().map_or(Ok(()), |cursor| cursor.keep(self.output.stdout()))
    }

    fn broken(&self, error: impl Into<anyhow::Error>) -> End {
        End::Broken(self.client.broken(error))
    }
}

/// The hub may close a view in the middle, since who asks may look no longer.
fn refused(message: &Message) -> Result<(), Failure> {
    match message.as_close() {
        Some((CloseCode::POLICY_VIOLATION, why)) => {
            Err(Failure::new(Exit::Refused, anyhow::anyhow!("the hub closed this view: {why}")))
        }
        _ => Ok(()),
    }
}

/// The position of a block's first byte; `None` of a block whose token this version does not understand.
fn start_of(block: &Block) -> Option<String> {
    let token = Token::try_from(&block.token[..]).ok()?;
    Some(token.position(Offset(block.start), &block.lead).to_string())
}

/// Waits until then, or for ever.
async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
