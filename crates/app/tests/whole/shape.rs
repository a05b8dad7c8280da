//! The shape of the house, checked: which crate may know which, and what no crate may pull in.
//!
//! It stands with the program because the program is the one crate that sees all others. It reads
//! `cargo metadata`, so that what is checked is what is built, and the sources, for what no lint can say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Who may know whom among the crates of this workspace, by the names after `tailcast-`.
/// The leaves know nobody, so that each is of use alone; hub and agent meet only in `wire`.
const ARROWS: &[(&str, &[&str])] = &[
    ("lines", &[]),
    ("tail", &[]),
    ("fanout", &[]),
    ("fdguard", &[]),
    ("procs", &[]),
    ("wire", &[]),
    ("agent", &["lines", "procs", "tail", "wire"]),
    ("hub", &["fanout", "fdguard", "lines", "tail", "wire"]),
    ("app", &["agent", "fanout", "fdguard", "hub", "lines", "procs", "tail", "wire"]),
    ("bench", &["agent", "hub", "procs"]),
];

/// What a crate may not reach, through however many others.
const OUT_OF_REACH: &[(&str, &[&str])] = &[
    ("lines", &["tokio", "mio", "rustix", "libc"]),
    ("wire", &["tokio", "mio", "rustix", "hyper"]),
    ("tail", &["tokio", "mio", "socket2", "hyper", "rustls", "async-io"]),
    ("fdguard", &["axum", "hyper", "http"]),
    ("agent", &["axum"]),
];

/// What only these crates may name, because it is their work: serving HTTP, talking to a person.
const RESERVED: &[(&str, &[&str])] = &[("axum", &["hub"]), ("clap", &["app"]), ("anyhow", &["app", "bench"])];

/// Past this a file is two things. A file that must be longer says why beside this number.
const LONGEST_FILE: usize = 500;

/// Package name to the names it depends on, without what only tests need.
type Graph = BTreeMap<String, BTreeSet<String>>;

#[test]
fn crates_know_only_those_they_may() {
    let graph = dependencies();
    for (name, known) in ours(&graph) {
        let (_, allowed) = ARROWS.iter().find(|(krate, _)| *krate == name).unwrap_or_else(|| {
            panic!("{name} is a new crate: give it a row in ARROWS");
        });
        for other in known.iter().filter_map(|other| other.strip_prefix("tailcast-")) {
            assert!(allowed.contains(&other), "{name} depends on {other}: see the invariants in ARCHITECTURE.md");
        }
    }
}

#[test]
fn some_crates_stay_out_of_reach() {
    let graph = dependencies();
    for (name, forbidden) in OUT_OF_REACH {
        let reached = reach(&graph, &format!("tailcast-{name}"));
        for other in *forbidden {
            assert!(!reached.contains(*other), "{name} reaches {other}: `cargo tree -p tailcast-{name} -i {other}`");
        }
    }
}

#[test]
fn only_one_crate_serves_http_and_only_one_reads_flags() {
    let graph = dependencies();
    for (name, known) in ours(&graph) {
        for (reserved, owners) in RESERVED {
            assert!(
                owners.contains(&name) || !known.contains(*reserved),
                "{name} depends on {reserved}: that is the work of {owners:?}"
            );
        }
    }
}

#[test]
fn each_source_file_says_what_it_is_and_is_one_thing() {
    let mut files = Vec::new();
    for folder in ["crates", "bench"] {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 10, "only {} source files found below {}", files.len(), root().display());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with what it is (//!)", file.display());
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines: split it", file.display());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The resolved graph for this machine. `--locked`: a test changes no file of the checkout.
fn dependencies() -> Graph {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform", &platform])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: BTreeMap<&str, &str> =
        array(&metadata["packages"]).map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let mut graph = Graph::new();
    for node in array(&metadata["resolve"]["nodes"]) {
        let known = array(&node["deps"]).filter(|dep| is_needed_to_run(dep)).map(|dep| names[text(&dep["pkg"])]);
        graph.entry(names[text(&node["id"])].to_owned()).or_default().extend(known.map(str::to_owned));
    }
    graph
}

/// Kind null is a normal dependency; "dev" and "build" are in no binary.
fn is_needed_to_run(dep: &Value) -> bool {
    array(&dep["dep_kinds"]).any(|kind| kind["kind"].is_null())
}

/// The crates of this workspace, by the name after `tailcast-`.
fn ours(graph: &Graph) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
    graph.iter().filter_map(|(name, known)| Some((name.strip_prefix("tailcast-")?, known)))
}

fn reach<'a>(graph: &'a Graph, from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        for other in graph.get(name).into_iter().flatten() {
            if reached.insert(other.as_str()) {
                open.push(other);
            }
        }
    }
    reached
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "target" && name != "node_modules" {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
