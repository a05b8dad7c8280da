//! What supervisord is told of open files: `minfds`, which it raises its own limit to, and which its programs inherit.

use bstr::ByteSlice;

use super::ancestry::Ancestor;
use super::command;
use super::etc;
use crate::proc::Proc;

/// Where it looks when no file is named, in this order (its manual, "Configuration File"); those relative to where it was
/// started are left out.
const PLACES: [&str; 2] = ["/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];
/// What holds when nothing is said.
pub(super) const DEFAULT: u64 = 1024;

/// What one supervisord is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Its file, when it could be found.
    pub(super) file: Option<String>,
    /// `minfds`, or its default.
    pub(super) minfds: u64,
}

/// What this one is told, by its file or by a flag.
pub(super) fn of(proc: &Proc, supervisord: &Ancestor) -> Told {
    let words: Vec<_> = supervisord.command.split_str(" ").map(|word| word.to_str_lossy().into_owned()).collect();
    let flag = |short: &str, long: &str| {
        let mut pairs = words.windows(2).filter(|pair| pair[0] == short || pair[0] == long).map(|pair| pair[1].clone());
        let joined = || words.iter().find_map(|word| word.strip_prefix(&format!("{long}=")).map(str::to_owned));
        pairs.next().or_else(joined)
    };
    let named = flag("-c", "--configuration").and_then(|file| absolute(proc, supervisord.pid, file));
    let mut files = named.into_iter().chain(PLACES.map(str::to_owned));
    let file = files.find(|file| etc::read(proc, supervisord.pid, file).is_some());
    let text = file.as_ref().and_then(|file| etc::read(proc, supervisord.pid, file));
    let said = flag("-a", "--minfds").and_then(|minfds| minfds.parse().ok());
    let minfds = said.or_else(|| text.as_deref().and_then(minfds)).unwrap_or(DEFAULT);
    Told { file, minfds }
}

/// What starts it again as it was, from anywhere.
pub(super) fn command(proc: &Proc, supervisord: &Ancestor) -> Option<String> {
    let found = |file: &str| absolute(proc, supervisord.pid, file.to_owned()).unwrap_or_else(|| file.to_owned());
    command::with(proc, supervisord.pid, |before, word| match word.split_once('=') {
        _ if ["-c", "--configuration"].contains(&before) => found(word),
        Some(("--configuration", file)) => format!("--configuration={}", found(file)),
        _ => word.to_owned(),
    })
}

/// A file that was named relative to where it was started is there.
fn absolute(proc: &Proc, pid: u32, file: String) -> Option<String> {
    if file.starts_with('/') {
        return Some(file);
    }
    let cwd = String::from_utf8(proc.link(&format!("{pid}/cwd")).ok()?).ok()?;
    Some(format!("{}/{file}", cwd.trim_end_matches('/')))
}

fn minfds(text: &str) -> Option<u64> {
    let mut section = "";
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let value = line.strip_prefix("minfds").and_then(|rest| rest.trim_start().strip_prefix(['=', ':']));
        if let Some(value) = value.filter(|_| section == "[supervisord]") {
            // A comment may stand behind it.
            found = value.split(';').next().and_then(|value| value.trim().parse().ok());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minfds_is_that_of_supervisord_itself() {
        assert_eq!(
            minfds("[supervisord]\nnodaemon=true\nminfds = 4096 ; open files\n[program:x]\nminfds=1\n"),
            Some(4096)
        );
        assert_eq!(minfds("[supervisord]\n;minfds=9\n"), None);
    }
}
