//! What systemd is told of a unit's open files: `LimitNOFILE` in the unit and its drop-ins, or the default of the manager
//! (systemd.exec(5), systemd-system.conf(5)).

use super::etc;
use crate::limit::Limit;
use crate::proc::Proc;

/// Where units are, the strongest first; a drop-in of a stronger place hides one of the same name in a weaker.
const PLACES: [&str; 4] =
    ["/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"];
/// What the manager is told, weakest first.
const MANAGER: [&str; 2] = ["/usr/lib/systemd/system.conf", "/etc/systemd/system.conf"];

/// Whether systemd runs the machine that the first process sees (sd_booted(3)), or else the one that we see; `None` where neither
/// can be looked into.
pub(super) fn runs(proc: &Proc) -> Option<bool> {
    let seen = |pid: u32| etc::is_there(proc, pid, "/run/systemd/system");
    seen(1).or_else(|| seen(std::process::id()))
}

/// A limit, and the line that says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) limit: Limit,
    /// `FILE:LINE`.
    pub(super) at: String,
}

/// What is said of a unit; the last one said holds.
pub(super) fn of_unit(proc: &Proc, unit: &str) -> Option<Said> {
    let fragment = PLACES.iter().map(|place| format!("{place}/{unit}")).find(|path| etc::read(proc, 1, path).is_some());
    let mut drop_ins: Vec<String> = Vec::new();
    for place in PLACES {
        for path in etc::list(proc, 1, &format!("{place}/{unit}.d"), ".conf") {
            if !drop_ins.iter().any(|known| name(known) == name(&path)) {
                drop_ins.push(path);
            }
        }
    }
    drop_ins.sort_by(|a, b| name(a).cmp(name(b)));
    fragment.into_iter().chain(drop_ins).filter_map(|path| said(proc, &path, "LimitNOFILE")).next_back()
}

/// What holds for units of which nothing is said.
pub(super) fn default(proc: &Proc) -> Option<Said> {
    let drop_ins = etc::list(proc, 1, "/etc/systemd/system.conf.d", ".conf");
    let paths = MANAGER.iter().map(|path| (*path).to_owned()).chain(drop_ins);
    paths.filter_map(|path| said(proc, &path, "DefaultLimitNOFILE")).next_back()
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn said(proc: &Proc, path: &str, key: &str) -> Option<Said> {
    let text = etc::read(proc, 1, path)?;
    let lines = text.lines().enumerate().filter_map(|(at, line)| {
        let value = line.trim().strip_prefix(key)?.trim_start().strip_prefix('=')?.trim();
        Some(Said { limit: parse(value)?, at: format!("{path}:{}", at + 1) })
    });
    lines.last()
}

/// `soft:hard`, or one for both.
fn parse(value: &str) -> Option<Limit> {
    let number = |text: &str| match text.trim() {
        "infinity" => Some(u64::MAX),
        text => text.parse().ok(),
    };
    let (soft, hard) = value.split_once(':').unwrap_or((value, value));
    Some(Limit { soft: number(soft)?, hard: number(hard)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_both() {
        assert_eq!(parse("1024:524288"), Some(Limit { soft: 1024, hard: 524_288 }));
        assert_eq!(parse("65536"), Some(Limit { soft: 65_536, hard: 65_536 }));
        assert_eq!(parse("infinity"), Some(Limit { soft: u64::MAX, hard: u64::MAX }));
        assert_eq!(parse("lots"), None);
    }
}
