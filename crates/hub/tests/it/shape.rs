//! What is sent has the shape that `openapi.json` says it has, and that description is the committed one.

use serde_json::{Value, json};

use crate::http;
use crate::world::{World, numbered};

/// Where the description is committed, beside the user's manual.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

fn described() -> Value {
    serde_json::to_value(tailcast_hub::openapi()).unwrap()
}

/// Why `value` is not as the schema says; nothing when it is. Members that are not described are faults too.
fn fault(schema: &Value, value: &Value, described: &Value) -> Option<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return fault(described.pointer(pointer).unwrap_or_else(|| panic!("no {name}")), value, described);
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let fits = choices.iter().any(|schema| fault(schema, value, described).is_none());
            return (!fits).then(|| format!("{value} is none of {choices:?}"));
        }
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("a type that this test does not know: {other}"),
    };
    if !types.is_empty() && !types.iter().any(is) {
        return Some(format!("{value} is not {types:?}"));
    }
    match value {
        Value::Array(values) => values.iter().find_map(|value| fault(&schema["items"], value, described)),
        Value::Object(members) if schema["properties"].is_object() => {
            let required = schema["required"].as_array().into_iter().flatten();
            let missing = required.map(|name| name.as_str().unwrap()).find(|name| !members.contains_key(*name));
            missing.map(|name| format!("`{name}` is missing in {value}")).or_else(|| {
                members.iter().find_map(|(name, value)| match &schema["properties"][name] {
                    Value::Null => Some(format!("`{name}` is not described, in {members:?}")),
                    schema => fault(schema, value, described),
                })
            })
        }
        _ => None,
    }
}

fn assert_shape(name: &str, value: &Value) {
    let described = described();
    let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
    assert_eq!(fault(&schema, value, &described), None, "{name}");
}

#[test]
fn the_committed_description_is_that_of_the_program() {
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(COMMITTED).unwrap()).unwrap();
    let renew = "renew it: cargo test -p tailcast-hub --test it renew_the_description -- --ignored";
    assert!(committed == described(), "docs/openapi.json is not what the program says; {renew}");
}

#[test]
#[ignore = "writes docs/openapi.json"]
fn renew_the_description() {
    std::fs::write(COMMITTED, serde_json::to_string_pretty(&described()).unwrap() + "\n").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_lists_have_the_shape_that_is_described() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    world.append("a.log", b"2026-11-20T10:00:00Z ERROR a \xff byte\n");
    world.append("a.log", "x".repeat(2 << 20) + "\n");
    let name = world.log("a.log");
    for (path, shape) in [
        (format!("/api/v1/lines?log={name}&last=10"), "LinesPage"),
        (format!("/api/v1/lines?log={}&last=10", world.log("none.log")), "LinesPage"),
        ("/api/v1/logs".to_owned(), "LogsPage"),
        ("/api/v1/hosts".to_owned(), "HostsPage"),
        ("/api/v1/hosts/web1/processes".to_owned(), "Processes"),
        (format!("/api/v1/hosts/web1/processes/{}", std::process::id()), "ProcessDetail"),
        ("/api/v1/hosts/web1/sockets".to_owned(), "HostSockets"),
        ("/api/v1/hosts/web1/limits".to_owned(), "Limits"),
        ("/api/v1/hub".to_owned(), "HubNow"),
        ("/api/v1/tokens".to_owned(), "TokensPage"),
        ("/api/v1/me".to_owned(), "Me"),
        ("/api/v1/lines".to_owned(), "Problem"),
        (format!("/api/v1/lines?log={name}&grep=("), "Problem"),
        ("/api/v1/nothing".to_owned(), "Problem"),
    ] {
        let answer = world.get(&path).await;
        assert_shape(shape, &answer.json());
    }
    let lines = world.lines("a.log", "last=10").await.lines;
    assert!(lines[3].bytes.is_some() && lines[3].level.as_deref() == Some("error") && lines[4].cut.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_have_the_shape_that_is_described() {
    let mut world = World::new().await;
    let query = format!("log={}&last=10", world.log("a.log"));
    let mut stream = world.events(&query, None).await;
    let mut kinds = std::collections::BTreeSet::new();
    let mut until = async |kind: &str| {
        loop {
            let text = stream.paragraph().await;
            let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
            let event: Value = serde_json::from_str(data).unwrap();
            assert_shape("LiveEvent", &event);
            let is_it = event["type"] == kind;
            kinds.insert(event["type"].as_str().unwrap().to_owned());
            if is_it {
                return;
            }
        }
    };
    until("waiting").await;
    world.append("a.log", numbered(0..3));
    until("lines").await;
    until("edge").await;
    std::fs::rename(world.path("a.log"), world.path("a.log.1")).unwrap();
    world.append("a.log", "new\n");
    until("rotated").await;
    std::fs::write(world.path("a.log"), "").unwrap();
    until("truncated").await;
    std::fs::remove_file(world.path("a.log")).unwrap();
    until("gone").await;
    world.agent.take().unwrap().stop().await;
    until("agent_lost").await;
    world.agent = Some(crate::world::Agent::start(&world.served.hub, &world.host));
    until("agent_back").await;
    assert!(kinds.len() >= 8, "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_is_served_to_whoever_asks() {
    let world = World::new().await;
    let answer = http::get(world.served.address, "/api/v1/openapi.json", &[]).await;
    assert_eq!(answer.json(), described());
}
