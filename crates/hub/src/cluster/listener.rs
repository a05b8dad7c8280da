//! What this hub hears of the others, and what follows from it: relays are begun and ended, leases granted, and everybody told
//! when the broker is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tailcast_fanout::{Event, Feed};
use tailcast_wire::{Announcement, Hello, HostName, Leasing, Resident, Why, Word};

use super::Cluster;
use super::directory::{Outcome, SILENT, Whereabouts};
use super::relay::{Relay, hello};
use super::seal::{Opener, Unsealed};
use super::topic::DIRECTORY;
use crate::agents::{Host, State};
use crate::away::{self, Away};
use crate::hub::Hub;
use crate::ingest::{self, Caller};
use crate::link::{Pipe, Whence};

/// So long the broker may be away before its hosts are: short breaks are bridged by the fan-out.
const BRIDGED: Duration = Duration::from_secs(5);
/// How often leases are looked through.
const EXPIRE: Duration = Duration::from_secs(5);

/// Hears the directory until the hub stops.
pub(super) async fn directory(hub: Arc<Hub>, cluster: Arc<Cluster>) {
    let mut feed = cluster.fanout.subscribe(DIRECTORY);
    let opener = Opener::new(&cluster.seals);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            event = feed.next() => match event {
                Some(event) => hear(&hub, &cluster, &opener, event),
                None => return,
            },
            _ = tick.tick() => expire(&hub, &cluster),
            () = hub.stop.cancelled() => return,
        }
    }
}

fn hear(hub: &Arc<Hub>, cluster: &Arc<Cluster>, opener: &Opener, event: Event) {
    // What was missed shows in the edition of what comes next.
    let Event::Message(sealed) = event else { return };
    let Some(said) = opened::<Announcement>(cluster, opener, DIRECTORY, &sealed) else { return };
    if said.word == Some(Word::Bye) {
        cluster.peers.forget(said.hub);
    }
    let outcome = cluster.directory().hear(said, Instant::now(), Timestamp::now().as_microsecond());
    let Outcome { touched, ask, asked, greeted, revoked, warning } = outcome;
    if let Some(words) = warning {
        tracing::warn!("{words}");
    }
    if let Some(of) = ask {
        cluster.say(Word::Ask { of });
    }
    if asked {
        cluster.wanted.notify_one();
    }
    if greeted {
        cluster.greeted.notify_one();
    }
    if let Some(revoked) = revoked {
        // It may have to be written.
        let access = Arc::clone(&hub.access);
        hub.tasks.spawn_blocking(move || access.merge(&revoked));
    }
    for host in touched {
        settle(hub, cluster, &host);
    }
}

fn expire(hub: &Arc<Hub>, cluster: &Arc<Cluster>) {
    let (hosts, silent) = cluster.directory().expire(Instant::now());
    for (id, name) in silent {
        tracing::warn!("nothing was heard of the hub {name} for {} s", SILENT.as_secs());
        cluster.peers.forget(id);
    }
    for host in hosts {
        settle(hub, cluster, &host);
    }
}

/// Hears what other hubs want of this one.
pub(super) async fn leases(hub: Arc<Hub>, cluster: Arc<Cluster>) {
    let topic = cluster.topics.leases(cluster.me);
    let mut feed: Feed = cluster.fanout.subscribe(&topic);
    let opener = Opener::new(&cluster.seals);
    let mut tick = tokio::time::interval(EXPIRE);
    loop {
        tokio::select! {
            event = feed.next() => match event {
                Some(Event::Message(sealed)) => {
                    if let Some(leasing) = opened::<Leasing>(&cluster, &opener, &topic, &sealed) {
                        cluster.grants.take(&hub, leasing);
                    }
                }
                // Whoever wanted something and gets nothing wants it again.
                Some(Event::Missed(_)) => (),
                None => return,
            },
            _ = tick.tick() => cluster.grants.expire(),
            () = hub.stop.cancelled() => return,
        }
    }
}

/// Watches the broker: while it is away nothing is known of hosts at other hubs, and they are listed as away.
pub(super) async fn broker(hub: Arc<Hub>, cluster: Arc<Cluster>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut down: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = tick.tick() => (),
            () = hub.stop.cancelled() => return,
        }
        let why = cluster.broker_down();
        let was_told = down.is_some_and(|since| since.elapsed() >= BRIDGED);
        match why {
            None => {
                if was_told {
                    tracing::info!("the broker between the hubs is back");
                }
                if down.take().is_some() {
                    cluster.set_cut(None);
                    settle_all(&hub, &cluster);
                }
            }
            Some(words) => {
                let since = *down.get_or_insert_with(Instant::now);
                if since.elapsed() >= BRIDGED && cluster.set_cut(Some(words.clone())) {
                    tracing::warn!("the broker between the hubs is away, and with it the hosts at other hubs: {words}");
                    settle_all(&hub, &cluster);
                }
            }
        }
    }
}

fn settle_all(hub: &Arc<Hub>, cluster: &Arc<Cluster>) {
    let hosts: Vec<HostName> = cluster.directory().hosts().cloned().collect();
    for host in hosts {
        settle(hub, cluster, &host);
    }
}

fn opened<T: tailcast_wire::Message>(cluster: &Cluster, opener: &Opener, topic: &str, sealed: &[u8]) -> Option<T> {
    let message = match opener.open(topic.as_bytes(), sealed) {
        Ok(opened) => opened.message,
        Err(Unsealed::Foreign) => {
            cluster.foreign(topic);
            return None;
        }
        Err(Unsealed::Again) => return None,
    };
    tailcast_wire::decode::<T>(&message).unwrap_or_else(|error| {
        tracing::warn!("another hub said what is no message: {error}");
        None
    })
}

