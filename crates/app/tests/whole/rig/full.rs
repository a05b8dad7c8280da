//! A hub with few descriptors, and those who come to it until there is no room.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinHandle;

use super::{Hub, LogFile, Site, binary, within};

/// What asks for a WebSocket, as a page of this hub does.
pub(crate) fn upgrade(hub: SocketAddr) -> String {
    format!(
        "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nOrigin: http://{hub}\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: tailcast.v1.json\r\n"
    )
}

/// A hub at `ulimit -n 64` on which viewers of one log have taken every place that there is for them.
pub(crate) struct FullHouse {
    pub(crate) hub: Hub,
    pub(crate) file: LogFile,
    pub(crate) served: Vec<TcpStream>,
}

impl FullHouse {
    /// The first line of the log is `first`.
    pub(crate) async fn new(site: &Site) -> Self {
        let mut file = site.log("app.log");
        file.write("first\n");
        let hub = descriptors(site, 64).await;
        let mut served = Vec::new();
        while let Client::Served(stream) = Client::come(hub.address, file.on("web1")).await {
            served.push(stream);
        }
        FullHouse { hub, file, served }
    }
}

/// A hub with its own agent that may open so many descriptors.
pub(crate) async fn descriptors(site: &Site, limit: u64) -> Hub {
    Hub::of(site, descriptors_command(site, limit)).await
}

/// The same, not yet started.
pub(crate) fn descriptors_command(site: &Site, limit: u64) -> Command {
    let mut command = site.shell(&format!("ulimit -n {limit}; exec \"$@\""));
    command.arg(binary()).args(["serve", "--listen", "127.0.0.1:0", "--host", "web1", "--state-dir"]);
    command.arg(site.state()).arg(site.logs());
    command
}

/// One of a crowd.
pub(crate) enum Client {
    Served(TcpStream),
    Refused,
}

impl Client {
    pub(crate) async fn come(hub: SocketAddr, log: String) -> Self {
        let mut stream = ask(hub, &log, "Connection: close\r\n").await;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        match &head {
            b"HTTP/1.1 200" => Client::Served(stream),
            b"HTTP/1.1 503" => {
                let mut words = String::new();
                stream.read_to_string(&mut words).await.unwrap();
                let lower = words.to_lowercase();
                assert!(lower.contains("no room") && lower.contains("retry-after: "), "{words}");
                Client::Refused
            }
            other => {
                let mut words = String::from_utf8_lossy(other).into_owned();
                stream.read_to_string(&mut words).await.unwrap();
                panic!("{words}");
            }
        }
    }
}

/// Those of a crowd who were let in, and how many were not.
pub(crate) async fn sorted(crowd: Vec<JoinHandle<Client>>) -> (Vec<TcpStream>, usize) {
    let (mut served, mut refused) = (Vec::new(), 0);
    for client in crowd {
        match within("an answer to one of the crowd", client).await.unwrap() {
            Client::Served(stream) => served.push(stream),
            Client::Refused => refused += 1,
        }
    }
    (served, refused)
}

/// A page that looks at a log over a WebSocket.
pub(crate) async fn page(hub: SocketAddr, log: String) -> Client {
    let mut stream = ask(hub, &log, &upgrade(hub)).await;
    let mut seen = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
        let text = String::from_utf8_lossy(&seen);
        // One who had not asked yet when it was its turn, and for whom there was no seat to be waited for in.
        if text.starts_with("HTTP/1.1 503") && text.contains("no room") {
            return Client::Refused;
        }
        if text.contains("first") {
            return Client::Served(stream);
        }
        // A close frame with two bytes of code and the reason behind them.
        if let Some(close) = seen.windows(4).find(|bytes| bytes[0] == 0x88 && bytes[2] == 3) {
            assert_eq!(u16::from_be_bytes([close[2], close[3]]), 1013);
            assert!(text.contains(r#""why":"full""#), "{text}");
            return Client::Refused;
        }
    }
}

/// A request for a view on a connection of its own, of which nothing is read yet.
pub(crate) async fn ask(hub: SocketAddr, log: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(hub).await.unwrap();
    let request = format!("GET /api/v1/live?log={log} HTTP/1.1\r\nHost: {hub}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

pub(crate) async fn read_until(stream: &mut TcpStream, words: &str) {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(words) {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "the view ended");
    }
}

/// Comes again as long as there is no room.
pub(crate) async fn until_served(hub: &Hub, log: String) {
    let coming = async { while let Client::Refused = Client::come(hub.address, log.clone()).await {} };
    within("a place after the crowd has left", coming).await;
}
