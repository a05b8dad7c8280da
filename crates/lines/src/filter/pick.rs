//! The wanted lines of a block.
//!
//! Splitting a block into lines costs more than searching it (two to three times, measured for a rare literal), so
//! wherever the filter allows it the pattern is searched for first, and lines are made only around the hits.

use std::ops::Range;

use memchr::{memchr, memrchr};
use regex_automata::Input;
use regex_automata::meta::Regex;

use super::{Filter, FilterState};

/// The wanted lines of one block: see [`Filter::pick`].
pub struct Pick<'a> {
    filter: &'a Filter,
    block: &'a [u8],
    state: &'a mut FilterState,
    /// Where the next line starts.
    at: usize,
}

impl<'a> Pick<'a> {
    pub(super) fn new(filter: &'a Filter, block: &'a [u8], state: &'a mut FilterState) -> Pick<'a> {
        Pick { filter, block, state, at: 0 }
    }

    /// The line that starts at or goes through `inside`, moving on to the next one.
    fn line_around(&mut self, inside: usize) -> Range<usize> {
        let start = memrchr(b'\n', &self.block[self.at..inside]).map_or(self.at, |found| self.at + found + 1);
        let end = memchr(b'\n', &self.block[inside..]).map_or(self.block.len(), |found| inside + found);
        self.at = end + 1;
        start..end
    }

    fn next_by_line(&mut self) -> Option<Range<usize>> {
        while self.at < self.block.len() {
            let line = self.line_around(self.at);
            if self.filter.matches(&self.block[line.clone()], self.state) {
                return Some(line);
            }
        }
        None
    }

    fn next_by_hit(&mut self, lead: &Regex) -> Option<Range<usize>> {
        while self.at < self.block.len() {
            let hit = lead.find(Input::new(self.block).range(self.at..))?;
            // An empty match behind the last `\n` is in no line.
            if hit.start() == self.block.len() && self.block.ends_with(b"\n") {
                return None;
            }
            let range = self.line_around(hit.start());
            let line = &self.block[range.clone()];
            // A hit may take in the `\r` of a `\r\n`, which is no part of the line, and hide a shorter one.
            let shown = line.len() - usize::from(line.ends_with(b"\r"));
            let whole = hit.end() <= range.start + shown;
            if self.filter.patterns_match(line, usize::from(whole)) {
                return Some(range);
            }
        }
        None
    }
}

impl Iterator for Pick<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        match self.filter.lead() {
            Some(lead) => self.next_by_hit(lead),
            None => self.next_by_line(),
        }
    }
}
