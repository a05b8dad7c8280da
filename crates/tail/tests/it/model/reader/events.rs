//! What the reader is told, event by event, and whether the model agrees.

use super::super::world::SHORTEST;
use super::*;

impl Reader {
    pub(super) fn event(&mut self, world: &World, event: &Event, lost: &mut bool) -> Check {
        match event {
            Event::Opened { incarnation, offset, size } => {
                self.opened(world, incarnation.life(), (offset.0, *size), std::mem::take(lost))
            }
            Event::Block(block) => self.block(world, block),
            Event::Rotated { from, to, at } => {
                let was = self.books.at.take().ok_or("rotated from nothing")?;
                ensure!(was.life == *from, "rotated from another life than was read");
                self.books.left.push(Left { life: was.life, files: was.files.clone(), told: was.offset });
                if self.books.left.len() > LOOKED_AFTER {
                    let oldest = self.books.left.remove(0);
                    self.books.evicted.extend(oldest.files.iter().map(|&(ino, _)| ino));
                }
                if at.0 == 0 {
                    self.anew(world, &was);
                }
                let left = &self.books.left;
                let other = |ino: Ino| left.iter().all(|left| left.files[..] != [(ino, world.bodies[ino].life)]);
                // What is gone on with holds what was read; of a file that was cut meanwhile the model does not know that.
                let stood = self.last.as_ref().filter(|last| last.offset == at.0 && was.offset == at.0);
                let known = |body: &Body, &(old, life): &(Ino, u32)| {
                    let (old, most) = (&world.bodies[old], at.0 as usize);
                    let unlike = stood.is_some_and(|stood| stood.held_by(body) == Holds::No);
                    if old.life != life { !unlike } else { old.bytes.get(..most) == body.bytes.get(..most) }
                };
                let other = |ino: Ino| {
                    let body = &world.bodies[ino];
                    other(ino) && (at.0 == 0 || was.files.iter().any(|old| known(body, old)))
                };
                let long = |ino: &Ino| world.bodies[*ino].bytes.len() as u64 >= at.0 && other(*ino);
                // The same file, perhaps without a name, in another life.
                let same = was.files.iter().map(|&(ino, _)| ino);
                let files: HashSet<Ino> = world.names.values().copied().chain(same).filter(long).collect();
                let files = files.into_iter().collect();
                self.moved(world, to.life(), at.0, files)
            }
            Event::Truncated { from, given, to, at } => {
                let was = self.books.at.take().ok_or("truncated, and nothing was open")?;
                ensure!(was.life == *from, "another life than was read was truncated");
                ensure!(was.offset == given.0, "given up to {given}, says it, and not {}", was.offset);
                self.truncated(world, &was, to.life(), at.0)
            }
            Event::Hole { from, to, .. } => self.hole(world, from.0, to.0),
            Event::Gap(gap) => self.gap(world, gap),
            Event::Lost(told) => {
                *lost = true;
                self.lost(world, told)
            }
            Event::Waiting(_) => {
                if self.follower.as_ref().is_some_and(|follower| follower.edge().is_none()) {
                    if let Some(was) = self.books.at.take() {
                        self.books.evicted.extend(was.files.iter().map(|&(ino, _)| ino));
                        self.start = Opening::Again;
                    }
                    if self.books.base.is_none() && matches!(self.start, Opening::First | Opening::End) {
                        // Nothing is there: whatever comes is new.
                        self.books.base = Some((world.lives(), u64::MAX));
                        self.start = Opening::Again;
                    }
                }
                Ok(())
            }
            Event::Gone(_) | Event::Polling(_) | Event::Watching => Ok(()),
        }
    }

    /// A file that was renamed over the one that was read, or cut, and does not hold all that was read, is read anew; so is
    /// a copy of one, for it was made after the old one was gone.
    pub(super) fn anew(&mut self, world: &World, was: &At) {
        let old: Vec<_> = was.files.iter().map(|&(ino, _)| &world.bodies[ino].bytes).collect();
        for ino in self.reach(world) {
            let Some(&copied) = world.rewritten.get(&ino) else { continue };
            let body = &world.bodies[ino];
            let held =
                old.iter().any(|old| old.get(..was.offset as usize).is_none_or(|old| body.bytes.starts_with(old)));
            if copied || !held {
                self.books.again.insert(ino);
            }
        }
    }

