//! A start that finds a low limit of open files says so in its log, with who has set it and what changes it: the day on
//! which the limit is met is not the day to find that out.

use tailcast_fdguard::Limit;
use tailcast_procs::Proc;

/// A hub with fewer has room for some thousand viewers, which is less than one expects of it.
const LOW: u64 = 4096;

/// Says it when it is so.
pub(crate) fn tell(limit: &Limit) {
    if limit.soft() >= LOW {
        return;
    }
    let diagnosis = match Proc::new().and_then(|proc| proc.diagnose(std::process::id(), None)) {
        Ok(diagnosis) => diagnosis,
        Err(error) => {
            return tracing::warn!(%error, "the limit of open files is low, and who has set it cannot be seen");
        }
    };
    tracing::warn!("the limit of open files is low, {}: {}", limit.soft(), diagnosis.origin);
    if let Some(remedy) = diagnosis.remedies.first() {
        let place = remedy.file.as_deref().map(|file| format!(" in {file}")).unwrap_or_default();
        tracing::warn!("to change that{place}: {}; `tailcast doctor` says more", remedy.lines.join(" · "));
    }
}
