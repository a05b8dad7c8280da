//! A whole socket against an independent client, over an in-memory pipe and over TCP.

use futures_util::{FutureExt, SinkExt, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_websockets::{ClientBuilder, CloseCode, Config, Message as Theirs, WebSocketStream};

use super::{masked, unmasked};
use crate::frames::{Close, Code, Error, Frame, Handshake, Kind, Limits, Message, Socket, Unsent, wants_websocket};

type Client = WebSocketStream<DuplexStream>;

fn pair(pipe: usize) -> (Socket<DuplexStream>, Client) {
    let (ours, theirs) = duplex(pipe);
    let client = ClientBuilder::new().config(Config::default().frame_size(1000)).take_over(theirs);
    (Socket::new(ours, bytes::Bytes::new(), Limits { message: 1 << 20, queue: 1 << 20 }), client)
}

#[tokio::test]
async fn messages_of_every_size_come_back_the_same() {
    let (mut socket, mut client) = pair(4096);
    let server = tokio::spawn(async move {
        loop {
            let frame = match socket.recv().await.unwrap() {
                Message::Text(text) => Frame::encode(Kind::Text, text),
                Message::Binary(bytes) => Frame::build(Kind::Binary, bytes.len(), |out| out.extend(bytes)),
                Message::Pong => continue,
                Message::Close(close) => return close,
            };
            socket.send(frame).unwrap();
        }
    });
    for size in [0, 1, 125, 126, 127, 999, 1000, 1001, 65_535, 65_536, 200_000] {
        client.send(Theirs::binary(vec![7; size])).await.unwrap();
        let back = client.next().await.unwrap().unwrap();
        assert!(back.is_binary() && back.into_payload()[..] == vec![7; size], "{size}");
        client.send(Theirs::text("é".repeat(size))).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap().as_text(), Some(&*"é".repeat(size)), "{size}");
    }
    client.send(Theirs::close(Some(CloseCode::GOING_AWAY), "left")).await.unwrap();
    assert_eq!(server.await.unwrap(), Close { code: Code::GOING_AWAY, reason: "left".to_owned() });
}

#[tokio::test]
async fn a_ping_is_answered_between_frames_while_data_is_queued() {
    let (ours, mut theirs) = duplex(16);
    let mut socket = Socket::new(ours, bytes::Bytes::new(), Limits::default());
    for _ in 0..2 {
        socket.send(Frame::encode(Kind::Text, "x".repeat(100))).unwrap();
    }
    socket.ping();
    theirs.write_all(&masked(true, 9, b"?", [1, 2, 3, 4])).await.unwrap();
    let server = tokio::spawn(async move { socket.recv().await });
    let mut bytes = vec![0; 2 * 102 + 3 + 2];
    theirs.read_exact(&mut bytes).await.unwrap();
    let frames: Vec<_> = unmasked(&bytes).into_iter().map(|(first, _)| first).collect();
    let pong = frames.iter().position(|first| *first == 0x8A).unwrap();
    assert!(pong <= 2, "{frames:x?}");
    drop(theirs);
    assert!(matches!(server.await.unwrap(), Ok(Message::Close(Close { code: Code::CUT, .. }))));
}

