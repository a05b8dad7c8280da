//! A slow viewer slows nobody, and chooses (law 5): everything at its own pace, or what is new, with the gap told and
//! fetched on request.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::rig::{Event, Form, Hub, LogFile, Site, Viewer, within};

/// So many lines of 100 bytes: more than a socket and the hub hold together.
const LINES: usize = 200_000;
/// So many lines are more than a link has under way.
const FEWER: usize = 100_000;

#[tokio::test]
async fn a_slow_viewer_that_wants_everything_gets_everything_in_order() {
    let (_site, hub, log) = flood(&[Form::Cbor, Form::Text], "complete").await;
    for mut viewer in log.viewers {
        for number in 0..LINES {
            assert_eq!(viewer.line().await, line(number));
        }
    }
    drop(hub);
}

#[tokio::test]
async fn a_slow_viewer_that_wants_what_is_new_is_told_what_it_missed_and_can_fetch_it() {
    let (_site, hub, log) = flood(&[Form::Json, Form::Sse], "live").await;
    for mut viewer in log.viewers {
        let (mut next, mut gaps) = (0, 0);
        while next < LINES {
            match within("more", viewer.event()).await.unwrap() {
                Event::Lines(lines, _) => {
                    for found in lines {
                        assert_eq!(found, line(next));
                        next += 1;
                    }
                }
                Event::Gap(from, to) => {
                    gaps += 1;
                    let missed = hub.get(&format!("/api/v1/raw?log={}&from={from}&to={to}", log.name)).await;
                    for found in String::from_utf8(missed.body.to_vec()).unwrap().lines() {
                        assert_eq!(found, line(next));
                        next += 1;
                    }
                }
                _ => (),
            }
        }
        assert!(gaps > 0, "nothing was skipped: the log must be longer to fall behind it");
    }
}

#[tokio::test]
async fn over_a_line_that_is_slower_than_the_log_nothing_is_skipped_silently() {
    let site = Site::new();
    let mut file = site.log("app.log");
    let hub = Hub::serve(&site, &["--no-agent"]).await;
    let agent = site.agent("web2", &format!("http://{}", slow_line(hub.address).await)).await;
    hub.has_host("web2").await;
    let name = file.on("web2");
    file.write("begin\n");
    let mut viewer = Viewer::ask(hub.address, Form::Json, &format!("log={name}")).await.unwrap();
    assert_eq!(viewer.line().await, "begin");
    let writer = tokio::spawn(async move {
        for chunk in (0..FEWER).step_by(2000) {
            file.write((chunk..chunk + 2000).map(|number| line(number) + "\n").collect::<String>());
            sleep(Duration::from_millis(60)).await;
        }
    });
    let (mut next, mut gaps) = (0, 0);
    while next < FEWER {
        match within("more", viewer.event()).await.unwrap() {
            Event::Lines(lines, _) => {
                for found in lines {
                    let number: usize = found[..8].parse().unwrap();
                    assert!(number == next || (number > next && gaps > 0), "{number} behind {next}");
                    (next, gaps) = (number + 1, 0);
                }
            }
            Event::Gap(_, to) => {
                gaps += 1;
                // The last gap leads to the end, whether or not a line ever comes behind it.
                let path = format!("/api/v1/lines?log={name}&after={to}&limit=1");
                if writer.is_finished() && hub.get(&path).await.lines().is_empty() {
                    break;
                }
            }
            _ => (),
        }
    }
    writer.await.unwrap();
    let (_, most) = agent.memory();
    eprintln!("the agent had {} MiB at most", most >> 20);
    assert!(most < 80 << 20, "{most}");
}

/// A way to the hub that takes 1 MB/s, a third of what is written.
async fn slow_line(hub: SocketAddr) -> SocketAddr {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(8).unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((agent, _)) = listener.accept().await {
            let (mut from_agent, mut to_agent) = agent.into_split();
            let (mut from_hub, mut to_hub) = TcpStream::connect(hub).await.unwrap().into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_hub, &mut to_agent).await });
            tokio::spawn(async move {
                let mut piece = vec![0; 50_000];
                while let Ok(length @ 1..) = from_agent.read(&mut piece).await {
                    to_hub.write_all(&piece[..length]).await?;
                    sleep(Duration::from_millis(50)).await;
                }
                to_hub.shutdown().await
            });
        }
    });
    address
}

/// What is looked at.
struct Log {
    name: String,
    viewers: Vec<Viewer>,
}

/// A log on which so many lines were written at once, with viewers who have not read any of them yet.
async fn flood(forms: &[Form], policy: &str) -> (Site, Hub, Log) {
    let site = Site::new();
    let mut file: LogFile = site.log("app.log");
    let hub = Hub::with_agent(&site).await;
    let name = file.on("web1");
    file.write("begin\n");
    let mut viewers = Vec::new();
    for form in forms {
        let mut viewer = Viewer::ask(hub.address, *form, &format!("log={name}&policy={policy}")).await.unwrap();
        assert_eq!(viewer.line().await, "begin");
        viewers.push(viewer);
    }
    let mut swift = hub.view(Form::Cbor, &name).await;
    for chunk in (0..LINES).step_by(2000) {
        file.write((chunk..chunk + 2000).map(|number| line(number) + "\n").collect::<String>());
        // At the pace of somebody who does read.
        while swift.line().await != line(chunk + 1999) {}
    }
    (site, hub, Log { name, viewers })
}

/// A line by its number.
fn line(number: usize) -> String {
    format!("{number:08} {}", "x".repeat(90))
}
