//! What is laid over what, where a complaint points, and that the manual knows every key.

use std::fs;

use tempfile::TempDir;

use super::keys::KEYS;
use super::*;

fn load(text: &str) -> Result<Settings, Complaints> {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("t.toml");
    fs::write(&file, text).unwrap();
    Settings::load(Some(&file), &Environment::default())
}

fn complaints(text: &str) -> String {
    load(text).unwrap_err().to_string()
}

#[test]
fn a_slip_of_the_finger_is_told_with_its_line_and_what_was_meant() {
    let words = complaints("[hub]\nlisten = \"127.0.0.1:1\"\n\nlistn = \"x\"\n");
    assert!(words.ends_with("t.toml:4: there is no key `hub.listn`; did you mean `hub.listen`?"), "{words}");
    let words = complaints("[hubb]\n");
    assert!(words.ends_with("t.toml:1: there is no section [hubb]; did you mean [hub]?"), "{words}");
    let words = complaints("listen = \"127.0.0.1:1\"\n");
    assert!(words.ends_with("t.toml:1: `listen` stands in no section; write it under [hub]"), "{words}");
}

#[test]
fn a_value_of_the_wrong_kind_is_told_with_the_right_form() {
    let words = complaints("[agent]\noffer = \"/var/log\"\n");
    assert!(words.ends_with("t.toml:2: agent.offer: write a list: [\"…\", \"…\"]"), "{words}");
    let words = complaints("[hub]\nopen_loopback = \"yes\"\n");
    assert!(words.ends_with("t.toml:2: hub.open_loopback: write true or false"), "{words}");
}

#[test]
fn a_number_needs_no_quotes_and_may_have_them() {
    for number in ["500", "\"500\"", "5_00"] {
        let settings = load(&format!("[hub]\nconnections_per_address = {number}\n[push]\nlogs = {number}\n")).unwrap();
        assert!(settings.to_string().contains("logs = \"500\""), "{settings}");
    }
    for wrong in ["true", "0x10", "1.5"] {
        let words = complaints(&format!("[push]\nlogs = {wrong}\n"));
        assert!(words.ends_with("t.toml:2: push.logs: write a number, or text in quotes: \"…\""), "{words}");
    }
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let words = complaints("[hub]\nlisten = 127.0.0.1:8514\n");
    assert!(words.contains("t.toml:2: "), "{words}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let words = complaints("[hub]\nlistn = 1\nbase_path = 2\n[agent]\nhosts = 3\n");
    assert_eq!(words.lines().count(), 3, "{words}");
}

#[test]
fn what_is_wrong_is_told_in_the_order_of_the_lines() {
    let text = "[hub]\nopen_loopback = 1\nbase_path = 2\n[agent]\nhosts = 3\n[client]\nhub = 1\n[hub2]\n";
    let words = complaints(text);
    let lines: Vec<_> = words.lines().map(|line| line.split(':').nth(1).unwrap()).collect();
    assert_eq!(lines, ["2", "3", "5", "7", "8"], "{words}");
}

#[test]
fn drop_ins_lie_over_the_file_in_the_order_of_their_names() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("t.toml");
    fs::create_dir(dir.path().join("tailcast.d")).unwrap();
    fs::write(&file, "[agent]\nhost = \"file\"\noffer = [\"/a\"]\n").unwrap();
    fs::write(dir.path().join("tailcast.d/20.toml"), "[agent]\nhost = \"twenty\"\n").unwrap();
    fs::write(dir.path().join("tailcast.d/10.toml"), "[agent]\nhost = \"ten\"\n").unwrap();
    fs::write(dir.path().join("tailcast.d/README"), "not one of ours").unwrap();
    let settings = Settings::load(Some(&file), &Environment::default()).unwrap();
    assert_eq!(settings.get(&keys::AGENT_HOST).unwrap().value, Value::Text("twenty".into()));
    assert_eq!(settings.get(&keys::AGENT_OFFER).unwrap().value, Value::List(vec!["/a".into()]));
}

#[test]
fn a_named_file_must_be_there() {
    let error = Settings::load(Some(Path::new("/nonexistent/t.toml")), &Environment::default()).unwrap_err();
    assert!(error.to_string().starts_with("/nonexistent/t.toml: cannot be read:"), "{error}");
}

