//! Tokens that are signed with the key of a cluster: made on one hub, good on each, revoked by name or id.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use crate::house::{House, Hub, PATIENCE, Ran};

/// Writes a new key, and a configuration that names it.
fn key(house: &House) {
    let key = house.run(&["cluster-key"]).ended(0).out;
    fs::write(house.path("key"), key).unwrap();
    fs::set_permissions(house.path("key"), Permissions::from_mode(0o600)).unwrap();
    let named = format!("[cluster]\nkey_file = \"{}\"\n", house.path("key").display());
    fs::write(house.path("t.toml"), named).unwrap();
}

fn token(house: &House, words: &[&str]) -> Ran {
    house.run(&[&["token"], words, &["--state-dir", "state", "--config", "t.toml"]].concat())
}

fn hub(house: &House) -> Hub {
    house.hub_on("127.0.0.1:0", &["--no-agent", "--config", "t.toml"])
}

fn asks(house: &House, hub: &Hub, token: &str) -> Ran {
    let mut command = house.command(&["ls", "--hub", &hub.url]);
    Ran::of(command.env("TAILCAST_TOKEN", token).output().unwrap())
}

#[test]
fn a_token_of_one_hub_is_good_on_another_with_the_same_key_until_it_is_revoked_there() {
    let (here, there, elsewhere) = (House::new(), House::new(), House::new());
    key(&here);
    key(&elsewhere);
    for file in ["key", "t.toml"] {
        fs::copy(here.path(file), there.path(file)).unwrap();
    }
    let made = token(&here, &["add", "--viewer", "grafana", "--expires", "90d"]).ended(0);
    let grafana = made.out.trim();
    assert!(grafana.starts_with("tailcast_") && made.err.contains("every hub of the cluster"), "{made:?}");
    // Nothing is listed there, and an empty list is code 1.
    let (here_hub, there_hub, elsewhere_hub) = (hub(&here), hub(&there), hub(&elsewhere));
    assert_eq!(asks(&here, &here_hub, grafana).ended(1).err, "");
    assert_eq!(asks(&there, &there_hub, grafana).ended(1).err, "");
    assert!(asks(&elsewhere, &elsewhere_hub, grafana).ended(4).err.contains("not, or no longer, known"));

    let listed = token(&here, &["list"]).ended(0).out;
    assert!(listed.starts_with("grafana") && listed.contains("viewer, until ") && listed.contains("id "), "{listed}");
    let id = listed.trim().rsplit(' ').next().unwrap();
    token(&there, &["remove", "--id", id]).ended(0);
    // A running hub looks at what commands have written once a second.
    let asked = Instant::now();
    while asks(&there, &there_hub, grafana).code != Some(4) {
        assert!(asked.elapsed() < PATIENCE, "a revoked token is still good");
    }
    token(&here, &["remove", "grafana"]).ended(0);
    token(&here, &["list"]).ended(1);
}

#[test]
fn a_key_that_others_can_read_is_refused_by_whoever_needs_it_with_what_to_do() {
    let house = House::new();
    key(&house);
    fs::set_permissions(house.path("key"), Permissions::from_mode(0o644)).unwrap();
    for words in [&["serve", "--no-agent"][..], &["token", "add", "--viewer", "me"]] {
        let ran = house.run(&[words, &["--state-dir", "state", "--config", "t.toml"]].concat()).ended(2);
        assert!(ran.err.contains("chmod 600"), "{ran:?}");
    }
    let ran = token(&house, &["remove", "--id", "nothing"]).ended(2);
    assert!(ran.err.contains("not the id of a signed token"), "{ran:?}");
}
