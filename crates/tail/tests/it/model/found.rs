//! What random lives of a log have brought to light, each as the shortest one that does.

use super::{Op, Program};

fn holds(ops: &[Op]) {
    assert_eq!(Program::of(ops).run(), Ok(()));
}

const LOOK: Op = Op::Look;
const COPYTRUNCATE: Op = Op::CopyTruncate { late: false };

/// One line, and half of one if so wished.
const fn line(half: bool) -> Op {
    Op::Write(1, 3, half)
}

const fn rotate(create: bool) -> Op {
    Op::Rotate { create, reopen: true }
}

#[test]
fn everyday_things_hold() {
    holds(&[Op::Write(3, 10, true), LOOK, rotate(true), line(false), LOOK, Op::History(2), COPYTRUNCATE, line(true)]);
}

#[test]
fn a_copy_that_is_being_made_is_not_read_as_well() {
    holds(&[LOOK, line(false), Op::Copy, LOOK]);
    holds(&[Op::Touch, LOOK, rotate(false), Op::Copy]);
}

#[test]
fn a_copy_whose_original_was_deleted_is_not_read_as_well() {
    holds(&[Op::Touch, LOOK, Op::Copy, Op::Delete, LOOK]);
    holds(&[Op::Touch, LOOK, Op::Copy, Op::Write(0, 3, true), Op::Delete, LOOK]);
    holds(&[line(false), LOOK, COPYTRUNCATE, Op::Delete, LOOK]);
    holds(&[LOOK, Op::Copy, line(false), LOOK, COPYTRUNCATE, Op::Delete, LOOK]);
    holds(&[Op::Touch, LOOK, Op::Copy, line(false), LOOK, COPYTRUNCATE, Op::Delete, LOOK]);
    holds(&[Op::Touch, LOOK, Op::Copy, line(false), LOOK, Op::Truncate(0), Op::Delete, LOOK]);
    holds(&[line(false), LOOK, Op::Copy, line(false), LOOK, Op::Truncate(0), Op::Delete, LOOK]);
}

#[test]
fn a_half_line_that_is_cut_hides_nothing_and_is_told() {
    holds(&[line(true), LOOK, Op::Truncate(200), LOOK, line(false), LOOK]);
    holds(&[Op::Write(1, 30, false), Op::Truncate(57), LOOK, Op::Truncate(200), LOOK]);
    holds(&[Op::Write(0, 3037, true), LOOK, Op::Truncate(86), line(false), LOOK]);
    let cut_twice = [Op::Truncate(3), LOOK, line(false), Op::Truncate(74), line(false), LOOK];
    holds(&[&[Op::Write(1, 300_000, false)][..], &cut_twice].concat());
}

#[test]
fn lines_that_were_seen_and_cut_off_are_told() {
    holds(&[Op::Write(9, 9, false), Op::Step(1), Op::Write(4, 300_000, false), Op::Step(1), Op::Truncate(200), LOOK]);
}

#[test]
fn a_file_that_was_empty_when_it_was_ahead_is_found_wherever_it_goes() {
    let empty = [LOOK, line(false), COPYTRUNCATE, LOOK, line(false)];
    let rotations = [rotate(true), rotate(true), rotate(true), rotate(false), LOOK];
    holds(&[&empty[..], &rotations[..]].concat());
}

#[test]
fn a_file_that_was_empty_and_is_gone_is_read_before_those_that_came_after_it() {
    let replaced = [Op::Replace(255, 1), Op::Rotate { create: false, reopen: false }, LOOK];
    holds(&[&[Op::Touch, LOOK, Op::Copy][..], &replaced].concat());
    let made_anew = [Op::Delete, rotate(false), line(false), Op::Rotate { create: false, reopen: false }, LOOK];
    holds(&[&[Op::Touch, LOOK, Op::Copy][..], &made_anew].concat());
    holds(&[&[line(false), LOOK, Op::Truncate(0), Op::Copy][..], &made_anew].concat());
    let no_copy = [Op::Delete, Op::Reopen, line(false), Op::Rotate { create: false, reopen: false }, LOOK];
    holds(&[&[Op::Touch, LOOK, line(false)][..], &no_copy].concat());
    let filled_again = [line(false), COPYTRUNCATE, line(false), Op::Delete, Op::Reopen, line(false), LOOK];
    holds(&[&[Op::Touch, LOOK][..], &filled_again].concat());
    holds(&[&[Op::Touch, LOOK][..], &filled_again[..6], &[rotate(false), LOOK]].concat());
}

