//! What `limits.conf` and `limits.d` say of a user's open files, in the order and by the ranks of pam_limits.
//!
//! It reads `limits.conf`, then the files of `limits.d` in the order of their bytes. A line for the user beats one for a group of
//! his, and that one beats `*`, wherever they stand; among equals the last one wins. Root hears only lines that name root
//! (limits.conf(5)).

use super::ancestry::Ancestor;
use super::etc;
use super::pam;
use crate::limit::Limit;
use crate::proc::Proc;
use crate::stat;

const DIR: &str = "/etc/security/limits.d";
/// What the file of our own may be called: the first that comes after all that speak of the user.
const OURS: [&str; 3] = ["90-open-files.conf", "zz-open-files.conf", "zzz-open-files.conf"];

/// Whom a line may be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) uid: u32,
    /// His groups, by name and number.
    pub(super) groups: Vec<(String, u32)>,
}

impl Who {
    /// The user of a process, in the words of the files that it sees.
    pub(super) fn of(proc: &Proc, process: &Ancestor) -> Option<Self> {
        let (name, uid) = (pam::user(proc, process)?, process.uid?);
        let status = proc.enter(process.pid).and_then(|entered| entered.read("status").ok());
        let gid = status.and_then(|status| stat::groups(&status)).map(|(_, effective)| effective);
        let text = etc::read(proc, process.pid, "/etc/group").unwrap_or_default();
        let groups = text.lines().filter_map(|line| group(line, &name, gid)).collect();
        Some(Who { name, uid, groups })
    }

    /// How a line whose first word is `domain` is about him; `None` when it is not.
    fn rank(&self, domain: &str) -> Option<Rank> {
        let is_root = self.uid == 0;
        match domain.strip_prefix('@') {
            Some(group) => {
                let has = |(name, gid): &(String, u32)| name == group || within(group, *gid);
                (!is_root && self.groups.iter().any(has)).then_some(Rank::Group)
            }
            None if domain == self.name || within(domain, self.uid) => Some(Rank::User),
            None => (domain == "*" && !is_root).then_some(Rank::Everybody),
        }
    }
}

/// `NAME:PASSWORD:NUMBER:MEMBERS`
fn group(line: &str, user: &str, gid: Option<u32>) -> Option<(String, u32)> {
    let mut parts = line.split(':');
    let (name, number, members) = (parts.next()?, parts.nth(1)?.parse().ok()?, parts.next().unwrap_or_default());
    let is_member = gid == Some(number) || members.split(',').any(|member| member.trim() == user);
    is_member.then(|| (name.to_owned(), number))
}

/// `MIN:MAX`, `MIN:`, or `:ONE`.
fn within(range: &str, id: u32) -> bool {
    let Some((min, max)) = range.split_once(':') else { return false };
    match (min.parse::<u32>(), max.parse::<u32>()) {
        (Ok(min), Ok(max)) => (min..=max).contains(&id),
        (Ok(min), Err(_)) => max.is_empty() && id >= min,
        (Err(_), Ok(max)) => min.is_empty() && id == max,
        (Err(_), Err(_)) => false,
    }
}

/// The stronger the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    User,
    Group,
    Everybody,
}

/// What is said of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    soft: Option<Line>,
    hard: Option<Line>,
}

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    rank: Rank,
    /// `u64::MAX` is without a limit.
    number: u64,
    /// As `FILE:LINE`.
    at: String,
}

impl Said {
    /// Whether a process that was given this has that limit: a soft limit above the hard one is cut to it.
    pub(super) fn gives(&self, limit: Limit) -> bool {
        let soft = |said: u64| said == limit.soft || (said > limit.hard && limit.soft == limit.hard);
        self.holds().is_some()
            && self.soft.as_ref().is_none_or(|said| soft(said.number))
            && self.hard.as_ref().is_none_or(|said| said.number == limit.hard)
    }

    /// The number that it promises, `u64::MAX` without a limit, and the line that says it, as `FILE:LINE`.
    pub(super) fn promises(self) -> Option<(u64, String)> {
        self.holds().map(|line| (line.number, line.at.clone()))
    }

    /// What the soft limit comes from.
    fn holds(&self) -> Option<&Line> {
        match (&self.soft, &self.hard) {
            (Some(soft), Some(hard)) if hard.number < soft.number => Some(hard),
            (soft, hard) => soft.as_ref().or(hard.as_ref()),
        }
    }

