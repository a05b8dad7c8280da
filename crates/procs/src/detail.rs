//! One process in full: every descriptor, what it is, whom it is with, and who has the other end.

use std::collections::{BTreeMap, HashSet};
use std::os::fd::{AsFd, BorrowedFd};

use crate::ends::Holders;
use crate::file::{self, File, Kind};
use crate::link::{Link, Node};
use crate::opposite::OtherEnds;
use crate::peer::{Direction, Grouping, MOST_PEERS, Peer};
use crate::proc::{Entered, Error, Proc};
use crate::process::{self, Process};
use crate::servers::Servers;
use crate::socket::{Socket, Sockets};
use crate::unseen::Unseen;
use crate::{fdinfo, held, listener, pipe, unlisted};

/// Deleted files whose sizes are asked for.
const MOST_DELETED: usize = 10_000;

/// Which files are wanted one by one; all are counted and grouped whatever is wanted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From this number on.
    pub from: u32,
    /// At most so many.
    pub most: usize,
}

/// A process in full.
#[derive(Debug, Clone)]
pub struct Detail {
    /// As it stands in the list.
    pub process: Process,
    /// The wanted files, in order of their numbers.
    pub files: Vec<File>,
    /// How many there are, whatever was wanted; `None` when they cannot be seen.
    pub total: Option<u64>,
    /// How many follow those that were wanted.
    pub beyond: u64,
    /// What they are of, the most first.
    pub kinds: Vec<(Kind, u64)>,
    /// Files without a name, whose bytes go when they are closed: how many, and how large they are together.
    pub deleted: Deleted,
    /// With whom it is connected, the most first.
    pub peers: Vec<Peer>,
    /// Where it listens.
    pub listeners: Vec<listener::Listener>,
    /// Whether its network is another than ours, or may be: what is done to its connections has to be done in there.
    pub other_network: bool,
    /// What could not be seen.
    pub unseen: Vec<Unseen>,
}

/// Open files without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deleted {
    /// How many.
    pub files: u64,
    /// Their sizes in bytes, together.
    pub bytes: u64,
}

/// What a process holds, by groups alone: what has to be known to say what grows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Composition {
    /// What its files are of, the most first.
    pub kinds: Vec<(Kind, u64)>,
    /// With whom it is connected, the most first.
    pub peers: Vec<Peer>,
    /// Where it listens.
    pub listeners: Vec<listener::Listener>,
    /// How many of its files have no name any more.
    pub deleted: u64,
}

impl Proc {
    /// A process in full; of the number of a thread the process that it is of. Blocks for some milliseconds for each thousand files that the machine has open.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn detail(&self, pid: u32, window: Window) -> Result<Detail, Error> {
        let pid = self.whole(pid);
        let entered = self.enter(pid).ok_or(Error::NoSuchProcess(pid))?;
        let process = process::look(&entered).ok_or(Error::NoSuchProcess(pid))?;
        let held = Held::look(&entered, window);
        let mut unseen: Vec<_> = held.total.is_none().then_some(Unseen::Files).into_iter().collect();
        let (sockets, shut) = held.sockets(self, pid);
        let inside = held.inside(&sockets);
        unseen.extend(shut);
        let mut detail = Detail {
            process,
            total: held.total,
            beyond: held.beyond,
            kinds: held.kinds(),
            deleted: held.deleted,
            peers: held.peers(&sockets, &Grouping::of(&sockets)),
            listeners: held.listeners(&sockets),
            files: held.files,
            other_network: self.is_kernels() && !self.is_in_our_network(pid),
            unseen,
        };
        detail.name_other_ends(self, &sockets, inside);
        Ok(detail)
    }

    /// What some processes hold, by groups, with where they listen: the sockets of the machine are listed once for all of
    /// them. One that has gone or cannot be looked into is left out.
    #[must_use]
    pub fn compositions(&self, pids: &[u32]) -> Vec<(u32, Composition)> {
        self.composed(pids, |_, _| ())
    }

    /// The same, with who serves those that have many connections to one place: `servers` remembers it from look to look.
    pub(crate) fn compositions_served(&self, pids: &[u32], servers: &mut Servers) -> Vec<(u32, Composition)> {
        self.composed(pids, |sockets, made| servers.name(self, sockets, made))
    }

    /// `name` is given all of them with their networks: of another process, or ours.
    fn composed(
        &self,
        pids: &[u32],
        name: impl FnOnce(&Sockets, Vec<(Option<u32>, &mut Vec<Peer>)>),
    ) -> Vec<(u32, Composition)> {
        let mut sockets = Sockets::default();
        if !pids.is_empty() {
            sockets = Sockets::of_ours(self).0;
        }
        let mut held = Vec::new();
        for pid in pids {
            let Some(entered) = self.enter(*pid) else { continue };
            let her = Held::look(&entered, Window { from: 0, most: 0 });
            if her.total.is_some() {
                sockets.complete(self, *pid, &her.inodes);
                held.push((*pid, her));
            }
        }
        let grouping = Grouping::of(&sockets);
        let composition = |held: &Held| Composition {
            kinds: held.kinds(),
            peers: held.peers(&sockets, &grouping),
            listeners: held.listeners(&sockets),
            deleted: held.deleted.files,
        };
        let mut made: Vec<_> = held.iter().map(|(pid, held)| (*pid, composition(held))).collect();
        let both = held.iter().zip(&mut made);
        name(&sockets, both.map(|((_, held), (_, made))| (held.inside(&sockets), &mut made.peers)).collect());
        made
    }
}

