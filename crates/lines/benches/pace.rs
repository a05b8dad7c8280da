//! How long a line takes: `cargo bench -p tailcast-lines`.
//!
//! For each format its first example; then the filter, on a block of access log. Prints nanoseconds per line and
//! gigabytes per second, the best of several rounds, since everything that disturbs only adds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tailcast_lines::{Context, Encoding, Filter, FilterSpec, FilterState, MAX_SHOWN, Recognizer};
use tailcast_lines::{display, formats, harmless};

const ROUNDS: u32 = 20;
const LINES: u32 = 20_000;

const ACCESS: &str = concat!(
    r#"10.0.0.1 - - [20/Nov/2026:22:10:11 +0000] "GET /assets/app.js?v=12 HTTP/1.1" 200 51234 "#,
    r#""https://example.org/" "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0""#,
);

fn main() {
    let reference = "2026-11-20T23:00:00Z".parse().expect("a time");
    let berlin = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
    let recognizer = Recognizer::new(Context { zone: berlin, reference });
    for format in &formats::TABLE {
        let (_, line) = format.examples[0];
        report(format.name, LINES, || {
            black_box(recognizer.read(black_box(line.as_bytes())));
        });
    }
    for (name, line) in [("access, 190 bytes", ACCESS), ("trace (none)", "\tat org.acme.Pool.open(Pool.java:12)")] {
        report(name, LINES, || {
            black_box(recognizer.read(black_box(line.as_bytes())));
        });
    }
    report("display", LINES, || drop(black_box(display(black_box(ACCESS.as_bytes()), Encoding::Utf8, MAX_SHOWN))));
    report("harmless", LINES, || drop(black_box(harmless(black_box(ACCESS)))));
    filters();
}

fn filters() {
    let block: String = format!("{ACCESS}\n").repeat(256 * 1024 / ACCESS.len());
    let lines = block.lines().count() as u32;
    for (name, include, level) in [
        ("rare literal", "needle", None),
        ("literal in each line", "Gecko", None),
        ("rare regex", r"5\d\d \d+ .*curl", None),
        ("regex over all", r"10[^x]*zz", None),
        ("level", "", Some(tailcast_lines::Level::Error)),
    ] {
        let spec = FilterSpec { include: vec![include.to_owned()], level, ..FilterSpec::default() };
        let filter = Filter::new(&spec).expect("a filter");
        let best = best_of(1, || {
            let mut state = FilterState::default();
            black_box(filter.pick(black_box(block.as_bytes()), &mut state).count());
        });
        let rate = block.len() as f64 / best.as_secs_f64() / 1e9;
        println!("pick, {name:<22} {:>8.1} ns per line {rate:>8.2} GB/s", best.as_nanos() as f64 / f64::from(lines));
    }
}

fn report(name: &str, lines: u32, run: impl Fn()) {
    let best = best_of(lines, run);
    println!("{name:<28} {:>8.1} ns per line", best.as_nanos() as f64 / f64::from(lines));
}

fn best_of(times: u32, run: impl Fn()) -> Duration {
    let round = || {
        let start = Instant::now();
        (0..times).for_each(|_| run());
        start.elapsed()
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}
