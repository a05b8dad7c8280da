//! What is particular to Redis: its ways to throw clients out or keep them waiting, TLS, passwords, clusters, and what
//! others publish on our channels.

use std::process::Command;
use std::time::Duration;

use tailcast_fanout::{Error, Fanout, Options, Trust};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::ground::server::{Kind, Server};
use crate::ground::{PATIENCE, account, connect, hear, impatient, listen, message, options, publish};

/// Publishes under a disturbance; afterwards each message was heard or told.
async fn disturbed_by(commands: &[&str]) {
    let server = Server::start(Kind::Redis).await;
    let here = connect(&server.url(), &impatient()).await;
    let there = connect(&server.url(), &impatient()).await;
    let mut feed = listen(&here, "a").await;
    let before = here.health().unwrap().connections;
    publish(&there, "a", 0).await;
    assert_eq!(hear(&mut feed).await, message(0));
    for n in 1..100 {
        publish(&there, "a", n).await;
    }
    for command in commands {
        server.redis(command).await;
    }
    for n in 100..200 {
        publish(&there, "a", n).await;
    }
    let replaced = async {
        while here.health().unwrap().connections == before {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, replaced).await.expect("the connection was never replaced");
    account(&mut feed, 1, 199).await;
    publish(&there, "a", 200).await;
    account(&mut feed, 200, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_that_are_thrown_out_come_back_and_are_told() {
    disturbed_by(&["CLIENT KILL TYPE pubsub"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_who_is_thrown_out_comes_back_and_is_told() {
    disturbed_by(&["CLIENT KILL TYPE pubsub", "CLIENT KILL TYPE normal"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_paused_lose_nothing_silently() {
    disturbed_by(&["CLIENT PAUSE 3000 ALL"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_sleeps_costs_no_silent_hole() {
    let server = Server::start(Kind::Redis).await;
    let here = connect(&server.url(), &impatient()).await;
    let mut feed = listen(&here, "a").await;
    publish(&here, "a", 0).await;
    assert_eq!(hear(&mut feed).await, message(0));
    let sleeping = async { server.redis("DEBUG SLEEP 3").await };
    let publishing = async {
        for n in 1..100 {
            publish(&here, "a", n).await;
            sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::join!(sleeping, publishing);
    account(&mut feed, 1, 99).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_publish_on_our_channels_is_thrown_away() {
    let server = Server::start(Kind::Redis).await;
    let here = connect(&server.url(), &options()).await;
    let mut feed = listen(&here, "a").await;
    let channels = server.redis("PUBSUB CHANNELS tailcast.*").await;
    let channels = channels.lines().filter(|line| line.starts_with("tailcast.test.")).collect::<Vec<_>>();
    assert_eq!(channels.len(), 3);
    let mut other = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    for junk in [0, 1, 25, 26, 1_000, 3 << 20] {
        for channel in &channels {
            let head = format!("*3\r\n$7\r\nPUBLISH\r\n${}\r\n{channel}\r\n${junk}\r\n", channel.len());
            other.write_all(head.as_bytes()).await.unwrap();
            other.write_all(&vec![0xff; junk]).await.unwrap();
            other.write_all(b"\r\n").await.unwrap();
        }
    }
    other.write_all(b"QUIT\r\n").await.unwrap();
    other.read_to_end(&mut Vec::new()).await.unwrap();
    publish(&here, "a", 0).await;
    assert_eq!(hear(&mut feed).await, message(0));
    let health = here.health().unwrap();
    assert!(health.foreign >= 6, "{health:?}");
    assert_eq!(health.connections, 2, "nobody can talk us out of our connection");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clusters_on_one_server_do_not_meet() {
    let server = Server::start(Kind::Redis).await;
    let ours = connect(&server.url(), &options()).await;
    let theirs = connect(&server.url(), &Options::new("other")).await;
    let mut feed = listen(&ours, "a").await;
    publish(&theirs, "a", 0).await;
    publish(&ours, "a", 1).await;
    assert_eq!(hear(&mut feed).await, message(1));
}

async fn refusal(url: &str, options: &Options) -> String {
    let fanout = Fanout::connect(url, options).unwrap();
    match timeout(PATIENCE, fanout.ready()).await.unwrap() {
        Err(Error::Refused(words)) => words,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_refused_in_clear_words() {
    let arguments = |_: &TempDir, _| ["--cluster-enabled", "yes"].map(str::to_owned).to_vec();
    let server = Server::start_with(Kind::Redis, arguments).await;
    let words = refusal(&server.url(), &options()).await;
    assert!(words.contains("this is a cluster of Redis, which is not supported"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_needed_where_there_is_one_and_never_repeated() {
    let arguments = |_: &TempDir, _| ["--requirepass", "correct/horse"].map(str::to_owned).to_vec();
    let server = Server::start_with(Kind::Redis, arguments).await;
    let place = format!("127.0.0.1:{}", server.port);
    let wrong = format!("redis://:wrong@{place}");
    // Either of the two connections may hear it first.
    for _ in 0..20 {
        let words = refusal(&server.url(), &options()).await;
        assert!(words.starts_with(&format!("{place}: a password is needed, and the address gives none")), "{words}");
        let words = refusal(&wrong, &options()).await;
        assert!(words.starts_with(&format!("{place}: the user or the password is wrong")), "{words}");
        assert!(!words.contains("wrong@"), "{words}");
    }
    for right in [":correct%2Fhorse@", "default:correct%2Fhorse@"] {
        let fanout = connect(&format!("redis://{right}127.0.0.1:{}/3", server.port), &options()).await;
        let mut feed = listen(&fanout, "a").await;
        publish(&fanout, "a", 0).await;
        assert_eq!(hear(&mut feed).await, message(0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_the_certificate_counts() {
    let certificate = |folder: &TempDir, port: u16| {
        make_certificate(folder);
        let port = port.to_string();
        // Later arguments win: no port without TLS.
        let arguments =
            ["--port", "0", "--tls-port", &port, "--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem"];
        let more = ["--tls-ca-cert-file", "cert.pem", "--tls-auth-clients", "no", "--requirepass", "secret"];
        arguments.into_iter().chain(more).map(str::to_owned).collect()
    };
    let server = Server::start_with(Kind::Redis, certificate).await;
    let url = format!("rediss://:secret@localhost:{}", server.port);
    let words = refusal(&url, &options()).await;
    assert!(words.contains("certificate"), "{words}");
    let mut options = options();
    options.trust = Trust::Only(std::fs::read(server.folder.path().join("cert.pem")).unwrap());
    let fanout = connect(&url, &options).await;
    let mut feeds = Vec::new();
    for n in 0..2_000 {
        feeds.push(fanout.subscribe(&n.to_string()));
    }
    for (n, feed) in feeds.iter_mut().enumerate() {
        timeout(PATIENCE, feed.ready()).await.unwrap();
        publish(&fanout, &n.to_string(), n as u64).await;
    }
    for (n, feed) in feeds.iter_mut().enumerate() {
        assert_eq!(hear(feed).await, message(n as u64));
    }
}

/// An authority and a server in one, for `localhost`.
pub(crate) fn make_certificate(folder: &TempDir) {
    let arguments = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
                     -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
                     -keyout key.pem -out cert.pem";
    let made = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder.path()).output();
    assert!(made.unwrap().status.success(), "openssl makes no certificate");
}

#[test]
fn an_address_that_cannot_be_used_is_refused_in_words_that_say_why() {
    let refused = |url: &str, cluster: &str| match Fanout::connect(url, &Options::new(cluster)) {
        Err(Error::Url(words)) => words,
        other => panic!("{other:?}"),
    };
    assert!(refused("amqp://localhost", "a").contains("there is no broker for amqp://"));
    assert!(refused("localhost", "a").contains("the broker's address"));
    assert!(refused("redis://", "a").contains("names no host"));
    assert!(refused("redis://localhost", "a.b").contains("cluster"));
    assert!(!refused("redis://:secret@", "a").contains("secret"));
}