/// Makes what this hub has of a host agree with the directory.
fn settle(hub: &Arc<Hub>, cluster: &Arc<Cluster>, host: &HostName) {
    let link = hub.agents.link(host).ok();
    let whereabouts = cluster.directory().whereabouts(host);
    let cut = cluster.cut();
    match (link, whereabouts) {
        (Some(link), Some(_)) if link.whence() == Whence::Own => {
            if let Some(words) = cluster.namesake(host) {
                tracing::warn!("{words}");
            }
        }
        (Some(link), Some(there)) if !link.whence().is_elsewhere() => {
            let since = there.resident.since;
            if there.resident.away.is_none() && since > link.since().as_microsecond() {
                // Its agent has come to another hub since, and this end has not noticed.
                link.close(away::TAKEN_OVER);
                begin(hub, cluster, there);
            }
        }
        (link, Some(there)) => {
            let is_there = |whence| matches!(whence, Whence::Hub(hub, since) if hub == there.hub && since.as_microsecond() == there.resident.since);
            match (link, cut, away_of(&there.resident)) {
                (Some(link), Some(words), _) => link.close(broker_away(&words)),
                (Some(link), None, Some(away)) => link.close(away),
                (Some(link), None, None) if is_there(link.whence()) => (),
                (_, None, None) => begin(hub, cluster, there),
                (None, cut, away) => {
                    let away = cut.map(|words| broker_away(&words)).or(away).unwrap_or(away::LINK_DOWN);
                    hub.agents.lost_elsewhere(host, listed(&there, away));
                }
            }
        }
        (Some(link), None) if link.whence().is_elsewhere() => link.close(hub_lost()),
        (_, None) => (),
    }
}

fn begin(hub: &Arc<Hub>, cluster: &Arc<Cluster>, there: Whereabouts) {
    let Whereabouts { hub: at, url, resident } = there;
    let since = Timestamp::from_microsecond(resident.since).unwrap_or(Timestamp::UNIX_EPOCH);
    let relay = Relay {
        cluster: Arc::clone(cluster),
        at,
        peer_url: url,
        host: resident.host.clone(),
        session: resident.session,
    };
    let hello = hello(&resident);
    let (ours, theirs) = Pipe::pair();
    let serving = Arc::clone(hub);
    hub.tasks.spawn(async move {
        // The other hub has admitted it.
        let admit = |_: &Hello| Ok(());
        let caller = Caller {
            whence: Whence::Hub(at, since),
            credential: resident.credential,
            pulse: Arc::default(),
            admit: &admit,
            over: Box::pin(std::future::pending()),
        };
        ingest::serve(&serving.agents, ours, caller, &serving.stop).await;
    });
    hub.tasks.spawn(relay.speak(hello, theirs));
}

fn listed(there: &Whereabouts, away: Away) -> Host {
    let Resident { since, version, offers, labels, credential, .. } = there.resident.clone();
    let since = Timestamp::from_microsecond(since).unwrap_or(Timestamp::UNIX_EPOCH);
    Host {
        state: State::Lost(away),
        since,
        version,
        labels,
        offers,
        whence: Whence::Hub(there.hub, since),
        credential,
        rival: None,
    }
}

fn away_of(resident: &Resident) -> Option<Away> {
    let absence = resident.away.as_ref()?;
    Some(Away { words: absence.words.clone().into(), why: absence.why })
}

fn broker_away(words: &str) -> Away {
    Away { words: format!("the broker between the hubs is away: {words}").into(), why: Some(Why::BrokerDown) }
}

fn hub_lost() -> Away {
    Away::of(Why::HubLost, "the hub that it is linked to is not heard of any more")
}

#[cfg(test)]
mod tests {
    use tailcast_wire::{Absence, HubId};

    use super::*;
    use crate::agents::Agents;

    fn host() -> HostName {
        "web1".parse().expect("a name")
    }

    /// Another hub says that it has lost the host.
    fn lost(agents: &Agents, since: i64, words: &str) {
        let away = Some(Absence { words: words.to_owned(), why: None });
        let (version, offers, labels) = Default::default();
        let resident =
            Resident { host: host(), session: 1, since, version, offers, labels, zone: None, away, credential: None };
        let there = Whereabouts { hub: HubId(2), url: Arc::from(""), resident };
        let away = away_of(&there.resident).expect("away");
        agents.lost_elsewhere(&host(), listed(&there, away));
    }

    #[test]
    fn a_host_is_away_for_the_reason_of_its_own_hub_as_soon_as_that_can_be_heard_again() {
        let agents = Agents::new(Duration::from_secs(1), None);
        // The agent had gone before it was known here that the broker had, too.
        lost(&agents, 20, "the broker between the hubs is away");
        lost(&agents, 10, "its link went down");
        let Some((_, Host { state: State::Lost(away), .. })) = agents.list().pop() else { panic!("it is listed") };
        assert_eq!(away.words, "its link went down");
    }

    #[test]
    fn lines_for_a_name_that_is_at_another_hub_are_refused_with_where_to_push_them() {
        let agents = Agents::new(Duration::from_secs(1), None);
        lost(&agents, 10, "its link went down");
        let words = agents.claim(&host()).expect_err("the name is at another hub");
        assert!(words.contains("another hub"), "{words}");
    }
}
