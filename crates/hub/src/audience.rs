//! Everybody who has a live view open: over what, of which logs, how far, and what was written to them.
//!
//! Each viewer counts for itself, on memory of its own, so that a thousand of them do not fight over one counter; what
//! those have counted who have gone is kept as a sum. How far somebody is behind is not watched: it is worked out from
//! where the viewer stands and where its channel ends, when somebody asks. It refuses to hold anything of a log.
//!
//! Bound: the connections are (`fdguard`), and the logs of each ([`MAX_LOGS`](crate::viewers::MAX_LOGS)).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tailcast_wire::{Tiding, Told};

use crate::channel::{Behind, Channel};
use crate::item::{Item, Reach, What};

/// How a viewer is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// A WebSocket that speaks JSON: browsers.
    Json,
    /// A WebSocket that speaks CBOR: the command line.
    Cbor,
    /// Server-Sent Events.
    Events,
    /// Plain text.
    Text,
}

impl Transport {
    /// As the interface names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Transport::Json => "json",
            Transport::Cbor => "cbor",
            Transport::Events => "events",
            Transport::Text => "text",
        }
    }
}

/// Who a viewer is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face {
    pub(crate) transport: Transport,
    /// Behind trusted proxies.
    pub(crate) client: IpAddr,
}

/// What was written to viewers. Only grows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// Lines, those of each viewer counted.
    pub(crate) lines: u64,
    /// Bytes, in the form in which they were sent.
    pub(crate) bytes: u64,
    /// Gaps that were told: what was left out can be fetched.
    pub(crate) gaps: u64,
    /// Losses that were told: what is gone from the disk.
    pub(crate) lost: u64,
}

impl std::ops::AddAssign for Written {
    fn add_assign(&mut self, more: Self) {
        self.lines += more.lines;
        self.bytes += more.bytes;
        self.gaps += more.gaps;
        self.lost += more.lost;
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    opened: u64,
    viewers: HashMap<u64, Arc<Viewer>>,
    /// Of those who have gone.
    written: Written,
}

#[derive(Debug)]
struct Viewer {
    face: Face,
    since: Timestamp,
    lines: AtomicU64,
    bytes: AtomicU64,
    gaps: AtomicU64,
    lost: AtomicU64,
    logs: Mutex<Vec<(Arc<Channel>, Arc<Place>)>>,
}

/// How far a view has been written to its viewer.
#[derive(Debug)]
pub(crate) struct Place {
    /// [`Place::NOWHERE`] until the view has found its place in the channel.
    epoch: AtomicU64,
    offset: AtomicU64,
}

impl Place {
    const NOWHERE: u64 = u64::MAX;

    pub(crate) fn put(&self, reach: Reach) {
        self.offset.store(reach.offset, Relaxed);
        self.epoch.store(reach.epoch, Relaxed);
    }

    fn get(&self) -> Option<Reach> {
        let epoch = self.epoch.load(Relaxed);
        (epoch != Self::NOWHERE).then(|| Reach { epoch, offset: self.offset.load(Relaxed) })
    }
}

impl Default for Place {
    fn default() -> Self {
        Place { epoch: AtomicU64::new(Self::NOWHERE), offset: AtomicU64::new(0) }
    }
}

/// A viewer, in the audience for as long as this lives.
#[derive(Debug)]
pub(crate) struct Watching {
    audience: Arc<Audience>,
    number: u64,
    viewer: Arc<Viewer>,
}

impl Watching {
    /// One more log. The place is the view's to keep up to date.
    pub(crate) fn look_at(&self, channel: &Arc<Channel>) -> Arc<Place> {
        let place = Arc::new(Place::default());
        self.viewer.logs().push((Arc::clone(channel), Arc::clone(&place)));
        place
    }

    /// Only those logs are looked at from now on.
    pub(crate) fn keep(&self, mut keep: impl FnMut(&Channel) -> bool) {
        self.viewer.logs().retain(|(channel, _)| keep(channel));
    }

    /// An item was written, as so many bytes.
    pub(crate) fn wrote(&self, item: &Item, bytes: usize) {
        let viewer = &self.viewer;
        viewer.bytes.fetch_add(bytes as u64, Relaxed);
        match &item.what {
            What::Block { .. } => drop(viewer.lines.fetch_add(item.lines(), Relaxed)),
            What::Told(Told { tiding: Some(Tiding::Gap), .. }) => drop(viewer.gaps.fetch_add(1, Relaxed)),
            What::Told(Told { tiding: Some(Tiding::Lost), .. }) => drop(viewer.lost.fetch_add(1, Relaxed)),
            _ => (),
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut inner = self.audience.lock();
        inner.viewers.remove(&self.number);
        inner.written += self.viewer.written();
    }
}

/// A viewer who has not been written all that its log says.
#[derive(Debug)]
pub(crate) struct Laggard {
    pub(crate) face: Face,
    pub(crate) since: Timestamp,
    pub(crate) log: String,
    pub(crate) behind: Behind,
}

/// All viewers at one moment.
#[derive(Debug)]
pub(crate) struct Portrait {
    /// By transport, in the order in which they are declared.
    pub(crate) open: [u64; 4],
    pub(crate) opened: u64,
    pub(crate) written: Written,
    /// How many are behind.
    pub(crate) lagging: u64,
    /// Those furthest behind, the furthest first.
    pub(crate) worst: Vec<Laggard>,
}

impl Audience {
    /// A viewer comes.
    pub(crate) fn enter(self: &Arc<Self>, face: Face) -> Watching {
        let viewer = Arc::new(Viewer {
            face,
            since: Timestamp::now(),
            lines: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            gaps: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            logs: Mutex::default(),
        });
        let mut inner = self.lock();
        let number = inner.next;
        inner.next += 1;
        inner.opened += 1;
        inner.viewers.insert(number, Arc::clone(&viewer));
        Watching { audience: Arc::clone(self), number, viewer }
    }

    /// All of them, and the `most` furthest behind.
    pub(crate) fn portrait(&self, most: usize) -> Portrait {
        let inner = self.lock();
        let (opened, mut written) = (inner.opened, inner.written);
        let viewers: Vec<_> = inner.viewers.values().cloned().collect();
        drop(inner);
        let mut open = [0; 4];
        let (mut lagging, mut worst) = (0, Vec::new());
        for viewer in &viewers {
            open[viewer.face.transport as usize] += 1;
            written += viewer.written();
            if let Some(laggard) = viewer.furthest_behind() {
                lagging += 1;
                worst.push(laggard);
            }
        }
        worst.sort_by_key(|laggard| std::cmp::Reverse(laggard.behind));
        worst.truncate(most);
        Portrait { open, opened, written, lagging, worst }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Viewer {
    fn written(&self) -> Written {
        let [lines, bytes, gaps, lost] =
            [&self.lines, &self.bytes, &self.gaps, &self.lost].map(|counter| counter.load(Relaxed));
        Written { lines, bytes, gaps, lost }
    }

    fn furthest_behind(&self) -> Option<Laggard> {
        let logs = self.logs();
        let behind = logs.iter().filter_map(|(channel, place)| Some((channel.behind(place.get()?)?, channel)));
        let (behind, channel) = behind.max_by_key(|(behind, _)| *behind)?;
        Some(Laggard { face: self.face, since: self.since, log: channel.log().to_string(), behind })
    }

    fn logs(&self) -> MutexGuard<'_, Vec<(Arc<Channel>, Arc<Place>)>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
