//! A slow viewer slows nobody, and chooses (law 5): everything at its own pace, or what is new, with the gap told and
//! fetched on request.

use crate::rig::{Event, Form, Hub, LogFile, Site, Viewer, within};

/// So many lines of 100 bytes: more than a socket and the hub hold together.
const LINES: usize = 200_000;

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
