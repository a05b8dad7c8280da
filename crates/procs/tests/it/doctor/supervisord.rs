//! Under a real supervisord: with `minfds` low and high, and with a configuration that is named in more than one way.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// A supervisord with one program, which says its number where the test can read it.
pub(super) struct Supervised {
    pub(super) dir: TempDir,
}

impl Supervised {
    pub(super) fn new(minfds: Option<u64>) -> Self {
        let supervised = Supervised { dir: TempDir::new().unwrap() };
        let minfds = minfds.map(|minfds| format!("minfds={minfds}\n")).unwrap_or_default();
        let dir = supervised.dir.path().display();
        let config = format!(
            "[supervisord]\nnodaemon=true\nuser=root\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={dir}/pid\n{minfds}\n\
             [program:sleeper]\ncommand=sh -c 'echo $$ > {dir}/said.new; mv {dir}/said.new {dir}/said; exec sleep 600'\n"
        );
        fs::write(supervised.config(), config).unwrap();
        supervised
    }

    pub(super) fn config(&self) -> PathBuf {
        self.dir.path().join("supervisord.conf")
    }

    /// Starts it below a shell with this soft limit, and waits for its program.
    pub(super) fn start(&self, soft: u64) -> (Program, u32) {
        self.start_in(Path::new("/"), soft, &self.config().display().to_string())
    }

    /// The same from a folder, with its configuration as a shell there names it.
    pub(super) fn start_in(&self, folder: &Path, soft: u64, config: &str) -> (Program, u32) {
        let said = self.dir.path().join("said");
        drop(fs::remove_file(&said));
        // The shell stays: what is above supervisord has that limit.
        let script = format!("ulimit -Sn {soft}; supervisord -c {config} & trap 'kill $!' TERM; wait; wait");
        let program = Program::start(Command::new("sh").args(["-c", &script]).current_dir(folder));
        let pid = until(|| fs::read_to_string(&said).ok()?.trim().parse().ok());
        // The shell that said it becomes the sleeper.
        until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
        (program, pid)
    }

    /// Does to the file what is said, as a person with an editor would.
    fn apply(&self, remedy: &Remedy) {
        assert_eq!(remedy.file.as_deref(), self.config().to_str());
        let [section, line] = &remedy.lines[..] else { panic!("{remedy:?}") };
        let key = line.split('=').next().unwrap();
        let text = fs::read_to_string(self.config()).unwrap();
        let without: String =
            text.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
        fs::write(self.config(), without.replacen(section, &format!("{section}\n{line}"), 1)).unwrap();
    }
}

#[test]
fn supervisord_that_raised_it_is_named_and_its_minfds_lets_its_programs_have_more() {
    if !Program::is_installed("supervisord") {
        return;
    }
    for minfds in [None, Some(1100)] {
        let supervised = Supervised::new(minfds);
        let (program, pid) = supervised.start(256);
        assert_eq!(soft(pid), minfds.unwrap_or(1024));
        let found = diagnose(pid);
        let file = supervised.config().to_str().map(str::to_owned);
        let wanted = Origin::Supervisord { pid: found.ancestors[1].pid, file, minfds: minfds.unwrap_or(1024) };
        assert_eq!(program.0.id(), found.ancestors[2].pid);
        assert_eq!(found.origin, wanted, "{}", found.origin);
        let remedy = lasting(&found).iter().find(|remedy| remedy.lines.contains(&format!("minfds={WANT}"))).unwrap();
        supervised.apply(remedy);
        drop(program);
        let (_program, pid) = supervised.start(256);
        assert_eq!(soft(pid), WANT);
    }
}

#[test]
fn supervisord_that_only_passed_on_what_it_had_is_not_blamed() {
    if !Program::is_installed("supervisord") {
        return;
    }
    let supervised = Supervised::new(Some(300));
    let (_program, pid) = supervised.start(1500);
    assert_eq!(soft(pid), 1500);
    let found = diagnose(pid);
    assert!(!matches!(found.origin, Origin::Supervisord { .. }), "{}", found.origin);
}

