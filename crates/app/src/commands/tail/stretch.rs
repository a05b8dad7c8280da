//! A stretch of a log that is fetched as raw bytes: the rest of a line that the hub has cut, and lines that came late into
//! a file that was left. So a pipe gets all of a log, however long its lines are.
//!
//! A stretch knows how far it has been written, so that a connection that breaks in the middle costs and doubles nothing:
//! the next attempt reads over what was written. (The position of the log has not moved; it moves behind the stretch.)

use bytes::Buf;
use http_body_util::BodyExt;
use tailcast_tail::{Offset, Token};
use tailcast_wire::Block;
use url::form_urlencoded::Serializer;

use super::output::Output;
use crate::client::{Client, Unanswered};
use crate::exit::{Failure, say};

/// What is still to be fetched.
#[derive(Debug)]
pub(super) struct Stretch {
    /// The position of its first byte.
    from: String,
    /// How many bytes of it have been written.
    written: u64,
    end: End,
}

/// Where it ends.
#[derive(Debug)]
enum End {
    /// After so many bytes.
    After(u64),
    /// At a position.
    At(String),
}

impl Stretch {
    /// So many bytes from a position on.
    pub(super) fn of_length(from: String, length: u64) -> Self {
        Stretch { from, written: 0, end: End::After(length) }
    }

    /// What lies between two positions.
    pub(super) fn between(from: &str, to: &str) -> Self {
        Stretch { from: from.to_owned(), written: 0, end: End::At(to.to_owned()) }
    }

    /// What lies behind `bytes`, which begin at `start`, of a line in `block` that has `length` bytes; `None` when that is
    /// nothing.
    pub(super) fn behind(block: &Block, (start, bytes): (u64, &[u8]), length: u64) -> Option<Self> {
        let rest = length.checked_sub(bytes.len() as u64).filter(|rest| *rest > 0)?;
        let token = Token::try_from(&block.token[..]).ok()?;
        let from = token.position(Offset(start + bytes.len() as u64), bytes).to_string();
        Some(Stretch::of_length(from, rest))
    }

    /// Fetches and writes it. After an error it can be called again and goes on where it was.
    pub(super) async fn copy(
        &mut self,
        client: &mut Client,
        output: &mut Output,
        of: (&str, u64),
    ) -> Result<(), Failure> {
        let (log, life) = of;
        let mut body = match client.get(&self.path(log), "application/octet-stream").await {
            Ok(response) => response.into_body(),
            Err(Unanswered::Failed(failure)) => return Err(failure),
            Err(Unanswered::Refused(status, words)) if status.is_client_error() && !is_about_us(status) => {
                say(&format!("{log}: what is missing here cannot be fetched: {words}"));
                return Ok(());
            }
            Err(refused) => return Err(refused.into()),
        };
        // What an earlier attempt has written comes again, and is read over.
        let mut known = self.written;
        while self.room() > 0 {
            // Whatever lies behind a length is not read: dropping the body ends the connection.
            let Some(frame) = body.frame().await else { return self.ended(log) };
            let Ok(mut bytes) = frame.map_err(|error| client.broken(error))?.into_data() else { continue };
            let again = bytes.len().min(usize::try_from(known).unwrap_or(usize::MAX));
            known -= again as u64;
            bytes.advance(again);
            bytes.truncate(self.room());
            output.bytes(log, life, &bytes)?;
            self.written += bytes.len() as u64;
        }
        Ok(())
    }

    fn path(&self, log: &str) -> String {
        const PATH: &str = "raw?";
        let mut query = Serializer::for_suffix(PATH.to_owned(), PATH.len());
        query.append_pair("log", log).append_pair("from", &self.from);
        if let End::At(to) = &self.end {
            query.append_pair("to", to);
        }
        query.finish()
    }

    /// How many more bytes belong to it, at most.
    fn room(&self) -> usize {
        match self.end {
            End::After(length) => usize::try_from(length.saturating_sub(self.written)).unwrap_or(usize::MAX),
            End::At(_) => usize::MAX,
        }
    }

    /// The bytes have ended, by themselves.
    fn ended(&self, log: &str) -> Result<(), Failure> {
        if let End::After(length) = self.end {
            let left = length - self.written;
            say(&format!("{log}: the last {left} bytes of a long line are gone from the disk"));
        }
        Ok(())
    }
}

/// Whether a status speaks of who asks, and not of the log.
fn is_about_us(status: http::StatusCode) -> bool {
    matches!(status, http::StatusCode::UNAUTHORIZED | http::StatusCode::FORBIDDEN)
}

#[cfg(test)]
mod tests {
    use tailcast_agent::dial::{Dialer, Roots, Trust};
    use tempfile::NamedTempFile;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::output::tests::block;
    use super::super::stdout::{Kind, Stdout};
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn the_rest_of_a_line_begins_behind_what_was_written() {
        let (block, bytes) = (block(b""), [b'x'; 300]);
        let stretch = Stretch::behind(&block, (1000, &bytes), 1000).unwrap();
        let token = Token::try_from(&block.token[..]).unwrap();
        assert_eq!(
            (stretch.from.as_str(), stretch.room()),
            (token.position(Offset(1300), &bytes).to_string().as_str(), 700)
        );
    }

    #[test]
    fn a_line_that_is_all_there_has_no_rest() {
        assert!(Stretch::behind(&block(b""), (0, b"whole"), 5).is_none());
    }

    /// A hub that breaks off its first answer after `first` bytes of `bytes`, and gives the second one whole.
    async fn breaking(bytes: &'static [u8], first: usize) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for length in [first, bytes.len()] {
                let (mut peer, _) = listener.accept().await.unwrap();
                assert!(peer.read(&mut [0; 2048]).await.unwrap() > 0);
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len());
                peer.write_all(head.as_bytes()).await.unwrap();
                peer.write_all(&bytes[..length]).await.unwrap();
                peer.shutdown().await.unwrap();
            }
        });
        Client::new(Dialer::new(url.parse().unwrap(), Trust::new(Roots::System)))
    }

    #[tokio::test]
    async fn a_connection_that_breaks_within_it_costs_and_doubles_nothing() {
        let file = NamedTempFile::new().unwrap();
        let stdout = Stdout::to(file.reopen().unwrap(), Kind::Stream);
        let mut output = Output::new(stdout, &["a:/b".to_owned()], false, false);
        let mut client = breaking(b"0123456789 and what is behind the line", 4).await;
        let mut stretch = Stretch::of_length("position".to_owned(), 10);
        let failure = stretch.copy(&mut client, &mut output, ("a:/b", 1)).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Unreachable);
        stretch.copy(&mut client, &mut output, ("a:/b", 1)).await.unwrap();
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "0123456789");
    }
}
