//! An echo server, once guarded and once as it is usually written: the difference shows at `ulimit -n 20`.
//!
//! ```text
//! (ulimit -n 20; cargo run --example echo -- --guarded)     says on stdout where it listens
//! (ulimit -n 20; cargo run --example echo -- --naive)
//! ```
//!
//! Both echo correctly, close what has ended and survive each error of `accept`. The naive one tries again at once,
//! which is all that `loop { accept }` can do, and so it spins while its clients hang.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use tailcast_fdguard::{Asked, Budget, Limit, Listener, Plan};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

#[allow(clippy::disallowed_methods, reason = "an example is a program: it reads its arguments")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mode, port) = (arguments.next(), arguments.next());
    match run(mode.as_deref(), port.as_deref()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(mode: Option<&str>, port: Option<&str>) -> Result<(), Box<dyn Error>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.map_or(Ok(0), str::parse)?));
    match mode {
        Some("--guarded") | None => guarded(address).await,
        Some("--naive") => naive(address).await,
        Some(_) => Err("usage: echo [--guarded | --naive] [PORT]".into()),
    }
}

async fn guarded(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    eprintln!("{}", Limit::raise());
    // The listening socket, and its spare descriptor.
    let budget = Budget::new(Plan { always: 2, ..Plan::viewers_only() })?;
    let sorry = |asked: &Asked<'_>| format!("busy: {}, try again in a second\n", asked.reason).into_bytes();
    let mut listener = Listener::bind(address, budget, sorry)?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let conn = listener.accept().await.into_conn();
        tokio::spawn(echo(conn));
    }
}

async fn naive(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(echo(stream));
            }
            // "Too many open files" is still true at the next try, and the one after that.
            Err(_) => continue,
        }
    }
}

/// Sends back what comes in, until either side has had enough.
async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