impl Composition {
    /// How many files of a kind.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u64 {
        self.kinds.iter().find(|(known, _)| *known == kind).map_or(0, |(_, count)| *count)
    }

    /// The group that is about the same as `peer`.
    #[must_use]
    pub fn with(&self, peer: &Peer) -> Option<&Peer> {
        // The addresses that clients come from change; the port that they come to does not.
        let same = |known: &&Peer| match peer.direction {
            Direction::In => known.port == peer.port,
            Direction::Out | Direction::Local => known.remote == peer.remote,
        };
        self.peers.iter().find(|known| known.direction == peer.direction && same(known))
    }

    /// Leaves of each kind and each group the least of both.
    pub(crate) fn lower_to(&mut self, other: &Composition) {
        for (kind, count) in &mut self.kinds {
            *count = (*count).min(other.of(*kind));
        }
        self.deleted = self.deleted.min(other.deleted);
        for peer in &mut self.peers {
            match other.with(peer) {
                Some(known) => peer.lower_to(known),
                None => (peer.count, peer.states) = (other.most_unlisted().min(peer.count), Vec::new()),
            }
        }
    }

    /// How many connections a group may have that is not among the peers.
    fn most_unlisted(&self) -> u64 {
        if self.peers.len() < MOST_PEERS { 0 } else { self.peers.last().map_or(0, |last| last.count) }
    }
}

/// All that the descriptors of a process say by themselves.
#[derive(Debug, Default)]
struct Held {
    total: Option<u64>,
    beyond: u64,
    tally: BTreeMap<Kind, u64>,
    inodes: Vec<u64>,
    deleted: Deleted,
    files: Vec<File>,
}

impl Held {
    fn look(entered: &Entered<'_>, window: Window) -> Self {
        let mut held = Held::default();
        let fdinfos = entered.open("fdinfo").ok();
        let total = held::each(entered, |fds, fd, link| {
            let mut kind = Kind::of(&link);
            if let Link::Socket(inode) = link {
                held.inodes.push(inode);
            }
            if fd >= window.from && held.files.len() < window.most {
                let file = file::file(fds, fdinfos.as_ref().map(AsFd::as_fd), fd, &link);
                kind = file.kind;
                held.files.push(file);
            } else if fd >= window.from {
                held.beyond += 1;
            }
            *held.tally.entry(kind).or_default() += 1;
            if link.says_deleted() && kind == Kind::File && held.deleted.files < MOST_DELETED as u64 {
                let looked = file::look(fds, &fd.to_string());
                if let Some(looked) = looked.filter(|looked| looked.links == 0) {
                    held.deleted.files += 1;
                    // Files with holes may together be larger than any disk is.
                    held.deleted.bytes = held.deleted.bytes.saturating_add(looked.size);
                }
            }
        });
        held.total = total.ok();
        if let Some(fdinfos) = &fdinfos {
            held.name_watched(entered, fdinfos.as_fd());
        }
        held
    }

