//! One pattern, compiled so that it cannot see beyond a line.
//!
//! A pattern is held against single lines and searched for in whole blocks, and has to find the same lines either way.
//! So the line feed is taken out of everything that could match one (`\s`, `[^x]`): a match then never leaves its line,
//! and a search of a block never looks at a byte twice because of it, which `a[^x]*` else does for every line.

use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::ast::ErrorKind;
use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange};
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

use super::error::{FilterError, Pattern};

/// How long one pattern may be, in bytes. It travels in an address.
pub const MAX_PATTERN: usize = 4096;

/// How big one compiled pattern may be, in bytes, and so also its lazily built DFA and its one-pass DFA. `\w{100}` is
/// over it, `[a-z]{1000}` is not.
const MAX_COMPILED: usize = 1 << 20;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) regex: Regex,
    /// Whether a block may be searched for it. `\A` and `\z` mean another place there; and beside bytes that are not
    /// UTF-8, `\B` looks past them, into the line before.
    pub(super) in_block: bool,
}

/// Compiles `pattern`, or says what is wrong with it.
pub(super) fn compile(pattern: Pattern, ignore_case: bool) -> Result<Compiled, FilterError> {
    if pattern.text.len() > MAX_PATTERN {
        return Err(FilterError::TooLong { length: pattern.text.len(), pattern, max: MAX_PATTERN });
    }
    let mut parser = regex_syntax::ParserBuilder::new();
    parser.case_insensitive(ignore_case).utf8(false).multi_line(true).crlf(true);
    let parsed = parser.build().parse(&pattern.text);
    let hir = match parsed {
        Ok(hir) => without_line_feed(hir),
        Err(error) => return Err(syntax_error(pattern, &error)),
    };
    // Whatever needs a line feed has become something that matches nothing.
    if hir.properties().minimum_len().is_none() {
        return Err(FilterError::NoLine { pattern });
    }
    let looks = hir.properties().look_set();
    let in_block = ![Look::Start, Look::End, Look::WordUnicodeNegate].into_iter().any(|look| looks.contains(look));
    match Regex::builder().configure(bounded()).build_from_hir(&hir) {
        Ok(regex) => Ok(Compiled { regex, in_block }),
        Err(_) => Err(FilterError::TooBig { pattern, limit: MAX_COMPILED }),
    }
}

fn bounded() -> Config {
    Config::new()
        .utf8_empty(false)
        .which_captures(WhichCaptures::Implicit)
        .nfa_size_limit(Some(MAX_COMPILED))
        .onepass_size_limit(Some(MAX_COMPILED))
        .hybrid_cache_capacity(MAX_COMPILED)
}

fn syntax_error(pattern: Pattern, error: &regex_syntax::Error) -> FilterError {
    let (at, word, why) = match error {
        regex_syntax::Error::Parse(error) => (error.span().start.offset, word(error.kind()), error.kind().to_string()),
        regex_syntax::Error::Translate(error) => (error.span().start.offset, SYNTAX, error.kind().to_string()),
        other => (0, SYNTAX, other.to_string()),
    };
    let column = pattern.text.get(..at).map_or(1, |before| before.chars().count() + 1);
    FilterError::Syntax { pattern, at, column, why, word }
}

/// A mistake that has no word of its own.
const SYNTAX: &str = "syntax";

/// The mistakes that people make who search logs; the others have words alone.
fn word(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::GroupUnclosed => "group_unclosed",
        ErrorKind::GroupUnopened => "group_unopened",
        ErrorKind::ClassUnclosed => "class_unclosed",
        ErrorKind::ClassRangeInvalid | ErrorKind::ClassRangeLiteral => "class_range",
        ErrorKind::RepetitionMissing => "repetition_of_nothing",
        ErrorKind::RepetitionCountInvalid
        | ErrorKind::RepetitionCountDecimalEmpty
        | ErrorKind::RepetitionCountUnclosed
        | ErrorKind::DecimalEmpty
        | ErrorKind::DecimalInvalid => "repetition_count",
        ErrorKind::EscapeUnexpectedEof => "escape_unfinished",
        ErrorKind::EscapeUnrecognized | ErrorKind::ClassEscapeInvalid => "escape_unknown",
        ErrorKind::UnsupportedLookAround => "look_around",
        ErrorKind::UnsupportedBackreference => "backreference",
        _ => SYNTAX,
    }
}

/// `hir`, matching the same texts but for those with a line feed. The parser bounds how deep this goes (250).
fn without_line_feed(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Literal(literal) if literal.0.contains(&b'\n') => Hir::fail(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class_without_line_feed(class)),
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(without_line_feed(*sub)) })
        }
        HirKind::Capture(Capture { index, name, sub }) => {
            Hir::capture(Capture { index, name, sub: Box::new(without_line_feed(*sub)) })
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(without_line_feed).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(without_line_feed).collect()),
    }
}

fn class_without_line_feed(class: Class) -> Class {
    match class {
        Class::Unicode(mut class) => {
            class.difference(&ClassUnicode::new([ClassUnicodeRange::new('\n', '\n')]));
            Class::Unicode(class)
        }
        Class::Bytes(mut class) => {
            class.difference(&ClassBytes::new([ClassBytesRange::new(b'\n', b'\n')]));
            Class::Bytes(class)
        }
    }
}
