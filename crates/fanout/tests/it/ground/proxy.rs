//! A network that can fail without a word: connections through it stop moving, and nobody is told (no FIN, no RST).

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Forwards to a port on this machine.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Whether nothing moves now.
    cut: watch::Sender<bool>,
    to: watch::Sender<u16>,
    accept: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let here = listener.local_addr().unwrap().port();
        let (cut, to) = (watch::Sender::new(false), watch::Sender::new(port));
        let accept = tokio::spawn(accept(listener, to.subscribe(), cut.clone()));
        Self { port: here, cut, to, accept }
    }

    /// Forwards new connections to another port.
    pub(crate) fn now_to(&self, port: u16) {
        self.to.send_replace(port);
    }

    /// From now on nothing moves, for ever in the connections that are there; new ones wait for [`mend`](Self::mend).
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// New connections move again; those that were there when it was cut stay dead.
    pub(crate) fn mend(&self) {
        self.cut.send_replace(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

async fn accept(listener: TcpListener, to: watch::Receiver<u16>, cut: watch::Sender<bool>) {
    loop {
        let (near, _) = listener.accept().await.unwrap();
        let port = *to.borrow();
        let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { continue };
        let state = cut.subscribe();
        let born_cut = *state.borrow();
        let ((near_in, near_out), (far_in, far_out)) = (tokio::io::split(near), tokio::io::split(far));
        tokio::spawn(forward(near_in, far_out, state.clone(), born_cut));
        tokio::spawn(forward(far_in, near_out, state, born_cut));
    }
}

/// Moves bytes until the network is cut, and then holds on to both ends for ever.
async fn forward(
    mut from: ReadHalf<TcpStream>,
    mut to: WriteHalf<TcpStream>,
    mut state: watch::Receiver<bool>,
    born_cut: bool,
) {
    if born_cut {
        // Made while the network was down: it moves as soon as that is mended.
        if state.wait_for(|cut| !*cut).await.is_err() {
            return;
        }
    }
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = tokio::select! {
            biased;
            () = is_cut(&mut state) => None,
            read = from.read(&mut buffer) => Some(read.unwrap_or(0)),
        };
        // Neither end hears of the cut: both sockets are held on to until the runtime ends.
        let Some(count) = count else { return std::future::pending().await };
        if count == 0 {
            drop(to.shutdown().await);
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

async fn is_cut(state: &mut watch::Receiver<bool>) {
    if state.wait_for(|cut| *cut).await.is_err() {
        std::future::pending().await
    }
}
