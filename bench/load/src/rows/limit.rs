//! More clients than descriptors: what that costs a server, and what its clients hear. Beside the accept loops of others.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::rival::{Rival, Running};
use crate::row::Row;

/// Descriptors, and clients that come at once.
const ROUNDS: [(u64, usize); 2] = [(20, 16), (64, 200)];
/// How long all of them stay.
const STAY: Duration = Duration::from_secs(5);
const CPU_PERCENT: f64 = 2.0;
const ROOM: Duration = Duration::from_millis(50);
/// How long one waits to be let in after all others have left.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Served,
    /// Refused in words.
    Told,
    /// Closed on without a word.
    Cut,
    /// Heard nothing in [`STAY`].
    Hung,
}

/// What came of one round with one server.
struct Round {
    limit: u64,
    clients: usize,
    percent: f64,
    served: usize,
    told: usize,
    cut: usize,
    hung: usize,
    /// How long after all have left a new one is served.
    room: Option<Duration>,
}

/// The whole row.
pub(crate) async fn run() -> Result<Row> {
    let guarded = rounds(Rival::Guarded).await?;
    let mut beside = Vec::new();
    for rival in Rival::OTHERS {
        let measured = rounds(rival).await.map(|rounds| told(&rounds));
        beside.push(format!(
            "{}: {}",
            rival.name(),
            measured.unwrap_or_else(|error| format!("not measured ({error:#})"))
        ));
    }
    let held = guarded.iter().all(|round| {
        round.percent < CPU_PERCENT
            && round.served > 0
            && round.cut + round.hung == 0
            && round.room.is_some_and(|room| room <= ROOM)
    });
    Ok(Row {
        what: "more clients than descriptors, `fdguard`'s accept loop".to_owned(),
        bar: format!(
            "CPU < {CPU_PERCENT} % of a core; everybody is served or told; a new one in ≤ {} ms after room is made",
            ROOM.as_millis()
        ),
        measured: told(&guarded),
        beside: beside.join("; "),
        verdict: held.into(),
    })
}

fn told(rounds: &[Round]) -> String {
    rounds.iter().map(Round::told).collect::<Vec<_>>().join(", ")
}

impl Round {
    fn told(&self) -> String {
        let room = self.room.map_or("never".to_owned(), |room| format!("after {:.1} ms", room.as_secs_f64() * 1e3));
        format!(
            "{} clients at {}: CPU {:.1} %, {} served, {} told, {} cut, {} hung, a new one {room}",
            self.clients, self.limit, self.percent, self.served, self.told, self.cut, self.hung
        )
    }
}

async fn rounds(rival: Rival) -> Result<Vec<Round>> {
    let mut rounds = Vec::new();
    for (limit, clients) in ROUNDS {
        eprintln!("bench: {clients} clients at {limit} descriptors, {}", rival.name());
        rounds.push(round(&rival.start(limit)?, clients).await?);
    }
    Ok(rounds)
}

async fn round(server: &Running, clients: usize) -> Result<Round> {
    let watched = server.watched()?;
    let (before, began) = (watched.cpu()?, Instant::now());
    let mut coming = JoinSet::new();
    for _ in 0..clients {
        coming.spawn(client(server.address, server.request));
    }
    let (outcomes, open): (Vec<_>, Vec<_>) = coming.join_all().await.into_iter().unzip();
    sleep(STAY.saturating_sub(began.elapsed())).await;
    let percent = (watched.cpu()? - before).as_secs_f64() * 100.0 / began.elapsed().as_secs_f64();
    let [served, told, cut, hung] = [Outcome::Served, Outcome::Told, Outcome::Cut, Outcome::Hung]
        .map(|which| outcomes.iter().filter(|outcome| **outcome == which).count());
    drop(open);
    let room = time_to_room(server).await.ok();
    Ok(Round { limit: server.limit, clients, percent, served, told, cut, hung, room })
}

/// Comes, asks, and stays as long as its connection is held.
async fn client(address: SocketAddr, request: &[u8]) -> (Outcome, Option<TcpStream>) {
    let Ok(connected) = timeout(STAY, TcpStream::connect(address)).await else { return (Outcome::Hung, None) };
    let Ok(mut stream) = connected else { return (Outcome::Cut, None) };
    // One that was refused already has its words in the buffer all the same.
    stream.write_all(request).await.unwrap_or_default();
    let mut answer = [0; 12];
    let outcome = match timeout(STAY, stream.read(&mut answer)).await {
        Err(_) => Outcome::Hung,
        Ok(Err(_) | Ok(0)) => Outcome::Cut,
        Ok(Ok(length)) if is_served(&answer[..length]) => Outcome::Served,
        Ok(Ok(_)) => Outcome::Told,
    };
    (outcome, Some(stream))
}

fn is_served(answer: &[u8]) -> bool {
    answer.starts_with(b"hello") || answer.starts_with(b"HTTP/1.1 200")
}

async fn time_to_room(server: &Running) -> Result<Duration> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let (Outcome::Served, _) = client(server.address, server.request).await {
            return Ok(began.elapsed());
        }
    }
    Err(anyhow!("nobody is served after all have left"))
}
