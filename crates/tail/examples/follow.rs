//! A small `tail -F`: the last ten lines of a file, then all that comes, through rotation and truncation.
//!
//! ```sh
//! cargo run -p tailcast-tail --example follow -- /var/log/syslog
//! ```
//!
//! Lines go to standard output as they are; what happens to the file is said on standard error.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, sync_channel};

use tailcast_tail::{Ask, Event, Everything, From, Log, Setup, Tag, Wake, Watcher};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("say which file")?;
    let setup = Arc::new(Setup::new(Everything));
    let log = Log::new(path.clone().into(), Tag::of(&path.to_string_lossy()), &setup);
    let mut out = std::io::stdout().lock();

    // The place where history ends is the place where following starts: nothing between, nothing twice.
    let mut from = From::Start;
    if let Ok(page) = log.last(Ask::lines(10)) {
        for block in page.blocks.iter().filter(|block| page.after.is_some_and(|after| block.start() < after.offset())) {
            out.write_all(block.bytes())?;
        }
        from = page.after.map_or(From::End, From::At);
    }

    let (wake, woken) = sync_channel(1);
    let watcher = Watcher::new(setup);
    let mut follower = log.follow(from)?;
    follower.watched_by(&watcher, waker(wake));
    loop {
        let step = follower.step(1 << 20);
        for event in step.events {
            match event {
                Event::Block(block) => out.write_all(block.bytes())?,
                other => eprintln!("{other:?}"),
            }
        }
        out.flush()?;
        if !step.more && woken.recv_timeout(follower.next_look()) == Err(RecvTimeoutError::Disconnected) {
            return Ok(());
        }
    }
}

/// One sign that waits is enough: a step looks at everything.
fn waker(wake: SyncSender<()>) -> Wake {
    Arc::new(move || match wake.try_send(()) {
        Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
    })
}
