//! Viewers: who looks at which logs, under which filter, over which transport.
//!
//! One address, `GET live`, and three transports: a WebSocket (`viewers/websocket.rs`), Server-Sent Events and plain text
//! (`viewers/stream.rs`, `viewers/text.rs`). They differ in how they write; what they write comes from the same [`Views`].

mod query;
mod stream;
mod text;
mod turns;
mod websocket;

use std::sync::Arc;
use std::task::{Context, Poll};

use tailcast_wire::LogName;

use crate::audience::{Face, Watching};
use crate::channel::Key;
use crate::guests::{Exit, Guest};
use crate::held::{Room, SMALL};
use crate::hub::Hub;
use crate::item::Item;
use crate::problem::Problem;
use crate::view::{Start, View};

pub(crate) use query::{LiveQuery, filter_of, log_name, number, pairs, unknown};
pub(crate) use stream::{sse, text};
pub(crate) use turns::{Ending, Turns};
pub(crate) use websocket::{Dialect, open, switching};

/// The most logs in one view.
pub(crate) const MAX_LOGS: usize = 64;

/// All logs of one viewer, in the order in which they were asked for.
pub(crate) struct Views {
    hub: Arc<Hub>,
    views: Vec<View>,
    /// Whose turn it is: a busy log must not keep a quiet one from being seen.
    turn: usize,
    /// Whose items are on their way.
    under_way: Option<usize>,
    /// In the audience while this lives.
    watching: Watching,
    exit: Exit,
    /// For what came from a ring and is not taken, once that is known to take a while.
    room: Option<Room>,
}

impl Views {
    pub(crate) fn new(hub: &Arc<Hub>, query: &LiveQuery, face: Face, guest: &Guest) -> Self {
        let watching = hub.audience.enter(face);
        let room = Vec::with_capacity(query.logs.len());
        let mut views = Views {
            hub: Arc::clone(hub),
            views: room,
            turn: 0,
            under_way: None,
            watching,
            exit: guest.exit(),
            room: None,
        };
        for (log, start) in &query.logs {
            views.open(log.clone(), start.clone(), query);
        }
        views
    }

    /// Whether they look at what a query asks for.
    fn are_of(&self, query: &LiveQuery) -> bool {
        let key = |log: &LogName| Key { log: log.clone(), filter: query.filter.clone() };
        let asked = query.logs.iter().map(|(log, _)| key(log));
        self.views.iter().map(|view| &view.channel().key).eq(asked.collect::<Vec<_>>().iter())
    }

    /// Whether an agent is being asked for one of them.
    fn are_asking(&self) -> bool {
        self.views.iter().any(View::is_asking)
    }

    /// One more log; nothing happens when it is there already.
    ///
    /// # Errors
    /// When there are as many as there may be.
    pub(crate) fn add(&mut self, log: LogName, start: Start, query: &LiveQuery) -> Result<(), Problem> {
        if self.views.len() >= MAX_LOGS && !self.has(&log) {
            return Err(Problem::bad_request(format!("{log} is one too many; at most {MAX_LOGS} logs in one view")));
        }
        self.open(log, start, query);
        Ok(())
    }

    fn has(&self, log: &LogName) -> bool {
        self.views.iter().any(|view| view.channel().key.log == *log)
    }

    fn open(&mut self, log: LogName, start: Start, query: &LiveQuery) {
        if self.has(&log) {
            return;
        }
        let key = Key { log, filter: query.filter.clone() };
        let (channel, subscription) = self.hub.watch(&key);
        let place = self.watching.look_at(&channel);
        let view = View::new(&self.hub, &self.exit, (channel, place), subscription, (start, query.policy));
        self.views.push(view.by(query.grain));
    }

    pub(crate) fn remove(&mut self, log: &LogName) {
        self.views.retain(|view| view.channel().key.log != *log);
        self.watching.keep(|channel| channel.key.log != *log);
        self.under_way = None;
    }

    /// The same logs under another filter, from their last lines on.
    pub(crate) fn refilter(&mut self, last: u32, query: &LiveQuery) {
        let logs: Vec<_> = self.views.iter().map(|view| view.channel().key.log.clone()).collect();
        self.views.clear();
        self.watching.keep(|_| false);
        self.under_way = None;
        for log in logs {
            self.open(log, Start::Last(last), query);
        }
    }

    /// The same, for another connection of their viewer.
    pub(crate) fn of(mut self, guest: &Guest) -> Self {
        self.exit = guest.exit();
        self.views.iter_mut().for_each(|view| view.leave_by(&self.exit));
        self
    }

    /// What was handed out is not taken at once: so many bytes of it are held yet. A page has its room already.
    pub(crate) fn holds(&mut self, bytes: usize) {
        let page = self.under_way.and_then(|at| self.views.get(at)).and_then(View::room);
        match page.or(self.room.as_ref()) {
            Some(room) => room.lessen(bytes),
            None if bytes >= SMALL => self.room = Some(self.hub.held.hold(bytes, &self.exit)),
            None => (),
        }
    }

    /// Nothing more is handed out, and nothing is held.
    pub(crate) fn let_go(&mut self) {
        self.views.clear();
        self.room = None;
    }

    /// All that was handed out has been written.
    fn arrived(&mut self) {
        self.room = None;
        if let Some(view) = self.under_way.take().and_then(|at| self.views.get_mut(at)) {
            view.arrived();
        }
    }

    /// An item was written, as so many bytes.
    pub(crate) fn wrote(&self, item: &Item, bytes: usize) {
        self.watching.wrote(item, bytes);
    }

    /// Appends the next items of whichever log has some. Ready with none: no log will ever have more. Whoever asks has
    /// written all that was handed out before.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>, out: &mut Vec<Arc<Item>>) -> Poll<()> {
        self.arrived();
        let count = self.views.len();
        let mut over = 0;
        for step in 0..count {
            let at = (self.turn + step) % count;
            match self.views[at].poll_next(cx, out) {
                Poll::Ready(()) if out.is_empty() => over += 1,
                Poll::Ready(()) => {
                    self.turn = (at + 1) % count;
                    self.under_way = Some(at);
                    return Poll::Ready(());
                }
                Poll::Pending => (),
            }
        }
        if over == count { Poll::Ready(()) } else { Poll::Pending }
    }
}
