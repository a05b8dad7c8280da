//! Several gates with the key of one cluster, and what one of them tells the others.

use jiff::{SignedDuration, Timestamp};
use tailcast_wire::{Credential, Revocations};

use super::*;
use crate::access::tokens::{Grant, Issued, Wanted};
use crate::cluster::ClusterKey;

/// A hub of the cluster with that key.
fn hub(key: u8) -> House {
    House::new(|config| config.cluster = Some(ClusterKey::for_tests(key)))
}

impl House {
    /// As if its hub had been started anew.
    fn restarted(self) -> Self {
        let config = self.access.config.clone();
        Self { dir: self.dir, access: Arc::new(Access::new(config)) }
    }

    fn set_password(&self, password: &str) {
        set_password(self.dir.path(), password).expect("set");
        // The gate looks once a second.
        assert!(self.access.passwords.now().is_some());
    }

    async fn begin(&self, password: &str) -> String {
        let response = self.log_in(&far(), password).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        cookie(&response)
    }

    fn leave(&self, cookie: &str) {
        self.access.log_out(request("/", &[cookie]).headers());
    }

    fn lets_in(&self, line: &str, need: Need) -> bool {
        self.admit(&request("/logs", &["host: 192.0.2.1", line]), &far(), need).is_ok()
    }

    fn holds(&self, cookie: &str) -> bool {
        self.lets_in(cookie, Need::Viewer)
    }

    fn hears(&self, other: &House) -> bool {
        self.access.merge(&other.access.revocations())
    }

    fn make(&self, grant: Grant, name: &str) -> Issued {
        self.access.make_token(Wanted { grant, name: Some(name), expires: None }).expect("made")
    }
}

fn far() -> Peer {
    from("198.51.100.7")
}

fn bearer(issued: &Issued) -> String {
    format!("authorization: Bearer {}", issued.token)
}

fn all_kinds() -> [(Grant, Need); 3] {
    let hosts = vec!["web*".to_owned()];
    let logs = vec!["ci:*".to_owned()];
    [(Grant::Viewer, Need::Viewer), (Grant::Agent { hosts }, Need::Agent), (Grant::Push { logs }, Need::Pusher)]
}

#[tokio::test]
async fn a_session_holds_on_every_hub_with_the_key_and_on_no_other() {
    let (here, there, elsewhere) = (hub(1), hub(1), hub(2));
    here.set_password(PASSWORD);
    elsewhere.set_password(PASSWORD);
    let cookie = here.begin(PASSWORD).await;
    assert!(here.holds(&cookie) && there.holds(&cookie), "also where no password is set");
    assert!(!elsewhere.holds(&cookie) && !House::closed().holds(&cookie));
    assert!(there.restarted().holds(&cookie));
}

#[tokio::test]
async fn a_session_that_is_logged_out_on_one_hub_is_over_on_the_others_and_over_a_restart_of_either() {
    let (here, there) = (hub(1), hub(1));
    here.set_password(PASSWORD);
    let (cookie, other) = (here.begin(PASSWORD).await, here.begin(PASSWORD).await);
    let changed = here.access.revocations_changed();
    here.leave(&cookie);
    assert!(changed.has_changed().expect("open"));
    assert!(there.hears(&here) && !there.hears(&here));
    for house in [here.restarted(), there.restarted()] {
        assert!(!house.holds(&cookie) && house.holds(&other));
    }
}

#[tokio::test]
async fn who_logs_everybody_out_does_so_on_every_hub_and_who_comes_then_stays() {
    let (here, there) = (hub(1), hub(1));
    here.set_password(PASSWORD);
    there.set_password(PASSWORD);
    let before = [here.begin(PASSWORD).await, there.begin(PASSWORD).await];
    here.access.log_all_out();
    there.hears(&here);
    let after = there.begin(PASSWORD).await;
    here.hears(&there);
    for house in [here.restarted(), there.restarted()] {
        assert!(before.iter().all(|cookie| !house.holds(cookie)) && house.holds(&after));
    }
}

#[tokio::test]
async fn another_password_on_one_hub_ends_the_sessions_on_all() {
    let (here, there) = (hub(1), hub(1));
    here.set_password(PASSWORD);
    there.set_password(PASSWORD);
    assert!(!here.holds("cookie: none"), "it has looked which password it has");
    // Also where nobody has logged in, since other hubs have the same one.
    let cookie = there.begin(PASSWORD).await;
    let changed = here.access.revocations_changed();
    here.set_password("battery staple");
    there.hears(&here);
    assert!(changed.has_changed().expect("open"));
    assert!(!here.holds(&cookie) && !there.holds(&cookie));
    let after = here.begin("battery staple").await;
    there.hears(&here);
    assert!(here.holds(&after) && there.holds(&after));
    // A hub that was down meanwhile knows under which password its sessions began.
    set_password(here.dir.path(), PASSWORD).expect("set");
    let here = here.restarted();
    there.hears(&here);
    assert!(!here.holds(&after) && !there.holds(&after));
}

#[test]
fn a_signed_token_of_each_kind_does_on_every_hub_what_it_is_for_and_nothing_else() {
    let (here, there) = (hub(1), hub(1));
    for (grant, need) in all_kinds() {
        let name = grant.kind();
        let line = bearer(&here.make(grant, name));
        for house in [&here, &there] {
            for asked in [Need::Viewer, Need::Agent, Need::Pusher] {
                assert_eq!(house.lets_in(&line, asked), asked == need, "{name} where {asked:?} is needed");
            }
            assert!(!house.lets_in(&line, Need::Owner));
        }
    }
    let grant = Grant::Agent { hosts: vec!["web*".to_owned()] };
    let asked = request("/link", &[&bearer(&here.make(grant, "webs"))]);
    let agent = there.admit(&asked, &far(), Need::Agent).expect("let in");
    assert!(agent.may_speak_for("web1") && !agent.may_speak_for("db1"));
}

