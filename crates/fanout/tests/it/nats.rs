//! What is particular to NATS: users, tokens, TLS, and a server whose messages are shorter than ours.

use tailcast_fanout::{Error, Fanout, Options, Trust};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::ground::server::{Kind, Server};
use crate::ground::{PATIENCE, connect, hear, listen, message, options, publish};
use crate::redis::make_certificate;

async fn refusal(url: &str, options: &Options) -> String {
    let fanout = Fanout::connect(url, options).unwrap();
    match timeout(PATIENCE, fanout.ready()).await.unwrap() {
        Err(Error::Refused(words)) => words,
        other => panic!("{other:?}"),
    }
}

async fn works(url: &str, options: &Options) {
    let fanout = connect(url, options).await;
    let mut feed = listen(&fanout, "a").await;
    publish(&fanout, "a", 0).await;
    assert_eq!(hear(&mut feed).await, message(0));
}

fn arguments(words: &'static [&str]) -> impl Fn(&TempDir, u16) -> Vec<String> {
    move |_, _| words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_or_a_token_is_needed_where_there_is_one() {
    let server = Server::start_with(Kind::Nats, arguments(&["--user", "me", "--pass", "correct/horse"])).await;
    let words = refusal(&format!("nats://me:wrong@127.0.0.1:{}", server.port), &options()).await;
    assert!(words.contains("authorization") && !words.contains("wrong@"), "{words}");
    works(&format!("nats://me:correct%2Fhorse@127.0.0.1:{}", server.port), &options()).await;
    let server = Server::start_with(Kind::Nats, arguments(&["--auth", "token"])).await;
    works(&format!("nats://token@127.0.0.1:{}", server.port), &options()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_the_certificate_counts() {
    let certificate = |folder: &TempDir, _| {
        make_certificate(folder);
        ["--tls", "--tlscert", "cert.pem", "--tlskey", "key.pem"].map(str::to_owned).to_vec()
    };
    let server = Server::start_with(Kind::Nats, certificate).await;
    let url = format!("tls://localhost:{}", server.port);
    refusal(&url, &options()).await;
    let mut options = options();
    options.trust = Trust::Only(std::fs::read(server.folder.path().join("cert.pem")).unwrap());
    works(&url, &options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_only_shorter_messages_is_refused_in_clear_words() {
    let small = |folder: &TempDir, _| {
        std::fs::write(folder.path().join("small.conf"), "max_payload: 1000\n").unwrap();
        ["-c", "small.conf"].map(str::to_owned).to_vec()
    };
    let server = Server::start_with(Kind::Nats, small).await;
    let words = refusal(&server.url(), &options()).await;
    assert!(words.contains("this server takes messages of 1000 bytes"), "{words}");
    let mut options = options();
    options.message = 900;
    works(&server.url(), &options).await;
}
