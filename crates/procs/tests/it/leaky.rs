//! A made-up process that leaks, on simulated time.

use std::fs;
use std::time::Duration;

use tailcast_procs::{Seen, Watch};

use crate::fake::Fake;

/// The first number of those that come and go.
const BURST: u32 = 5000;

/// A made-up process whose open files are connections to a Redis, and a watch on it.
pub(crate) struct Leaky {
    pub(crate) fake: Fake,
    pub(crate) watch: Watch,
    open: u32,
    state: &'static str,
}

impl Leaky {
    pub(crate) fn new(state: &'static str) -> Self {
        let fake = Fake::new();
        let dir = fake.process(7, b"worker");
        fs::create_dir(dir.join("net")).unwrap();
        let limits = "Max open files            1024                 4096                 files\n";
        fs::write(dir.join("limits"), limits).unwrap();
        let watch = Watch::new(fake.proc());
        Leaky { fake, watch, open: 0, state }
    }

    pub(crate) fn opens(&mut self) {
        self.fake.opens(7, self.open, format!("socket:[{}]", 1000 + self.open).as_bytes());
        self.open += 1;
        self.connects(0);
    }

    /// Has as many more for a moment, in place of those that it had before.
    pub(crate) fn bursts(&mut self, more: u32) {
        let fd = |n: u32| self.fake.dir.path().join(format!("7/fd/{}", BURST + n));
        (0..).map(fd).take_while(|fd| fs::remove_file(fd).is_ok()).for_each(drop);
        (0..more).for_each(|n| self.fake.opens(7, BURST + n, format!("socket:[{}]", 1000 + BURST + n).as_bytes()));
        self.connects(more);
    }

    fn connects(&self, more: u32) {
        let rows: String = (0..self.open)
            .chain(BURST..BURST + more)
            .map(|n| {
                format!(
                    "{n}: 0100000A:{:04X} 0500000A:18EB {} 0:0 0:0 0 102 0 {} 1 x\n",
                    30_000 + n,
                    self.state,
                    1000 + n
                )
            })
            .collect();
        fs::write(self.fake.dir.path().join("7/net/tcp"), rows).unwrap();
    }

    /// Looks, so many seconds after the first.
    pub(crate) fn looked_at(&mut self, second: u64) -> Seen {
        self.watch.look(Duration::from_secs(second)).unwrap().list.pop().unwrap()
    }
}
