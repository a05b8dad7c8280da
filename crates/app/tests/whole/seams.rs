//! A view opened at any moment of a busy log has no seam between history and live lines, and none to the view before it,
//! whose position it goes on from: also at the moment at which the agent lets go of a log or takes it up again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::rig::{Event, Form, Hub, LogFile, Site, Viewer, within};

/// Logs that are looked at, one viewer each, and how often.
const LOGS: usize = 8;
const VIEWS: usize = 6;
/// A channel outlives its last viewer by 2 s; the next view comes about then.
const PAUSE: std::ops::Range<u64> = 1900..2100;

#[tokio::test]
async fn a_view_opened_at_any_moment_has_no_seam() {
    let site = Site::new();
    let files: Vec<_> = (0..LOGS).map(|number| site.log(&format!("{number}.log"))).collect();
    let hub = Hub::serve(&site, &["--no-agent"]).await;
    let _agent = site.agent("web2", &hub.url()).await;
    hub.has_host("web2").await;
    let names: Vec<_> = files.iter().map(|file| file.on("web2")).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let writer = std::thread::spawn(move || write(files, &stopped));
    let looking: Vec<_> = names.into_iter().map(|log| tokio::spawn(look(hub.address, log))).collect();
    let mut lines = 0;
    for viewer in looking {
        lines += within("a viewer", viewer).await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    eprintln!("{} views of {LOGS} logs, {lines} lines", LOGS * VIEWS);
}

/// Looks at a log again and again, from where the view before it ended, and counts the lines.
async fn look(hub: std::net::SocketAddr, log: String) -> usize {
    let (mut position, mut next, mut count): (Option<String>, Option<usize>, _) = (None, None, 0);
    for view in 0..VIEWS {
        let form = [Form::Json, Form::Cbor, Form::Sse][fastrand::usize(0..3)];
        let policy = ["live", "complete"][fastrand::usize(0..2)];
        let from = match &position {
            Some(position) => format!("&from={position}"),
            None => format!("&last={}", fastrand::usize(0..100)),
        };
        let mut viewer = Viewer::ask(hub, form, &format!("log={log}{from}&policy={policy}")).await.unwrap();
        let until = Instant::now() + Duration::from_millis(fastrand::u64(1..400));
        while Instant::now() < until || next.is_none() {
            match within("more", viewer.event()).await.unwrap() {
                Event::Lines(lines, to) => {
                    for line in lines {
                        let number: usize = line[..8].parse().unwrap();
                        assert_eq!(number, next.unwrap_or(number), "{form:?}, {policy}, view {view} of {log}");
                        (next, count) = (Some(number + 1), count + 1);
                    }
                    position = to.or(position);
                }
                Event::Edge(to) => position = to.or(position),
                Event::Gap(..) => panic!("a gap in view {view} of {log}"),
                Event::Told(kind, words) => assert!(kind != "lost" && kind != "error", "{kind}: {words}"),
                Event::Bye(_) => (),
            }
        }
        drop(viewer);
        sleep(Duration::from_millis(fastrand::u64(PAUSE))).await;
    }
    count
}

/// Writes to all of them, half lines now and then, and rotates them one after the other.
fn write(mut files: Vec<LogFile>, stop: &AtomicBool) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        for file in &mut files {
            let line = format!("{number:08} a line of a log that many look at\n");
            let (first, rest) = line.split_at(if number % 7 == 0 { 20 } else { line.len() });
            file.write(first);
            file.write(rest);
        }
        number += 1;
        if number % 500 == 0 {
            let which = number / 500 % files.len();
            files[which].rotate();
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}
