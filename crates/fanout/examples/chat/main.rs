//! A chat room over any number of web processes: `chat 127.0.0.1:9001 redis://127.0.0.1`. See the README beside it.

#![allow(clippy::disallowed_methods, reason = "it is a program: it reads its arguments")]

mod history;
mod http;
mod limit;
mod live;
mod room;
mod said;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tailcast_fanout::{Fanout, Options};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use room::Room;

/// Connections of one process; beyond, the next ones wait in the kernel.
const CONNECTIONS: usize = 10_000;

/// How long the head of a request may take to come.
const HEAD: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(listen), Some(broker)) = (arguments.next(), arguments.next()) else {
        return Err("usage: chat LISTEN BROKER, as in: chat 127.0.0.1:9001 redis://127.0.0.1".into());
    };
    let fanout = Fanout::connect(&broker, &Options::new("chat"))?;
    if let Err(error) = fanout.ready().await {
        eprintln!("chat: {error}; trying on");
    }
    let room = Room::join(fanout);
    let listener = TcpListener::bind(listen).await?;
    println!("chat: listening on http://{}", listener.local_addr()?);
    serve(listener, room).await
}

async fn serve(listener: TcpListener, room: Arc<Room>) -> Result<(), Box<dyn Error>> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await?;
        match listener.accept().await {
            Ok((stream, peer)) => {
                let room = Arc::clone(&room);
                tokio::spawn(async move {
                    connection(stream, peer, room).await;
                    drop(place);
                });
            }
            // Out of descriptors, most likely: some will be given back.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: tokio::net::TcpStream, peer: SocketAddr, room: Arc<Room>) {
    let answer = service_fn(move |request| http::answer(request, Arc::clone(&room), peer.ip()));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let served = builder.serve_connection(TokioIo::new(stream), answer).with_upgrades().await;
    // A viewer who went away is no error of ours, and there is nobody to tell.
    drop(served);
}
