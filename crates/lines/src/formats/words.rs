//! Lines that start with their level.

use super::{Bytes, Format, Found, Line};
use crate::columns;
use crate::level::Level;
use crate::scan::Scan;
use crate::stamp;
use crate::when::When;

pub(super) const WORD: Format = Format {
    name: "level-first",
    about: "The level in front: in capitals, in brackets, or with a colon; a time may follow. Maven, Python's \
            basicConfig, .NET, compilers, geth, Dropwizard, Minecraft, Serilog. The last to be asked. `Error:` is not \
            one: that is how exceptions are named.",
    starts: Bytes::LETTERS.and(Bytes::of(b"[<")),
    indented: false,
    read: word,
    examples: &[
        ("- error", "[ERROR] no"),
        ("- warn", "<warn> no"),
        ("- error", "ERROR: no"),
        ("- info", "INFO:root:ERROR"),
        ("- warn", "warning: unused variable"),
        ("- error", "SEVERE: no"),
        ("- error", "fail: Microsoft.Hosting.Lifetime[0]"),
        ("2026-11-20T20:10:11.123Z warn", "WARN 2026-11-20 22:10:11,123 no"),
        ("2026-11-20T20:10:11.123Z info", "INFO  [2026-11-20 22:10:11,123] org.acme.Pool: ready"),
        ("2026-11-20T20:10:11Z error", "[ERROR] 2026-11-20 22:10:11 no"),
        ("2026-11-20T20:10:11.123Z warn", "WARN [11-20|22:10:11.123] Snapshot extension    err=no"),
        // logrus on a terminal
        ("- error", "ERRO[0012] no"),
        ("- info", "[main] INFO org.acme.Pool - ready"),
        ("- warn", "[22:10:11] [Server thread/WARN]: no"),
        ("- error", "[22:10:11 ERR] no"),
    ],
};

fn word(line: Line<'_>) -> Option<Found> {
    if let [b'A'..=b'Z', b'a'..=b'z', ..] = line.bytes {
        return None;
    }
    // Without a time in front only brackets are columns for certain; anything else could be the message.
    let columns = if line.bytes.starts_with(b"[") { columns::MAX_COLUMNS } else { 1 };
    let (level, rest) = match serilog(line.bytes).or_else(|| basic_config(line.bytes)) {
        Some(level) => (level, &[][..]),
        None => columns::level_within(line.bytes, columns)?,
    };
    Some(Found { when: stamp_after(rest), level: Some(level) })
}

/// `[22:10:11 ERR]`.
fn serilog(line: &[u8]) -> Option<Level> {
    let mut scan = Scan::new(line);
    scan.eat(b'[')?;
    stamp::clock(&mut scan)?;
    scan.eat(b' ')?;
    scan.until(b']', 16).and_then(Level::from_word)
}

/// `INFO:root:message`.
fn basic_config(line: &[u8]) -> Option<Level> {
    let mut scan = Scan::new(line);
    let word = scan.while_(|byte| byte.is_ascii_uppercase());
    scan.eat(b':')?;
    scan.peek().filter(|byte| byte.is_ascii_alphabetic())?;
    Level::from_word(word)
}

/// A time right after the level, in brackets or not.
fn stamp_after(rest: &[u8]) -> Option<When> {
    let mut scan = Scan::new(rest);
    scan.while_(|byte| matches!(byte, b' ' | b'\t' | b':' | b']' | b'|' | b'['));
    let mut geth = scan;
    stamp::iso(&mut scan).or_else(|| stamp::month_day(&mut geth))
}