#[test]
fn a_configuration_of_supervisord_that_is_named_relative_to_where_it_was_started_is_found_there() {
    if !Program::is_installed("supervisord") {
        return;
    }
    let supervised = Supervised::new(Some(1100));
    let (_program, pid) = supervised.start_in(supervised.dir.path(), 256, "../$(basename $PWD)/supervisord.conf");
    assert_eq!(soft(pid), 1100);
    let found = diagnose(pid);
    let Origin::Supervisord { file: Some(file), minfds: 1100, .. } = &found.origin else { panic!("{}", found.origin) };
    assert_eq!(fs::canonicalize(file).unwrap(), fs::canonicalize(supervised.config()).unwrap());
    let step = lasting(&found).iter().find(|step| step.lines.contains(&format!("minfds={WANT}"))).unwrap();
    // Pasted anywhere, it is the same file.
    let [stop, _, start] = &step.then[..] else { panic!("{step:?}") };
    assert!(
        step.file.as_deref().unwrap().starts_with('/')
            && start.contains(" -c /")
            && *stop == format!("kill -TERM {}", found.ancestors[1].pid),
        "{step:?}"
    );
}

#[test]
fn the_wait_for_the_old_supervisord_ends_also_where_nobody_reaps_it_and_not_while_it_runs() {
    if !Program::is_installed("supervisord") {
        return;
    }
    let supervised = Supervised::new(Some(1100));
    let (mut program, pid) = supervised.start(256);
    let found = diagnose(pid);
    let line = lasting(&found).iter().flat_map(|step| &step.then).find(|line| line.starts_with("while ")).unwrap();
    let supervisord = found.ancestors[1].pid;
    let waits = |pid: u32| {
        // Once around is enough to see whether it would go on.
        let once = line.replace(&supervisord.to_string(), &pid.to_string()).replace("sleep 1", "exit 7");
        Command::new("sh").args(["-c", &once]).status().unwrap().code() == Some(7)
    };
    assert!(waits(supervisord), "{line}");
    // Not waited for: it stays as a zombie.
    let mut ended = Command::new("true").spawn().unwrap();
    until(|| matches!(Proc::new().unwrap().process(ended.id()).ok()?.state, 'Z').then_some(()));
    assert!(!waits(ended.id()), "{line}");
    ended.wait().unwrap();
    assert!(!waits(ended.id()), "{line}");
    program.end();
    assert!(!waits(supervisord), "{line}");
}

#[test]
fn the_lines_that_start_supervisord_anew_do_so_with_its_own_arguments() {
    if !Program::is_installed("supervisord") {
        return;
    }
    let supervised = Supervised::new(None);
    // Not every one listens to supervisorctl: this one does not.
    let config = fs::read_to_string(supervised.config()).unwrap().replace("nodaemon=true\n", "");
    fs::write(supervised.config(), config).unwrap();
    let path = supervised.config();
    let shell = |script: &str| assert!(Command::new("sh").args(["-c", script]).status().unwrap().success(), "{script}");
    let program = || {
        let said = supervised.dir.path().join("said");
        let pid = until(|| fs::read_to_string(&said).ok()?.trim().parse().ok());
        until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
        fs::remove_file(said).unwrap();
        pid
    };
    shell(&format!("ulimit -Sn 256; supervisord -i its-own -c {}", path.display()));
    let found = diagnose(program());
    let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
    supervised.apply(step);
    shell(&format!("ulimit -Sn 256\n{}", step.then.join("\n")));
    let found = diagnose(program());
    shell(&format!("kill -TERM {}", found.ancestors[1].pid));
    assert_eq!(found.limit.soft, WANT);
    assert!(found.ancestors[1].command.to_string().contains(" -i its-own "), "{:?}", found.ancestors);
}
