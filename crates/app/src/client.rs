//! One question to the hub over HTTP/1.1 after another, on one connection for as long as it holds.
//!
//! What the hub refuses it says in `problem+json` (RFC 9457): its words go to stderr as they are, and the status becomes
//! the exit code. The bytes of an answer are bounded; no hub can fill this machine's memory.

use std::io;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tailcast_agent::dial::{DialError, Dialer};

use crate::exit::{Exit, Failure};

/// The longest answer that is taken into memory, in bytes: a page of lines and its JSON, with room.
const MAX_ANSWER: usize = 16 << 20;
/// Who asks, for the hub's log.
const AGENT: &str = concat!("tailcast/", env!("CARGO_PKG_VERSION"));

/// A hub that is asked questions.
pub(crate) struct Client {
    dialer: Dialer,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The hub has answered in words that it does not, with this status.
    Refused(StatusCode, String),
    /// The question did not reach a hub, or its answer did not reach us.
    Failed(Failure),
}

impl Unanswered {
    /// The failure to look at this log: a refusal that speaks of the log names it.
    pub(crate) fn of(self, log: &str) -> Failure {
        match self {
            Unanswered::Refused(status, words) if !is_about_us(status) => {
                Failure::new(exit_for(status), anyhow::anyhow!("{log}: {words}"))
            }
            unanswered => unanswered.into(),
        }
    }
}

/// The part of a problem that a person reads.
#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
    title: Option<String>,
}

impl Client {
    /// Asks the hub that `dialer` reaches. Nothing is sent yet.
    pub(crate) fn new(dialer: Dialer) -> Self {
        Client { dialer, connection: None }
    }

    /// The answer to `GET api/v1/{path}`, as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, Unanswered> {
        let response = self.get(path, "application/json").await?;
        self.read(response).await
    }

    /// The answer to `POST api/v1/{path}` with these bytes, as JSON.
    pub(crate) async fn post<T: DeserializeOwned>(&mut self, path: &str, body: Bytes) -> Result<T, Unanswered> {
        let request = self.request(Method::POST, path, "application/json", body)?;
        let response = self.ask(request).await?;
        self.read(response).await
    }

    /// The answer to `GET api/v1/{path}`, whose body is still to be read. Anything but a 2xx is a failure in words.
    pub(crate) async fn get(&mut self, path: &str, accept: &'static str) -> Result<Response<Incoming>, Unanswered> {
        let request = self.request(Method::GET, path, accept, Bytes::new())?;
        self.ask(request).await
    }

    async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unanswered> {
        let mut connection = self.connected().await?;
        let response = connection.send_request(request).await.map_err(|error| self.broken(error))?;
        self.connection = Some(connection);
        match response.status().is_success() {
            true => Ok(response),
            false => Err(self.refusal(response).await),
        }
    }

    /// What went wrong while an answer was read.
    pub(crate) fn broken(&self, error: impl Into<anyhow::Error>) -> Failure {
        let words = format!("the connection to {} broke", self.dialer.hub());
        Failure::new(Exit::Unreachable, error.into().context(words))
    }

    /// The connection, or a new one when it has ended.
    async fn connected(&mut self) -> Result<SendRequest<Full<Bytes>>, Failure> {
        if let Some(mut kept) = self.connection.take()
            && kept.ready().await.is_ok()
        {
            return Ok(kept);
        }
        let stream = self.dialer.connect().await?;
        let (connection, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.broken(error))?;
        // It ends with the connection; how it ended, the request on it learns.
        tokio::spawn(driver);
        Ok(connection)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        accept: &'static str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let hub = self.dialer.hub();
        let mut builder = Request::builder()
            .method(method)
            .uri(hub.path(&format!("api/v1/{path}")))
            .header(HOST, hub.authority())
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, accept);
        if let Some(token) = self.dialer.authorization() {
            builder = builder.header(AUTHORIZATION, token);
        }
        builder.body(Full::new(body)).map_err(Failure::usage)
    }

    async fn read<T: DeserializeOwned>(&self, response: Response<Incoming>) -> Result<T, Unanswered> {
        let bytes = self.whole(response).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let hub = self.dialer.hub();
            let words = format!("{hub} answered what this version does not understand");
            Unanswered::Failed(Failure::new(Exit::Failed, anyhow::Error::from(error).context(words)))
        })
    }

    async fn whole(&self, response: Response<Incoming>) -> Result<Bytes, Failure> {
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        body.map(|body| body.to_bytes()).map_err(|error| self.broken(anyhow::anyhow!(error)))
    }

    /// A refusal in the hub's own words where it has some.
    async fn refusal(&self, response: Response<Incoming>) -> Unanswered {
        let status = response.status();
        let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(says_problem);
        let problem: Option<Problem> = match is_problem {
            true => self.whole(response).await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            false => None,
        };
        match problem.and_then(|problem| problem.detail.or(problem.title)) {
            Some(words) => Unanswered::Refused(status, words),
            // Not from a hub, or not from one that had words: what the status alone says.
            None => Unanswered::Failed(self.dialer.refused(status.as_u16()).into()),
        }
    }
}

impl From<Failure> for Unanswered {
    fn from(failure: Failure) -> Self {
        Unanswered::Failed(failure)
    }
}

impl From<io::Error> for Unanswered {
    fn from(error: io::Error) -> Self {
        Unanswered::Failed(error.into())
    }
}

impl From<DialError> for Unanswered {
    fn from(error: DialError) -> Self {
        Unanswered::Failed(error.into())
    }
}

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Refused(status, words) => Failure::new(exit_for(status), anyhow::anyhow!("{words}")),
            Unanswered::Failed(failure) => failure,
        }
    }
}

fn says_problem(value: &HeaderValue) -> bool {
    value.as_bytes().starts_with(b"application/problem+json")
}

/// Whether a status speaks of who asks, and not of what was asked for.
pub(crate) fn is_about_us(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// The exit code for a hub's refusal.
fn exit_for(status: StatusCode) -> Exit {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::CONFLICT => Exit::Refused,
        StatusCode::NOT_FOUND | StatusCode::GONE => Exit::Nothing,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Exit::Unreachable,
        status if status.is_client_error() => Exit::Usage,
        _ => Exit::Failed,
    }
}