#[tokio::test]
async fn our_ping_is_answered_and_our_close_is_echoed() {
    let (mut socket, mut client) = pair(4096);
    socket.ping();
    let client = tokio::spawn(async move {
        let mut closed = None;
        while let Some(Ok(message)) = client.next().await {
            closed = message.as_close().map(|(code, reason)| (u16::from(code), reason.to_owned()));
        }
        closed
    });
    assert_eq!(socket.recv().await.unwrap(), Message::Pong);
    socket.close(Code::own(8), "slow");
    assert!(matches!(socket.send(Frame::encode(Kind::Text, "")), Err(Unsent::Closing)));
    assert!(matches!(socket.recv().await.unwrap(), Message::Close(Close { code, .. }) if code == Code::own(8)));
    assert!(matches!(socket.recv().await, Err(Error::Closed)));
    socket.finish().await.unwrap();
    assert_eq!(client.await.unwrap(), Some((4008, "slow".to_owned())));
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_told_so() {
    let (ours, mut theirs) = duplex(4096);
    let mut socket = Socket::new(ours, bytes::Bytes::new(), Limits::default());
    theirs.write_all(&[0x81, 0x01, b'x']).await.unwrap();
    assert!(matches!(socket.recv().await, Err(Error::Violation(_))));
    let finish = tokio::spawn(socket.finish());
    let mut bytes = Vec::new();
    theirs.read_to_end(&mut bytes).await.unwrap();
    drop(theirs);
    finish.await.unwrap().unwrap();
    let frames = unmasked(&bytes);
    assert_eq!((frames.len(), frames[0].0, &frames[0].1[..2]), (1, 0x88, &1002_u16.to_be_bytes()[..]));
}

#[tokio::test]
async fn what_the_http_server_read_too_far_is_not_lost() {
    let (ours, mut theirs) = duplex(4096);
    let early = [masked(true, 1, b"one", [1, 2, 3, 4]), masked(true, 1, b"two", [5, 6, 7, 8])].concat();
    let (read, unread) = early.split_at(early.len() - 2);
    let mut socket = Socket::new(ours, bytes::Bytes::copy_from_slice(read), Limits::default());
    theirs.write_all(unread).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Message::Text("one".to_owned()));
    assert_eq!(socket.recv().await.unwrap(), Message::Text("two".to_owned()));
}

#[tokio::test]
async fn a_viewer_that_does_not_read_fills_its_queue_and_no_more() {
    let (mut socket, mut client) = pair(64);
    let frame = Frame::encode(Kind::Text, "x".repeat(64 << 10));
    let mut sent = 0;
    while socket.send(frame.clone()).is_ok() {
        sent += 1;
    }
    assert!(socket.queued() <= 1 << 20 && sent == 15, "{sent}");
    let server = tokio::spawn(async move { socket.flush().await.map(|()| socket.queued()) });
    for _ in 0..sent {
        assert_eq!(client.next().await.unwrap().unwrap().as_payload().len(), 64 << 10);
    }
    assert_eq!(server.await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn a_receive_that_is_given_up_at_any_byte_loses_nothing() {
    let (ours, mut theirs) = duplex(4096);
    let mut socket = Socket::new(ours, bytes::Bytes::new(), Limits::default());
    let frames = [masked(false, 1, b"not ", [1, 2, 3, 4]), masked(true, 0, b"lost", [5, 6, 7, 8])].concat();
    let (last, before) = frames.split_last().unwrap();
    for byte in before {
        theirs.write_u8(*byte).await.unwrap();
        assert!(socket.recv().now_or_never().is_none());
    }
    theirs.write_u8(*last).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Message::Text("not lost".to_owned()));
}

/// Reads a request and answers it, as the HTTP server would.
async fn accept(mut stream: TcpStream) -> Socket<TcpStream> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    };
    let headers: HeaderMap = head.lines().filter_map(header).collect();
    assert!(wants_websocket(Version::HTTP_11, &headers));
    let accept = Handshake::new(&headers, &[]).unwrap().accept;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    Socket::new(stream, bytes::Bytes::new(), Limits::default())
}

#[tokio::test]
async fn one_frame_is_shared_by_many_clients_over_tcp() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let clients: Vec<_> = (0..20)
        .map(|_| {
            tokio::spawn(async move {
                let stream = TcpStream::connect(address).await.unwrap();
                let uri = format!("ws://{address}/").parse().unwrap();
                let (mut client, _) = ClientBuilder::from_uri(uri).connect_on(stream).await.unwrap();
                for n in 0..100 {
                    assert_eq!(client.next().await.unwrap().unwrap().as_text(), Some(&*format!("line {n}")));
                }
                client.close().await.unwrap();
            })
        })
        .collect();
    let mut sockets = Vec::new();
    for _ in &clients {
        sockets.push(accept(listener.accept().await.unwrap().0).await);
    }
    for n in 0..100 {
        let frame = Frame::encode(Kind::Text, format!("line {n}"));
        sockets.iter_mut().for_each(|socket| socket.send(frame.clone()).unwrap());
    }
    for socket in &mut sockets {
        assert!(matches!(socket.recv().await.unwrap(), Message::Close(Close { code: Code::NORMAL, .. })));
    }
    for client in clients {
        client.await.unwrap();
    }
}

#[test]
fn a_silent_socket_is_small() {
    let size = size_of::<Socket<()>>();
    assert!(size <= 320, "{size}");
}
