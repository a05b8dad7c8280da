//! A place in an open file, and the way from any offset to the start of a line.

use rustix::io::Errno;

use crate::block::{BLOCK_BYTES, Begins};
use crate::incarnation::Held;
use crate::lines::last_newline;
use crate::position::{ANCHOR_BYTES, Offset, Position};

/// How far back the start of a line is looked for. Pieces of a longer line start at multiples of a block behind its
/// start, so whoever stopped between two of them is not sent back.
const SNAP_BYTES: u64 = BLOCK_BYTES as u64 - 1;

/// Where the hole ends that begins further before `offset` than the start of a line is looked for: a line starts there, and
/// not before it. The file system rounds a hole to its blocks, and NUL bytes fill the rest.
fn behind_hole(held: &Held, offset: Offset) -> Result<Option<Offset>, Errno> {
    let from = Offset(offset.0.saturating_sub(SNAP_BYTES));
    let Some(data) = held.file().data_from(from).filter(|&data| data > from && data <= offset) else { return Ok(None) };
    let rest = held.file().read(data, offset.since(data) as usize)?;
    let nuls = rest.iter().take_while(|&&byte| byte == 0).count();
    Ok(Some(data.plus(nuls as u64)))
}

/// A place in an open file with the bytes in front of it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) held: Held,
    pub(crate) offset: Offset,
    /// The ≤ 64 bytes before `offset`; what each read is compared with.
    pub(crate) lead: Vec<u8>,
    pub(crate) begins: Begins,
}

impl Place {
    /// The beginning of a file.
    pub(crate) fn start(held: Held) -> Self {
        Self { held, offset: Offset::ZERO, lead: Vec::new(), begins: Begins::AtLine }
    }

    /// `offset` itself, wherever in a line it is.
    pub(crate) fn exactly(held: Held, offset: Offset) -> Result<Self, Errno> {
        let from = Offset(offset.0.saturating_sub(ANCHOR_BYTES as u64));
        let lead = held.file().read(from, offset.since(from) as usize)?;
        Ok(Self { held, offset, lead, begins: Begins::InLine })
    }

    /// `offset`, which is known to be the start of a line.
    pub(crate) fn at_line(held: Held, offset: Offset) -> Result<Self, Errno> {
        Ok(Self { begins: Begins::AtLine, ..Self::exactly(held, offset)? })
    }

    /// The start of the line that `offset` is in, when it is less than a block away; else `offset` itself, inside of
    /// the line.
    pub(crate) fn snapped(held: Held, offset: Offset) -> Result<Self, Errno> {
        let encoding = held.encoding();
        let unit = encoding.newline_bytes() as u64;
        let offset = Offset(offset.0.min(held.size()) / unit * unit);
        // Nearly every line is short, and most offsets that come are starts already.
        for reach in [SNAP_BYTES / 64, SNAP_BYTES] {
            let from = Offset(offset.0.saturating_sub(reach) / unit * unit);
            let before = held.file().read(from, offset.since(from) as usize)?;
            match last_newline(&before, from, encoding) {
                Some(end) => return Self::at_line(held, from.plus(end as u64)),
                None if from == Offset::ZERO => return Ok(Self::start(held)),
                None => {}
            }
        }
        match behind_hole(&held, offset)? {
            Some(start) => Self::at_line(held, start),
            None => Self::exactly(held, offset),
        }
    }

    /// Behind the last whole line of the file; space set aside at its end is for lines to come.
    pub(crate) fn last_line_start(held: Held) -> Result<Self, Errno> {
        let end = held.data_end();
        Self::snapped(held, end)
    }

    /// Whether the file still is what it was up to here: not shorter, same head, same bytes before it. The head does not grow by
    /// this: what a follower that stands here calls it stays its name.
    pub(crate) fn stands(&self) -> Result<bool, Errno> {
        let held = &self.held;
        Ok(!held.is_over()
            && held.size() >= self.offset.0
            && held.still_begins(&held.file().read_head()?)
            && self.lead_stands()?)
    }

    /// Whether the same bytes are before it.
    pub(crate) fn lead_stands(&self) -> Result<bool, Errno> {
        let from = Offset(self.offset.0 - self.lead.len() as u64);
        Ok(self.held.file().read(from, self.lead.len())? == self.lead)
    }

    /// The same for the world.
    pub(crate) fn position(&self) -> Position {
        self.held.position(self.offset, &self.lead)
    }
}
