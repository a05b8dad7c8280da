//! The limit of open files that a process has, from `/proc/PID/limits`, which anybody may read.

use bstr::ByteSlice;

/// A soft and a hard limit; "unlimited" is [`u64::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is in force.
    pub soft: u64,
    /// How far the process itself may raise it.
    pub hard: u64,
}

/// The limit called `name` in a `limits`.
pub(crate) fn parse(limits: &[u8], name: &str) -> Option<Limit> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name.as_bytes()))?;
    let mut numbers = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let mut next = || match numbers.next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    };
    Some(Limit { soft: next()?, hard: next()? })
}

/// The limit of open files.
pub(crate) fn open_files(limits: &[u8]) -> Option<Limit> {
    parse(limits, "Max open files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_found_by_its_name() {
        let limits = b"Limit   Soft Limit  Hard Limit  Units\nMax processes  1  2  processes\n\
                       Max open files            1024                 unlimited            files     \n";
        assert_eq!(open_files(limits), Some(Limit { soft: 1024, hard: u64::MAX }));
        assert_eq!(open_files(b"Max open files"), None);
    }
}
