//! Closed by default (law 11): who is let in, who is not, and what those are told who are not.
//!
//! Two of these need somebody else: another user of this machine, as whom only root can run a program, and an address
//! other than loopback. Where there is none they say so and check the rest.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::unix::fs::symlink;
use std::process::{Output, Stdio};

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{Request, StatusCode};
use tokio::io::AsyncWriteExt;

use crate::rig::{Answer, Form, Hub, Program, Site, binary, get, is_root, send, within};

/// A user who is nobody: neither root nor the one that stands for unknown ones.
const SOMEBODY: u32 = 65533;

#[tokio::test]
async fn a_hub_for_other_machines_that_knows_nobody_does_not_start_and_says_the_ways_out() {
    let site = Site::new();
    let mut command = site.tailcast(["serve", "--listen", "0.0.0.0:0", "--no-agent", "--state-dir"]);
    let refused = within("a refusal", command.arg(site.state()).output()).await.unwrap();
    let words = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{words}");
    assert!(refused.stdout.is_empty());
    for way in ["tailcast password", "tailcast token add --viewer", "trusted_proxies", "--listen 127.0.0.1:"] {
        assert!(words.contains(way), "{words}");
    }
}

#[tokio::test]
async fn from_elsewhere_one_logs_in_by_password_or_token() {
    let site = Site::new();
    let viewer = site.token(&["--viewer", "ci"]).await;
    let agent = site.token(&["--agent", "web*"]).await;
    let elsewhere = open_to_others(&site, "correct horse").await;
    let Some((_hub, elsewhere)) = elsewhere else {
        return eprintln!("skipped: this machine has no address but loopback");
    };
    let refused = get(elsewhere, "/api/v1/logs").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers[CONTENT_TYPE], "application/problem+json");
    assert_eq!(refused.json()["login"], true);

    assert_eq!(log_in(elsewhere, "wrong horse").await.status, StatusCode::UNAUTHORIZED);
    let welcome = log_in(elsewhere, "correct horse").await;
    assert_eq!(welcome.status, StatusCode::NO_CONTENT);
    let cookie = welcome.headers[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let with = |name, value: &str| Request::get("/api/v1/logs").header(name, value);
    assert_eq!(send(elsewhere, with(COOKIE, &cookie), "").await.status, StatusCode::OK);
    for (token, status) in [(viewer, StatusCode::OK), (agent, StatusCode::FORBIDDEN)] {
        let bearer = format!("Bearer {}", token.trim());
        assert_eq!(send(elsewhere, with(AUTHORIZATION, &bearer), "").await.status, status);
    }
}

#[tokio::test]
async fn another_user_of_this_machine_is_refused_in_words_unless_loopback_is_open() {
    let site = Site::new();
    site.log("app.log").write("x\n");
    let logs = site.logs().display().to_string();
    let hub = Hub::serve(&site, &["--host", "web1", &logs]).await;
    let own = within("a list", site.tailcast(["ls", "--hub", &hub.url()]).output()).await.unwrap();
    assert!(own.status.success(), "{own:?}");
    if !is_root() {
        return eprintln!("skipped: only root can be another user");
    }
    let theirs = list_as_somebody(&site, &hub).await;
    let words = String::from_utf8_lossy(&theirs.stderr);
    assert_eq!(theirs.status.code(), Some(4), "{words}");
    assert!(words.contains("uid 65533") && words.contains("tailcast password"), "{words}");

    let open = Hub::serve(&site, &["--host", "web1", "--open-loopback", &logs]).await;
    let theirs = list_as_somebody(&site, &open).await;
    assert!(theirs.status.success() && String::from_utf8_lossy(&theirs.stdout).contains("app.log"), "{theirs:?}");
}

#[tokio::test]
async fn an_agent_speaks_for_the_hosts_of_its_token_alone() {
    let site = Site::new();
    let hub = Hub::serve(&site, &["--no-agent"]).await;
    let token = site.token(&["--agent", "web*"]).await;
    let agent = |host: &'static str| {
        let mut command = site.tailcast(["agent", "--hub", &hub.url(), "--host", host]);
        command.env("TAILCAST_TOKEN", token.trim()).arg(site.logs());
        Program::start(command, &site.path(&format!("{host}.err")))
    };
    let (_web, db) = (agent("web7"), agent("db1"));
    hub.has_host("web7").await;
    db.says("its token does not allow the name db1").await;
    let hosts = hub.get("/api/v1/hosts").await.json();
    assert_eq!(hosts["hosts"].as_array().unwrap().len(), 1, "{hosts}");
}

