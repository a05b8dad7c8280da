//! The limit of open files at a start: raised, said in one line with who has set it and what it buys, and held against that of
//! the last start. The day on which a limit is met is not the day to find out that it is low, or fell with an upgrade.
//!
//! Refuses to fail: whatever cannot be seen or written here is told, and keeps nobody from serving.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use tailcast_fdguard::{Class, Limit, Plan};
use tailcast_procs::{Diagnosis, Proc};

/// A hub with fewer has room for some thousand viewers, which is less than one expects of it.
const LOW: u64 = 4096;

/// In the state folder: the limit of the last start, as a number.
const REMEMBERED: &str = "open-files-limit";

/// Raises the limit of this process, and says it in `words` and with who has set it.
pub(crate) fn raise(words: impl FnOnce(&Limit) -> String) -> Limit {
    // Looked at before: afterwards the soft limit is this process's own doing.
    let diagnosis = Proc::new().and_then(|proc| proc.diagnose(std::process::id(), None));
    let limit = Limit::raise();
    let origin = match &diagnosis {
        Ok(diagnosis) => diagnosis.origin.to_string(),
        Err(error) => format!("who has set it cannot be seen ({error})"),
    };
    tracing::info!("{}; {origin}", words(&limit));
    if limit.soft() < LOW {
        tell_low(&limit, &origin, diagnosis.ok().as_ref());
    }
    limit
}

fn tell_low(limit: &Limit, origin: &str, diagnosis: Option<&Diagnosis>) {
    tracing::warn!("the limit of open files is low, {}: {origin}", limit.soft());
    if let Some(remedy) = diagnosis.and_then(|diagnosis| diagnosis.remedies.iter().find(|each| !each.is_from_above())) {
        let place = remedy.file.as_deref().map(|file| format!(" in {file}")).unwrap_or_default();
        tracing::warn!("to change that{place}: {}; `tailcast doctor` says more", remedy.lines.join(" · "));
    }
}

/// Says it loudly when the limit is lower than at the last start, and remembers this one in the state folder.
pub(crate) fn compare(limit: &Limit, state_dir: &Path) {
    let path = state_dir.join(REMEMBERED);
    let (last, now) = (last(&path), limit.soft());
    if let Some(last) = last.filter(|last| *last > now) {
        let viewers = |limit| Plan::default().ceiling(Class::Viewers, limit);
        tracing::error!(
            "the limit of open files fell from {last} to {now} since the last start: room for at most {} viewers, where there \
             was room for {}; `tailcast doctor` says who has set it",
            viewers(now),
            viewers(last)
        );
    }
    if last != Some(now)
        && let Err(error) = remember(&path, state_dir, now)
    {
        tracing::warn!(
            "whether the limit of open files falls will not be known at the next start: {}: {error}",
            path.display()
        );
    }
}

/// `None` at a first start, and when it is no number: nothing is to be said then.
fn last(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn remember(path: &Path, state_dir: &Path, limit: u64) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(state_dir)?;
    fs::write(path, format!("{limit}\n"))
}
