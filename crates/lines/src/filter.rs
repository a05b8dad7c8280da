//! Which lines a viewer wants.
//!
//! A filter is made from a [`FilterSpec`], which is what an address or a command line says, and which is the same for
//! everybody who says the same: whoever fans lines out keeps one filter per distinct spec. The agent applies it, so
//! that unwanted bytes never leave the host.
//!
//! Patterns come from strangers. They are bounded in number, length and compiled size, and run in linear time.

mod error;
mod pick;

pub use error::{FilterError, Pattern, Role};
pub use pick::Pick;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::Look;

use crate::level::Level;

/// How many patterns one filter may have, includes and excludes together. Every line is held against each of them.
pub const MAX_PATTERNS: usize = 16;

/// How long one pattern may be, in bytes. It travels in an address.
pub const MAX_PATTERN: usize = 4096;

/// How big one compiled pattern may be, and also its lazily built DFA, in bytes. `\w{100}` is over it, `[a-z]{1000}` is
/// not.
const MAX_COMPILED: usize = 1 << 20;

/// What is wanted. Equal specs make equal filters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FilterSpec {
    /// Regular expressions that must all match, in the syntax of the `regex` crate. `^` and `$` are the ends of the
    /// line, also of one that ends in `\r\n`.
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
    include: Vec<Regex>,
    exclude: Vec<Regex>,
    /// Whether the first include finds the same lines in a block as it does line by line.
    leads: bool,
}

impl Filter {
    /// Compiles `spec`, or says which pattern is wrong, where, and what to do.
    pub fn new(spec: &FilterSpec) -> Result<Filter, FilterError> {
        let count = spec.include.len() + spec.exclude.len();
        if count > MAX_PATTERNS {
            return Err(FilterError::TooMany { count, max: MAX_PATTERNS });
        }
        let compile = |role: Role, patterns: &[String]| -> Result<Vec<Regex>, FilterError> {
            let named = patterns.iter().enumerate().map(|(index, text)| Pattern { role, index, text: text.clone() });
            named.map(|pattern| compile(pattern, spec.ignore_case)).collect()
        };
        let include = compile(Role::Include, &spec.include)?;
        let exclude = compile(Role::Exclude, &spec.exclude)?;
        let leads = spec.include.first().is_some_and(|pattern| sees_only_its_line(pattern));
        Ok(Filter { spec: spec.clone(), include, exclude, leads })
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
        self.include.iter().skip(from).all(|include| include.is_match(line))
            && !self.exclude.iter().any(|exclude| exclude.is_match(line))
    }

    /// The include to search whole blocks for, if there is one.
    fn lead(&self) -> Option<&Regex> {
        self.include.first().filter(|_| self.leads && self.spec.level.is_none())
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

fn compile(pattern: Pattern, ignore_case: bool) -> Result<Regex, FilterError> {
    if pattern.text.len() > MAX_PATTERN {
        return Err(FilterError::TooLong { length: pattern.text.len(), pattern, max: MAX_PATTERN });
    }
    if let Some(at) = pattern.text.find('\n') {
        return Err(FilterError::LineFeed { pattern, at });
    }
    let built = RegexBuilder::new(&pattern.text)
        .case_insensitive(ignore_case)
        .multi_line(true)
        .crlf(true)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build();
    built.map_err(|_| error::explain(pattern, MAX_COMPILED))
}

/// Whether a match inside a line is a match whatever stands around the line. `\A` and `\z` look beyond it.
fn sees_only_its_line(pattern: &str) -> bool {
    let hir = syntax().build().parse(pattern);
    hir.is_ok_and(|hir| {
        let looks = hir.properties().look_set();
        !looks.contains(Look::Start) && !looks.contains(Look::End)
    })
}

/// The syntax of [`compile`], for looking into a pattern without building it.
fn syntax() -> regex_syntax::ParserBuilder {
    let mut builder = regex_syntax::ParserBuilder::new();
    builder.utf8(false).multi_line(true).crlf(true);
    builder
}
