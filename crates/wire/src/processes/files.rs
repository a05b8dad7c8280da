//! What a process holds open: each file with its kind and the other end, and those that have no name any more.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Phrase;
use super::sockets::{Holder, SocketEnds};

/// An open file.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct OpenFile {
    /// Its number.
    #[n(0)]
    pub fd: u32,
    /// file, directory, device, pipe, socket, epoll, eventfd, inotify, timerfd, signalfd, pidfd, io_uring, memory, other.
    #[n(1)]
    pub kind: String,
    /// Its path, or the kernel's words for it.
    #[n(2)]
    pub target: String,
    /// read, write or both.
    #[n(3)]
    pub access: Option<String>,
    /// Of a file, in bytes.
    #[n(4)]
    pub size: Option<u64>,
    /// Whether it has no name any more.
    #[n(5)]
    pub deleted: bool,
    /// What it watches or waits for.
    #[n(6)]
    pub about: Option<String>,
    /// Of a socket.
    #[n(7)]
    pub socket: Option<SocketEnds>,
    /// Which processes of this host have the other end.
    #[n(8)]
    pub others: Vec<Holder>,
    /// The same as `about`, for who says it in another language; null from an older agent.
    #[n(9)]
    pub about_phrase: Option<Phrase>,
}

/// Files without a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct DeletedFiles {
    /// How many.
    #[n(0)]
    pub files: u64,
    /// How large they are together.
    #[n(1)]
    pub bytes: u64,
}