    pub(super) fn opened(&mut self, world: &World, life: Life, (offset, size): (u64, u64), lost: bool) -> Check {
        let start = std::mem::replace(&mut self.start, Opening::Again);
        self.books.opened = true;
        self.books.found.clear();
        if matches!(start, Opening::End | Opening::At(_)) {
            let length = |ino: &Ino| (*ino, world.bodies[*ino].bytes.len() as u64);
            self.books.found = world.names.values().map(length).collect();
        }
        let fits = |ino: Ino| {
            let body = &world.bodies[ino];
            body.bytes.len() as u64 == size
                && match &start {
                    Opening::First => Some(ino) == world.front() && offset == 0,
                    Opening::End => Some(ino) == world.front() && offset == snapped(body, size),
                    Opening::At(_) if lost => Some(ino) == world.front() && offset == 0,
                    Opening::At(spot) => spot.held_by(body) > Holds::No && offset == snapped(body, spot.offset),
                    Opening::Again => true,
                }
        };
        let files: Vec<Ino> = world.names.values().copied().filter(|&ino| fits(ino)).collect();
        if let Opening::At(spot) = &start {
            let sure = self.reach(world).into_iter().find(|&ino| spot.held_by(&world.bodies[ino]) == Holds::Surely);
            ensure!(!lost || sure.is_none(), "told as lost, but a file holds the place {}", spot.offset);
        }
        ensure!(!files.is_empty(), "opened at {offset} of {size} bytes: no file is to be read so");
        if self.books.base.is_none() {
            // Several files fit only as long as they are empty or copies of each other.
            let bases = files.iter().map(|&ino| base(world, &world.bodies[ino], offset as usize));
            self.books.base = bases.max();
            if lost || matches!(start, Opening::First | Opening::End) {
                // What is in other files was there before, whatever it is.
                let others = self.reach(world).into_iter().filter(|ino| !files.contains(ino));
                let ids = world.ids(&files);
                for &id in others.flat_map(|ino| &world.bodies[ino].ids).filter(|&&id| !ids.contains(id)) {
                    self.books.done[id] = true;
                }
            }
            for &id in files.iter().flat_map(|&ino| &world.bodies[ino].ids[..offset as usize]) {
                self.books.done[id] = true;
            }
        }
        self.moved(world, life, offset, files)
    }

    /// Reading goes on at `offset` of one of `files`; all that stands before must be done.
    pub(super) fn moved(&mut self, world: &World, life: Life, offset: u64, files: Vec<Ino>) -> Check {
        let known = |id: &Id| self.books.done[*id] || self.books.base.is_some_and(|base| world.keys[*id] <= base);
        let read = |ino: &Ino| world.bodies[*ino].ids[..offset as usize].iter().all(known);
        let files: Vec<_> = files.into_iter().filter(read).map(|ino| (ino, world.bodies[ino].life)).collect();
        ensure!(!files.is_empty(), "goes on at {offset}, but no file was read so far");
        let proof = (offset > 0).then_some(offset);
        self.books.at = Some(At { life, files, offset, proof, seen: 0, tail: Vec::new(), tail_bytes: Vec::new() });
        Ok(())
    }

    pub(super) fn truncated(&mut self, world: &World, was: &At, life: Life, at: u64) -> Check {
        let mut again = Vec::new();
        let cut = was.files.iter().filter(|&&(ino, known)| {
            let body = &world.bodies[ino];
            body.life != known && body.bytes.len() as u64 >= at
        });
        let mut files: Vec<Ino> = cut.map(|&(ino, _)| ino).collect();
        if was.offset == 0 && files.is_empty() {
            // Cut twice, and a page was read in between: told twice.
            // Of the one that is meant nothing was given out since.
            let fresh = |ino: &Ino| world.bodies[*ino].ids.iter().all(|&id| id == HOLE || !self.books.done[id]);
            files.extend(was.files.iter().map(|&(ino, _)| ino).filter(fresh));
        }
        ensure!(!files.is_empty(), "told as truncated, but nobody did that");
        for &ino in &files {
            let body = &world.bodies[ino];
            let size = body.bytes.len() as u64;
            let done = body.ids.iter().position(|&id| !self.books.done[id]).unwrap_or(body.ids.len());
            let cut = body.line_start(done) as u64;
            // A file shorter than a head is proven in full; of a longer one it is proven where blocks ended.
            let proven = was.proof.filter(|&proof| proof <= size).map_or(0, |proof| proof.min(cut));
            let proven = if size <= 1024 { cut } else { proven };
            let grown = body.bytes.len() > body.cut;
            ensure!(
                grown || size >= was.offset || at >= proven,
                "goes on at {at} of a file cut at {size} and proven up to {proven}"
            );
            let start = body.line_start(at as usize);
            if at as usize - start >= BLOCK_BYTES {
                // The pieces of a long line that were given out stay so.
                body.ids[start..at as usize].iter().for_each(|&id| self.books.done[id] = true);
            }
            again.extend(body.ids[at as usize..].iter().copied().filter(|&id| id != HOLE));
        }
        // It is told that what comes now may have come before.
        for id in again {
            self.books.done[id] = false;
        }
        self.moved(world, life, at, files)
    }

