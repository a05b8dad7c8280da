//! How many descriptors have numbers that the limit does not allow any more: they are open, and take no room below it.
//!
//! RLIMIT_NOFILE bounds the number that a new descriptor may get, not how many are open. A limit that was lowered below what is open,
//! or a high descriptor that was inherited, leaves some above it; each number below it that is free can still be had. The kernel counts
//! all together, so those above are counted in `/proc/self/fd`, whose places in the listing are the numbers (plus two): where it is
//! sought to the limit, only what lies above is listed, which mostly is nothing and takes some microseconds. Where most of what is open
//! lies above, the few below are listed instead.
//!
//! A count may take milliseconds where thousands are to be listed, so the next one is due after fifty times what the last one took. In
//! between, as many as are open less are taken for some of those above: room is rather told too small. (Where as many were opened below
//! meanwhile it is told too large, for that long; the spare descriptor is there for that.) Refuses to trust the places: only numbers that
//! were read count.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::fs::{RawDir, SeekFrom, seek};

/// So many times what the last count took, the next one is due: a fiftieth of a core at most.
const PAUSE: u32 = 50;

/// In the listing, before the numbers: `.` and `..`.
const DOTS: u64 = 2;

/// No descriptor has a number as high as that: the kernel's are positive integers.
const NUMBERS: u64 = 1 << 31;

/// What is known of those above the limit.
#[derive(Debug, Default)]
pub(crate) struct Beyond(Option<Count>);

#[derive(Debug)]
struct Count {
    soft: u64,
    /// All that were open then.
    used: u64,
    beyond: u64,
    at: Instant,
    took: Duration,
}

impl Beyond {
    /// How many of the `used` ones have the number `soft` or a higher one; `directory` is `/proc/self/fd`.
    pub(crate) fn of(&mut self, directory: &OwnedFd, soft: u64, used: u64) -> u64 {
        let known = self.0.take().filter(|count| count.soft == soft && count.at.elapsed() < count.took * PAUSE);
        let count = self.0.insert(known.unwrap_or_else(|| Count::new(directory, soft, used)));
        count.beyond.saturating_sub(count.used.saturating_sub(used))
    }
}

impl Count {
    fn new(directory: &OwnedFd, soft: u64, used: u64) -> Self {
        let began = Instant::now();
        let beyond = if soft <= used / 2 {
            listed(directory, 0, soft).map(|below| used.saturating_sub(below))
        } else {
            listed(directory, soft, NUMBERS)
        };
        Self { soft, used, beyond: beyond.unwrap_or(0), at: Instant::now(), took: began.elapsed() }
    }
}

/// How many there are from one number up to another; `None` where they cannot be listed.
fn listed(directory: &OwnedFd, from: u64, to: u64) -> Option<u64> {
    if from >= NUMBERS {
        return Some(0);
    }
    seek(directory, SeekFrom::Start(from + DOTS)).ok()?;
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut listing = RawDir::new(directory, &mut buffer);
    let mut count = 0;
    while let Some(entry) = listing.next() {
        let number = entry.ok()?.file_name().to_str().ok()?.parse::<u64>().ok()?;
        if number >= to {
            break;
        }
        count += u64::from(number >= from);
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{Mode, OFlags, open};
    use rustix::io::fcntl_dupfd_cloexec;

    use super::*;

    fn directory() -> OwnedFd {
        open("/proc/self/fd", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap()
    }

    #[test]
    fn those_above_a_number_are_counted_from_either_side() {
        let (directory, file) = (directory(), File::open("/proc/self/stat").unwrap());
        // Other tests of this process open and close descriptors with low numbers at the same time.
        let high: Vec<_> = (0..300).map(|at| fcntl_dupfd_cloexec(&file, 5000 + 2 * at).unwrap()).collect();
        assert!(high.iter().all(|fd| fd.as_raw_fd() >= 5000));
        assert_eq!(listed(&directory, 5000, NUMBERS), Some(300));
        assert_eq!(listed(&directory, 5100, NUMBERS), Some(250));
        assert_eq!(listed(&directory, 5000, 5100), Some(50));
        assert_eq!(listed(&directory, 1 << 40, NUMBERS), Some(0));
        let below = listed(&directory, 0, 5000).unwrap();
        assert!((2..200).contains(&below), "{below}");
        // Most of them are above: those below are listed, and the rest is above.
        assert_eq!(Beyond::default().of(&directory, 5000, 300 + 10), 300);
        let mostly_above = Beyond::default().of(&directory, 200, 1000 + below);
        assert!((800..=1000 + below).contains(&mostly_above), "{mostly_above}");
    }

    #[test]
    fn between_two_counts_what_was_closed_is_taken_for_one_of_those_above() {
        let directory = directory();
        let long = Count { soft: 64, used: 100, beyond: 40, at: Instant::now(), took: Duration::from_secs(3600) };
        let mut beyond = Beyond(Some(long));
        assert_eq!(beyond.of(&directory, 64, 100), 40);
        assert_eq!(beyond.of(&directory, 64, 90), 30);
        assert_eq!(beyond.of(&directory, 64, 20), 0);
        assert_eq!(beyond.of(&directory, 64, 110), 40);
        // Under another limit it is counted anew.
        assert_eq!(beyond.of(&directory, 1 << 40, 100), 0);
    }
}
