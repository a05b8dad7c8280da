//! Laws of a pump that is given orders without a link.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use tailcast_lines::{Filter, FilterSpec};
use tailcast_wire::{Body, decode};
use tokio::time::timeout;

use bytes::Bytes;
use tailcast_wire::ToHub;

use super::*;
use crate::host::HostConfig;
use crate::hung_disk::HungDisk;
use crate::offers::Offers;
use crate::outbox::outbox;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What comes from a pump with one channel.
struct Heard {
    rx: mpsc::Receiver<Bytes>,
}

impl Heard {
    async fn next(&mut self) -> ToHub {
        let bytes = timeout(PATIENCE, self.rx.recv()).await.expect("the pump says nothing").unwrap();
        decode(&bytes).unwrap().unwrap()
    }

    async fn until(&mut self, is: impl Fn(&ToHub) -> bool) {
        while !is(&self.next().await) {}
    }
}

fn follow(host: &Arc<Host>, log: &Arc<Followed>) -> (Pump, Heard) {
    let (outbox, outgoing) = outbox();
    let (tx, rx) = mpsc::channel(4);
    tokio::spawn(outgoing.write(tx));
    (Pump::start(Arc::clone(host), Arc::clone(log), outbox, None), Heard { rx })
}

async fn open(pump: &Pump) {
    let filter = Filter::new(&FilterSpec::default()).unwrap();
    let channel = Box::new(Channel::new(7, filter, u64::MAX));
    pump.order(Order::Open { channel, from: None }).await;
}

fn is_open_in_this_process(file: &Path) -> bool {
    let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
    open.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|target| target == file)
}

#[tokio::test]
async fn a_log_that_is_withdrawn_is_closed_at_once_and_goes_on_there_when_it_is_offered_again() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().canonicalize().unwrap();
    let text = |path: &str| top.join(path).to_str().unwrap().to_owned();
    fs::create_dir_all(top.join("data")).unwrap();
    let file = top.join("data/a.log");
    fs::write(&file, "one\n").unwrap();
    symlink(&file, top.join("link.log")).unwrap();
    let offered = || Offers::new(&[text("")], &[]).unwrap();
    let host =
        Host::new(HostConfig { host: "web1".parse().unwrap(), offers: offered(), labels: Vec::new(), zone: None });
    let by_name = Offers::new(&[text("else")], &[]).unwrap();
    let by_where_it_leads = Offers::new(&[text("")], &[text("data")]).unwrap();
    for other in [by_name, by_where_it_leads] {
        let log = host.log(&text("link.log")).unwrap();
        let (pump, mut heard) = follow(&host, &log);
        open(&pump).await;
        heard.until(|message| matches!(message, ToHub::Followed { .. })).await;
        assert!(is_open_in_this_process(&file));
        host.offer(other);
        heard
            .until(|message| matches!(message, ToHub::Told { told, .. } if told.words.contains("no longer offered")))
            .await;
        assert!(!is_open_in_this_process(&file));
        assert!(log.stand().is_none());
        OpenOptions::new().append(true).open(&file).unwrap().write_all(b"two\n").unwrap();
        host.offer(offered());
        heard
            .until(|message| match message {
                ToHub::Block { block, .. } => matches!(&block.body, Body::Raw(bytes) if bytes == "two\n"),
                _ => false,
            })
            .await;
        pump.end().await.unwrap();
    }
}

#[tokio::test]
async fn a_new_channel_is_told_its_edge_right_behind_its_first_lines_and_the_others_when_it_is_due() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let file = root.join("a.log");
    fs::write(&file, "one\n").unwrap();
    let offers = Offers::new(&[root.to_str().unwrap().to_owned()], &[]).unwrap();
    let host = Host::new(HostConfig { host: "web1".parse().unwrap(), offers, labels: Vec::new(), zone: None });
    let log = host.log(file.to_str().unwrap()).unwrap();
    let channel = |number| Channel::new(number, Filter::new(&FilterSpec::default()).unwrap(), u64::MAX);
    let beginning = log.log.at_offset(tailcast_tail::Offset::ZERO).unwrap();
    let mut work = Work { follower: Some(log.log.follow(From::At(beginning)).unwrap()), ..Work::default() };
    work.channels.push(channel(7));
    let mut said = || {
        work.step(&log, false);
        let said: Vec<ToHub> = work.out.drain(..).map(|bytes| decode(&bytes).unwrap().unwrap()).collect();
        work.channels.push(channel(8));
        said
    };
    let first = said();
    let [
        ToHub::Followed { channel: 7, .. },
        ..,
        ToHub::Block { channel: 7, .. },
        ToHub::Edge { channel: 7, edge, behind },
    ] = &first[..]
    else {
        panic!("{first:?}")
    };
    assert_eq!((edge.as_ref().map(|edge| edge.offset), *behind), (Some(4), 0));
    OpenOptions::new().append(true).open(&file).unwrap().write_all(b"two\nhal").unwrap();
    let second = said();
    let edges = second.iter().filter_map(|message| match message {
        ToHub::Edge { channel, edge, behind } => Some((*channel, edge.as_ref().map(|edge| edge.offset), *behind)),
        _ => None,
    });
    assert_eq!(edges.collect::<Vec<_>>(), [(8, Some(8), 3)], "{second:?}");
    assert!(matches!(second.last(), Some(ToHub::Edge { .. })), "{second:?}");
}

#[tokio::test]
async fn who_follows_a_log_is_told_that_its_disk_does_not_answer_and_that_it_does_again() {
    let Some(mut hung) = HungDisk::mount() else { return };
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let file = root.join("a.log");
    fs::write(&file, "one\n").unwrap();
    let offers = [hung.path(), &root].map(|path| path.to_str().unwrap());
    let offers = Offers::new(&offers, &[]).unwrap();
    let host = Host::new(HostConfig { host: "web1".parse().unwrap(), offers, labels: Vec::new(), zone: None });
    let log = host.log(file.to_str().unwrap()).unwrap();
    let (pump, mut heard) = follow(&host, &log);
    open(&pump).await;
    heard.until(|message| matches!(message, ToHub::Edge { .. })).await;
    // From one look to the next: the path leads to a disk that does not answer.
    let next = root.join("next");
    symlink(hung.path().join("a.log"), &next).unwrap();
    fs::rename(&next, &file).unwrap();
    let mount = hung.path().display().to_string();
    heard
        .until(|message| match message {
            ToHub::Told { told, .. } => told.why == Some(Why::DiskHangs) && told.words.contains(&mount),
            _ => false,
        })
        .await;
    // Nobody is asked for a log that is on it: what is known is told.
    let other = host.log(hung.path().join("b.log").to_str().unwrap()).unwrap();
    let (second, mut told) = follow(&host, &other);
    open(&second).await;
    let ToHub::Told { told, .. } = told.next().await else { panic!("it is followed on a disk that hangs") };
    assert_eq!((told.tiding, told.why), (Some(Tiding::Waiting), Some(Why::DiskHangs)));
    hung.let_go();
    fs::remove_file(&file).unwrap();
    fs::write(&file, "two\n").unwrap();
    heard
        .until(|message| match message {
            ToHub::Block { block, .. } => matches!(&block.body, Body::Raw(bytes) if bytes == "two\n"),
            _ => false,
        })
        .await;
    pump.end().await.unwrap();
    second.end().await.unwrap();
}
