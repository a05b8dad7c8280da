//! What `/proc/PID/stat` and `/proc/PID/status` say, of the fields that are wanted here (proc_pid_stat(5)).
//!
//! The name in `stat` is whatever the process calls itself, brackets, spaces and newlines included: its end is the last
//! `)` of the file, never the first.

use bstr::{BString, ByteSlice};

/// `PF_KTHREAD` (linux/sched.h): it runs in the kernel and holds nothing.
const PF_KTHREAD: u64 = 0x0020_0000;

/// The wanted fields of `stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) name: BString,
    pub(crate) state: char,
    pub(crate) parent: u32,
    pub(crate) kernel_thread: bool,
    /// User and system time, in clock ticks.
    pub(crate) cpu: u64,
    /// The system's part of it.
    pub(crate) system: u64,
    pub(crate) threads: u32,
    /// Since the machine was started, in clock ticks.
    pub(crate) start: u64,
    /// Resident, in pages.
    pub(crate) pages: u64,
}

/// Reads a `stat`. `None` when it is none.
pub(crate) fn parse(bytes: &[u8]) -> Option<Stat> {
    let open = bytes.find_byte(b'(')?;
    let close = bytes.rfind_byte(b')')?;
    let name = bytes.get(open + 1..close)?;
    // From the third field of the manual on.
    let fields: Vec<&str> = std::str::from_utf8(&bytes[close + 1..]).ok()?.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    let count = |number: usize| field(number)?.parse::<u64>().ok();
    Some(Stat {
        name: name.into(),
        state: field(3)?.chars().next()?,
        parent: field(4)?.parse().ok()?,
        kernel_thread: count(9)? & PF_KTHREAD != 0,
        cpu: count(14)?.saturating_add(count(15)?),
        system: count(15)?,
        threads: field(20)?.parse().ok()?,
        start: count(22)?,
        pages: count(24)?,
    })
}

/// The real and the effective user in a `status`; the owner of `/proc/PID` is root for all that has changed its user.
pub(crate) fn users(status: &[u8]) -> Option<(u32, u32)> {
    ids(status, b"Uid:")
}

/// The real and the effective group in a `status`.
pub(crate) fn groups(status: &[u8]) -> Option<(u32, u32)> {
    ids(status, b"Gid:")
}

/// The process that a thread is of, in its `status`.
pub(crate) fn process(status: &[u8]) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(b"Tgid:"))?;
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

fn ids(status: &[u8], name: &[u8]) -> Option<(u32, u32)> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let mut ids = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    Some((ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &[u8]) -> Vec<u8> {
        let rest = b") S 1 10 10 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 7 0 123456 1000000 512 18446744073709551615";
        [&b"42 ("[..], name, &rest[..]].concat()
    }

    #[test]
    fn a_name_may_have_brackets_newlines_and_bytes_that_are_no_text() {
        for name in [&b"nginx"[..], b"(sd-pam)", b"a) S 1 (b", b"a\nb) R 9", b"\xff\xfe x", b""] {
            let stat = parse(&line(name)).unwrap();
            assert_eq!((stat.name.as_slice(), stat.parent, stat.start, stat.threads), (name, 1, 123_456, 7));
            assert_eq!((stat.cpu, stat.system, stat.pages, stat.kernel_thread), (300, 50, 512, false));
        }
    }

    #[test]
    fn what_is_cut_is_no_stat() {
        let whole = line(b"x");
        for end in 0..whole.len() - 30 {
            assert_eq!(parse(&whole[..end]), None, "{end}");
        }
    }

    #[test]
    fn a_thread_says_of_which_process_it_is() {
        assert_eq!(process(b"Name:\tx\nTgid:\t12\nPid:\t78\n"), Some(12));
        assert_eq!(process(b"Name:\tTgid: 3\n"), None);
    }

    #[test]
    fn the_users_are_those_of_the_process_and_not_those_of_its_name() {
        assert_eq!(users(b"Name:\tUid: 0\nUmask:\t0022\nUid:\t33\t34\t33\t33\n"), Some((33, 34)));
    }
}
