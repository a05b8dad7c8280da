//! Questions to the agents of other hubs: `POST api/v1/peer`, sealed both ways, so that it needs no TLS to be secret and no
//! token to be allowed. A connection to a hub is kept for the next question; a question takes one to itself.
//!
//! Bounds: so many questions to one hub at once ([`AT_ONCE`]), so many connections kept ([`KEPT`]), an answer no longer than
//! a message of the link. It refuses to ask twice: whoever asked decides whether to ask again.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tailcast_wire::{HubId, MAX_MESSAGE, PeerAnswer, PeerAsk, decode, encode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::pass::Passes;
use super::seal::{Opener, Sealer, Seals};

/// Questions to one hub at once; the others wait.
const AT_ONCE: usize = 64;
/// Connections to one hub that wait for the next question.
const KEPT: usize = 8;
/// How long an answer may take, with all that comes before it: the other hub gives its agent less.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest answer, with its seal.
const LONGEST: usize = MAX_MESSAGE + 1024;
/// What a question is sealed for.
pub(crate) const QUESTION: &[u8] = b"question 1";
/// What an answer is sealed for, with the question.
const ANSWER: &[u8] = b"answer 1";
/// The path of the route.
pub(crate) const PATH: &str = "/api/v1/peer";

/// A connection on which HTTP can be spoken.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What [`Dial`] gives, or why not, in words.
pub type Dialled = Pin<Box<dyn Future<Output = Result<Box<dyn Stream>, String>> + Send>>;

/// What the answer to a sealed question is sealed for: it opens for that very question, so that nobody on the way can give the
/// answer of one for the answer to another.
pub(crate) fn answer_to(question: &[u8]) -> Vec<u8> {
    [ANSWER, question].concat()
}

/// Connects to the hub at a URL.
pub type Dial = Arc<dyn Fn(&str) -> Dialled + Send + Sync>;

/// The other hubs, as they are asked.
pub(crate) struct Peers {
    dial: Dial,
    passes: Passes,
    sealer: Sealer,
    seals: Seals,
    peers: Mutex<HashMap<HubId, Arc<Peer>>>,
}

struct Peer {
    turns: Semaphore,
    kept: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

impl Peers {
    pub(super) fn new(dial: Dial, passes: Passes, seals: &Seals) -> std::io::Result<Self> {
        Ok(Self { dial, passes, sealer: Sealer::new(seals)?, seals: seals.clone(), peers: Mutex::default() })
    }

    /// Puts a question to the hub `id` at `url`. Cancel safe: dropping the future takes the question back.
    pub(super) async fn ask(&self, url: &str, id: HubId, asked: &PeerAsk) -> Result<PeerAnswer, String> {
        let peer = self.peer(id);
        let answer = async {
            let _turn = peer.turns.acquire().await.map_err(|error| error.to_string())?;
            self.put(&peer, url, asked).await
        };
        timeout(PATIENCE, answer)
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
            .map_err(|why| format!("the hub at {url}, to which the agent is linked, cannot be asked: {why}"))
    }

    /// Hubs that are no longer there.
    pub(super) fn forget(&self, id: HubId) {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    async fn put(&self, peer: &Peer, url: &str, asked: &PeerAsk) -> Result<PeerAnswer, String> {
        let question = Bytes::from(self.sealer.seal(QUESTION, &encode(asked)));
        if let Some(kept) = peer.idle().await
            && let Ok(response) = self.send(peer, kept, url, &question).await?
        {
            return self.answer(&question, response);
        }
        // None was kept, or the other side closed it under the question, which only reads: it is asked on a new one.
        let response = self.send(peer, self.connect(url).await?, url, &question).await?;
        self.answer(&question, response.map_err(|error| error.to_string())?)
    }

    /// The inner error: the connection broke, and the question may go over another one.
    async fn send(
        &self,
        peer: &Peer,
        mut connection: SendRequest<Full<Bytes>>,
        url: &str,
        question: &Bytes,
    ) -> Result<Result<(StatusCode, Bytes), hyper::Error>, String> {
        let (base, authority) = parts(url)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{base}{PATH}"))
            .header(HOST, authority)
            .header(AUTHORIZATION, self.passes.issue())
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(Full::new(question.clone()))
            .map_err(|error| error.to_string())?;
        let response = match connection.send_request(request).await {
            Ok(response) => response,
            Err(error) => return Ok(Err(error)),
        };
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST).collect().await.map_err(|error| error.to_string())?;
        peer.keep(connection);
        Ok(Ok((status, body.to_bytes())))
    }

    fn answer(&self, question: &[u8], (status, body): (StatusCode, Bytes)) -> Result<PeerAnswer, String> {
        if !status.is_success() {
            return Err(refusal(status, &body));
        }
        self.open(question, &body)
    }

    fn open(&self, question: &[u8], sealed: &[u8]) -> Result<PeerAnswer, String> {
        let opened = Opener::new(&self.seals).open(&answer_to(question), sealed).map_err(|error| error.to_string())?;
        let answer = decode::<PeerAnswer>(&opened.message).map_err(|error| error.to_string())?;
        answer.ok_or_else(|| "it answered in a way that only newer hubs know".to_owned())
    }

    async fn connect(&self, url: &str) -> Result<SendRequest<Full<Bytes>>, String> {
        let stream = (self.dial)(url).await?;
        let (connection, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        // It ends with the connection; how it ended, the request on it learns.
        tokio::spawn(driver);
        Ok(connection)
    }

    fn peer(&self, id: HubId) -> Arc<Peer> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Peer { turns: Semaphore::new(AT_ONCE), kept: Mutex::default() });
        Arc::clone(peers.entry(id).or_insert_with(new))
    }
}

impl Peer {
    /// A kept connection that still holds.
    async fn idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        loop {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if kept.ready().await.is_ok() {
                return Some(kept);
            }
        }
    }

    fn keep(&self, connection: SendRequest<Full<Bytes>>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(connection);
        }
    }
}

/// The base path and the authority of a hub's address.
fn parts(url: &str) -> Result<(String, String), String> {
    let uri: http::Uri = url.parse().map_err(|error| format!("{url} is no address: {error}"))?;
    let authority = uri.authority().ok_or_else(|| format!("{url} names no host"))?;
    Ok((uri.path().trim_end_matches('/').to_owned(), authority.to_string()))
}

/// What a refusal says, in the other hub's words where it has some.
fn refusal(status: StatusCode, body: &[u8]) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let words = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str()).unwrap_or("without a word");
    format!("{status}: {words}")
}

impl std::fmt::Debug for Peers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::ClusterKey;
    use super::*;

    #[test]
    fn the_answer_to_one_question_does_not_pass_for_the_answer_to_another() {
        let key = ClusterKey::for_tests(1);
        let seals = Seals::new(&key);
        let dial: Dial = Arc::new(|_: &str| Box::pin(async { Err("nobody is dialled".to_owned()) }));
        let peers = Peers::new(dial, Passes::new(&key), &seals).expect("random");
        let sealer = Sealer::new(&seals).expect("random");
        let [one, other] = [(); 2].map(|()| sealer.seal(QUESTION, b"the same words"));
        let answer = sealer.seal(&answer_to(&one), &encode(&PeerAnswer::Late));
        assert_eq!(peers.open(&one, &answer), Ok(PeerAnswer::Late));
        assert!(peers.open(&other, &answer).is_err());
    }
}
