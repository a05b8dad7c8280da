//! To which service or container a process belongs, told from its control groups.
//!
//! The path of a control group is written by systemd and by container runtimes, each in its own way; what none of them
//! would write belongs to nobody, and is not guessed at.

use bstr::ByteSlice;

/// Who started a process and can be told to stop it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A unit of systemd: `nginx.service`, `session-3.scope`.
    Unit(String),
    /// A container.
    Container {
        /// Who runs it: `docker`, `cri-containerd`, `libpod`, `lxc` …
        runtime: String,
        /// Its name or number, as the runtime takes it; numbers are cut to twelve digits, as they are shown everywhere.
        id: String,
    },
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Owner::Unit(unit) => f.write_str(unit),
            Owner::Container { runtime, id } => write!(f, "{runtime}:{id}"),
        }
    }
}

/// The owner in a `/proc/PID/cgroup`.
pub(crate) fn parse(cgroup: &[u8]) -> Option<Owner> {
    let paths: Vec<&str> = cgroup.lines().filter_map(path).collect();
    paths.iter().find_map(|path| container(path)).or_else(|| paths.iter().find_map(|path| unit(path)))
}

/// The path of the control group of version 2, below the file system of control groups.
pub(crate) fn group(cgroup: &[u8]) -> Option<&str> {
    cgroup.lines().filter(|line| line.starts_with(b"0::")).find_map(path)
}

/// The control group of version 1 for one controller, below the hierarchy of that.
pub(crate) fn group_of<'a>(cgroup: &'a [u8], controller: &str) -> Option<&'a str> {
    let has = |line: &&[u8]| {
        let controllers = line.splitn(3, |byte| *byte == b':').nth(1).unwrap_or_default();
        controllers.split(|byte| *byte == b',').any(|each| each == controller.as_bytes())
    };
    cgroup.lines().filter(has).find_map(path)
}

/// `NUMBER:CONTROLLERS:PATH`, of which the path may have colons.
fn path(line: &[u8]) -> Option<&str> {
    std::str::from_utf8(line).ok()?.splitn(3, ':').nth(2)
}

fn unit(path: &str) -> Option<Owner> {
    let unit = path.rsplit('/').find(|part| part.ends_with(".service") || part.ends_with(".scope"))?;
    Some(Owner::Unit(unit.to_owned()))
}

fn container(path: &str) -> Option<Owner> {
    let parts: Vec<&str> = path.split('/').collect();
    let found = |runtime: &str, id: &str| {
        let id = id.chars().take(if is_number(id) { 12 } else { 64 }).collect();
        Some(Owner::Container { runtime: runtime.to_owned(), id })
    };
    for (at, part) in parts.iter().enumerate().rev() {
        let plain = part.strip_suffix(".scope").unwrap_or(part);
        if let Some(name) = plain.strip_prefix("lxc.payload.") {
            return found("lxc", name);
        }
        match plain.rsplit_once('-') {
            Some((runtime, id)) if is_number(id) => return found(runtime, id),
            None if is_number(plain) => {
                let above = at.checked_sub(1).and_then(|at| parts.get(at)).copied().unwrap_or_default();
                let runtime = if above.starts_with("pod") || above.contains("kubepods") { "kubernetes" } else { above };
                return found(runtime, plain);
            }
            _ => (),
        }
    }
    None
}

/// 64 hexadecimal digits, which is what all of them give to a container.
fn is_number(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_containers_are_told_apart() {
        let id = "0123456789abcdef".repeat(4);
        for (line, owner) in [
            ("0::/system.slice/nginx.service".to_owned(), "nginx.service"),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service".to_owned(), "foo.service"),
            ("12:pids:/system.slice/a.service\n1:name=systemd:/system.slice/a.service".to_owned(), "a.service"),
            ("0::/user.slice/user-0.slice/session-3.scope".to_owned(), "session-3.scope"),
            (format!("0::/system.slice/docker-{id}.scope"), "docker:0123456789ab"),
            (format!("3:pids:/docker/{id}\n0::/"), "docker:0123456789ab"),
            (
                format!("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{id}.scope"),
                "cri-containerd:0123456789ab",
            ),
            (format!("0::/kubepods/burstable/pod7/{id}"), "kubernetes:0123456789ab"),
            ("0::/lxc.payload.web/system.slice/cron.service".to_owned(), "lxc:web"),
        ] {
            assert_eq!(parse(line.as_bytes()).unwrap().to_string(), owner, "{line}");
        }
    }

    #[test]
    fn what_nobody_would_write_belongs_to_nobody() {
        for line in [&b"0::/"[..], b"0::/a/b", b"", b"\xff\xff", b"0::/docker/0123"] {
            assert_eq!(parse(line), None);
        }
    }
}
