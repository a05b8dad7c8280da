//! One relayed channel, over a fan-out within the process: this test is the other hub.

use tailcast_fanout::{Fanout, Feed, Limits};
use tailcast_wire::{Filter, HubId, Leasing};

use super::super::voice::Voice;
use super::super::{Cluster, ClusterConfig, ClusterKey, Trust};
use super::*;

const SESSION: u64 = 7;

/// The other hub, and this one's end of the link.
struct Rig {
    voice: Voice,
    topic: String,
    leases: Feed,
    opener: Opener,
    place: String,
    fanout: Fanout,
    to_hub: mpsc::Receiver<Bytes>,
}

impl Rig {
    /// With a channel that is relayed from now on.
    fn begin() -> Self {
        let fanout = Fanout::embedded(Limits::new(1 << 20, 1_000));
        let config = ClusterConfig {
            name: "test".to_owned(),
            key: ClusterKey::for_tests(1),
            broker: String::new(),
            trust: Trust::System,
            peer_url: String::new(),
            hub: "here".to_owned(),
            dial: Arc::new(|_: &str| Box::pin(async { Err("nobody is dialled".to_owned()) })),
        };
        let cluster = Arc::new(Cluster::new(config, fanout.clone()).expect("a cluster"));
        let (at, host) = (HubId(2), "web1".parse().expect("a name"));
        let place = cluster.topics.leases(at);
        let (leases, opener) = (fanout.subscribe(&place), Opener::new(&cluster.seals));
        let voice = Voice::new(fanout.clone(), &cluster.seals).expect("random");
        let relay = Arc::new(Relay { cluster, at, peer_url: Arc::from(""), host, session: SESSION });
        let key = Key { log: "web1:/var/log/app.log".parse().expect("a log"), filter: Filter::default() };
        let (tx, to_hub) = mpsc::channel(100);
        let relayed = Relayed::new(relay, (1, key), None, tx);
        let topic = relayed.topic.clone();
        tokio::spawn(relayed.run());
        Self { voice, topic, leases, opener, place, fanout, to_hub }
    }

    /// The next lease that is wanted.
    async fn wanted(&mut self) -> u64 {
        loop {
            let Some(Event::Message(sealed)) = self.leases.next().await else { panic!("all words of leases come") };
            let opened = self.opener.open(self.place.as_bytes(), &sealed).expect("opens");
            let leasing = decode::<Leasing>(&opened.message).expect("a message").expect("is known");
            if let Some(LeaseWord::Want { lease, .. }) = leasing.words.into_iter().next() {
                return lease;
            }
        }
    }

    fn say(&self, fed: &Fed) {
        self.voice.say(&self.topic, &encode(fed));
    }

    /// Whether a lease is wanted anew while `each` happens twice a second, for a minute.
    async fn wants_while(&mut self, each: impl Fn(&Self)) -> bool {
        for _ in 0..120 {
            each(self);
            if tokio::time::timeout(Duration::from_millis(500), self.wanted()).await.is_ok() {
                return true;
            }
        }
        false
    }

    async fn heard(&mut self) -> ToHub {
        decode::<ToHub>(&self.to_hub.recv().await.expect("goes on")).expect("a message").expect("is known")
    }
}

fn granted(lease: u64) -> Fed {
    Fed::Granted { leases: vec![lease], session: SESSION, edge: None }
}

const EDGE: Fed = Fed::Edge { edge: None, behind: 0 };

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_not_heard_of_is_asked_for_again_though_others_hold_one_of_the_same_channel() {
    let mut rig = Rig::begin();
    rig.wanted().await;
    assert!(rig.wants_while(|rig| rig.say(&EDGE)).await, "nothing that comes is of this lease");
}

#[tokio::test(start_paused = true)]
async fn noise_on_a_channel_is_no_sign_that_it_goes_on() {
    let mut rig = Rig::begin();
    let lease = rig.wanted().await;
    rig.say(&granted(lease));
    assert!(matches!(rig.heard().await, ToHub::Followed { .. }));
    let noise = |rig: &Rig| rig.fanout.publish(&rig.topic, &b"noise"[..]).expect("published");
    assert!(rig.wants_while(noise).await, "the broker keeps the channel back");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_goes_on_is_left_alone() {
    let mut rig = Rig::begin();
    let lease = rig.wanted().await;
    rig.say(&granted(lease));
    assert!(matches!(rig.heard().await, ToHub::Followed { .. }));
    let goes_on = |rig: &Rig| rig.say(&EDGE);
    // What comes is taken, so that the link does not fill.
    let (tx, rx) = mpsc::channel(1);
    let mut taken = std::mem::replace(&mut rig.to_hub, rx);
    tokio::spawn(async move { while taken.recv().await.is_some() {} });
    assert!(!rig.wants_while(goes_on).await);
    drop(tx);
}
