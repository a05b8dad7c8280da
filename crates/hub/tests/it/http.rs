//! A plain HTTP/1 client: one connection for each request, and nothing done behind a test's back.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::PATIENCE;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Asks, and reads the answer to its end.
pub(crate) async fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    let read = async { whole(open(address, path, headers).await).await };
    timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("no end of the answer to {path}"))
}

/// Has something removed, and reads the answer to its end.
pub(crate) async fn delete(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = Request::delete(path).body(Full::default()).unwrap();
    whole(send(address, request, headers).await).await
}

/// Sends a JSON body, and reads the answer to its end.
pub(crate) async fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = Request::post(path).header(CONTENT_TYPE, "application/json").body(Full::from(body.to_owned()));
    whole(send(address, request.unwrap(), headers).await).await
}

async fn whole(answer: http::Response<Incoming>) -> Answer {
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

/// Asks, and reads the answer's head.
pub(crate) async fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> http::Response<Incoming> {
    let request = Request::get(path).body(Full::default()).unwrap();
    send(address, request, headers).await
}

async fn send(
    address: SocketAddr,
    mut request: Request<Full<Bytes>>,
    headers: &[(&str, &str)],
) -> http::Response<Incoming> {
    let path = request.uri().clone();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    // It ends with the answer, or when the test drops it.
    tokio::spawn(connection);
    request.headers_mut().insert(HOST, address.to_string().parse().unwrap());
    for (name, value) in headers {
        request.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    let answer = sender.send_request(request);
    timeout(PATIENCE, answer).await.unwrap_or_else(|_| panic!("no answer to {path}")).unwrap()
}

/// A value as it may stand in a query.
pub(crate) fn encoded(value: &str) -> String {
    percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
}
