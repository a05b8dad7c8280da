//! One life of a file: from its creation, or from its last truncation, to its end.
//!
//! An [`Incarnation`] is the name of a life: it goes with each block and holds nothing open, so that blocks which wait
//! in a queue keep no descriptor and no deleted file's space. [`Held`] is the same life with its file open; the
//! follower of a log and all its readers share one, and with it the descriptor.
//!
//! The head of a life grows with the file up to 1 KiB and then stands. When the file is truncated or rewritten in place
//! the life is over: the descriptor goes on in a new one, and whoever still has the old one finds out by
//! [`Incarnation::is_over`], by its head, or by the anchor in front of each read.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::io::Errno;

use crate::block::Encoding;
use crate::file::{File, Identity, Stat};
use crate::position::{ANCHOR_BYTES, HEAD_BYTES, Head, Offset, Position, Tag, Token};

/// Names one incarnation within this process; never used twice. Greater means noticed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life(u64);

impl Life {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The number, for the wire and for messages.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The name of one life of a file. Cheap to clone; holds nothing open.
#[derive(Clone)]
pub struct Incarnation(Arc<Name>);

struct Name {
    life: Life,
    tag: Tag,
    identity: Identity,
    head: Mutex<KnownHead>,
    over: AtomicBool,
}

/// One life of a file, held open. Cheap to clone; the file is closed with the last clone of any of its lives.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    name: Incarnation,
    file: Arc<File>,
}

/// What is remembered of a life that somebody may hold.
#[derive(Debug)]
pub(crate) struct Remembered {
    name: Incarnation,
    file: Weak<File>,
}

/// The beginning of the file as far as it was seen, and what follows from it.
struct KnownHead {
    bytes: Vec<u8>,
    token: Token,
    encoding: Encoding,
}

/// What the head of a file says about an incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadCheck {
    /// It still begins as it did; the head may have grown.
    Same,
    /// It begins otherwise, or is shorter than its head was.
    Other,
}

impl Incarnation {
    /// Its name within this process: equal for the follower and the readers.
    #[must_use]
    pub fn life(&self) -> Life {
        self.0.life
    }

    /// Its name for the world. It changes while the file is shorter than 1 KiB, and each one stays good.
    #[must_use]
    pub fn token(&self) -> Token {
        self.head().token
    }

    /// The position at `offset`; `before` are the bytes in front of it, of which the last 64 count.
    #[must_use]
    pub fn position(&self, offset: Offset, before: &[u8]) -> Position {
        self.token().position(offset, before)
    }

