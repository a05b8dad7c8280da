//! The process monitor over the hub: what the host of this very test says of this very test.

use std::fs::OpenOptions;

use crate::world::World;

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
    let offers = tailcast_agent::Offers::new(&["/var/log"], &[]).unwrap();
    world.host.offer(offers.without_processes());
    for path in ["processes", "processes/1", "sockets", "limits"] {
        let answer = world.get(&format!("/api/v1/hosts/web1/{path}")).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(answer.text().contains("processes = false"), "{}", answer.text());
    }
}
