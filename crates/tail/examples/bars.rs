//! The bars of this crate, measured: last 100 lines, catching up, following at 100 MB/s, a jump.
//!
//! ```sh
//! cargo run --release -p tailcast-tail --example bars -- /tmp/bars 2048
//! ```
//!
//! The arguments are a directory with room and the size of the log in MiB. Figures are the best and the median of many
//! runs; processor time is that of the reading thread.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tailcast_tail::{Ask, Event, Everything, Follower, From, Log, Offset, Setup, Tag};

#[expect(clippy::disallowed_methods, reason = "an example is a program")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("say in which directory")?;
    let mebibytes: u64 = args.next().map_or(Ok(2048), |size| size.parse())?;
    fs::create_dir_all(&folder)?;
    let path = Path::new(&folder).join("bars.log");
    let lines = write_log(&path, mebibytes << 20)?;
    let log = Log::new(path.clone(), Tag::of("bars"), &Arc::new(Setup::new(Everything)));

    measure("last 100 lines", 1000, || log.last(Ask::lines(100)).map(drop))?;
    let back = log.last(Ask::lines(100))?.before.ok_or("a longer log is needed")?;
    measure("100 lines before", 1000, || log.before(&back, Ask::lines(100)).map(drop))?;
    measure("last 1,000,000 lines", 3, || log.last(Ask { bytes: u64::MAX, ..Ask::lines(1_000_000) }).map(drop))?;
    measure("jump into the middle", 300, || jump(&log, lines / 2).map(drop))?;
    catch_up(&log, mebibytes << 20)?;
    follow(&log, &path)?;
    fs::remove_file(&path)?;
    Ok(())
}

/// Numbered lines of about 150 bytes. Returns how many.
fn write_log(path: &Path, size: u64) -> Result<u64, Box<dyn Error>> {
    let mut file = std::io::BufWriter::with_capacity(1 << 20, File::create(path)?);
    let rest = "GET /some/path/of/a/service HTTP/1.1 200 1234 a-user-agent/1.0 (with words) upstream=10.0.0.1:8080 0.003 0.003 -";
    let lines = size / (rest.len() as u64 + 14);
    for number in 0..lines {
        writeln!(file, "{number:012} {rest}")?;
    }
    file.flush()?;
    Ok(lines)
}

fn measure<E>(what: &str, runs: usize, mut run: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed());
    }
    times.sort();
    println!("{what:24} best {:>10.1?}   median {:>10.1?}", times[0], times[runs / 2]);
    Ok(())
}

fn jump(log: &Log, wanted: u64) -> Result<(), Box<dyn Error>> {
    let number = |line: &[u8]| std::str::from_utf8(line.get(..12)?).ok()?.parse::<u64>().ok();
    let jump = log.find_first(None, &mut |line| Some(number(line.bytes)?.cmp(&wanted)))?;
    assert!(jump.place.offset() > Offset::ZERO);
    Ok(())
}

fn catch_up(log: &Log, size: u64) -> Result<(), Box<dyn Error>> {
    let mut follower = log.follow(From::Start)?;
    let (start, processor) = (Instant::now(), processor());
    let read = drain(&mut follower);
    let (elapsed, processor) = (start.elapsed(), self::processor() - processor);
    let rate = |time: Duration| read as f64 / time.as_secs_f64() / 1e9;
    println!(
        "catching up              {:.2} GB/s of time, {:.2} GB/s of processor time",
        rate(elapsed),
        rate(processor)
    );
    assert!(read <= size);
    Ok(())
}

/// Another thread writes 100 MB/s in pieces of 10 kB; this one looks every 16 ms, as a pump does.
fn follow(log: &Log, path: &Path) -> Result<(), Box<dyn Error>> {
    let mut follower = log.follow(From::End)?;
    drain(&mut follower);
    let mut file = OpenOptions::new().append(true).open(path)?;
    let done = AtomicBool::new(false);
    let (start, before) = (Instant::now(), processor());
    let mut read = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let piece = ("x".repeat(99) + "\n").repeat(100);
            for written in 0..30_000_u32 {
                file.write_all(piece.as_bytes()).unwrap_or_default();
                let due = Duration::from_micros(u64::from(written) * 100);
                std::thread::sleep(due.saturating_sub(start.elapsed()));
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            read += drain(&mut follower);
            std::thread::sleep(Duration::from_millis(16));
        }
    });
    let (elapsed, processor) = (start.elapsed().as_secs_f64(), (processor() - before).as_secs_f64());
    println!("following {:.0} MB/s       {:.2} % of a core", read as f64 / elapsed / 1e6, processor / elapsed * 100.0);
    Ok(())
}

fn drain(follower: &mut Follower) -> u64 {
    let mut read = 0;
    loop {
        let step = follower.step(1 << 20);
        for event in &step.events {
            if let Event::Block(block) = event {
                read += block.bytes().len() as u64;
            }
        }
        if !step.more {
            return read;
        }
    }
}

fn processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