#[test]
fn a_file_that_was_cut_twice_goes_on_at_the_furthest_place_that_still_stands() {
    let cut = [Op::Truncate(1), line(false), Op::Truncate(223), LOOK];
    let ops = [&[line(false), Op::Write(1, 300_000, false), LOOK][..], &cut].concat();
    assert_eq!(Program { append: false, ..Program::of(&ops) }.run(), Ok(()));
}

#[test]
fn a_half_line_that_was_cut_before_its_file_was_replaced_is_told() {
    let seen = [LOOK, Op::Write(0, 5, true), LOOK, Op::CopyTruncate { late: true }, Op::Delete, Op::Copy];
    let cut = [Op::Write(1, 9, true), Op::Step(52), Op::Expire(2), Op::Truncate(167), Op::Replace(218, 3), LOOK];
    let ops = [&seen[..], &cut].concat();
    assert_eq!(Program { append: false, ..Program::of(&ops) }.run(), Ok(()));
}

#[test]
fn a_page_read_before_the_look_hides_no_copy_of_what_was_empty() {
    holds(&[Op::Touch, LOOK, line(false), COPYTRUNCATE, line(false), Op::History(1), LOOK]);
}

#[test]
fn a_page_that_ends_in_a_half_line_is_the_end() {
    holds(&[Op::Write(2, 4, true), Op::History(3), Op::History(1)]);
    holds(&[Op::Write(2, 4, false), Op::Write(0, 300_000, true), Op::History(3), Op::History(1)]);
}

#[test]
fn a_skip_over_a_file_that_was_rewritten_waits_for_the_look() {
    holds(&[Op::Touch, LOOK, line(false), COPYTRUNCATE, line(false), Op::Skip, LOOK]);
}

#[test]
fn what_a_link_led_to_before_it_was_turned_is_read_first() {
    let ops = [Op::Touch, LOOK, rotate(true), line(false), Op::Retarget, line(false), LOOK];
    assert_eq!(Program { linked: true, ..Program::of(&ops) }.run(), Ok(()));
    let moved = [Op::Touch, LOOK, Op::Resume { back: 0, patient: false }, rotate(false), LOOK];
    let ops = [&moved[..], &[line(false), Op::Retarget, LOOK]].concat();
    assert_eq!(Program { linked: true, ..Program::of(&ops) }.run(), Ok(()));
}

#[test]
fn a_copy_that_was_born_after_its_original_does_not_turn_the_order() {
    let ops = [Op::Write(0, 3, true), COPYTRUNCATE, line(false), Op::Rotate { create: true, reopen: false }];
    holds(&ops);
}

#[test]
fn a_life_that_only_a_page_saw_is_not_told_as_lost() {
    let seen = [Op::Write(1, 4, false), LOOK, Op::Truncate(204), Op::History(1), COPYTRUNCATE, line(false), LOOK];
    holds(&seen);
    holds(&[Op::Write(1, 100, false), LOOK, Op::Truncate(18), Op::History(1), Op::Truncate(146), LOOK, LOOK]);
}

#[test]
fn a_long_line_that_is_cut_and_outgrown_between_its_pieces_is_not_begun_again() {
    let ops = [Op::Write(1, 300_000, false), Op::Step(1), Op::Truncate(223), line(false), LOOK];
    assert_eq!(Program { append: false, ..Program::of(&ops) }.run(), Ok(()));
}

#[test]
fn a_half_line_behind_a_hole_that_is_under_another_hole_now_is_read_in_the_copy() {
    let begun = [Op::Write(1, 300_000, false), Op::Truncate(0), line(true), LOOK];
    let ops = [&begun[..], &[line(false), COPYTRUNCATE, line(false), LOOK]].concat();
    assert_eq!(Program { append: false, ..Program::of(&ops) }.run(), Ok(()));
}

#[test]
fn a_wide_hole_before_the_last_half_line_does_not_hide_its_start() {
    let ops = [Op::Write(1, 300_000, false), COPYTRUNCATE, line(true), LOOK, line(false), LOOK];
    assert_eq!(Program { append: false, from_end: true, ..Program::of(&ops) }.run(), Ok(()));
}

