//! What supervisord is told of open files: `minfds`, which it raises its own limit to, and which its programs inherit.

use bstr::ByteSlice;

use super::ancestry::Ancestor;
use super::command;
use super::etc;
use crate::proc::Proc;

/// Where it looks when no file is named, in this order, after those beside its program (its manual, "Configuration File").
const PLACES: [&str; 4] =
    ["supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];
/// What holds when nothing is said.
const DEFAULT: u64 = 1024;
/// Its short flags that take a value.
const VALUED: &str = "cumdlyzejiqa";

/// What one supervisord is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Its file; `None` where it is not proven which one that is: another may be that of another supervisord.
    pub(super) file: Option<String>,
    /// `minfds`, or its default; `None` where that cannot be read.
    pub(super) minfds: Option<u64>,
}

/// What this one is told, by its file or by a flag.
pub(super) fn of(proc: &Proc, supervisord: &Ancestor) -> Told {
    let pid = supervisord.pid;
    let words = words(proc, pid);
    let file = match flag(&words, 'c', "configuration") {
        Some(named) if named.starts_with('/') => Some(named),
        // It may have gone elsewhere since.
        Some(named) => absolute(proc, pid, named).filter(|file| etc::is_there(proc, pid, file) == Some(true)),
        None => found(proc, pid, &words),
    };
    let text = file.as_ref().and_then(|file| etc::read(proc, pid, file));
    let flag = flag(&words, 'a', "minfds").and_then(|minfds| minfds.parse().ok());
    let minfds = flag.or_else(|| text.map(|text| minfds(&text).unwrap_or(DEFAULT)));
    Told { file, minfds }
}

/// The first of the places where it looks that has one; `None` from the first on of which that cannot be told.
fn found(proc: &Proc, pid: u32, words: &[String]) -> Option<String> {
    let program = words.iter().take(2).find(|word| word.rsplit('/').next() == Some("supervisord"))?;
    let above = |path: &str| path.rfind('/').map_or(String::new(), |at| path[..at.max(1)].to_owned());
    let here = above(&above(program));
    let beside = ["etc/supervisord.conf", "supervisord.conf"].map(|name| match here.as_str() {
        "" => name.to_owned(),
        here => format!("{}/{name}", here.trim_end_matches('/')),
    });
    for place in beside.into_iter().chain(PLACES.map(str::to_owned)) {
        let place = absolute(proc, pid, place)?;
        if etc::is_there(proc, pid, &place)? {
            return Some(place);
        }
    }
    None
}

/// Its command line, which everybody may read.
fn words(proc: &Proc, pid: u32) -> Vec<String> {
    let line = proc.enter(pid).and_then(|entered| entered.read("cmdline").ok()).unwrap_or_default();
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    line.split_str(b"\0").map(|word| word.to_str_lossy().into_owned()).collect()
}

/// The value of a flag as getopt takes it: of its own word, or joined to the flag, and that to others.
fn flag(words: &[String], short: char, long: &str) -> Option<String> {
    let mut words = words.iter().skip_while(|word| word.rsplit('/').next() != Some("supervisord")).skip(1);
    let mut said = None;
    while let Some(word) = words.next() {
        if let Some(named) = word.strip_prefix("--") {
            let (name, value) = named.split_once('=').map_or((named, None), |(name, value)| (name, Some(value)));
            if name == long {
                said = value.map(str::to_owned).or_else(|| words.next().cloned());
            }
        } else if let Some(letters) = word.strip_prefix('-')
            && let Some(at) = letters.find(|letter| VALUED.contains(letter))
        {
            let (letter, joined) = (&letters[at..=at], &letters[at + 1..]);
            let value = if joined.is_empty() { words.next().cloned() } else { Some(joined.to_owned()) };
            said = if letter.starts_with(short) { value } else { said };
        }
    }
    said
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

    #[test]
    fn a_flag_is_found_however_it_is_written() {
        for line in
            ["-c /x", "-nc /x", "-c/x", "-n --configuration=/x", "--configuration /x", "-u c -c /x", "-c /y -c /x"]
        {
            let line = format!("/usr/bin/python3 /usr/bin/supervisord {line}");
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(flag(&words, 'c', "configuration").as_deref(), Some("/x"), "{line}");
        }
        let other = ["supervisord", "-u", "-c", "-n"].map(str::to_owned);
        assert_eq!(flag(&other, 'c', "configuration"), None);
    }
}
