//! How the two connections are, for whoever waits for them or shows them.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::Error;

/// How a connection is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It has not been there yet.
    #[default]
    Connecting,
    /// It is there.
    Up,
    /// It is not there, and why, in words. The next attempt is on its way.
    Down(String),
}

/// How a fan-out over a broker is, and what it has done. Counters only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The connection that subscribes.
    pub subscribing: State,
    /// The connection that publishes.
    pub publishing: State,
    /// Connections that were opened, of both kinds.
    pub connections: u64,
    /// Messages published here.
    pub published: u64,
    /// Messages dropped here, because too much waited for the broker.
    pub dropped: u64,
    /// Messages that came from the broker.
    pub received: u64,
    /// Frames from the broker that are none of ours, or longer than any of ours may be.
    pub foreign: u64,
    /// Bytes that wait for the broker now.
    pub waiting: usize,
    /// Channels listened to now.
    pub channels: usize,
}

/// Which connection.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    Subscribing,
    Publishing,
}

pub(crate) struct Status {
    states: watch::Sender<[State; 2]>,
    pub(crate) connections: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) foreign: AtomicU64,
}

impl Status {
    pub(crate) fn new() -> Self {
        let states = watch::Sender::new([State::default(), State::default()]);
        Self { states, connections: AtomicU64::new(0), received: AtomicU64::new(0), foreign: AtomicU64::new(0) }
    }

    pub(crate) fn set(&self, role: Role, state: State) {
        if state == State::Up {
            self.connections.fetch_add(1, Ordering::Relaxed);
        }
        self.states.send_modify(|states| states[role as usize] = state);
    }

    pub(crate) fn count_received(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_foreign(&self) {
        self.foreign.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_up(&self, role: Role) -> bool {
        self.states.borrow()[role as usize] == State::Up
    }

    pub(crate) fn states(&self) -> [State; 2] {
        self.states.borrow().clone()
    }

    /// Waits until both are up, or the next attempt fails.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        let mut watched = self.states.subscribe();
        let mut seen_anew = false;
        loop {
            let states = watched.borrow_and_update().clone();
            match &states {
                [State::Up, State::Up] => return Ok(()),
                [State::Down(words), _] | [_, State::Down(words)] if seen_anew => {
                    return Err(Error::Refused(words.clone()));
                }
                _ => {}
            }
            if watched.changed().await.is_err() {
                return Err(Error::Closed);
            }
            seen_anew = true;
        }
    }
}
