//! Lines from stdin, each with the time and the level that it says, safe to look at:
//! `cargo run -p tailcast-lines --example levels < /var/log/syslog`

use std::io::{BufRead, Write, stdin, stdout};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tailcast_lines::{Context, Encoding, Level, MAX_SHOWN, Recognizer, display, harmless};

fn main() -> std::io::Result<()> {
    let recognizer = Recognizer::new(Context { zone: TimeZone::system(), reference: Timestamp::now() });
    let mut out = stdout().lock();
    for line in stdin().lock().split(b'\n') {
        let line = line?;
        let said = recognizer.read(&line);
        let time = said.time.map(|time| time.to_string()).unwrap_or_default();
        let shown = display(&line, Encoding::Utf8, MAX_SHOWN);
        writeln!(out, "{time:<30} {:<5} {}", said.level.map_or("", Level::as_str), harmless(&*shown.text))?;
    }
    Ok(())
}
