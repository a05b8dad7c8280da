//! Whether PAM sets limits in a session, and by which line of which stack: `pam_limits.so`, straight or included.

use std::path::Path;

use super::ancestry::Ancestor;
use super::etc;
use super::limits_conf::{self, Who};
use crate::proc::Proc;
use crate::users::Users;

/// Stacks may include one another, and a circle of them ends here.
const DEPTH: usize = 8;

/// What PAM does in the sessions of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    /// Its name.
    pub(super) service: &'static str,
    /// The file of its stack: of its own name, or that of all services without one.
    pub(super) stack: String,
    /// The line that calls `pam_limits.so`; `None` when none does.
    pub(super) applied: Option<Call>,
}

/// A line that calls `pam_limits.so`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// As `FILE:LINE`.
    pub(super) at: String,
    /// The one file that it names in place of `limits.conf` and `limits.d`.
    pub(super) conf: Option<String>,
}

/// The session that a login opens; `None` where no stack can be read.
pub(super) fn session(proc: &Proc, login: &Ancestor) -> Option<Session> {
    let service = login.login()?;
    let stack = [service, "other"].iter().find_map(|name| stack(proc, login.pid, name))?;
    let applied = applied(proc, login.pid, &stack, DEPTH);
    Some(Session { service, stack, applied })
}

/// The file of a stack, that of this machine before that of its vendor.
fn stack(proc: &Proc, pid: u32, name: &str) -> Option<String> {
    let places = ["/etc/pam.d", "/usr/lib/pam.d"].map(|dir| format!("{dir}/{name}"));
    places.into_iter().find(|path| etc::read(proc, pid, path).is_some())
}

fn applied(proc: &Proc, pid: u32, path: &str, depth: usize) -> Option<Call> {
    let text = etc::read(proc, pid, path)?;
    for (at, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        let included = match words[..] {
            ["@include", other] => Some(other),
            [kind, "include" | "substack", other] if kind.trim_start_matches('-') == "session" => Some(other),
            _ => None,
        };
        let deeper = included.filter(|_| depth > 0).and_then(|other| stack(proc, pid, other));
        let deeper = deeper.and_then(|other| applied(proc, pid, &other, depth - 1));
        if deeper.is_some() {
            return deeper;
        }
        let is_session = words.first().is_some_and(|kind| kind.trim_start_matches('-') == "session");
        if is_session && words.iter().any(|word| word.rsplit('/').next() == Some("pam_limits.so")) {
            let conf = words.iter().find_map(|word| word.strip_prefix("conf=")).map(str::to_owned);
            return Some(Call { at: format!("{path}:{}", at + 1), conf });
        }
    }
    None
}

/// The user of a process, by name where its `passwd` has one.
pub(super) fn user(proc: &Proc, process: &Ancestor) -> Option<String> {
    let uid = process.uid?;
    // The file of this machine is near enough for a name; a container's own is read through its root.
    let of_its_own = etc::read(proc, process.pid, "/etc/passwd").map(|text| Users::parse(text.as_bytes()));
    let users = of_its_own.unwrap_or_else(|| Users::read(Path::new("/etc/passwd")));
    Some(users.name(uid).map_or_else(|| uid.to_string(), str::to_owned))
}

/// How `limits.conf` is told of the user of a process: by a name that is nothing but a name, else by its number (limits.conf(5)).
pub(super) fn domain(proc: &Proc, process: &Ancestor) -> String {
    let plain = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    match (user(proc, process).filter(|name| plain(name)), process.uid) {
        (Some(name), _) => name,
        (None, Some(uid)) => format!("{uid}:{uid}"),
        (None, None) => "*".to_owned(),
    }
}

/// What `limits.conf` says of a user.
pub(super) struct Claim {
    /// The line that says it, as `FILE:LINE`.
    pub(super) at: String,
    /// A number, or what stands for none.
    pub(super) limit: String,
    pub(super) user: String,
}

/// What `limits.conf` says of the user of the process, when it says something else than what holds.
pub(super) fn claim(proc: &Proc, ancestors: &[Ancestor]) -> Option<Claim> {
    let process = ancestors.first()?;
    let who = Who::of(proc, process)?;
    let said = limits_conf::said(proc, process.pid, &who, None);
    let differs = !said.gives(process.limit?);
    let (limit, at) = said.promises()?;
    Some(Claim { at, limit: number(limit), user: who.name }).filter(|_| differs)
}

/// A number, or the word for none.
pub(super) fn number(limit: u64) -> String {
    match limit {
        u64::MAX => "unlimited".to_owned(),
        number => number.to_string(),
    }
}