    /// Says of each wanted inotify instance what it watches.
    fn name_watched(&mut self, entered: &Entered<'_>, fdinfos: BorrowedFd<'_>) {
        if self.files.iter().all(|file| file.kind != Kind::Inotify) {
            return;
        }
        let open = self.files.iter().filter(|file| !file.deleted);
        let open = open.filter_map(|file| Some((file.identity?, file.target.clone())));
        let paths = open.chain(["root", "cwd"].iter().filter_map(|name| entered.place(name))).collect();
        for file in self.files.iter_mut().filter(|file| file.kind == Kind::Inotify) {
            file.about = fdinfo::watches(fdinfos, &file.fd.to_string(), &paths);
        }
    }

    /// The sockets of its network: of ours, and when some of its own are not among them, of the one it is in.
    fn sockets(&self, proc: &Proc, pid: u32) -> (Sockets, Option<Unseen>) {
        if self.inodes.is_empty() {
            return (Sockets::default(), None);
        }
        let (mut sockets, unseen) = Sockets::of_ours(proc);
        sockets.complete(proc, pid, &self.inodes);
        (sockets, unseen)
    }

    fn own<'a>(&self, sockets: &'a Sockets) -> impl Iterator<Item = &'a Socket> {
        self.inodes.iter().filter_map(|inode| sockets.get(*inode))
    }

    fn peers(&self, sockets: &Sockets, grouping: &Grouping<'_>) -> Vec<Peer> {
        // All that one process has is mostly of one network, and that it is another one is said of the process. What others come to it
        // for is its own affair: the port would be a guess at that.
        let peers = grouping.group(self.own(sockets));
        let guess = |peer: &Peer| peer.service.clone().filter(|_| peer.direction != Direction::In);
        peers.into_iter().map(|peer| Peer { inside: None, service: guess(&peer), ..peer }).collect()
    }

    /// In the network of which process it is, as its sockets have it.
    fn inside(&self, sockets: &Sockets) -> Option<u32> {
        self.own(sockets).next()?.inside
    }

    fn listeners(&self, sockets: &Sockets) -> Vec<listener::Listener> {
        let listeners = self.own(sockets).filter_map(listener::Listener::of);
        listeners.map(|listener| listener::Listener { inside: None, ..listener }).collect()
    }

    fn kinds(&self) -> Vec<(Kind, u64)> {
        let mut kinds: Vec<_> = self.tally.iter().map(|(kind, count)| (*kind, *count)).collect();
        kinds.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
        kinds
    }
}

impl Detail {
    /// Says of each wanted file, and of each peer on this machine, which process has the other end.
    fn name_other_ends(&mut self, proc: &Proc, sockets: &Sockets, inside: Option<u32>) {
        let here = OtherEnds::of(sockets);
        for file in &mut self.files {
            file.socket = inode(file).and_then(|inode| sockets.get(inode)).cloned();
        }
        let servers = here.servers(&self.peers, inside);
        let mut wanted: HashSet<Node> = self.files.iter().filter_map(|file| here.of_file(file)).collect();
        wanted.extend(servers.values().map(|inode| Node::Socket(*inode)));
        let holders = Holders::find(proc, &wanted);
        let all_seen = holders.unseen.is_empty() && proc.shows_all();
        for file in &mut self.files {
            match (here.of_file(file), file.pipe) {
                (_, Some(pipe)) => pipe::name_other_end(file, pipe, self.process.id.pid, &holders, all_seen),
                (Some(node), None) => file.others = holders.of(node).to_vec(),
                (None, None) => (),
            }
        }
        unlisted::name(proc, self.process.id.pid, &mut self.files);
        for peer in &mut self.peers {
            let holder = servers.get(&peer.remote).and_then(|inode| holders.of(Node::Socket(*inode)).first());
            if let Some(holder) = holder {
                peer.service = Some(holder.to_string());
            }
        }
        self.unseen.extend(holders.unseen);
    }
}

/// The inode of a socket, from its link.
fn inode(file: &File) -> Option<u64> {
    match Link::of(&file.target) {
        Link::Socket(inode) => Some(inode),
        _ => None,
    }
}
