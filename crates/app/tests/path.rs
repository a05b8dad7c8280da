//! The path of a line, from a file on a disk to whoever looks at it, and the way back. The first tests to read.
//!
//! ```text
//! file → agent → link ⇒ hub → viewer
//! file ← agent ← link ⇐ hub ← viewer, with the position of what it has seen
//! ```
//!
//! Each is gone twice: with the agent inside `serve`, and with one that dialled in from another host.

use crate::rig::{Form, Hub, LogFile, Program, Site};

const FORMS: [Form; 4] = [Form::Json, Form::Cbor, Form::Sse, Form::Text];

#[tokio::test]
async fn a_line_of_this_host_is_seen_as_it_is_written() {
    each_form_sees_a_line(Path::of_this_host().await).await;
}

#[tokio::test]
async fn a_line_of_another_host_is_seen_as_it_is_written() {
    each_form_sees_a_line(Path::of_another_host().await).await;
}

async fn each_form_sees_a_line(mut path: Path) {
    for form in FORMS {
        path.file.write(format!("before {form:?}\n"));
        let mut viewer = path.hub.view(form, &path.log).await;
        while viewer.line().await != format!("before {form:?}") {}
        path.file.write(format!("after {form:?}\n"));
        assert_eq!(viewer.line().await, format!("after {form:?}"));
    }
}

#[tokio::test]
async fn a_viewer_of_this_host_goes_on_where_it_left() {
    each_form_goes_on(Path::of_this_host().await).await;
}

#[tokio::test]
async fn a_viewer_of_another_host_goes_on_where_it_left() {
    each_form_goes_on(Path::of_another_host().await).await;
}

async fn each_form_goes_on(mut path: Path) {
    path.file.write("seen\n");
    let mut viewer = path.hub.view(Form::Json, &path.log).await;
    assert_eq!(viewer.line().await, "seen");
    path.file.write("missed\n");
    for form in FORMS {
        let mut again = path.hub.view_from(form, &path.log, viewer.position()).await;
        assert_eq!(again.line().await, "missed", "{form:?}");
    }
}

#[tokio::test]
async fn a_viewer_goes_on_behind_a_rotation_that_it_did_not_see() {
    for mut path in [Path::of_this_host().await, Path::of_another_host().await] {
        path.file.write("seen\n");
        let mut viewer = path.hub.view(Form::Json, &path.log).await;
        assert_eq!(viewer.line().await, "seen");
        let position = viewer.position().to_owned();
        drop(viewer);
        path.file.write("last of the old file\n");
        path.file.rotate();
        path.file.write("first of the new file\n");
        let mut again = path.hub.view_from(Form::Json, &path.log, &position).await;
        assert_eq!(again.line().await, "last of the old file");
        assert_eq!(again.line().await, "first of the new file");
    }
}

#[tokio::test]
async fn history_is_turned_page_by_page_both_ways() {
    for mut path in [Path::of_this_host().await, Path::of_another_host().await] {
        path.file.write("one\ntwo\nthree\nfour\n");
        let newest = path.page("last=2").await;
        assert_eq!(newest.lines(), ["three", "four"]);
        let before = newest.json()["before"].as_str().unwrap().to_owned();
        let older = path.page(&format!("before={before}&limit=9")).await;
        assert_eq!(older.lines(), ["one", "two"]);
        let after = older.json()["after"].as_str().unwrap().to_owned();
        assert_eq!(path.page(&format!("after={after}&limit=1")).await.lines(), ["three"]);
    }
}

#[tokio::test]
async fn a_host_whose_agent_ends_is_told_as_lost_and_goes_on_when_it_is_back() {
    let mut path = Path::of_another_host().await;
    path.file.write("seen\n");
    let mut viewer = path.hub.view(Form::Json, &path.log).await;
    assert_eq!(viewer.line().await, "seen");
    drop(path.agent.take());
    viewer.told("agent_lost").await;
    path.file.write("written meanwhile\n");
    path.agent = Some(path.site.agent("web2", &path.hub.url()).await);
    viewer.told("agent_back").await;
    assert_eq!(viewer.line().await, "written meanwhile");
}

/// A log, the agent of its host, a hub.
struct Path {
    hub: Hub,
    agent: Option<Program>,
    file: LogFile,
    /// The log's name.
    log: String,
    site: Site,
}

impl Path {
    /// With the agent that is in `serve`.
    async fn of_this_host() -> Self {
        let site = Site::new();
        let file = site.log("app.log");
        let hub = Hub::with_agent(&site).await;
        Path { hub, agent: None, log: file.on("web1"), file, site }
    }

    /// With an agent that dialled in, known by its token.
    async fn of_another_host() -> Self {
        let site = Site::new();
        let file = site.log("app.log");
        let hub = Hub::serve(&site, &["--no-agent"]).await;
        let agent = site.agent("web2", &hub.url()).await;
        hub.has_host("web2").await;
        Path { hub, agent: Some(agent), log: file.on("web2"), file, site }
    }

    async fn page(&self, words: &str) -> crate::rig::Answer {
        self.hub.get(&format!("/api/v1/lines?log={}&{words}", self.log)).await
    }
}