    /// `DOMAIN TYPE nofile VALUE`; gives whether it is about him at all, though a stronger line may hold.
    fn take(&mut self, line: &str, who: &Who, at: impl Fn() -> String) -> bool {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        let [domain, kind, item, value, ..] = words[..] else { return false };
        let Some(rank) = who.rank(domain).filter(|_| item.eq_ignore_ascii_case("nofile")) else { return false };
        let number = match value {
            "unlimited" | "infinity" | "-1" => u64::MAX,
            value => match value.parse() {
                Ok(number) => number,
                Err(_) => return false,
            },
        };
        let weaker = |of: &Option<Line>| of.as_ref().is_some_and(|stronger| stronger.rank < rank);
        let line = || Some(Line { rank, number, at: at() });
        if matches!(kind, "soft" | "-") {
            // pam_limits leaves the whole line there.
            if weaker(&self.soft) {
                return true;
            }
            self.soft = line();
        }
        if matches!(kind, "hard" | "-") && !weaker(&self.hard) {
            self.hard = line();
        }
        true
    }
}

/// What is said of a user to pam_limits as process `pid` sees it; `conf`: the one file that the stack of PAM names in place of
/// all others.
pub(super) fn said(proc: &Proc, pid: u32, who: &Who, conf: Option<&str>) -> Said {
    let mut said = Said::default();
    for path in paths(proc, pid, conf) {
        speaks(proc, pid, &path, who, &mut said);
    }
    said
}

fn speaks(proc: &Proc, pid: u32, path: &str, who: &Who, said: &mut Said) -> bool {
    let text = etc::read(proc, pid, path).unwrap_or_default();
    let mut any = false;
    for (at, line) in text.lines().enumerate() {
        any |= said.take(line, who, || format!("{path}:{}", at + 1));
    }
    any
}

fn paths(proc: &Proc, pid: u32, conf: Option<&str>) -> Vec<String> {
    match conf {
        Some(conf) => vec![conf.to_owned()],
        None => {
            std::iter::once("/etc/security/limits.conf".to_owned()).chain(etc::list(proc, pid, DIR, ".conf")).collect()
        }
    }
}

/// The file in which lines for the user have the last word.
pub(super) fn last_word(proc: &Proc, pid: u32, who: Option<&Who>, conf: Option<&str>) -> String {
    if let Some(conf) = conf {
        return conf.to_owned();
    }
    let about = |path: &String| who.is_none_or(|who| speaks(proc, pid, path, who, &mut Said::default()));
    let last = etc::list(proc, pid, DIR, ".conf").into_iter().rfind(about).unwrap_or_default();
    let mut ours = OURS.iter().map(|name| format!("{DIR}/{name}"));
    // In the very file the end has the last word, and there is one for any name.
    ours.find(|path| *path >= last).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn www() -> Who {
        Who { name: "www".to_owned(), uid: 33, groups: vec![("web".to_owned(), 34)] }
    }

    fn told(who: &Who, lines: &[&str]) -> (Option<u64>, Option<u64>) {
        let mut said = Said::default();
        for line in lines {
            said.take(line, who, || (*line).to_owned());
        }
        (said.soft.map(|line| line.number), said.hard.map(|line| line.number))
    }

    #[test]
    fn a_line_is_about_its_user_and_open_files_only() {
        let lines = [
            "www soft nofile 100",
            "mole - nofile 7",
            "www hard nproc 3",
            "# www - nofile 9",
            "www hard nofile unlimited",
        ];
        assert_eq!(told(&www(), &lines), (Some(100), Some(u64::MAX)));
    }

    #[test]
    fn a_user_beats_his_group_and_that_beats_everybody_wherever_they_stand_and_the_last_of_equals_wins() {
        for (lines, soft) in [
            (&["www - nofile 1", "@web - nofile 2", "* - nofile 3"][..], 1),
            (&["@web - nofile 2", "* - nofile 3"], 2),
            (&["* - nofile 3", "* - nofile 4"], 4),
            (&["www - nofile 1", "33:33 - nofile 5"], 5),
            (&["www - nofile 1", "30: - nofile 6", ":32 - nofile 7"], 6),
            (&["* - nofile 3", "@34:40 - nofile 8", "@mail - nofile 9"], 8),
        ] {
            assert_eq!(told(&www(), lines).0, Some(soft), "{lines:?}");
        }
    }

    #[test]
    fn the_line_that_is_named_is_the_one_that_the_soft_limit_comes_from() {
        for (lines, named) in [
            (&["www soft nofile 600", "www hard nofile 700"][..], "www soft nofile 600"),
            (&["www hard nofile 700", "www soft nofile 600"], "www soft nofile 600"),
            (&["www soft nofile 900", "www hard nofile 700"], "www hard nofile 700"),
            (&["www hard nofile 700"], "www hard nofile 700"),
        ] {
            let mut said = Said::default();
            for line in lines {
                said.take(line, &www(), || (*line).to_owned());
            }
            assert_eq!(said.promises().unwrap().1, named, "{lines:?}");
        }
    }

    #[test]
    fn root_hears_only_lines_that_name_root() {
        let root = Who { name: "root".to_owned(), uid: 0, groups: vec![("root".to_owned(), 0)] };
        assert_eq!(told(&root, &["* - nofile 3", "@root - nofile 4"]), (None, None));
        assert_eq!(told(&root, &["root - nofile 5", "* - nofile 3"]), (Some(5), Some(5)));
    }
}
