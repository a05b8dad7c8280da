//! A run that keeps a cursor for a file ends in good order when it is asked to (SIGINT, SIGTERM, SIGHUP): what it has
//! written is in the cursor then, so nothing needs to be taken back the next time. All other runs of `tail` keep the
//! system's own way of ending by a signal.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the system asks.
#[derive(Debug, Default)]
pub(super) struct Stop(Vec<Signal>);

impl Stop {
    /// Listens from now on; must be called in a runtime with I/O. A signal that this process was started to ignore
    /// (`nohup`, `&` in a script) goes on being ignored.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub(super) fn listen() -> io::Result<Self> {
        let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let heard = kinds.into_iter().filter(|kind| ignored & bit(*kind) == 0);
        heard.map(signal).collect::<io::Result<_>>().map(Stop)
    }

    /// Waits until the end is asked for; for ever when it is not listened to. Cancel safe.
    pub(super) async fn asked(&mut self) {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let signals = self.0.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures_util::future::select_all(signals).await;
    }
}

fn bit(kind: SignalKind) -> u64 {
    1 << (kind.as_raw_value() - 1)
}

/// The mask of ignored signals, as proc(5) has it.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_is_ignored_is_known() {
        let status = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n";
        assert_eq!(ignored(status) & bit(SignalKind::hangup()), 1);
        assert_eq!(ignored(status) & bit(SignalKind::interrupt()), 0);
        assert_eq!(ignored(""), 0);
    }
}
