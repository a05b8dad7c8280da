//! How many processes and threads the control groups of a process may have: the narrowest `pids.max` on the way up.
//!
//! Control groups of version 1 have a hierarchy of their own for it. What cannot be read is said, and not taken for no limit.

use super::etc;
use crate::owner;
use crate::proc::Proc;
use crate::unseen::Unseen;

/// What is known of one group.
enum Group {
    Limited(u64, Option<u64>),
    /// It says `max`, or has no such file, as the first of all.
    Free,
    Hidden,
}

/// The narrowest with how many there are, and that some of them could not be seen.
pub(super) fn of(proc: &Proc, pid: u32) -> (Option<(u64, Option<u64>)>, Option<Unseen>) {
    let Some(cgroup) = proc.enter(pid).and_then(|entered| entered.read("cgroup").ok()) else {
        return (None, Some(Unseen::Pids));
    };
    let mut narrowest: Option<(u64, Option<u64>)> = None;
    let mut unseen = None;
    for dir in dirs(&cgroup) {
        match look(proc, &dir) {
            Group::Limited(max, used) if narrowest.is_none_or(|(other, _)| max < other) => {
                narrowest = Some((max, used))
            }
            Group::Limited(..) | Group::Free => (),
            Group::Hidden => unseen = Some(Unseen::Pids),
        }
    }
    (narrowest, unseen)
}

/// The directories of its groups, from its own to the first of all.
fn dirs(cgroup: &[u8]) -> Vec<String> {
    let of_two = owner::group(cgroup).map(|group| ("/sys/fs/cgroup", group));
    let of_one = owner::group_of(cgroup, "pids").map(|group| ("/sys/fs/cgroup/pids", group));
    let mut dirs = Vec::new();
    for (root, group) in of_one.into_iter().chain(of_two) {
        let mut path = group.trim_end_matches('/');
        while !path.is_empty() {
            dirs.push(format!("{root}{path}"));
            path = path.rfind('/').map_or("", |at| &path[..at]);
        }
        // In a namespace of control groups its own is the first that it sees.
        dirs.push(root.to_owned());
    }
    dirs
}

fn look(proc: &Proc, dir: &str) -> Group {
    let max = format!("{dir}/pids.max");
    match (etc::read(proc, 1, &max), etc::is_there(proc, 1, &max)) {
        (Some(max), _) => match max.trim().parse() {
            Ok(max) => {
                let used = etc::read(proc, 1, &format!("{dir}/pids.current"));
                Group::Limited(max, used.and_then(|used| used.trim().parse().ok()))
            }
            Err(_) => Group::Free,
        },
        (None, Some(false)) => Group::Free,
        (None, _) => Group::Hidden,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_both_versions_are_looked_up_to_the_first() {
        let both = dirs(b"9:cpu,pids:/a/b\n1:name=systemd:/x\n0::/a\n");
        assert_eq!(
            both,
            [
                "/sys/fs/cgroup/pids/a/b",
                "/sys/fs/cgroup/pids/a",
                "/sys/fs/cgroup/pids",
                "/sys/fs/cgroup/a",
                "/sys/fs/cgroup"
            ]
        );
        assert_eq!(dirs(b"0::/\n"), ["/sys/fs/cgroup"]);
    }
}