    pub(super) fn block(&mut self, world: &World, block: &Block) -> Check {
        let (done, again) = (&self.books.done, &self.books.again);
        let at = self.books.at.as_mut().ok_or("a block, and nothing was opened")?;
        let (start, end) = (block.start().0 as usize, block.end().0 as usize);
        ensure!(block.incarnation().life() == at.life, "a block of another life");
        ensure!(start as u64 == at.offset, "a block from {start} on, and {} was next", at.offset);
        ensure!(end == start + block.bytes().len() && end > start, "a block from {start} to {end}");
        at.files.retain(|&(ino, _)| {
            let body = &world.bodies[ino];
            body.bytes.get(start..end) == Some(block.bytes()) && body.bytes[..start].ends_with(block.lead())
        });
        let fresh = |&&(ino, _): &&(Ino, u32)| {
            let ids = &world.bodies[ino].ids[start..end];
            again.contains(&ino) || ids.iter().all(|&id| id == HOLE || !done[id])
        };
        ensure!(!at.files.is_empty(), "these bytes stand in no file at {start}: {}", text(block.bytes()));
        ensure!(at.files.iter().any(|file| fresh(&file)), "given out twice: {}", text(block.bytes()));
        let ino = at.files[0].0;
        let body = &world.bodies[ino];
        shape(block, body)?;
        for &id in &body.ids[start..end] {
            self.books.done[id] = true;
        }
        (at.offset, at.proof) = (end as u64, at.proof.or(Some(end as u64)));
        let second = block.lines().nth(1).map_or(block.start(), |line| line.offset);
        for place in [block.start(), second, block.end()] {
            self.spots.push(Spot::new(block.position_at(place), body));
        }
        Ok(())
    }

    pub(super) fn hole(&mut self, world: &World, from: u64, to: u64) -> Check {
        let at = self.books.at.as_mut().ok_or("a hole, and nothing was opened")?;
        ensure!(from == at.offset, "a hole at {from}, not at {}", at.offset);
        at.files.retain(|&(ino, _)| {
            let hole = world.bodies[ino].ids.get(from as usize..to as usize);
            hole.is_some_and(|hole| hole.iter().all(|&id| id == HOLE))
        });
        ensure!(!at.files.is_empty(), "somebody wrote between {from} and {to}");
        (at.offset, at.proof) = (to, at.proof.or(Some(to)));
        Ok(())
    }

    pub(super) fn gap(&mut self, world: &World, gap: &Gap) -> Check {
        let life = gap.incarnation.life();
        let elsewhere = world.ids(&self.named(world));
        let (from, to) = (gap.from.offset().0, gap.to.offset().0);
        if self.books.left.iter().all(|left| left.life != life) {
            self.find_left(world, life, from)?;
        }
        let left =
            self.books.left.iter_mut().rev().find(|left| left.life == life).ok_or("a gap in a file never left")?;
        // What is read in the copy of a file that was deleted is no gap.
        let in_copy = |&(ino, _): &(Ino, u32)| {
            let ids = world.bodies[ino].ids.get(left.told as usize..from as usize);
            ids.is_some_and(|ids| ids.iter().all(|&id| elsewhere.contains(id)))
        };
        ensure!(left.files.iter().any(in_copy) && from < to, "a gap from {from} to {to}, told up to {}", left.told);
        left.told = to;
        let long = |ino: Ino| world.bodies[ino].ids.get(from as usize..to as usize);
        left.files.retain(|&(ino, _)| long(ino).is_some());
        ensure!(!left.files.is_empty(), "a gap up to {to}, and no file is so long");
        // Of files of which nothing was read it may be any.
        let fresh = |ino: Ino| long(ino).filter(|ids| ids.iter().all(|&id| id == HOLE || !self.books.done[id]));
        let ids = left.files.iter().find_map(|&(ino, _)| fresh(ino));
        let ids = ids.ok_or_else(|| format!("a gap over what was given out, in {from} to {to}"))?;
        ids.iter().for_each(|&id| self.books.done[id] = true);
        Ok(())
    }

    /// A file that was rotated away before the follower started is left where it ended then.
    fn find_left(&mut self, world: &World, life: Life, from: u64) -> Check {
        let read = self.books.at.as_ref().filter(|at| at.files.len() == 1).map(|at| at.files[0].0);
        let found = self.books.found.iter().filter(|&&(ino, length)| length == from && Some(ino) != read);
        let files: Vec<_> = found.map(|&(ino, _)| (ino, world.bodies[ino].life)).collect();
        ensure!(!files.is_empty(), "a gap from {from} in a file never left, nor found to end there");
        self.books.left.insert(0, Left { life, files, told: from });
        Ok(())
    }

