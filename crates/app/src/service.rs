//! What systemd and the program say to each other: readiness, reloading, stopping (sd_notify(3)), and the socket that
//! systemd may have opened (sd_listen_fds(3)). Without systemd each of these does nothing.

use std::net::TcpListener;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tracing::warn;

use crate::exit::Failure;

/// The service can be used from now on.
pub(crate) fn ready(words: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(words)]);
}

/// The configuration is being read again; [`ready`] must follow. The time is required by `Type=notify-reload`.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(error) => warn!(%error, "systemd was not told of the reload: no monotonic clock"),
    }
}

/// The service is going down in good order.
pub(crate) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "systemd was not told of the service's state");
    }
}

/// The socket that systemd has opened for us, when it has: it listens already, so that nobody is refused while we start.
///
/// # Errors
/// When what was handed over is not a listening TCP socket, or there are several.
pub(crate) fn inherited_listener() -> Result<Option<TcpListener>, Failure> {
    let mut handed = ListenFd::from_env();
    if handed.len() > 1 {
        return Err(Failure::usage(format_args!("systemd handed over {} sockets; one can be served", handed.len())));
    }
    handed
        .take_tcp_listener(0)
        .map_err(|error| Failure::usage(format_args!("the socket that systemd handed over: {error}")))
}
