//! Foreign words in a command line that a person may paste as root: quoted for a POSIX shell, or not given at all.
//!
//! A process chooses its own arguments, so they are nothing to trust: `argv[0]` is taken only where it is the file that runs,
//! and a command line only where it is whole and each of its characters can be seen.

use std::path::Path;

use bstr::ByteSlice as _;
use rustix::fs::Stat;

use super::reach;
use crate::proc::{Entered, Proc};
use crate::stat;

/// Where a program that is named without its directory is looked for.
const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// What is read of a `cmdline` at most, in bytes; one as long as this may go on.
const MOST: usize = 64 << 10;

/// One word as a shell takes it; `None` when it has characters that cannot be seen, or that reorder what is.
pub(super) fn word(word: &str) -> Option<String> {
    let seen = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    if !word.chars().all(seen) {
        return None;
    }
    shlex::try_quote(word).ok().map(|quoted| quoted.into_owned())
}

/// What starts the process again as the user that it has; `None` where that cannot be said exactly.
pub(super) fn of(proc: &Proc, pid: u32) -> Option<String> {
    with(proc, pid, |_, word| word.to_owned())
}

/// The same, with each argument as `change` makes it of the one before it and itself.
pub(super) fn with(proc: &Proc, pid: u32, change: impl Fn(&str, &str) -> String) -> Option<String> {
    let entered = proc.enter(pid)?;
    let line = entered.read("cmdline").ok()?;
    // Each argument ends with a NUL. A title that was written over them mostly does not, and one that was cut does not.
    let line = line.strip_suffix(b"\0").filter(|line| line.len() + 1 < MOST)?;
    let arguments: Vec<&str> = line.split(|byte| *byte == 0).map(|word| word.to_str().ok()).collect::<Option<_>>()?;
    let program = program(proc, pid, arguments.first()?)?;
    let others = arguments.windows(2).map(|pair| change(pair[0], pair[1]));
    let words = std::iter::once(program).chain(others);
    let command = words.map(|each| word(&each)).collect::<Option<Vec<_>>>()?.join(" ");
    Some(format!("{}{command}", as_its_user(&entered, "--init-groups")?))
}

/// Under which name the program that runs is found from here, when `first` names it.
fn program(proc: &Proc, pid: u32, first: &str) -> Option<String> {
    let exe = proc.link(&format!("{pid}/exe")).ok()?;
    let exe = exe.to_str().ok()?;
    let running = proc.stat(&format!("{pid}/exe")).ok()?;
    if first.starts_with('/') {
        return is(first, &running).then(|| first.to_owned());
    }
    let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
    if name(first) == name(exe) {
        return is(exe, &running).then(|| exe.to_owned());
    }
    // `sh` may be a link to another shell.
    let found = PATH.iter().map(|dir| format!("{dir}/{first}")).find(|path| Path::new(path).exists())?;
    (!first.contains('/') && is(&found, &running)).then_some(found)
}

/// Whether the file at `path`, as we see it, is this one.
fn is(path: &str, file: &Stat) -> bool {
    rustix::fs::stat(path).is_ok_and(|found| (found.st_dev, found.st_ino) == (file.st_dev, file.st_ino))
}

/// What makes root run it as the user that it has: a stranger's program is not to be run as root. Nothing for who is that user, and
/// may not become any. `None` for one that is between two users.
fn as_its_user(entered: &Entered<'_>, groups: &str) -> Option<String> {
    let status = entered.read("status").ok()?;
    let (user, group) = (whole(stat::users(&status)?)?, whole(stat::groups(&status)?)?);
    Some(match (user, group) {
        (0, 0) => String::new(),
        (user, _) if user != 0 && user == rustix::process::geteuid().as_raw() => String::new(),
        _ => format!("setpriv --reuid={user} --regid={group} {groups} "),
    })
}

/// What makes root change its limit where root may not do that to others: its own user may.
pub(super) fn to_change(proc: &Proc, pid: u32) -> String {
    let barred = reach::may_raise(proc, 1) == Some(false);
    let entered = proc.enter(pid).filter(|_| barred);
    entered.and_then(|entered| as_its_user(&entered, "--clear-groups")).unwrap_or_default()
}

fn whole((real, effective): (u32, u32)) -> Option<u32> {
    (real == effective).then_some(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_stranger_stays_one_word_or_is_not_given() {
        for hostile in
            ["nginx;id>/x;#", "$(id)", "`id`", "it's", "a b", "", "*", "~root", "\"", "\\", "!x", "a=b", "-x"]
        {
            let quoted = word(hostile).unwrap();
            let echoed =
                std::process::Command::new("sh").args(["-c", &format!("printf %s {quoted}")]).output().unwrap();
            // `printf %s -x` is fine: only the format may not begin with a dash.
            assert_eq!(echoed.stdout.to_str().unwrap(), hostile, "{quoted}");
        }
        for unseen in ["a\nb", "a\rb", "\u{1b}[2J", "a\u{202e}b", "a\u{200b}b", "a\u{a0}b"] {
            assert_eq!(word(unseen), None, "{unseen:?}");
        }
    }
}
