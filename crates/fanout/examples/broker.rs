//! What a broker costs: messages per second from one process's fan-out to another's, and how long one takes.
//!
//! `cargo run --release -p tailcast-fanout --example broker -- redis://127.0.0.1 nats://127.0.0.1`
//!
//! Both ends are in one process with a runtime of two threads, so that CPU is that of publisher and subscriber together.

#![allow(clippy::disallowed_methods, reason = "it is a program: it reads its arguments")]

use std::error::Error;
use std::time::{Duration, Instant};

use tailcast_fanout::{Count, Event, Fanout, Feed, Missed, Options};

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    for url in std::env::args().skip(1) {
        let options = Options::new("bench");
        let (here, there) = (Fanout::connect(&url, &options)?, Fanout::connect(&url, &options)?);
        here.ready().await?;
        there.ready().await?;
        for size in [200, 4_096, 65_536] {
            stream(&url, &here, &there, size, (400_000_000 / (size + 600)).min(500_000)).await?;
        }
        one_by_one(&url, &here, &there, 5_000).await?;
        channels(&url, &here, 20_000).await;
    }
    Ok(())
}

/// As fast as the broker takes them.
async fn stream(url: &str, here: &Fanout, there: &Fanout, size: usize, count: usize) -> Result<(), Box<dyn Error>> {
    let feed = here.subscribe("stream");
    feed.ready().await;
    let hearing = tokio::spawn(hear(feed, count as u64));
    let (began, cpu) = (Instant::now(), cpu());
    let message = vec![b'x'; size];
    for _ in 0..count {
        there.room().await;
        there.publish("stream", message.clone())?;
    }
    let missed = hearing.await?;
    let (took, used) = (began.elapsed(), self::cpu().saturating_sub(cpu));
    println!(
        "{url}: {count} messages of {size} bytes: {:.0} per second, {:.2} us of CPU each (both ends), {missed} missed",
        count as f64 / took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / count as f64,
    );
    Ok(())
}

/// Hears so many, told ones included, and returns how many were told as missed.
async fn hear(mut feed: Feed, count: u64) -> u64 {
    let (mut heard, mut missed) = (0, 0);
    while heard + missed < count {
        match feed.next().await {
            Some(Event::Message(_)) => heard += 1,
            Some(Event::Missed(Missed { count: Count::Exactly(n), why })) => {
                missed += n;
                eprintln!("{n} missed: {why:?}");
            }
            _ => break,
        }
    }
    missed
}

/// One, and the next when it has come.
async fn one_by_one(url: &str, here: &Fanout, there: &Fanout, count: usize) -> Result<(), Box<dyn Error>> {
    let mut feed = here.subscribe("one");
    feed.ready().await;
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        there.publish("one", &b"x"[..])?;
        feed.next().await;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    println!("{url}: one at a time: p50 {:?}, p99 {:?}", took[count / 2], took[count * 99 / 100]);
    Ok(())
}

async fn channels(url: &str, here: &Fanout, count: usize) {
    let began = Instant::now();
    let feeds = (0..count).map(|n| here.subscribe(&n.to_string())).collect::<Vec<_>>();
    for feed in &feeds {
        feed.ready().await;
    }
    println!("{url}: {count} channels subscribed in {:?}", began.elapsed());
}

/// CPU of this process so far.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