#[test]
fn a_variable_sets_its_key_and_the_long_name_wins() {
    let environment = Environment::from([
        ("TAILCAST_HUB", "http://short:1"),
        ("TAILCAST_CLIENT__HUB", "http://long:1"),
        ("TAILCAST_AGENT__OFFER", "/a, /b"),
        ("TAILCAST_AGENT__LABELS", "role=web,dc=fra"),
        ("TAILCAST_HUB__OPEN_LOOPBACK", "1"),
    ]);
    let settings = Settings::load(None, &environment).unwrap();
    let value = |key| settings.get(key).unwrap().value;
    assert_eq!(value(&keys::AGENT_HUB), Value::Text("http://short:1".into()));
    assert_eq!(value(&keys::CLIENT_HUB), Value::Text("http://long:1".into()));
    assert_eq!(value(&keys::AGENT_OFFER), Value::List(vec!["/a".into(), "/b".into()]));
    let labels = vec![("role".into(), "web".into()), ("dc".into(), "fra".into())];
    assert_eq!(value(&keys::AGENT_LABELS), Value::Pairs(labels));
    assert_eq!(value(&keys::HUB_OPEN_LOOPBACK), Value::Switch(true));
}

#[test]
fn an_unknown_variable_is_refused_and_those_of_kubernetes_are_not() {
    let kubernetes = Environment::from([
        ("TAILCAST_PORT", "tcp://10.0.0.1:8514"),
        ("TAILCAST_PORT_8514_TCP_ADDR", "10.0.0.1"),
        ("TAILCAST_HUB_SERVICE_HOST", "10.0.0.1"),
        ("TAILCAST_HUB_SERVICE_PORT_HTTP", "8514"),
    ]);
    assert_eq!(Settings::load(None, &kubernetes).err(), None);
    let complaint = |name| Settings::load(None, &Environment::from([(name, "1")])).unwrap_err().to_string();
    for (name, hint) in [
        ("TAILCAST_HUB__LISTN", "; did you mean `TAILCAST_HUB__LISTEN`?"),
        ("TAILCAST_LISTN", "; did you mean `TAILCAST_LISTEN`?"),
        ("TAILCAST_PORT", "variable"),
        ("TAILCAST_FOO", "variable"),
    ] {
        assert!(complaint(name).starts_with(&format!("{name}: there is no such variable")), "{}", complaint(name));
        assert!(complaint(name).ends_with(hint), "{}", complaint(name));
    }
    assert!(Settings::load_readable(None, &Environment::from([("TAILCAST_FOO", "1")])).is_ok());
    let beside = [("TAILCAST_TOKEN", "t"), ("TAILCAST_LOG", "info"), ("TAILCAST_HUB", "http://a:1")];
    assert!(Settings::load(None, &Environment::from(beside)).is_ok());
}

#[test]
fn what_is_shown_is_toml_that_means_the_same() {
    let text = "[hub]\nlisten = \"[::1]:1\"\n[agent]\noffer = [\"/a b\", \"/c\\\"d\"]\nlabels = { role = \"web\" }\n";
    let settings = load(text).unwrap();
    let shown = settings.to_string();
    let again = load(&shown).unwrap();
    for key in KEYS {
        let value = |settings: &Settings| settings.get(key).map(|setting| setting.value);
        assert_eq!(value(&settings), value(&again), "{}", key.name);
    }
    assert!(shown.contains("t.toml:2"), "{shown}");
}

#[test]
fn no_key_stands_twice_in_the_table_and_each_has_a_variable_of_its_own() {
    for (n, key) in KEYS.iter().enumerate() {
        assert_eq!(KEYS.iter().position(|other| other.name == key.name), Some(n), "{} stands twice", key.name);
        let (section, rest) = key.parts();
        assert!(!section.is_empty() && !rest.contains('.'), "{} is not section.key", key.name);
        assert!(!key.long_variable().trim_start_matches("TAILCAST_").replacen("__", "", 1).contains("__"));
    }
}

#[test]
fn the_manual_describes_every_key_in_the_order_of_the_table_and_no_other() {
    let manual = include_str!("../../../../docs/configuration.md");
    let described: Vec<_> = manual.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    let keys: Vec<_> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(described, keys);
    for key in KEYS.iter().filter_map(|key| key.variable) {
        assert!(manual.contains(&format!("`{key}`")), "the manual does not name {key}");
    }
}
