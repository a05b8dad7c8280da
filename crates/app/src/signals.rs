//! What the system asks of a running service: to stop (SIGTERM, SIGINT) or to look at its configuration again (SIGHUP).
//!
//! Only `serve` and `agent` listen; a client command keeps the system's own way of ending by a signal, but for a `tail` that
//! keeps a cursor for a file. A second request
//! to stop ends the process at once, for whoever does not want to wait for goodbyes.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What a service is asked.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    /// Cancelled when it is to stop.
    pub(crate) stop: CancellationToken,
    /// Changes when it is to look at its configuration again. Several requests before one is looked at are one.
    pub(crate) reload: watch::Receiver<u64>,
}

impl Signals {
    /// Listens from now on. Must be called in a runtime with I/O; the task ends with the runtime.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub(crate) fn listen() -> io::Result<Self> {
        let stop = CancellationToken::new();
        let (requests, reload) = watch::channel(0);
        let handlers = Handlers {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        };
        tokio::spawn(handlers.pass_on(stop.clone(), requests));
        Ok(Signals { stop, reload })
    }
}

struct Handlers {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Handlers {
    async fn pass_on(mut self, stop: CancellationToken, requests: watch::Sender<u64>) {
        loop {
            tokio::select! {
                Some(()) = self.terminate.recv() => ask_to_stop(&stop),
                Some(()) = self.interrupt.recv() => ask_to_stop(&stop),
                Some(()) = self.hang_up.recv() => requests.send_modify(|count| *count += 1),
                else => return,
            }
        }
    }
}

fn ask_to_stop(stop: &CancellationToken) {
    if stop.is_cancelled() {
        // As the shell counts it: 128 and SIGINT. Everything worth keeping is in the files, so nothing is lost.
        std::process::exit(130);
    }
    stop.cancel();
}
