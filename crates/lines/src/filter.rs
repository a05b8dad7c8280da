//! Which lines a viewer wants.
//!
//! A filter is made from a [`FilterSpec`], which is what an address or a command line says, and which is the same for
//! everybody who says the same: whoever fans lines out keeps one filter per distinct spec. The agent applies it, so
//! that unwanted bytes never leave the host.
//!
//! Patterns come from strangers. They are bounded in number, length and compiled size, and run in linear time.

mod error;
mod pattern;
mod pick;

pub use error::{FilterError, Pattern, Role};
pub use pattern::MAX_PATTERN;
pub use pick::Pick;

use regex_automata::meta::Regex;

use crate::level::Level;
use pattern::Compiled;

/// How many patterns one filter may have, includes and excludes together. Every line is held against each of them.
pub const MAX_PATTERNS: usize = 16;

/// What is wanted. Equal specs make equal filters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FilterSpec {
    /// Regular expressions that must all match, in the syntax of the `regex` crate, on the bytes of a line (UTF-16 has
    /// to be decoded first). `^` and `$` are the ends of the line, also of one that ends in `\r\n`; a `\r` within a
    /// line ends it for them too, and `.` does not match one.
    pub include: Vec<String>,
    /// Regular expressions none of which may match.
    pub exclude: Vec<String>,
    /// Whether upper and lower case are the same.
    pub ignore_case: bool,
    /// The least level wanted. A line without a level belongs to the last line before it that had one, as in a stack
    /// trace. Before the first line with a level all pass: a log that has none is shown, not hidden.
    pub level: Option<Level>,
}

/// Where a filter stands in a log: whether the last line that had a level was wanted. One for each log read in order,
/// new after each jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilterState {
    last: Option<bool>,
}

/// A compiled [`FilterSpec`]. Usable from several threads at once.
#[derive(Clone, Debug)]
pub struct Filter {
    spec: FilterSpec,
    include: Vec<Compiled>,
    exclude: Vec<Compiled>,
}

impl Filter {
    /// Compiles `spec`, or says which pattern is wrong, where, and what to do.
    pub fn new(spec: &FilterSpec) -> Result<Filter, FilterError> {
        let count = spec.include.len() + spec.exclude.len();
        if count > MAX_PATTERNS {
            return Err(FilterError::TooMany { count, max: MAX_PATTERNS });
        }
        let compile = |role: Role, patterns: &[String]| -> Result<Vec<Compiled>, FilterError> {
            let named = patterns.iter().enumerate().map(|(index, text)| Pattern { role, index, text: text.clone() });
            named.map(|pattern| pattern::compile(pattern, spec.ignore_case)).collect()
        };
        let include = compile(Role::Include, &spec.include)?;
        let exclude = compile(Role::Exclude, &spec.exclude)?;
        Ok(Filter { spec: spec.clone(), include, exclude })
    }

    /// What this filter was made from.
    pub fn spec(&self) -> &FilterSpec {
        &self.spec
    }

    /// Whether every line passes.
    pub fn passes_all(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty() && self.spec.level.is_none()
    }

    /// Whether `line` is wanted. To be asked for each line of a log in order, with the same `state`.
    pub fn matches(&self, line: &[u8], state: &mut FilterState) -> bool {
        // The level comes first: a line that the patterns drop still decides for the lines that belong to it.
        let wanted = self.spec.level.is_none_or(|least| state.admits(crate::formats::recognise(line).level, least));
        wanted && self.patterns_match(line, 0)
    }

    /// The wanted lines of `block`, in order, as ranges without their `\n`. A last line without a `\n` counts as one.
    ///
    /// Where a pattern must match and no level is asked for, the pattern is searched for in the whole block, and line
    /// ends are looked for only around what it finds.
    pub fn pick<'a>(&'a self, block: &'a [u8], state: &'a mut FilterState) -> Pick<'a> {
        Pick::new(self, block, state)
    }

    /// Whether all includes from the one numbered `from` match, and no exclude does.
    fn patterns_match(&self, line: &[u8], from: usize) -> bool {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.include.iter().skip(from).all(|include| include.regex.is_match(line))
            && !self.exclude.iter().any(|exclude| exclude.regex.is_match(line))
    }

    /// The include to search whole blocks for, if there is one.
    fn lead(&self) -> Option<&Regex> {
        let first = self.include.first().filter(|first| first.in_block && self.spec.level.is_none());
        first.map(|first| &first.regex)
    }
}

impl FilterState {
    /// Whether a line of this level passes, remembering the answer for the lines that belong to it.
    fn admits(&mut self, level: Option<Level>, least: Level) -> bool {
        if let Some(level) = level {
            self.last = Some(level >= least);
        }
        self.last.unwrap_or(true)
    }
}
