//! History under the eyes of the model: pages joined are the files, and a position finds its line again.

use tailcast_tail::{Ask, BLOCK_BYTES, Block, Error, Page};

use super::reader::{Check, Holds, Reader, ensure, snapped, text};
use super::world::{Body, HOLE, Ids, Ino, World};

/// Pages backwards from the end and forwards from the beginning; both are what is on the disk.
pub(super) fn pages(world: &World, reader: &Reader, lines: usize) -> Check {
    if world.front().is_none() {
        return Ok(());
    }
    // A copy that is being made is passed over, unless it is small.
    let front = world.front().map(|front| &world.bodies[front].ids);
    let is_copy = |ino: &Ino| {
        let ids = &world.bodies[*ino].ids;
        ids.len() >= 1024 && Some(*ino) != world.front() && front.is_some_and(|front| front.starts_with(ids))
    };
    let ours: Vec<Ino> = world.family(&world.real()).into_iter().filter(|ino| !is_copy(ino)).collect();
    // What a link led to before is in the way of a follower that is still there and saw it.
    let mut ways = vec![Vec::new()];
    for home in reader.apart(world) {
        let longer: Vec<Vec<Ino>> = ways.iter().map(|way| [&way[..], &world.family(&home)].concat()).collect();
        ways.extend(longer);
    }
    ways.iter_mut().for_each(|way| way.extend(&ours));
    let all = ways.last().cloned().unwrap_or_default();
    if has_copies(world, &all) || all.iter().any(|&ino| has_wide_hole(&world.bodies[ino])) {
        return Ok(());
    }
    let content = |files: &Vec<Ino>| files.iter().flat_map(|&ino| world.bodies[ino].bytes.iter().copied()).collect();
    let contents: Vec<Vec<u8>> = ways.iter().map(content).collect();
    let most = contents.last().map_or(0, Vec::len) + 9;
    let said = |error: Error| format!("history: {error}");
    let mut page = reader.log.last(Ask::lines(lines)).map_err(said)?;
    ensure!(page.end, "the last page is not the end");
    let mut pages = Vec::new();
    loop {
        count(&page, lines)?;
        let before = page.before;
        pages.push(page);
        let Some(before) = before else { break };
        ensure!(pages.len() <= most, "there is always one more page before");
        page = reader.log.before(&before, Ask::lines(lines)).map_err(said)?;
    }
    pages.reverse();
    let content = same("backwards", &pages, &contents)?.clone();
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
        ensure!(pages.len() <= most, "there is always one more page after");
        place = after;
    }
    same("forwards", &pages, &[content]).map(|_| ())
}

/// Whether lines stand in two of these files.
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

/// Which of these contents the pages are; holes aside, for a file system may say of them what it likes.
fn same<'a>(way: &str, pages: &[Page], contents: &'a [Vec<u8>]) -> Check<&'a Vec<u8>> {
    let blocks = pages.iter().flat_map(|page| &page.blocks);
    let mut read = Vec::new();
    for block in blocks {
        read.extend_from_slice(block.bytes());
        read.resize(read.len() + (block.end().since(block.start()) as usize - block.bytes().len()), b'?');
    }
    read.retain(|&byte| byte != 0);
    let alike = |content: &&Vec<u8>| {
        let solid = || content.iter().filter(|byte| **byte != 0);
        read.len() == solid().count() && read.iter().zip(solid()).all(|(a, b)| a == b || *a == b'?')
    };
    let last = contents.first().map_or(String::new(), |content| text(content));
    contents.iter().find(alike).ok_or_else(|| format!("pages {way} are {}, and the files {last}", text(&read)))
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
    ensure!(right || spot.in_hole, "the place {} leads to {block:?}", spot.offset);
    Ok(())
}

fn stands(world: &World, block: &Block) -> bool {
    let start = block.start().0 as usize;
    world.bodies.iter().any(|body| body.bytes.get(start..start + block.bytes().len()) == Some(block.bytes()))
}
