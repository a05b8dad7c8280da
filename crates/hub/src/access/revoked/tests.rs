//! What was taken back, on the disk and between hubs.

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

const NOW: u64 = 1_800_000_000;
const ID: Id = [1; 16];

fn dir() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// A hub alone, in a directory that is not there yet.
fn alone(dir: &TempDir) -> Arc<Revoked> {
    Revoked::alone(&dir.path().join("state"), NOW)
}

fn token(id: Id) -> RevokedId {
    RevokedId { id, rank: NOW, until: None }
}

#[test]
fn the_file_is_for_its_owner_alone_and_forgets_what_is_over() {
    let dir = dir();
    let first = alone(&dir);
    first.end_session(NOW + 5, ID, NOW);
    let mode = std::fs::metadata(&first.path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(alone(&dir).has_session(NOW + 5, &ID));
    first.end_session(NOW + 100, [2; 16], NOW + 50);
    let again = alone(&dir);
    assert!(again.has_session(NOW + 100, &[2; 16]) && !again.has_session(NOW + 5, &ID));
    assert_eq!(
        std::fs::read_dir(dir.path().join("state")).expect("a directory").count(),
        1,
        "no lock where nobody else writes"
    );
}

#[test]
fn a_disk_that_is_full_keeps_nobody_logged_in() {
    for revoked in [Revoked::alone(Path::new("/proc/nowhere"), NOW), Revoked::shared(Path::new("/proc/nowhere"), NOW)] {
        revoked.end_session(NOW + 5, ID, NOW);
        assert!(revoked.has_session(NOW + 5, &ID));
    }
}

#[test]
fn what_another_hub_took_back_stays_so_over_a_restart_and_is_new_once() {
    let (here, there) = (dir(), dir());
    let (ours, theirs) = (Revoked::shared(here.path(), NOW), Revoked::shared(there.path(), NOW));
    theirs.end_session(NOW + 5, ID, NOW);
    super::token(there.path(), token([2; 16]), NOW).expect("written");
    theirs.look_now();
    let ours_changed = ours.changed();
    assert!(ours.merge(&theirs.said(NOW), NOW));
    assert!(!ours.merge(&theirs.said(NOW), NOW), "it was known");
    assert!(!ours_changed.has_changed().expect("open"), "who heard it does not have to tell it again");
    for ours in [ours, Revoked::shared(here.path(), NOW)] {
        assert!(ours.has_session(NOW + 5, &ID) && ours.has_token(NOW, &[2; 16]));
        assert_eq!(ours.said(NOW), theirs.said(NOW));
    }
}

#[test]
fn a_running_hub_sees_what_a_command_takes_back_and_neither_overwrites_the_other() {
    let dir = dir();
    let revoked = Revoked::shared(dir.path(), NOW);
    let changed = revoked.changed();
    super::token(dir.path(), token(ID), NOW).expect("written");
    revoked.look_now();
    assert!(revoked.has_token(NOW, &ID) && changed.has_changed().expect("open"));
    super::token(dir.path(), token([2; 16]), NOW).expect("written");
    revoked.end_session(NOW + 5, ID, NOW);
    for revoked in [revoked, Revoked::shared(dir.path(), NOW)] {
        assert!(revoked.has_token(NOW, &ID) && revoked.has_token(NOW, &[2; 16]));
        assert!(revoked.has_session(NOW + 5, &ID));
    }
}

#[test]
fn where_it_cannot_be_told_what_was_taken_back_nothing_is_let_in_and_the_file_is_kept() {
    let dir = dir();
    let broken = dir.path().join("revocations");
    std::fs::write(&broken, "{ broken").expect("written");
    let revoked = Revoked::shared(dir.path(), NOW);
    assert!(revoked.has_session(NOW + 5, &ID) && revoked.has_token(NOW, &ID));
    revoked.end_session(NOW + 5, ID, NOW);
    assert!(super::token(dir.path(), token(ID), NOW).is_err());
    assert_eq!(std::fs::read_to_string(&broken).expect("readable"), "{ broken");
    // The other hubs know their own; what cannot be read here takes no token away from their agents.
    assert!(revoked.said(NOW).tokens.each.is_empty() && revoked.said(NOW).tokens.all_up_to == 0);
    std::fs::remove_file(&broken).expect("removed");
    revoked.look_now();
    assert!(!revoked.has_token(NOW, &ID));
}

#[test]
fn another_password_ends_all_sessions_also_when_it_was_set_while_the_hub_was_down() {
    let dir = dir();
    let first = Revoked::shared(dir.path(), NOW);
    first.password_is(Some([7; 32]), NOW);
    let until = NOW + 5;
    assert!(!first.has_session(until, &ID), "the first password is not another one");
    first.password_is(Some([7; 32]), NOW);
    assert!(!first.has_session(until, &ID));
    let restarted = Revoked::shared(dir.path(), NOW + 1);
    restarted.password_is(Some([8; 32]), NOW + 1);
    assert!(restarted.has_session(until, &ID));
    let after = restarted.first_end(NOW + 1);
    restarted.password_is(Some([8; 32]), NOW + 2);
    assert!(!restarted.has_session(after, &ID));
    restarted.password_is(None, NOW + 3);
    assert!(restarted.has_session(after, &ID), "a password that is taken away ends them too");
    let after = restarted.first_end(NOW + 3);
    Revoked::shared(dir.path(), NOW + 4).password_is(None, NOW + 4);
    assert!(!Revoked::shared(dir.path(), NOW + 5).has_session(after, &ID), "and only once");
}

#[test]
fn when_more_tokens_are_taken_back_than_are_remembered_older_ones_are_over_too_and_no_younger_one_is() {
    let dir = dir();
    let revoked = Revoked::shared(dir.path(), NOW);
    let each =
        (0..5000_u64).map(|number| RevokedId { id: u128::from(number).to_be_bytes(), rank: NOW - number, until: None });
    let said =
        Revocations { tokens: tailcast_wire::Revoked { all_up_to: 0, each: each.collect() }, ..Revocations::default() };
    assert!(revoked.merge(&said, NOW) && !revoked.merge(&said, NOW));
    for revoked in [revoked, Revoked::shared(dir.path(), NOW)] {
        assert!((0..5000).all(|number| revoked.has_token(NOW - number, &u128::from(number).to_be_bytes())));
        assert!(revoked.has_token(NOW - 4500, &[255; 16]) && !revoked.has_token(NOW, &[255; 16]));
        assert_eq!(revoked.said(NOW).tokens.each.len(), 4096);
    }
}
