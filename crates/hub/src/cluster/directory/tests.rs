//! What follows from announcements, in their order and out of it.

use super::*;

const CLOCK: i64 = 1_800_000_000_000_000;
const ME: HubId = HubId(1);
const OTHER: HubId = HubId(2);
const THIRD: HubId = HubId(3);

fn said(hub: HubId, edition: u64, word: Word) -> Announcement {
    Announcement {
        hub,
        name: format!("hub{}", hub.0),
        version: "1.0.0".to_owned(),
        peer_url: format!("http://hub{}:8514", hub.0),
        at: CLOCK,
        edition,
        word: Some(word),
    }
}

fn resident(host: &str, since: i64) -> Resident {
    Resident {
        host: host.parse().expect("a name"),
        session: 7,
        since,
        version: "1.0.0".to_owned(),
        offers: vec!["/var/log".to_owned()],
        labels: Vec::new(),
        zone: None,
        away: None,
        credential: None,
    }
}

fn away(host: &str, since: i64) -> Resident {
    let away = Some(tailcast_wire::Absence { words: "its link went down".to_owned(), why: None });
    Resident { away, ..resident(host, since) }
}

fn whole(hub: HubId, edition: u64, residents: Vec<Resident>) -> Announcement {
    said(hub, edition, Word::Whole { part: 0, parts: 1, residents })
}

fn where_is(directory: &Directory, host: &str) -> Option<(HubId, bool)> {
    let there = directory.whereabouts(&host.parse().expect("a name"))?;
    Some((there.hub, there.resident.away.is_none()))
}

fn heard(directory: &mut Directory, announcement: Announcement) -> Outcome {
    directory.hear(announcement, Instant::now(), CLOCK)
}

#[test]
fn a_hub_that_is_new_is_greeted_and_asked_for_all_that_is_linked_to_it() {
    let mut directory = Directory::new(ME);
    let outcome = heard(&mut directory, said(OTHER, 4, Word::Beat));
    assert!(outcome.greeted && outcome.ask == Some(OTHER), "{outcome:?}");
    let outcome = heard(&mut directory, whole(OTHER, 4, vec![resident("web1", 10)]));
    assert_eq!((outcome.greeted, outcome.ask, outcome.touched.len()), (false, None, 1));
    assert_eq!(where_is(&directory, "web1"), Some((OTHER, true)));
}

#[test]
fn a_change_is_taken_only_on_top_of_what_was_before_it_and_else_the_whole_is_asked_for() {
    let mut directory = Directory::new(ME);
    heard(&mut directory, whole(OTHER, 1, vec![resident("web1", 10)]));
    heard(&mut directory, said(OTHER, 2, Word::Change { residents: vec![away("web1", 20)], gone: Vec::new() }));
    assert_eq!(where_is(&directory, "web1"), Some((OTHER, false)));
    let skipped =
        heard(&mut directory, said(OTHER, 4, Word::Change { residents: vec![resident("web1", 40)], gone: Vec::new() }));
    assert_eq!((skipped.ask, skipped.touched.len()), (Some(OTHER), 0));
    assert_eq!(where_is(&directory, "web1"), Some((OTHER, false)), "what lies between may say otherwise");
    let again = heard(&mut directory, said(OTHER, 4, Word::Beat));
    assert_eq!(again.ask, None, "asked for a moment ago");
    heard(&mut directory, whole(OTHER, 4, vec![resident("web1", 40)]));
    assert_eq!(where_is(&directory, "web1"), Some((OTHER, true)));
}

#[test]
fn a_whole_in_parts_counts_when_all_of_them_have_come_and_forgets_who_is_in_none() {
    let mut directory = Directory::new(ME);
    heard(&mut directory, whole(OTHER, 1, vec![resident("gone", 10)]));
    let part = |part, host| said(OTHER, 2, Word::Whole { part, parts: 2, residents: vec![resident(host, 10)] });
    let first = heard(&mut directory, part(0, "web1"));
    assert!(first.touched.is_empty() && where_is(&directory, "web1").is_none());
    let second = heard(&mut directory, part(1, "web2"));
    assert_eq!(second.touched.len(), 3, "the one that is no longer there among them");
    assert_eq!((where_is(&directory, "web1"), where_is(&directory, "gone")), (Some((OTHER, true)), None));
}

#[test]
fn of_two_hubs_with_a_host_the_one_with_the_link_is_right_and_of_two_links_the_later_one() {
    let mut directory = Directory::new(ME);
    heard(&mut directory, whole(OTHER, 1, vec![resident("web1", 10)]));
    heard(&mut directory, whole(THIRD, 1, vec![away("web1", 30)]));
    assert_eq!(where_is(&directory, "web1"), Some((OTHER, true)));
    heard(&mut directory, said(THIRD, 2, Word::Change { residents: vec![resident("web1", 40)], gone: Vec::new() }));
    assert_eq!(where_is(&directory, "web1"), Some((THIRD, true)));
}