    /// How its lines are divided.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.head().encoding
    }

    /// Whether the file was truncated or rewritten in place since, so that its bytes are gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.over.load(Ordering::Acquire)
    }

    pub(crate) fn end(&self) {
        self.0.over.store(true, Ordering::Release);
    }

    pub(crate) fn identity(&self) -> Identity {
        self.0.identity
    }

    /// Whether a file that begins with `bytes` can be a copy of this one, as far as both heads are known.
    pub(crate) fn begins_like(&self, bytes: &[u8]) -> bool {
        let head = self.head();
        !head.bytes.is_empty() && bytes.starts_with(&head.bytes)
    }

    /// Whether a file that begins with `bytes` now begins as this one did, as far as it was seen.
    pub(crate) fn still_begins(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(&self.head().bytes)
    }

    /// Whether its beginning tells it from other files: neither empty nor a hole, with which every file begins whose writer
    /// wrote on behind a truncation.
    pub(crate) fn head_tells(&self) -> bool {
        self.head().bytes.iter().any(|&byte| byte != 0)
    }

    /// Whether this one began with `bytes`, as far as it was seen.
    pub(crate) fn began_with(&self, bytes: &[u8]) -> bool {
        let head = self.head();
        head.bytes.starts_with(&bytes[..bytes.len().min(head.bytes.len())])
    }

    /// Takes note of how the file begins now; the known head grows with it.
    fn compare_head(&self, now: Vec<u8>) -> HeadCheck {
        let mut head = self.head();
        if !now.starts_with(&head.bytes) {
            return HeadCheck::Other;
        }
        if now.len() > head.bytes.len() {
            *head = KnownHead::new(self.0.tag, self.0.identity, Head::of(&now), now);
        }
        HeadCheck::Same
    }

    fn head(&self) -> MutexGuard<'_, KnownHead> {
        // A panic while it was held cannot leave a head half written: it is replaced in one assignment.
        self.0.head.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// A life that begins now, in `file`.
    ///
    /// # Errors
    /// When the head cannot be read.
    pub(crate) fn begin(tag: Tag, file: Arc<File>) -> Result<Self, Errno> {
        let identity = file.identity();
        let (head, bytes) = beginning(&file)?;
        let head = Mutex::new(KnownHead::new(tag, identity, head, bytes));
        let name = Name { life: Life::next(), tag, identity, head, over: AtomicBool::new(false) };
        Ok(Self { name: Incarnation(Arc::new(name)), file })
    }

    /// The life without the file.
    pub(crate) fn name(&self) -> &Incarnation {
        &self.name
    }

    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// The size of the file now, in bytes; 0 when it cannot be asked.
    pub(crate) fn size(&self) -> u64 {
        self.file.stat().map_or(0, |stat| stat.size)
    }

    /// Where its bytes end now; space that is set aside behind them does not count.
    pub(crate) fn data_end(&self) -> Offset {
        self.file.end_of_data(Offset(self.size()))
    }

    /// Reads the head again, lets it grow with the file, and says whether the file still begins as it did.
    pub(crate) fn check_head(&self) -> Result<HeadCheck, Errno> {
        Ok(self.name.compare_head(self.file.read_head()?))
    }

    /// Whether it holds only what `original` holds, and was written to since that was created: a copy that is being made. What
    /// was written before it is another life that began in the same way. Short files are never taken for copies: two of them
    /// may well be equal, and copying them takes no time in which they could be met.
    pub(crate) fn is_copy_of(&self, original: &Self) -> bool {
        let Ok(Stat { size, modified, .. }) = self.file.stat() else { return false };
        let alike = |from: Offset, len: usize| {
            let (copy, original) = (self.file.read(from, len), original.file.read(from, len));
            matches!((copy, original), (Ok(copy), Ok(original)) if copy == original)
        };
        size >= HEAD_BYTES as u64
            && size <= original.size()
            && modified >= i128::from(original.identity().born)
            && alike(Offset::ZERO, HEAD_BYTES)
            && alike(Offset(size - ANCHOR_BYTES as u64), ANCHOR_BYTES)
    }

    /// Whether a page is to pass it over beside `original`: as a copy that is being made, or as one of any size to which and to
    /// whose original nobody has written since. A file that was renamed was born before the next one was written to.
    pub(crate) fn repeats(&self, original: &Self) -> bool {
        let (Ok(copy), Ok(now)) = (self.file.stat(), original.file.stat()) else { return false };
        let untouched =
            copy.identity.born != 0 && now.modified < i128::from(copy.identity.born) && copy.size == now.size;
        let whole =
            || self.file.read(Offset::ZERO, HEAD_BYTES).ok() == original.file.read(Offset::ZERO, HEAD_BYTES).ok();
        self.is_copy_of(original) || (untouched && copy.size < HEAD_BYTES as u64 && whole())
    }

    pub(crate) fn remember(&self) -> Remembered {
        Remembered { name: self.name.clone(), file: Arc::downgrade(&self.file) }
    }
}

impl Deref for Held {
    type Target = Incarnation;

    fn deref(&self) -> &Incarnation {
        &self.name
    }
}

impl Remembered {
    /// The life, if its file is still held and it is not over.
    pub(crate) fn held(&self) -> Option<Held> {
        let file = self.file.upgrade().filter(|_| !self.name.is_over())?;
        Some(Held { name: self.name.clone(), file })
    }

    pub(crate) fn identity(&self) -> Identity {
        self.name.identity()
    }
}

impl KnownHead {
    fn new(tag: Tag, identity: Identity, head: Head, mut bytes: Vec<u8>) -> Self {
        bytes.truncate(HEAD_BYTES);
        let token = Token::new(tag, identity.tie(), head);
        let encoding = Encoding::of(&bytes);
        Self { bytes, token, encoding }
    }
}

/// The head of a file and its bytes. That it is empty is believed when it was so before the read too: else it was cut in
/// between, and the time would be that of an earlier change.
fn beginning(file: &File) -> Result<(Head, Vec<u8>), Errno> {
    let mut before = file.stat()?;
    loop {
        let bytes = file.read_head()?;
        let now = file.stat()?;
        match (bytes.is_empty(), before.size) {
            (false, _) => return Ok((Head::of(&bytes), bytes)),
            (true, 0) => return Ok((Head::empty_since(before.changed), bytes)),
            // A file of a strange system that has a size and no bytes.
            _ if (now.size, now.changed) == (before.size, before.changed) => return Ok((Head::of(&bytes), bytes)),
            _ => before = now,
        }
    }
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Incarnation").field("life", &self.0.life.0).field("over", &self.is_over()).finish()
    }
}

impl PartialEq for Incarnation {
    fn eq(&self, other: &Self) -> bool {
        self.life() == other.life()
    }
}

impl Eq for Incarnation {}
