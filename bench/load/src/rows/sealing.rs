//! What sealing costs: once per block that is published for other hubs, however many they are, and once per hub to open it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tailcast_hub::cluster::{ClusterKey, Opener, Sealer, Seals};

use crate::row::Row;

/// What 20 ms of 1,000 lines/s of 200 B make, and the largest block there is.
const SIZES: [usize; 2] = [4 << 10, 256 << 10];
/// For so long each is sealed and opened.
const TIME: Duration = Duration::from_millis(500);

pub(crate) fn run() -> Result<Row> {
    eprintln!("bench: sealing");
    let scratch = tempfile::tempdir()?;
    let path = scratch.path().join("key");
    std::fs::write(&path, ClusterKey::new_text()?)?;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let seals = Seals::new(&ClusterKey::read(&path)?);
    let measured = SIZES.map(|size| both(&seals, size)).into_iter().collect::<Result<Vec<_>>>()?;
    Ok(Row {
        what: "sealing and opening one block for another hub".into(),
        bar: String::new(),
        measured: measured.join("; "),
        beside: String::new(),
        verdict: true.into(),
    })
}

fn both(seals: &Seals, size: usize) -> Result<String> {
    let (sealer, opener) = (Sealer::new(seals)?, Opener::new(seals));
    let message = vec![b'x'; size];
    let (mut sealing, mut opening, mut times) = (Duration::ZERO, Duration::ZERO, 0_u32);
    while sealing + opening < TIME {
        let began = Instant::now();
        let sealed = sealer.seal(b"place", &message);
        let between = Instant::now();
        opener.open(b"place", &sealed).ok().context("it does not open")?;
        sealing += between - began;
        opening += between.elapsed();
        times += 1;
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(times);
    Ok(format!("{} KiB: {:.1} µs to seal, {:.1} µs to open", size >> 10, each(sealing), each(opening)))
}
