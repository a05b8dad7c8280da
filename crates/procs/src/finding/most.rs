//! What a process has more of than before, most of all: a kind of file, or connections to one place.

use super::Cause;
use crate::detail::Composition;
use crate::file::Kind;
use crate::peer::{Direction, Peer};
use crate::socket::State;

/// What has grown most.
pub(super) struct Most {
    pub(super) cause: Cause,
    pub(super) what: String,
    pub(super) peer: Option<String>,
    pub(super) addresses: Option<u64>,
    /// Of all that has grown.
    pub(super) share: f64,
}

impl Most {
    /// `None` where nothing has grown.
    pub(super) fn of(before: &Composition, now: &Composition) -> Option<Self> {
        let grown = |kind: Kind| now.of(kind).saturating_sub(before.of(kind));
        let all: u64 = now.kinds.iter().map(|(kind, _)| grown(*kind)).sum();
        let (kind, most) = now.kinds.iter().map(|(kind, _)| (*kind, grown(*kind))).max_by_key(|(_, grown)| *grown)?;
        if all == 0 {
            return None;
        }
        let share = |grown: u64| grown as f64 / all as f64;
        // Who talks to another place than before has no more connections for that.
        let of_peer = |peer: &Peer| {
            let before = before.with(peer).map_or(0, |before| before.count);
            peer.count.saturating_sub(before).min(grown(Kind::Socket))
        };
        match now.peers.iter().max_by_key(|peer| of_peer(peer)) {
            Some(peer) if share(of_peer(peer)) >= 0.5 => Some(Most {
                cause: cause(peer, before.with(peer)),
                what: format!("connections {}{}", whom(peer), unclosed(peer)),
                peer: Some(peer.remote.clone()),
                addresses: peer.addresses,
                share: share(of_peer(peer)),
            }),
            _ => {
                let deleted = now.deleted.saturating_sub(before.deleted);
                let mostly = kind == Kind::File && deleted * 10 >= most * 8;
                Some(if mostly { Most::of_deleted(share(most)) } else { Most::of_kind(kind, share(most)) })
            }
        }
    }

    fn of_deleted(share: f64) -> Self {
        Most { cause: Cause::Deleted, what: "deleted files".to_owned(), peer: None, addresses: None, share }
    }

    fn of_kind(kind: Kind, share: f64) -> Self {
        let what = if kind == Kind::Socket { "connections to many places".to_owned() } else { plural(kind) };
        Most { cause: Cause::Kind(kind), what, peer: None, addresses: None, share }
    }
}

fn cause(peer: &Peer, before: Option<&Peer>) -> Cause {
    let grown = |count: u64, before: Option<u64>| count.saturating_sub(before.unwrap_or(0));
    let all = grown(peer.count, before.map(|before| before.count));
    let unclosed = grown(peer.in_state(State::CloseWait), before.map(|before| before.in_state(State::CloseWait)));
    match peer.direction {
        _ if unclosed * 10 >= all * 8 => Cause::NotClosed,
        Direction::In => Cause::Clients,
        Direction::Out | Direction::Local => Cause::Connections,
    }
}

fn whom(peer: &Peer) -> String {
    match peer.direction {
        Direction::In => format!("to its {}", peer.whom()),
        Direction::Out | Direction::Local => format!("to {}", peer.whom()),
    }
}

/// How many of them the other side has closed and this one has not.
fn unclosed(peer: &Peer) -> String {
    match peer.in_state(State::CloseWait) {
        0 => String::new(),
        count => format!(", {count} not closed (CLOSE_WAIT)"),
    }
}

fn plural(kind: Kind) -> String {
    match kind {
        Kind::Directory => "directories".to_owned(),
        Kind::Memory => "pieces of shared memory".to_owned(),
        Kind::Other => "descriptors of other kinds".to_owned(),
        kind => format!("{}s", kind.name()),
    }
}
