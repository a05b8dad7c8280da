//! Plain HTTP, one connection per question.

use std::net::SocketAddr;

use http::request::Builder;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::within;

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The texts of a page of lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let page = self.json();
        let lines = page["lines"].as_array().unwrap_or_else(|| panic!("no lines in {page}"));
        lines.iter().map(|line| line["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// The answer to a GET without further headers.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Answer {
    send(address, Request::get(path), "").await
}

/// The answer to a request.
pub(crate) async fn send(address: SocketAddr, request: Builder, body: &str) -> Answer {
    whole(open(address, request, Bytes::copy_from_slice(body.as_bytes())).await.unwrap()).await
}

/// The length of an answer's body, of which nothing is kept.
pub(crate) async fn length(address: SocketAddr, path: &str) -> u64 {
    let mut body = open(address, Request::get(path), Bytes::new()).await.unwrap().into_body();
    let mut length = 0;
    while let Some(frame) = within("more of an answer", body.frame()).await {
        length += frame.unwrap().data_ref().map_or(0, |data| data.len() as u64);
    }
    length
}

/// The answer as it begins; an error when the hub is not there, or goes away.
pub(super) async fn open(address: SocketAddr, request: Builder, body: Bytes) -> anyhow::Result<Response<Incoming>> {
    let request = request.header("host", address.to_string()).body(Full::new(body))?;
    let opening = async {
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender.send_request(request).await?)
    };
    within("an answer", opening).await
}

async fn whole(response: Response<Incoming>) -> Answer {
    let (head, body) = response.into_parts();
    let body = within("the rest of an answer", body.collect()).await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, body }
}

/// A value in a query.
pub(super) fn escaped(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
