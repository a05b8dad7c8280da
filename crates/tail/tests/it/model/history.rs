//! History under the eyes of the model: pages joined are the files, and a position finds its line again.

use tailcast_tail::{Ask, BLOCK_BYTES, Block, Error, Page};

use super::reader::{Check, Holds, Reader, ensure, snapped, text};
use super::world::{Body, HOLE, Ids, World};

/// Pages backwards from the end and forwards from the beginning; both are what is on the disk.
pub(super) fn pages(world: &World, reader: &Reader, lines: usize) -> Check {
    let files = world.family(&world.real());
    if world.front().is_none() || files.is_empty() {
        return Ok(());
    }
    let content: Vec<u8> = files.iter().flat_map(|&ino| world.bodies[ino].bytes.iter().copied()).collect();
    if has_copies(world, &files) || files.iter().any(|&ino| has_wide_hole(&world.bodies[ino])) {
        return Ok(());
    }
    let said = |error: Error| format!("history: {error}");
    let mut page = reader.log.last(Ask::lines(lines)).map_err(said)?;
    ensure!(page.end, "the last page is not the end");
    let mut pages = Vec::new();
    loop {
        count(&page, lines)?;
        let before = page.before;
        pages.push(page);
        let Some(before) = before else { break };
        ensure!(pages.len() <= content.len() + 9, "there is always one more page before");
        page = reader.log.before(&before, Ask::lines(lines)).map_err(said)?;
    }
    pages.reverse();
    same("backwards", &pages, &content)?;
    let Some(first) = pages.iter().flat_map(|page| &page.blocks).next() else { return Ok(()) };
    let mut place = first.position_at(first.start());
    let mut pages = Vec::new();
    loop {
        let page = reader.log.after(&place, Ask::lines(lines)).map_err(said)?;
        count(&page, lines)?;
        let (end, after) = (page.end, page.after.ok_or("no place to go on")?);
        each_line(reader, &page)?;
        pages.push(page);
        if end {
            break;
        }
        ensure!(pages.len() <= content.len() + 9, "there is always one more page after");
        place = after;
    }
    same("forwards", &pages, &content)
}

/// A copy that is being made is left out by history, unless it is small.
fn has_copies(world: &World, files: &[usize]) -> bool {
    let mut seen = Ids::none(world.keys.len());
    let ids = files.iter().flat_map(|&ino| world.bodies[ino].ids.iter().filter(|id| **id != HOLE));
    !ids.into_iter().all(|&id| seen.insert(id))
}

/// A line that begins before a hole and ends behind it is cut where nobody can say how.
fn has_wide_hole(body: &Body) -> bool {
    body.bytes.len() > BLOCK_BYTES && body.ids.contains(&HOLE)
}

fn count(page: &Page, most: usize) -> Check {
    let lines: usize = page.blocks.iter().map(|block| block.lines().count()).sum();
    ensure!(lines <= most, "{lines} lines, and {most} were asked for");
    Ok(())
}

/// Holes aside, for a file system may say of them what it likes.
fn same(way: &str, pages: &[Page], content: &[u8]) -> Check {
    let blocks = pages.iter().flat_map(|page| &page.blocks);
    let mut read = Vec::new();
    for block in blocks {
        read.extend_from_slice(block.bytes());
        read.resize(read.len() + (block.end().since(block.start()) as usize - block.bytes().len()), b'?');
    }
    read.retain(|&byte| byte != 0);
    let content: Vec<u8> = content.iter().copied().filter(|&byte| byte != 0).collect();
    let alike = read.len() == content.len() && read.iter().zip(&content).all(|(a, b)| a == b || *a == b'?');
    ensure!(alike, "pages {way} are {}, and the files {}", text(&read), text(&content));
    Ok(())
}

/// The position of each line leads to that line.
fn each_line(reader: &Reader, page: &Page) -> Check {
    for block in &page.blocks {
        for line in block.lines() {
            let place = block.position_at(line.offset);
            let again = reader.log.after(&place, Ask::lines(1)).map_err(|error| format!("a line's place: {error}"))?;
            let first = again.blocks.first().and_then(|block| block.lines().next());
            let same = first.is_some_and(|first| first.offset == line.offset && first.bytes == line.bytes);
            ensure!(same, "the place of {} leads to {:?}", text(line.bytes), again.blocks);
        }
    }
    Ok(())
}

/// A place from a while ago is found if a file still holds it, and never a wrong one.
pub(super) fn find(world: &World, reader: &Reader, back: usize) -> Check {
    let Some(spot) = reader.spots.len().checked_sub(back + 1).and_then(|at| reader.spots.get(at)) else {
        return Ok(());
    };
    let front = world.front();
    let files = world.family(&world.real());
    let holds = |ino: usize| spot.held_by(&world.bodies[ino]);
    let sure = front.is_some() && files.iter().any(|&ino| holds(ino) == Holds::Surely);
    let page = match reader.log.after(&spot.position, Ask::lines(1)) {
        Ok(page) => page,
        Err(Error::Gone(_) | Error::Obstacle(_)) if !sure => return Ok(()),
        Err(error) => return Err(format!("a place that a file holds: {error}")),
    };
    let Some(block) = page.blocks.first() else { return Ok(()) };
    let starts = |body: &Body| {
        let skipped = body.ids.get(snapped(body, spot.offset) as usize..block.start().0 as usize);
        skipped.is_some_and(|skipped| skipped.iter().all(|&id| id == HOLE))
    };
    let fits =
        |body: &Body| spot.held_by(body) > Holds::No && (starts(body) || spot.offset as usize == body.bytes.len());
    let right = world.bodies.iter().any(fits) && stands(world, block);
    ensure!(right, "the place {} leads to {block:?}", spot.offset);
    Ok(())
}

fn stands(world: &World, block: &Block) -> bool {
    let start = block.start().0 as usize;
    world.bodies.iter().any(|body| body.bytes.get(start..start + block.bytes().len()) == Some(block.bytes()))
}