#[test]
fn a_page_read_while_a_turned_link_is_followed_takes_nothing_from_the_follower() {
    let turned = [Op::Write(0, 3, true), LOOK, COPYTRUNCATE, Op::Retarget, LOOK];
    let ops = [&turned[..], &[line(false), Op::Touch, Op::History(1), LOOK]].concat();
    assert_eq!(Program { linked: true, append: false, ..Program::of(&ops) }.run(), Ok(()));
    let seen = [LOOK, line(false), Op::History(1), Op::Retarget, LOOK];
    let ops = [&seen[..], &[Op::Reopen, line(false), Op::Retarget, LOOK]].concat();
    assert_eq!(Program { linked: true, append: false, ..Program::of(&ops) }.run(), Ok(()));
}

#[test]
fn two_files_that_begin_with_a_hole_are_not_taken_for_one_and_its_copy() {
    let begun = [Op::Copy, COPYTRUNCATE, line(false), LOOK];
    let ops = [&begun[..], &[Op::Truncate(0), line(false), COPYTRUNCATE, LOOK]].concat();
    assert_eq!(Program { append: false, ..Program::of(&ops) }.run(), Ok(()));
}

#[test]
fn a_late_line_behind_a_hole_in_a_file_that_was_left_is_told_as_a_gap() {
    let copied = [Op::Write(1, 300_000, false), rotate(true), Op::Write(4, 13, false), COPYTRUNCATE, LOOK, Op::Copy];
    let replaced = [LOOK, Op::Write(4, 8623, false), Op::CopyTruncate { late: true }, Op::Replace(255, 0), LOOK];
    let ops = [&copied[..], &replaced, &[Op::Write(2, 7581, true), LOOK]].concat();
    assert_eq!(Program { append: false, patient: true, ..Program::of(&ops) }.run(), Ok(()));
}

#[test]
fn what_a_page_saw_of_a_file_that_was_empty_hides_no_older_copy() {
    let filled = [Op::Touch, LOOK, line(false), COPYTRUNCATE];
    let half = Op::Write(0, 3, true);
    for append in [false, true] {
        let once = [half.clone(), Op::History(1), COPYTRUNCATE, LOOK];
        let twice = [half.clone(), COPYTRUNCATE, half.clone(), Op::History(1), Op::Truncate(0), LOOK];
        let copied = [Op::Copy, Op::History(1), Op::Truncate(0), LOOK];
        for rest in [&once[..], &twice, &copied] {
            let ops = [&filled[..], rest].concat();
            assert_eq!(Program { append, ..Program::of(&ops) }.run(), Ok(()));
        }
    }
}

#[test]
fn a_deleted_file_that_was_empty_is_read_in_its_place_among_its_copies() {
    for append in [false, true] {
        let ops = [Op::Touch, LOOK, line(false), COPYTRUNCATE, Op::Copy, Op::Delete, LOOK];
        assert_eq!(Program { append, ..Program::of(&ops) }.run(), Ok(()));
        let ops = [&ops[..5], &[Op::Write(2, 9, true), Op::Delete, LOOK, Op::Touch, line(false), LOOK]].concat();
        assert_eq!(Program { append, ..Program::of(&ops) }.run(), Ok(()));
    }
}

#[test]
fn a_half_line_behind_a_hole_is_not_taken_for_what_stands_behind_the_next_hole() {
    let begun = [Op::Write(1, 300_000, false), COPYTRUNCATE];
    let short = [line(true), LOOK, line(false), COPYTRUNCATE, line(false), LOOK];
    let long = [Op::Write(0, 3103, true), LOOK, COPYTRUNCATE, Op::Write(1, 300_000, false), LOOK];
    for rest in [&short[..], &long] {
        let ops = [&begun[..], rest].concat();
        assert_eq!(Program { append: false, ..Program::of(&ops) }.run(), Ok(()));
    }
    let ops = [&[begun[0].clone(), Op::Truncate(0), Op::Write(0, 3, true)][..], &short[1..]].concat();
    assert_eq!(Program { append: false, ..Program::of(&ops) }.run(), Ok(()));
}
