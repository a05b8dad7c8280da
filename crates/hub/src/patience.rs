//! How long the hub waits for those who say nothing: for whom a network has swallowed, no FIN ever comes.
//!
//! Each kind of connection is ended by what it can be asked. A WebSocket is pinged. An event stream is written to (a
//! comment), and the kernel says when that is not acknowledged. A text stream has nothing to write, so the kernel probes
//! (TCP keepalive); probing is on for every connection. While something is under way TCP does not probe, so then the kernel is
//! asked whether anybody answers (`silence`), and the same time holds. It refuses to end a text stream or a download whose reader lives and
//! has stopped reading, as `less` does: such a one is cut only when its room is needed (`held`).
//!
//! The times are no user's business; tests have short ones.

use std::io;
use std::time::Duration;

use rustix::net::sockopt;
use tokio::net::TcpStream;

/// How many probes of TCP in turn may stay without an answer.
const PROBES: u32 = 3;

/// The times of one hub.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How often a silent viewer on a WebSocket is pinged.
    pub ping: Duration,
    /// How often a silent agent is pinged.
    pub link_ping: Duration,
    /// How many pings in turn either may leave unanswered.
    pub pings: u8,
    /// How often an event stream without events says that it is still there. A proxy cuts a response that is silent for a
    /// minute; browsers notice a dead one by this.
    pub comment: Duration,
    /// How long what was written to an event stream may stay unacknowledged. Its browser comes again by itself.
    pub unacknowledged: Duration,
    /// How long a connection may be silent before TCP probes it; three probes follow, a third of this apart. Whole seconds.
    pub probe: Duration,
    /// How long an agent may take to answer a question, with the wait for a turn.
    pub answer: Duration,
    /// How long a viewer may take nothing while somebody else waits for the room that is held for it.
    pub stuck: Duration,
    /// How often it is looked at whether those who were let in still may look.
    pub look_again: Duration,
    /// How long somebody may take for the last words; behind it the connection is cut.
    pub last_words: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(20),
            link_ping: Duration::from_secs(15),
            pings: 3,
            comment: Duration::from_secs(15),
            unacknowledged: Duration::from_secs(60),
            probe: Duration::from_secs(60),
            answer: Duration::from_secs(20),
            stuck: Duration::from_secs(10),
            look_again: Duration::from_secs(1),
            last_words: Duration::from_secs(2),
        }
    }
}

impl Patience {
    /// Has the kernel probe a connection that is silent.
    ///
    /// # Errors
    /// As setsockopt(2), on a connection that has ended already.
    pub(crate) fn probe(&self, stream: &TcpStream) -> io::Result<()> {
        sockopt::set_tcp_keepidle(stream, self.probe)?;
        sockopt::set_tcp_keepintvl(stream, (self.probe / PROBES).max(Duration::from_secs(1)))?;
        sockopt::set_tcp_keepcnt(stream, PROBES)?;
        sockopt::set_socket_keepalive(stream, true)?;
        Ok(())
    }

    /// How long the other end of a connection may answer nothing while something is under way to it: as long as it may where
    /// nothing is.
    pub(crate) fn unanswered(&self) -> Duration {
        self.probe * 2
    }

    /// Has the kernel end a connection whose other end acknowledges nothing.
    ///
    /// # Errors
    /// As setsockopt(2).
    pub(crate) fn hurry(&self, stream: &TcpStream) -> io::Result<()> {
        let millis = u32::try_from(self.unacknowledged.as_millis()).unwrap_or(u32::MAX);
        Ok(sockopt::set_tcp_user_timeout(stream, millis)?)
    }
}
