//! Whether PAM sets limits in a session, and which: `pam_limits.so` in the stack of the service, and the lines of
//! `limits.conf` that are about the user.

use std::path::Path;

use super::ancestry::Ancestor;
use super::etc;
use crate::limit::Limit;
use crate::proc::Proc;
use crate::users::Users;

/// Stacks may include one another, and a circle of them ends here.
const DEPTH: usize = 8;

/// What PAM does in the sessions of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    /// Its name in `/etc/pam.d`.
    pub(super) service: &'static str,
    /// The line that calls `pam_limits.so`, as `FILE:LINE`; `None` when none does.
    pub(super) applied: Option<String>,
}

/// What is said of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) soft: Option<u64>,
    pub(super) hard: Option<u64>,
    /// The last line that says something, as `FILE:LINE`.
    pub(super) at: Option<String>,
}

impl Said {
    /// Whether a process that was given this has that limit.
    pub(super) fn gives(&self, limit: Limit) -> bool {
        let same = |said: Option<u64>, is: u64| said.is_none_or(|said| said == is);
        self.at.is_some() && same(self.soft, limit.soft) && same(self.hard, limit.hard)
    }
}

/// The session that a login opens.
pub(super) fn session(proc: &Proc, login: &Ancestor) -> Option<Session> {
    let service = login.login()?;
    Some(Session { service, applied: applied(proc, login.pid, service, DEPTH) })
}

fn applied(proc: &Proc, pid: u32, service: &str, depth: usize) -> Option<String> {
    let path = format!("/etc/pam.d/{service}");
    let text = etc::read(proc, pid, &path)?;
    for (at, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        let included = match words[..] {
            ["@include", other] => Some(other),
            [kind, "include" | "substack", other] if kind.trim_start_matches('-') == "session" => Some(other),
            _ => None,
        };
        let deeper = included.filter(|_| depth > 0).and_then(|other| applied(proc, pid, other, depth - 1));
        if deeper.is_some() {
            return deeper;
        }
        let is_session = words.first().is_some_and(|kind| kind.trim_start_matches('-') == "session");
        if is_session && words.iter().any(|word| word.rsplit('/').next() == Some("pam_limits.so")) {
            return Some(format!("{path}:{}", at + 1));
        }
    }
    None
}

/// What `limits.conf` and its directory say of a user, as process `pid` sees them: later lines win, and those that name
/// the user win over those for everybody.
pub(super) fn said(proc: &Proc, pid: u32, user: &str) -> Said {
    let mut said = Said::default();
    let dir = etc::list(proc, pid, "/etc/security/limits.d", ".conf");
    let paths: Vec<_> = std::iter::once("/etc/security/limits.conf".to_owned()).chain(dir).collect();
    for wanted in ["*", user] {
        // "*" is not for root (limits.conf(5)).
        if wanted == "*" && user == "root" {
            continue;
        }
        for path in &paths {
            let text = etc::read(proc, pid, path).unwrap_or_default();
            text.lines()
                .enumerate()
                .for_each(|(at, line)| take(&mut said, line, wanted, || format!("{path}:{}", at + 1)));
        }
    }
    said
}

/// `DOMAIN TYPE nofile VALUE`
fn take(said: &mut Said, line: &str, wanted: &str, at: impl Fn() -> String) {
    let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
    let [domain, kind, "nofile", value] = words[..] else { return };
    let number = match value {
        "unlimited" | "infinity" | "-1" => Some(u64::MAX),
        value => value.parse().ok(),
    };
    if domain != wanted || number.is_none() {
        return;
    }
    if matches!(kind, "soft" | "-") {
        said.soft = number;
    }
    if matches!(kind, "hard" | "-") {
        said.hard = number;
    }
    said.at = Some(at());
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
    let user = user(proc, process)?;
    let said = said(proc, process.pid, &user);
    let differs = !said.gives(process.limit?);
    let limit = match said.soft.or(said.hard)? {
        u64::MAX => "unlimited".to_owned(),
        number => number.to_string(),
    };
    Some(Claim { at: said.at?, limit, user }).filter(|_| differs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_about_its_user_and_open_files_only() {
        let mut said = Said::default();
        for line in
            ["www soft nofile 100", "* - nofile 7", "www hard nproc 3", "# www - nofile 9", "www hard nofile unlimited"]
        {
            take(&mut said, line, "www", || line.to_owned());
        }
        assert_eq!((said.soft, said.hard), (Some(100), Some(u64::MAX)));
        assert!(said.gives(Limit { soft: 100, hard: u64::MAX }) && !said.gives(Limit { soft: 7, hard: 7 }));
    }
}
