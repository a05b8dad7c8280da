//! One row of the table: what was asked, the bar, what was measured, and what stood beside it.

use std::fmt;

/// Whether a bar holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It holds.
    Held,
    /// It does not.
    Missed,
    /// There was nothing to compare with, or nothing came out.
    Open,
}

impl From<bool> for Verdict {
    fn from(held: bool) -> Self {
        if held { Self::Held } else { Self::Missed }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Held => "held",
            Self::Missed => "**missed**",
            Self::Open => "open",
        })
    }
}

/// A row of the Markdown table that `bench/run` prints.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) what: String,
    /// What must hold.
    pub(crate) bar: String,
    /// What came out for tailcast.
    pub(crate) measured: String,
    /// What came out for others in the same run; empty when nobody was asked.
    pub(crate) beside: String,
    /// Whether it holds.
    pub(crate) verdict: Verdict,
}

impl Row {
    /// A row for what could not be measured, and why: a hole in the table is told like one in a log.
    pub(crate) fn broken(what: &str, why: &anyhow::Error) -> Self {
        let measured = format!("not measured: {why:#}").replace('\n', " ");
        Self { what: what.into(), bar: String::new(), measured, beside: String::new(), verdict: Verdict::Open }
    }

    /// The two lines above all rows.
    pub(crate) const HEAD: &str = "| what | bar | tailcast | beside it, same run | |\n|---|---|---|---|---|";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, bar, measured, beside, verdict } = self;
        write!(f, "| {what} | {bar} | {measured} | {beside} | {verdict} |")
    }
}