#[tokio::test]
async fn what_is_not_offered_is_not_there_whatever_leads_to_it() {
    let site = Site::new();
    let logs = site.logs();
    std::fs::write(site.path("secret"), "the secret\n").unwrap();
    symlink(site.path("secret"), logs.join("link.log")).unwrap();
    symlink(site.path(""), logs.join("up")).unwrap();
    let hub = Hub::with_agent(&site).await;
    let mut names = vec![site.path("secret").display().to_string()];
    names.extend(["link.log", "up/secret", "../secret"].map(|name| format!("{}/{name}", logs.display())));
    for name in names {
        for path in ["lines?last=5&log=web1:", "raw?log=web1:"] {
            let answer = hub.get(&format!("/api/v1/{path}{name}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}{name}: {answer:?}");
        }
        let words = hub.view(Form::Json, &format!("web1:{name}")).await.told("error").await;
        assert!(words.contains("no such log"), "{name}: {words}");
    }
    let list = String::from_utf8(hub.get("/api/v1/logs").await.body.to_vec()).unwrap();
    assert!(!list.contains("secret"), "{list}");
}

#[tokio::test]
async fn a_log_that_becomes_a_link_to_elsewhere_while_it_is_watched_is_gone() {
    let site = Site::new();
    std::fs::write(site.path("secret"), "the secret\n").unwrap();
    let (mut file, hub) = (site.log("app.log"), Hub::with_agent(&site).await);
    file.write("a line\n");
    let mut viewer = hub.view(Form::Json, &file.on("web1")).await;
    assert_eq!(viewer.line().await, "a line");
    // The line may have come from a page, before the follower had opened the file.
    viewer.edge().await;
    std::fs::remove_file(site.logs().join("app.log")).unwrap();
    symlink(site.path("secret"), site.logs().join("app.log")).unwrap();
    viewer.told("gone").await;
    // The old file is open still, and what its writer adds is shown; nothing of the other one.
    file.write("last words\n");
    assert_eq!(viewer.line().await, "last words");
}

#[tokio::test]
async fn of_two_machines_of_one_name_the_second_is_refused_and_told_why() {
    let site = Site::new();
    let mut log = site.log("app.log");
    log.write("here\n");
    let hub = Hub::serve(&site, &["--host", "web1", &site.logs().display().to_string()]).await;
    let _first = site.agent("web2", &hub.url()).await;
    hub.has_host("web2").await;
    for (name, words) in [("web1", "this hub's own agent is called web1"), ("web2", "from 127.0.0.1")] {
        let mut clone = site.tailcast(["agent", "--hub", &hub.url(), "--host", name]);
        clone.arg(site.logs());
        let second = Program::start(clone, &site.path(&format!("{name}.err")));
        second.says(words).await;
        let page = hub.get(&format!("/api/v1/lines?last=1&log={}", log.on(name))).await;
        assert_eq!(page.json()["lines"][0]["text"], "here", "{name}");
    }
}

/// A hub with a password that listens on all addresses, and one of them that is not loopback.
async fn open_to_others(site: &Site, password: &str) -> Option<(Hub, SocketAddr)> {
    let mut setting = site.tailcast(["password", "--state-dir"]);
    let mut setting = setting.arg(site.state()).stdin(Stdio::piped()).spawn().unwrap();
    setting.stdin.take().unwrap().write_all(password.as_bytes()).await.unwrap();
    assert!(within("a password", setting.wait()).await.unwrap().success());
    let mut command = site.tailcast(["serve", "--listen", "0.0.0.0:0", "--no-agent", "--state-dir"]);
    command.arg(site.state());
    let hub = Hub::of(site, command).await;
    let elsewhere = SocketAddr::new(own_address()?, hub.address.port());
    Some((hub, elsewhere))
}

/// The address by which this machine would send to others; nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback())
}

async fn log_in(hub: SocketAddr, password: &str) -> Answer {
    let body = serde_json::json!({ "password": password }).to_string();
    send(hub, Request::post("/api/v1/login").header(CONTENT_TYPE, "application/json"), &body).await
}

/// What `tailcast ls` comes to for another user. The program is copied to where everybody may run it.
async fn list_as_somebody(site: &Site, hub: &Hub) -> Output {
    let everybody = tempfile::TempDir::with_prefix("tailcast-").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(everybody.path(), mode).unwrap();
    let copy = everybody.path().join("tailcast");
    std::fs::copy(binary(), &copy).unwrap();
    let mut command = site.shell("exec \"$@\"");
    command.arg(&copy).args(["ls", "--hub", &hub.url()]).uid(SOMEBODY).gid(SOMEBODY).current_dir("/");
    within("a list", command.output()).await.unwrap()
}
