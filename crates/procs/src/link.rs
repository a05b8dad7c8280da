//! Where a link in `/proc/PID/fd` leads: a path, or the kernel's own spelling of what has none.

use bstr::{BString, ByteSlice};

/// What the kernel says a descriptor is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// `socket:[INODE]`
    Socket(u64),
    /// `pipe:[INODE]`
    Pipe(u64),
    /// `anon_inode:[NAME]`, without what is around the name.
    Anonymous(BString),
    /// A path, with ` (deleted)` behind it when its last name is gone.
    Path(BString),
}

/// A thing in the kernel that several descriptors may be of, by which the two ends of something find each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    Pipe(u64),
    Socket(u64),
    /// A pipe with a name, by the device and inode of that.
    Fifo((u32, u32, u64)),
}

/// What stands behind the path of a file without a name. A name may end so, too: whether it does the link count tells.
const DELETED: &[u8] = b" (deleted)";

/// What stands for a path that is longer than the kernel tells one.
pub(crate) const TOO_LONG: &[u8] = "/… (a path that is too long to be told)".as_bytes();

impl Link {
    pub(crate) fn of(text: &[u8]) -> Self {
        let inode = |kind: &str| {
            let number = text.strip_prefix(kind.as_bytes())?.strip_prefix(b":[")?.strip_suffix(b"]")?;
            number.to_str().ok()?.parse::<u64>().ok()
        };
        if let Some(inode) = inode("socket") {
            return Link::Socket(inode);
        }
        if let Some(inode) = inode("pipe") {
            return Link::Pipe(inode);
        }
        match text.strip_prefix(b"anon_inode:") {
            Some(name) => Link::Anonymous(name.trim_with(|c| c == '[' || c == ']').into()),
            None => Link::Path(text.into()),
        }
    }

    pub(crate) fn node(&self) -> Option<Node> {
        match self {
            Link::Socket(inode) => Some(Node::Socket(*inode)),
            Link::Pipe(inode) => Some(Node::Pipe(*inode)),
            Link::Anonymous(_) | Link::Path(_) => None,
        }
    }

    /// Whether the kernel says that it has no name any more, or cannot say it for the length of the path.
    pub(crate) fn says_deleted(&self) -> bool {
        matches!(self, Link::Path(path) if path.ends_with(DELETED) || path == TOO_LONG)
    }
}

/// A path without the kernel's word behind it.
pub(crate) fn undeleted(path: &[u8]) -> &[u8] {
    path.strip_suffix(DELETED).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_path_unless_the_kernel_spells_it_otherwise() {
        assert_eq!(Link::of(b"socket:[48213]"), Link::Socket(48_213));
        assert_eq!(Link::of(b"pipe:[7]"), Link::Pipe(7));
        assert_eq!(Link::of(b"anon_inode:[eventpoll]"), Link::Anonymous("eventpoll".into()));
        assert_eq!(Link::of(b"anon_inode:inotify"), Link::Anonymous("inotify".into()));
        for path in [&b"/tmp/socket:[1]"[..], b"socket:[x]", b"pipe:[99999999999999999999]", b"/a\nb \xff (deleted)"] {
            assert_eq!(Link::of(path), Link::Path(path.into()));
        }
    }
}
