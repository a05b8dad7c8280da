//! `docs/metrics.md` has every metric that is served, in its own words, and no other.

use crate::world::World;

const MANUAL: &str = include_str!("../../../../docs/metrics.md");
/// What is left out where there is nothing to say of it.
const SOMETIMES: [&str; 3] =
    ["tailcast_fds_seconds_left", "tailcast_listen_overflows_total", "tailcast_listen_drops_total"];

/// A row of the table for each metric: the name of its samples, what it is, and its words.
fn rows(exposition: &str) -> Vec<String> {
    let said = |about: &str, name: &str| {
        let line = exposition.lines().find_map(|line| line.strip_prefix(&format!("# {about} {name} ")));
        line.unwrap_or_else(|| panic!("no {about} of {name}")).to_owned()
    };
    let names = exposition.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    names
        .map(|name| (name, said("TYPE", name), said("HELP", name)))
        .map(|(name, kind, help)| {
            let end = if kind == "counter" { "_total" } else { "" };
            format!("| `{name}{end}` | {kind} | {help} |")
        })
        .collect()
}

fn name(row: &str) -> &str {
    row.split('`').nth(1).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_is_in_the_manual_and_no_other() {
    let world = World::new().await;
    let served = rows(&world.get("/metrics").await.text());
    assert!(served.len() > 40, "{served:?}");
    let (_, table) = MANUAL.split_once("## All of them").unwrap();
    let described: Vec<_> = table.lines().filter(|line| line.starts_with("| `tailcast_")).collect();
    let missing: Vec<_> = served.iter().filter(|row| !described.contains(&row.as_str())).cloned().collect();
    assert!(missing.is_empty(), "docs/metrics.md has to say:\n\n{}\n", missing.join("\n"));
    let served: Vec<_> = served.iter().map(|row| name(row)).chain(SOMETIMES).collect();
    let strange: Vec<_> = described.iter().filter(|row| !served.contains(&name(row))).collect();
    assert!(strange.is_empty(), "docs/metrics.md has what is not served: {strange:?}");
}