    pub(super) fn lost(&mut self, world: &World, lost: &Lost) -> Check {
        self.books.owed = false;
        let Some(at) = &self.books.at else { return Ok(()) };
        ensure!(lost.why == Loss::Truncated, "lost in an open file: {}", lost.why);
        ensure!(lost.from.offset().0 == at.offset, "lost from {}, not {}", lost.from.offset(), at.offset);
        let reach = world.ids(&self.reach(world));
        let gone = at.tail.iter().filter(|&&id| !reach.contains(id)).count() as u64;
        let bytes = lost.bytes.ok_or("lost in an open file, and it does not say how much")?;
        if at.files.len() > 1 {
            return Ok(());
        }
        // Only of a file that was cut once, and not touched since, can be said how much of a half line was kept.
        let kept = |ino: Ino| world.bodies[ino].ids.get(at.offset as usize..);
        let only_cut = at.files.iter().all(|&(ino, _)| kept(ino).is_some_and(|kept| at.tail.starts_with(kept)));
        // What is left of a line that was whole counts as another one in the model.
        let half = at.files.iter().map(|&(ino, _)| &world.bodies[ino]).map(|body| body.bytes.len() - body.whole());
        // Nor can what was written behind a half line that was cut be told from the rest of it: that was never given out.
        let behind = at.files.iter().filter_map(|&(ino, _)| {
            let bytes = world.bodies[ino].bytes.get(at.offset as usize..)?;
            let alike = bytes.iter().zip(&at.tail_bytes).take_while(|(now, then)| now == then).count();
            kept(ino).filter(|_| alike >= SHORTEST.min(bytes.len()))
        });
        let tail: HashSet<Id> = at.tail.iter().copied().collect();
        let behind = behind.map(|kept| kept.iter().filter(|id| !tail.contains(id)).count());
        let half = half.chain(behind).max().unwrap_or(0) as u64;
        let (unread, solid) = (at.seen - at.offset, at.tail.len() as u64 == at.seen - at.offset);
        let right =
            if only_cut && solid { bytes == gone } else { (gone.saturating_sub(half)..=unread).contains(&bytes) };
        ensure!(right, "lost {bytes} bytes, says it, and {gone} are gone");
        Ok(())
    }

    /// After a step: its edge must be where its events lead to.
    pub(super) fn arrive(&mut self, world: &World, more: bool) -> Check {
        let edge = self.follower.as_ref().and_then(Follower::edge);
        let Some(at) = &mut self.books.at else {
            ensure!(edge.is_none(), "it reads something and never said so");
            return Ok(());
        };
        let edge = edge.ok_or("nothing is open, and it never said so")?;
        ensure!(edge.life == at.life && edge.offset.0 == at.offset, "its edge is {edge:?}, not {}", at.offset);
        let front = world.front();
        if at.files.iter().any(|&(ino, _)| Some(ino) == front) {
            self.home = world.real();
            self.books.came_to = Some(world.real());
        } else if self.books.came_to.is_none() {
            let holds = |home: &String| world.family(home).iter().any(|&ino| at.files.iter().any(|it| it.0 == ino));
            self.books.came_to = world.homes().into_iter().find(holds);
        }
        let end = |body: &Body| {
            let whole = body.whole();
            whole as u64 <= at.offset || body.ids[whole - 1] == HOLE || at.offset == body.bytes.len() as u64
        };
        let read = at
            .files
            .iter()
            .map(|&(ino, _)| &world.bodies[ino])
            .filter(|body| body.bytes.len() as u64 >= at.offset && (more || end(body)))
            // Of a file and its copy that are still alike, what only one of them holds was perhaps not seen.
            .min_by_key(|body| body.bytes.len());
        let body =
            read.ok_or_else(|| format!("it stopped at {} before the end and says there is no more", at.offset))?;
        at.seen = at.seen.max(body.bytes.len() as u64);
        at.tail_bytes = body.bytes[at.offset as usize..].to_vec();
        at.tail = body.ids[at.offset as usize..].iter().copied().filter(|&id| id != HOLE).collect();
        self.last = Some(Spot::new(edge.position, body));
        // Empty files are passed over; who writes to one afterwards comes too late.
        let now = at.files.iter().map(|&(ino, _)| world.bodies[ino].life).max().unwrap_or(0);
        let named = self.named(world).into_iter();
        let empty = named.filter(|&ino| world.bodies[ino].bytes.is_empty() && world.bodies[ino].life < now);
        self.books.evicted.extend(empty);
        Ok(())
    }
}
