//! The process monitor over the hub: what the host of this very test says of this very test.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tailcast_agent::{Host, HostConfig, Monitor, Offers, Processes};

use crate::world::{Agent, World, host};

/// A process that is there until it is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn new() -> Self {
        Sleeper(Command::new("sleep").arg("infinity").spawn().unwrap())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_are_listed_and_one_is_shown_in_full() {
    let world = World::new().await;
    let pid = std::process::id();
    let list = world.get("/api/v1/hosts/web1/processes").await.json();
    let processes = list["processes"].as_array().unwrap();
    let own = processes.iter().find(|process| process["pid"] == pid).unwrap();
    assert!(own["fds"].as_u64().unwrap() > 3 && own["percent"].as_f64().unwrap() > 0.0, "{own}");
    let detail = world.get(&format!("/api/v1/hosts/web1/processes/{pid}?limit=5")).await.json();
    assert_eq!((detail["pid"].as_u64(), detail["files"].as_array().unwrap().len()), (Some(pid.into()), 5));
    let next = detail["next"].as_u64().unwrap();
    let rest = world.get(&format!("/api/v1/hosts/web1/processes/{pid}?from={next}")).await.json();
    assert_eq!(rest["files"][0]["fd"], next);
    assert_eq!(rest["next"], serde_json::Value::Null, "these were the last: {rest}");
    // Its hub listens, and whoever asks is connected to it.
    let listens = |listener: &serde_json::Value| listener["address"] == world.served.address.to_string();
    assert!(detail["listeners"].as_array().unwrap().iter().any(listens), "{detail}");
    let sockets = world.get("/api/v1/hosts/web1/sockets").await.json();
    assert!(sockets["listeners"].as_array().unwrap().iter().any(listens), "{sockets}");
    assert!(sockets["states"]["LISTEN"].as_u64().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_leads_to_who_writes_it() {
    let world = World::new().await;
    let path = world.path("app.log");
    let _open = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    let list = world.get(&format!("/api/v1/hosts/web1/processes?writes={}", path.display())).await.json();
    let pids: Vec<_> = list["processes"].as_array().unwrap().iter().map(|process| process["pid"].as_u64()).collect();
    assert_eq!(pids, [Some(std::process::id().into())], "{list}");
    let detail = world.get(&format!("/api/v1/hosts/web1/processes/{}", std::process::id())).await.json();
    assert_eq!(detail["logs"], serde_json::json!([path]));
    let refused = world.get("/api/v1/hosts/web1/processes?writes=/etc/passwd").await;
    assert_eq!(refused.status, 404, "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_said() {
    let world = World::new().await;
    for (path, status) in [
        ("hosts/web9/processes", 404),
        ("hosts/web1/processes/4194305", 404),
        ("hosts/web1/processes/x", 400),
        ("hosts/web1/processes/-1", 400),
        ("hosts/web%201/sockets", 400),
        ("hosts/web1/processes?limits=3", 400),
        ("hosts/web1/processes?limit=-3", 400),
        ("hosts/web9/limits", 404),
    ] {
        let answer = world.get(&format!("/api/v1/{path}")).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_whose_administrator_does_not_show_its_processes_does_not() {
    let world = World::new().await;
    let offers = Offers::new(&["/var/log"], &[]).unwrap();
    world.host.offer(offers.with_processes(Monitor::Off));
    for path in ["processes", "processes/1", "sockets", "limits"] {
        let answer = world.get(&format!("/api/v1/hosts/web1/{path}")).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(answer.text().contains("processes = false"), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_of_all_hosts_stand_in_one_list_as_exact_as_if_all_were_fetched() {
    let world = World::new().await;
    let _agents: Vec<_> = ["db1", "db2"].map(|name| Agent::start(&world.served.hub, &host(name, &["/"], &[]))).into();
    world
        .until("all are here", async || world.get("/api/v1/hosts").await.json()["hosts"].as_array().unwrap().len() == 3)
        .await;
    let own = std::process::id();
    // By what does not change while one looks.
    let all = world.get("/api/v1/processes?sort=started&limit=1000").await.json();
    let rows = |list: &Value| -> Vec<(u64, String)> {
        let row = |row: &Value| (row["pid"].as_u64().unwrap(), row["host"].as_str().unwrap().to_owned());
        list["processes"].as_array().unwrap().iter().map(row).collect()
    };
    assert_eq!(rows(&all).iter().filter(|(pid, _)| *pid == u64::from(own)).count(), 3, "{all}");
    let few = world.get(&format!("/api/v1/processes?sort=pid&q={own}%20db&limit=1")).await.json();
    assert_eq!(rows(&few), [(own.into(), "db1".to_owned())], "{few}");
    assert_eq!(few["left_out"], 1, "{few}");
    assert_eq!(few["hosts"][2]["processes"], 0, "web1 has no `db` in its name: {few}");
    // Each host is asked for ten at first: what belongs into the list beyond them is there all the same.
    // So that there are more than ten wherever this runs; those of others come and go between two questions.
    let _sleepers: Vec<_> = (0..12).map(|_| Sleeper::new()).collect();
    let exact = async || {
        let some = rows(&world.get("/api/v1/processes?sort=pid&limit=25").await.json());
        let all = rows(&world.get("/api/v1/processes?sort=pid&limit=1000").await.json());
        some.len() == 25 && some[..] == all[..25]
    };
    world.until("the first of some are the first of all", exact).await;
    let back = rows(&world.get("/api/v1/processes?sort=pid&reverse=true&host=db2&limit=3").await.json());
    assert!(back.is_sorted_by(|a, b| a.0 > b.0) && back.iter().all(|(_, host)| host == "db2"), "{back:?}");
    assert_eq!(world.get("/api/v1/processes?sort=colour").await.status, 400);
    assert_eq!(world.get("/api/v1/processes?writes=nothing").await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_does_not_answer_is_named_with_the_reason_and_the_others_are_there() {
    let world = World::new().await;
    let gone = Agent::start(&world.served.hub, &host("db1", &["/"], &[]));
    world
        .until("it is here", async || world.get("/api/v1/hosts").await.json()["hosts"].as_array().unwrap().len() == 2)
        .await;
    gone.cut().await;
    let shy = Offers::new(&["/var/log"], &[]).unwrap();
    let list = world.get("/api/v1/processes").await.json();
    assert_eq!(list["hosts"][0]["host"], "db1");
    assert!(list["hosts"][0]["processes"].is_null(), "{list}");
    assert!(list["hosts"][0]["words"].as_str().unwrap().contains("away"), "{list}");
    assert!(list["hosts"][1]["processes"].as_u64().unwrap() > 0, "{list}");
    world.host.offer(shy.with_processes(Monitor::Off));
    let list = world.get("/api/v1/processes?host=web1").await.json();
    assert!(list["hosts"][0]["words"].as_str().unwrap().contains("processes = false"), "{list}");
    let list = world.get("/api/v1/processes?host=web9").await.json();
    assert!(list["hosts"][0]["words"].as_str().unwrap().contains("no host called web9"), "{list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_any_host_leads_to_who_writes_it() {
    let world = World::new().await;
    let path = world.path("app.log");
    let _open = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    let list = world.get(&format!("/api/v1/processes?writes=web1:{}", path.display())).await.json();
    let own = std::process::id();
    assert_eq!((&list["processes"][0]["host"], &list["processes"][0]["pid"]), (&"web1".into(), &own.into()), "{list}");
    let list = world.get("/api/v1/processes?writes=web1:/etc/passwd").await.json();
    assert!(list["hosts"][0]["words"].as_str().is_some(), "{list}");
}

/// A process that opens a file for each line that it reads, and closes none.
struct Leaky {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Leaky {
    fn start() -> Self {
        let script = "while read -r _; do exec {n}</dev/null; echo; done";
        let mut command = Command::new("bash");
        let mut child = command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (requests, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Leaky { child, requests, answers }
    }

    fn request(&mut self) {
        writeln!(self.requests).unwrap();
        self.answers.read_line(&mut String::new()).unwrap();
    }
}

impl Drop for Leaky {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_grew_while_nobody_looked_is_named_to_who_looks_first() {
    let world = World::new().await;
    let seconds = Arc::new(AtomicU64::new(30));
    let clock = Arc::clone(&seconds);
    let offers = Offers::new(&["/nowhere"], &[]).unwrap().with_processes(Monitor::Always);
    let config = HostConfig { host: "db1".parse().unwrap(), offers, labels: Vec::new(), zone: None };
    let host = Host::with(config, Processes::by(move || Duration::from_secs(clock.load(Ordering::Relaxed))));
    let _agent = Agent::start(&world.served.hub, &host);
    let mut leaky = Leaky::start();
    // Twelve minutes that are over at once: the hour of a test is short, what is counted in it is real.
    for _ in 0..12 {
        leaky.request();
        leaky.request();
        host.processes().sample().unwrap();
        seconds.fetch_add(60, Ordering::Relaxed);
    }
    world
        .until("it is here", async || world.get("/api/v1/hosts").await.json()["hosts"].as_array().unwrap().len() == 2)
        .await;
    let list = world.get("/api/v1/processes?host=db1").await.json();
    let pid = leaky.child.id();
    let found = list["found"].as_array().unwrap().iter().find(|process| process["pid"] == pid).unwrap();
    let words = found["findings"][0]["words"].as_str().unwrap();
    assert!(words.starts_with("grew by 2.0 a minute for 10 minutes, all of it devices; "), "{words}");
    assert_eq!(found["slopes"]["ten"], 2.0, "{found}");
    assert!(found["seconds_left"].as_u64().unwrap() > 0 && found["trend"].as_array().unwrap().len() > 5, "{found}");
}