#[test]
fn a_token_that_no_hub_of_ours_has_signed_is_refused_with_the_usual_word() {
    let (here, there) = (hub(1), hub(1));
    let token = here.make(Grant::Viewer, "grafana").token;
    let changed = token.replacen("tailcast_A", "tailcast_B", 1);
    let end = Timestamp::now() - SignedDuration::from_secs(1);
    let grant = Grant::Viewer;
    let over = signed_token::Claims {
        id: [9; 16],
        name: "over".to_owned(),
        grant,
        created: 1,
        expires: Some(tokens::seconds(end)),
    };
    let over = there.access.token_key.as_ref().expect("a key").sign(&over).expect("signed");
    let foreign = hub(2).make(Grant::Viewer, "grafana").token;
    let long = format!("{token}{}", "A".repeat(100_000));
    assert_ne!(changed, token);
    for wrong in [changed.as_str(), &token[..token.len() - 1], &long, &over, &foreign, "tailcast_", "tailcast_A"] {
        let asked = request("/logs", &[&format!("authorization: Bearer {wrong}")]);
        assert_eq!(
            there.admit(&asked, &far(), Need::Viewer).expect_err("refused"),
            Denied::UnknownToken,
            "{wrong:.99}"
        );
    }
    let alone = House::closed();
    assert!(!alone.lets_in(&format!("authorization: Bearer {token}"), Need::Viewer), "a hub alone takes no signed one");
}

#[test]
fn a_token_that_is_removed_where_it_was_made_is_refused_everywhere_and_over_a_restart() {
    let (here, there) = (hub(1), hub(1));
    for (grant, need) in all_kinds() {
        let name = grant.kind();
        let line = bearer(&here.make(grant, name));
        let asked = request("/logs", &["host: 192.0.2.1", &line]);
        let open = there.admit(&asked, &far(), need).expect("let in").standing;
        assert_eq!(there.access.over([open].iter()), [None]);
        here.access.remove_token(name).expect("removed");
        assert!(!here.lets_in(&line, need) && there.lets_in(&line, need));
        assert!(there.hears(&here));
        assert!(!there.lets_in(&line, need));
        assert_eq!(there.access.over([open].iter()), [Some(Over::TokenRemoved)], "what is open with it is closed");
        assert!(!Access::new(there.access.config.clone()).revocations().tokens.each.is_empty());
    }
    let (here, there) = (here.restarted(), there.restarted());
    assert_eq!(here.access.revocations(), there.access.revocations());
    assert_eq!(here.access.revocations().tokens.each.len(), 3);
}

#[test]
fn a_token_can_be_revoked_on_a_hub_that_has_never_seen_it() {
    let (here, there) = (hub(1), hub(1));
    let issued = here.make(Grant::Viewer, "grafana");
    tokens::revoke(there.dir.path(), issued.id.as_deref().expect("signed")).expect("revoked");
    there.access.revoked.look_now();
    assert!(!there.lets_in(&bearer(&issued), Need::Viewer));
    assert!(here.hears(&there));
    assert!(!here.lets_in(&bearer(&issued), Need::Viewer));
    assert!(here.access.tokens().expect("listed").is_empty());
}

#[test]
fn a_token_of_before_the_cluster_works_on_its_own_hub_alone_and_can_be_removed() {
    let (here, there) = (hub(1), hub(1));
    let old = tokens::add(here.dir.path(), Grant::Viewer, Some("old")).expect("added");
    assert!(here.lets_in(&bearer(&old), Need::Viewer) && !there.lets_in(&bearer(&old), Need::Viewer));
    assert_eq!(old.id, None);
    let house = here.restarted();
    house.access.remove_token("old").expect("removed");
    let house = house.restarted();
    assert!(!house.lets_in(&bearer(&old), Need::Viewer));
    assert_eq!(house.access.revocations(), Revocations::default(), "nobody else knew it");
}

#[test]
fn the_same_token_is_the_same_credential_on_every_hub_and_another_one_is_not() {
    let (here, there) = (hub(1), hub(1));
    let grant = || Grant::Agent { hosts: vec!["web*".to_owned()] };
    let of = |house: &House, issued: &Issued| {
        let asked = request("/link", &[&bearer(issued)]);
        house.admit(&asked, &far(), Need::Agent).expect("let in").credential()
    };
    let (first, second) = (here.make(grant(), "first"), here.make(grant(), "second"));
    assert_eq!(of(&here, &first), of(&there, &first));
    assert_ne!(of(&here, &first), of(&here, &second));
    let old = tokens::add(here.dir.path(), grant(), Some("old")).expect("added");
    assert!(of(&here, &old) == of(&here, &old) && of(&here, &old) != of(&here, &first));
    let local = here.admit(&request("/link", &[LOCAL]), &own(), Need::Agent).expect("let in");
    assert_eq!(local.credential(), Credential::LOCAL);
}

#[test]
fn a_hub_of_a_cluster_may_listen_where_others_come_since_another_hub_lets_them_in() {
    let address = "0.0.0.0:8514".parse().expect("an address");
    assert!(hub(1).access.may_listen(address).is_ok());
    assert!(House::closed().access.may_listen(address).is_err());
}
