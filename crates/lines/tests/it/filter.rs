//! Which lines pass, and what is said about a pattern that is wrong.

use tailcast_lines::{Filter, FilterError, FilterSpec, FilterState, Level, MAX_PATTERN, MAX_PATTERNS, Role};

fn spec(include: &[&str], exclude: &[&str]) -> FilterSpec {
    let owned = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect();
    FilterSpec { include: owned(include), exclude: owned(exclude), ..FilterSpec::default() }
}

fn error(pattern: &str) -> FilterError {
    Filter::new(&spec(&[pattern], &[])).expect_err(pattern)
}

/// The lines of `block` that pass.
fn picked<'a>(spec: &FilterSpec, block: &'a str) -> Vec<&'a str> {
    let filter = Filter::new(spec).expect("a filter");
    filter.pick(block.as_bytes(), &mut FilterState::default()).map(|range| &block[range]).collect()
}

#[test]
fn an_empty_filter_passes_every_line() {
    assert!(Filter::new(&FilterSpec::default()).expect("a filter").passes_all());
    assert_eq!(picked(&FilterSpec::default(), "a\n\nb\r\nc"), ["a", "", "b\r", "c"]);
    assert_eq!(picked(&FilterSpec::default(), ""), [""; 0]);
    assert_eq!(picked(&FilterSpec::default(), "\n"), [""]);
}

#[test]
fn all_includes_must_match_and_no_exclude_may() {
    let block = "a\nab\nabc\nb\n";
    assert_eq!(picked(&spec(&["a"], &[]), block), ["a", "ab", "abc"]);
    assert_eq!(picked(&spec(&["a", "b"], &[]), block), ["ab", "abc"]);
    assert_eq!(picked(&spec(&["a", "b"], &["c"]), block), ["ab"]);
    assert_eq!(picked(&spec(&[], &["a"]), block), ["b"]);
}

#[test]
fn case_matters_unless_told_otherwise() {
    let small = spec(&["error"], &[]);
    assert_eq!(picked(&small, "ERROR\nerror\n"), ["error"]);
    assert_eq!(picked(&FilterSpec { ignore_case: true, ..small }, "ERROR\nerror\n"), ["ERROR", "error"]);
}

#[test]
fn the_ends_of_a_line_are_its_own() {
    assert_eq!(picked(&spec(&["^b"], &[]), "ab\nb\r\nb"), ["b\r", "b"]);
    assert_eq!(picked(&spec(&["b$"], &[]), "ab\nb\r\nbc\n"), ["ab", "b\r"]);
    assert_eq!(picked(&spec(&[r"\Ab\z"], &[]), "ab\nb\r\nb"), ["b\r", "b"]);
    assert_eq!(picked(&spec(&["^$"], &[]), "a\n\n\r\nb"), ["", "\r"]);
}

#[test]
fn a_match_never_reaches_into_another_line() {
    assert_eq!(picked(&spec(&[r"a\s+b"], &[]), "a\nb\na b\n"), ["a b"]);
    assert_eq!(picked(&spec(&["a[^x]*"], &[]), "a\nb\n"), ["a"]);
    assert_eq!(picked(&spec(&[r"(?s)a.*c"], &[]), "a\nc\nabc\n"), ["abc"]);
    assert_eq!(picked(&spec(&[r"a\s"], &[]), "a\r\na \r\n"), ["a \r"]);
}

#[test]
fn bytes_that_are_not_utf8_are_searched_too() {
    let filter = Filter::new(&spec(&["needle"], &[])).expect("a filter");
    assert!(filter.matches(b"\xff\xfeneedle\x80", &mut FilterState::default()));
}

#[test]
fn bytes_that_are_not_utf8_are_beside_nothing_of_the_line_before() {
    let filter = Filter::new(&spec(&[r"\B"], &[])).expect("a filter");
    assert_eq!(filter.pick(b"\n\x80\n", &mut FilterState::default()).count(), 1);
}

#[test]
fn lines_without_a_level_go_with_the_line_before_them() {
    let level = FilterSpec { level: Some(Level::Warn), ..FilterSpec::default() };
    let block = "before\n[INFO] a\n  at a\n[ERROR] b\n  at b\n\n[WARN] c\n[DEBUG] d\n  at d\n";
    assert_eq!(picked(&level, block), ["before", "[ERROR] b", "  at b", "", "[WARN] c"]);
}

#[test]
fn a_trace_keeps_its_level_across_blocks_and_past_lines_that_are_dropped() {
    let filter = Filter::new(&FilterSpec { level: Some(Level::Error), ..spec(&["at"], &[]) }).expect("a filter");
    let mut state = FilterState::default();
    assert_eq!(filter.pick(b"[ERROR] boom\n", &mut state).count(), 0);
    assert_eq!(filter.pick(b"  at a\n", &mut state).count(), 1);
    assert_eq!(filter.pick(b"[INFO] fine\n  at b\n", &mut state).count(), 0);
}

#[test]
fn a_wrong_pattern_is_shown_where_it_is_wrong() {
    let error = error("é(b");
    let FilterError::Syntax { at, column, .. } = &error else { panic!("{error}") };
    assert_eq!((*at, *column), (2, 2));
    assert_eq!(error.at(), Some(2));
    assert_eq!(
        error.to_string(),
        "include pattern 1 `é(b` is wrong at column 2: unclosed group; \
         write \\ before a character that is meant as itself"
    );
}

#[test]
fn the_pattern_that_is_wrong_is_named() {
    let error = Filter::new(&spec(&["a"], &["b", "*"])).expect_err("wrong");
    let pattern = error.pattern().expect("one pattern");
    assert_eq!((pattern.role, pattern.index, &*pattern.text), (Role::Exclude, 1, "*"));
}

#[test]
fn too_much_is_refused() {
    assert!(matches!(error(r"\w{500}"), FilterError::TooBig { .. }));
    assert!(matches!(error("a\nb"), FilterError::NoLine { .. }));
    assert!(matches!(error(r"a\nb"), FilterError::NoLine { .. }));
    assert!(
        matches!(error(&"a".repeat(MAX_PATTERN + 1)), FilterError::TooLong { length, .. } if length == MAX_PATTERN + 1)
    );
    assert!(matches!(error(&format!("{}a{}", "(".repeat(1000), ")".repeat(1000))), FilterError::Syntax { .. }));
    let many = vec!["a"; MAX_PATTERNS + 1];
    assert!(
        matches!(Filter::new(&spec(&many, &[])), Err(FilterError::TooMany { count, .. }) if count == MAX_PATTERNS + 1)
    );
    assert!(Filter::new(&spec(&["[a-z]{1000}"], &[])).is_ok());
}

#[test]
fn equal_specs_are_one_key() {
    let both: std::collections::HashSet<_> = [spec(&["a"], &["b"]), spec(&["a"], &["b"]), spec(&["b"], &["a"])].into();
    assert_eq!(both.len(), 2);
}
