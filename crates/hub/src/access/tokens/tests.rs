//! Laws of the file of tokens: what it holds, what it refuses, and that two who write it at once lose nothing.

use std::fs;

use super::*;

fn agent(pattern: &str) -> Grant {
    Grant::Agent { hosts: vec![pattern.to_owned()] }
}

#[test]
fn the_file_does_not_hold_the_token() {
    let dir = tempfile::tempdir().expect("a directory");
    let issued = add(dir.path(), Grant::Viewer, None).expect("added");
    let kept = fs::read_to_string(file(dir.path())).expect("readable");
    assert!(!kept.contains(issued.token.trim_start_matches(PREFIX)));
    assert!(kept.contains(r#""kind": "viewer""#), "{kept}");
}

#[test]
fn names_are_unique_plain_and_chosen_when_not_given() {
    let dir = tempfile::tempdir().expect("a directory");
    add(dir.path(), agent("*"), Some("agent-1")).expect("added");
    assert_eq!(add(dir.path(), agent("*"), None).expect("added").name, "agent-2");
    assert!(matches!(add(dir.path(), Grant::Viewer, Some("agent-1")), Err(Error::NameTaken(_))));
    assert!(matches!(add(dir.path(), Grant::Viewer, Some("a b")), Err(Error::BadName(_))));
    assert!(matches!(add(dir.path(), Grant::Viewer, Some("")), Err(Error::BadName(_))));
    assert!(matches!(remove(dir.path(), "nobody"), Err(Error::NoSuchToken(_))));
    let names: Vec<_> = list(dir.path()).expect("listed").into_iter().map(|token| token.name).collect();
    assert_eq!(names, ["agent-1", "agent-2"]);
}

#[test]
fn a_pattern_that_is_none_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    assert!(matches!(add(dir.path(), agent("web["), None), Err(Error::BadGlob(_))));
    assert!(matches!(add(dir.path(), Grant::Agent { hosts: vec![] }, None), Err(Error::BadGlob(_))));
}

#[test]
fn a_broken_file_is_not_overwritten() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(file(dir.path()), "{ broken").expect("written");
    assert!(matches!(add(dir.path(), Grant::Viewer, None), Err(Error::Broken { .. })));
    assert_eq!(fs::read_to_string(file(dir.path())).expect("readable"), "{ broken");
}

#[test]
fn a_signed_token_is_listed_where_it_was_made_and_revoked_by_its_name_or_anywhere_by_its_id() {
    let (here, there) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let make = || {
        let wanted = Wanted { grant: agent("web*"), name: Some("webs"), expires: None };
        make(here.path(), Some(&ClusterKey::for_tests(1)), wanted).expect("made")
    };
    let (first, listed) = (make(), list(here.path()).expect("listed"));
    assert_eq!(listed[0].id(), first.id.as_deref());
    let kept = fs::read_to_string(file(here.path())).expect("readable");
    assert!(!kept.contains(&first.token) && !kept.contains("sha256"), "{kept}");
    remove(here.path(), "webs").expect("removed");
    let second = make();
    let ids = [first.id, second.id].map(|id| id.expect("signed"));
    for (dir, revoked_here) in [(&there, [false, true]), (&here, [true, true])] {
        revoke(dir.path(), &ids[1]).expect("revoked");
        let is_revoked = revoked::tokens(dir.path()).expect("readable");
        let is_revoked = |id: &String| is_revoked(&secret::bytes(id).expect("an id"), seconds(Timestamp::now()));
        assert_eq!([is_revoked(&ids[0]), is_revoked(&ids[1])], revoked_here);
    }
    assert_eq!(list(here.path()).expect("listed"), []);
    assert!(matches!(revoke(here.path(), "webs"), Err(Error::BadId(_))));
}

#[test]
fn a_token_that_another_hub_has_revoked_is_listed_no_longer_and_leaves_its_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let wanted = || Wanted { grant: Grant::Viewer, name: Some("grafana"), expires: None };
    let key = ClusterKey::for_tests(1);
    let issued = make(dir.path(), Some(&key), wanted()).expect("made");
    let id = issued.id.as_deref().and_then(secret::bytes).expect("an id");
    let now = seconds(Timestamp::now());
    revoked::token(dir.path(), RevokedId { id, rank: now, until: None }, now).expect("heard");
    assert_eq!(list(dir.path()).expect("listed"), []);
    make(dir.path(), Some(&key), wanted()).expect("the name is free");
}

#[test]
fn an_end_that_is_past_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let wanted = Wanted { grant: Grant::Viewer, name: None, expires: Some(Timestamp::UNIX_EPOCH) };
    assert!(matches!(make(dir.path(), None, wanted), Err(Error::ExpiredBefore)));
}

#[test]
fn two_writers_lose_no_token() {
    let dir = tempfile::tempdir().expect("a directory");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| drop(add(dir.path(), Grant::Viewer, None).expect("added"))));
        }
    });
    assert_eq!(list(dir.path()).expect("listed").len(), 20);
}