#[test]
fn a_hub_whose_clock_is_off_is_told_of_once_and_nothing_of_it_is_taken() {
    let mut directory = Directory::new(ME);
    heard(&mut directory, whole(OTHER, 1, vec![resident("web1", 10)]));
    let late = |word| Announcement { at: CLOCK - 31_000_000, ..said(OTHER, 1, word) };
    let began = Instant::now();
    let outcome = directory.hear(late(Word::Beat), began, CLOCK);
    assert_eq!((outcome.touched.len(), outcome.warning), (1, None), "it may have lain here while this hub stood still");
    assert_eq!(where_is(&directory, "web1"), None);
    let next = began + Duration::from_secs(5);
    let words = directory.hear(late(Word::Beat), next, CLOCK).warning.expect("told");
    assert!(words.contains("hub2") && words.contains("31 s behind"), "{words}");
    assert_eq!(directory.hear(late(Word::Beat), next, CLOCK).warning, None, "told already");
    heard(&mut directory, Announcement { at: CLOCK - 31_000_000, ..whole(OTHER, 1, vec![resident("web1", 10)]) });
    assert_eq!(where_is(&directory, "web1"), None);
    assert_eq!(directory.clocks_off().count(), 1);
    heard(&mut directory, said(OTHER, 1, Word::Beat));
    assert_eq!(directory.clocks_off().count(), 0, "the clock was set");
}

#[test]
fn who_says_goodbye_or_nothing_for_long_is_forgotten_with_its_hosts() {
    let mut directory = Directory::new(ME);
    heard(&mut directory, whole(OTHER, 1, vec![resident("web1", 10)]));
    heard(&mut directory, whole(THIRD, 1, vec![resident("web2", 10)]));
    let outcome = heard(&mut directory, said(OTHER, 1, Word::Bye));
    assert_eq!((outcome.touched.len(), where_is(&directory, "web1")), (1, None));
    assert!(directory.expire(Instant::now()).0.is_empty());
    let (hosts, hubs) = directory.expire(Instant::now() + SILENT);
    assert_eq!((hosts.len(), hubs.len()), (1, 1));
    assert_eq!(where_is(&directory, "web2"), None);
}

#[test]
fn what_a_hub_says_of_itself_comes_back_to_it_and_means_nothing() {
    let mut directory = Directory::new(ME);
    assert_eq!(heard(&mut directory, whole(ME, 1, vec![resident("web1", 10)])), Outcome::default());
    assert_eq!(where_is(&directory, "web1"), None);
    heard(&mut directory, said(OTHER, 0, Word::Beat));
    assert!(heard(&mut directory, said(OTHER, 0, Word::Ask { of: ME })).asked);
    assert!(!heard(&mut directory, said(OTHER, 0, Word::Ask { of: THIRD })).asked);
}

#[test]
fn a_hub_whose_clock_is_off_and_that_has_ended_is_no_longer_told_of() {
    let mut directory = Directory::new(ME);
    heard(&mut directory, Announcement { at: CLOCK + 31_000_000, ..said(OTHER, 1, Word::Beat) });
    assert_eq!(directory.clocks_off().count(), 1);
    directory.expire(Instant::now() + SILENT);
    assert_eq!(directory.clocks_off().count(), 0);
}

#[test]
fn parts_of_two_editions_make_no_whole() {
    let mut directory = Directory::new(ME);
    let part =
        |edition, part, host| said(OTHER, edition, Word::Whole { part, parts: 2, residents: vec![resident(host, 10)] });
    // The second part of the one and the first of the other were lost.
    heard(&mut directory, part(5, 0, "old"));
    let outcome = heard(&mut directory, part(6, 1, "web2"));
    assert_eq!((outcome.touched.len(), where_is(&directory, "old")), (0, None));
    heard(&mut directory, part(6, 0, "web1"));
    heard(&mut directory, part(6, 1, "web2"));
    assert_eq!((where_is(&directory, "web1"), where_is(&directory, "old")), (Some((OTHER, true)), None));
}

#[test]
fn a_host_that_a_hub_speaks_of_no_more_is_where_another_one_has_it() {
    let mut directory = Directory::new(ME);
    heard(&mut directory, whole(OTHER, 1, vec![resident("web1", 20), resident("web2", 10)]));
    heard(&mut directory, whole(THIRD, 1, vec![resident("web1", 10)]));
    assert_eq!(where_is(&directory, "web1"), Some((OTHER, true)));
    let gone = vec!["web1".parse().expect("a name")];
    let outcome = heard(&mut directory, said(OTHER, 2, Word::Change { residents: Vec::new(), gone }));
    assert_eq!(outcome.touched.len(), 1);
    assert_eq!(
        [where_is(&directory, "web1"), where_is(&directory, "web2")],
        [Some((THIRD, true)), Some((OTHER, true))]
    );
}
