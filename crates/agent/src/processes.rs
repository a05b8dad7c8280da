//! The processes of this host, for whoever asks: one look each two seconds however many ask, and none when nobody does.
//!
//! The watch behind it remembers an hour of counts, some hundred kilobytes on a usual host, so that who comes back finds the
//! slopes; where the host's administrator wants it, the counts go on while nobody asks (`history`). It refuses when that
//! administrator has switched it off, whoever asks.

mod history;
mod shape;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tailcast_procs::{Error, Look, Proc, Sample, Users, Watch, Window};
use tailcast_wire::{Answer, Failure, Inspect, Inspected, Order, Refusal, Why};

use crate::disk::Disk;
use crate::offers::{Monitor, Offers, is_rotated_from, resolve_parent};
pub use history::remember;
use shape::{Shaper, Wanted};

/// How old a look may be that is given to the next who asks: a little less than the two seconds between two looks of a
/// page, so that its timer does not get the same twice.
const FRESH: Duration = Duration::from_millis(1900);
/// Processes in one answer, whatever is asked for: with 512 bytes of command each they have to fit into a message.
const MOST: u32 = 6000;
/// Open files in one answer.
const MOST_FILES: u32 = 5000;

/// The processes of this host.
pub struct Processes {
    watching: Mutex<Option<Watching>>,
    /// What a watch is told is asked while it is held, so that it never goes back.
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
}

#[derive(Debug)]
struct Watching {
    watch: Watch,
    users: Users,
    last: Option<(Duration, Arc<Look>)>,
}

impl Default for Processes {
    fn default() -> Self {
        let began = Instant::now();
        Processes::by(move || began.elapsed())
    }
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processes").field("watching", &self.watching).finish_non_exhaustive()
    }
}

impl Processes {
    /// By a clock that never goes back; it need not be that of the machine.
    pub fn by(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Processes { watching: Mutex::default(), clock: Box::new(clock) }
    }

    /// The answer to a question. Blocks: some milliseconds for a list, up to a second for a process on a host that has
    /// hundreds of thousands of files open.
    pub fn answer(&self, offers: &Offers, question: Inspect) -> Answer {
        let answer = match question {
            _ if offers.is_spool() => return refused(Why::NotAMachine, NOT_A_MACHINE),
            _ if offers.processes() == Monitor::Off => return refused(Why::ProcessesOff, NOT_OFFERED),
            Inspect::Processes { limit, writes, words, order } => {
                self.list(offers, writes.as_deref().map(Path::new), &Wanted::new(limit.min(MOST), words, order))
            }
            Inspect::Process { pid, from, limit } => self.detail(offers, pid, from, limit.min(MOST_FILES)),
            Inspect::Sockets => sockets(),
            Inspect::Limits { pid, want } => limits(pid.unwrap_or_else(std::process::id), want),
        };
        answer.map_or_else(Answer::Refused, Answer::Inspected)
    }

    /// Who writes a log of this machine, by its path, as [`Inspect::Processes`] asks by a name. A path may be of any bytes; names, as
    /// hubs and messages have them, are UTF-8. Blocks as an answer does.
    pub fn writers(&self, offers: &Offers, path: &Path, limit: u32, order: Order) -> Answer {
        let wanted = Wanted::new(limit.min(MOST), Vec::new(), Some(order));
        self.list(offers, Some(path), &wanted).map_or_else(Answer::Refused, Answer::Inspected)
    }

    fn list(&self, offers: &Offers, writes: Option<&Path>, wanted: &Wanted) -> Result<Inspected, Refusal> {
        let (look, users) = self.look().map_err(|error| failed(&error))?;
        let shaper = Shaper::new(&users);
        let Some(log) = writes else { return Ok(Inspected::Processes(shaper.list(&look, wanted, None))) };
        let (path, files) = files_of(offers, log)?;
        let writers = Proc::new()
            .map_err(|error| failed(&error))?
            .writers(&files, |name| name == path || is_rotated_from(name, &path));
        let writers =
            writers.map_err(|error| Refusal::of(Failure::Unreadable, format!("{}: {error}", log.display())))?;
        Ok(Inspected::Processes(shaper.list(&look, wanted, Some(&writers))))
    }

    fn detail(&self, offers: &Offers, pid: u32, from: u32, limit: u32) -> Result<Inspected, Refusal> {
        let (look, users) = self.look().map_err(|error| failed(&error))?;
        // Also where few files are wanted, the logs that it writes are among them all.
        let window = Window { from, most: MOST_FILES as usize };
        let detail = Proc::new().and_then(|proc| proc.detail(pid, window)).map_err(|error| failed(&error))?;
        let seen = look.list.iter().find(|seen| seen.process.id == detail.process.id);
        Ok(Inspected::Process(Box::new(Shaper::new(&users).detail(&detail, limit as usize, seen, offers))))
    }

    /// Counts the open files of all processes and nothing else, for whoever asks later. Blocks for a microsecond or two for
    /// each process, and for some ten each the first time.
    ///
    /// # Errors
    /// When the processes cannot be listed.
    pub fn sample(&self) -> Result<Sample, Error> {
        self.watching(|watching, now| watching.watch.sample(now))
    }

    /// What was seen less than two seconds ago, or now.
    fn look(&self) -> Result<(Arc<Look>, Users), Error> {
        self.watching(|watching, now| {
            if let Some((when, look)) = &watching.last
                && now - *when < FRESH
            {
                return Ok((Arc::clone(look), watching.users.clone()));
            }
            let look = Arc::new(watching.watch.look(now)?);
            watching.users = Users::read(Path::new("/etc/passwd"));
            watching.last = Some((now, Arc::clone(&look)));
            Ok((look, watching.users.clone()))
        })
    }

    fn watching<T>(&self, work: impl FnOnce(&mut Watching, Duration) -> Result<T, Error>) -> Result<T, Error> {
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        let watching = match &mut *watching {
            Some(watching) => watching,
            none => none.insert(Watching::begin()?),
        };
        work(watching, (self.clock)())
    }
}

impl Watching {
    fn begin() -> Result<Self, Error> {
        Ok(Watching { watch: Watch::new(Proc::new()?), users: Users::default(), last: None })
    }
}

const NOT_A_MACHINE: &str = "lines are pushed to the hub under this name; it is not a machine that has processes";
const NOT_OFFERED: &str =
    "the processes of this host are not shown: its agent's configuration has `processes = false` under [agent]";

fn sockets() -> Result<Inspected, Refusal> {
    let network = Proc::new().and_then(|proc| proc.network()).map_err(|error| failed(&error))?;
    Ok(Inspected::Sockets(Box::new(shape::sockets(&network))))
}

fn limits(pid: u32, want: Option<u64>) -> Result<Inspected, Refusal> {
    let diagnosis = Proc::new().and_then(|proc| proc.diagnose(pid, want)).map_err(|error| failed(&error))?;
    Ok(Inspected::Limits(Box::new(shape::limits(&diagnosis))))
}

/// Rotated files of a log that are looked at for its writers: who still writes into one has missed the latest rotations.
const MOST_ROTATED: usize = 100;

/// A log's real path, and its files that are there: the one of that name, and those that were rotated away from it, since
/// who was not told of a rotation still writes into one of these.
fn files_of(offers: &Offers, path: &Path) -> Result<(PathBuf, Vec<File>), Refusal> {
    let disk = Disk::default();
    let may = |real: &PathBuf| offers.admit(real, &disk);
    let real = path.canonicalize().ok().or_else(|| resolve_parent(path)).filter(|real| offers.names(path) && may(real));
    let real = real.filter(|real| !real.exists() || real.is_file()).ok_or_else(crate::host::not_offered)?;
    let beside = real.parent().and_then(|dir| dir.read_dir().ok()).into_iter().flatten().flatten();
    let rotated = beside.map(|entry| entry.path()).filter(|each| is_rotated_from(each, &real)).take(MOST_ROTATED);
    let files = std::iter::once(real.clone()).chain(rotated).filter(|each| each.is_file() && may(each));
    let opened = files.filter_map(|each| File::open(each).ok()).collect();
    Ok((real, opened))
}

fn failed(error: &Error) -> Refusal {
    match error {
        Error::NoSuchProcess(_) | Error::Ended { .. } => not_offered(Why::NoSuchProcess, &error.to_string()),
        Error::Root { .. } | Error::List(_) | Error::Sockets(_) => Refusal::of(Failure::Failed, error.to_string()),
    }
}

fn refused(why: Why, words: &str) -> Answer {
    Answer::Refused(not_offered(why, words))
}

fn not_offered(why: Why, words: &str) -> Refusal {
    Refusal { why: Some(why), ..Refusal::of(Failure::NotOffered, words) }
}

#[cfg(test)]
mod tests {
    use tailcast_wire::{By, Inspected, Order};

    use super::*;

    fn everything() -> Offers {
        Offers::new(&["/"], &[]).unwrap()
    }

    fn all(writes: Option<&str>) -> Inspect {
        Inspect::Processes { limit: 5000, writes: writes.map(str::to_owned), words: Vec::new(), order: None }
    }

    fn list(processes: &Processes, offers: &Offers, writes: Option<&str>) -> tailcast_wire::Processes {
        let question = all(writes);
        match processes.answer(offers, question) {
            Answer::Inspected(Inspected::Processes(list)) => list,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn those_nearest_to_their_limit_come_first_and_who_asks_soon_after_costs_nothing() {
        let processes = Processes::default();
        let first = list(&processes, &everything(), None);
        let percents: Vec<_> = first.processes.iter().map(|process| process.percent.unwrap_or(0.0)).collect();
        assert!(percents.is_sorted_by(|a, b| a >= b), "{percents:?}");
        assert!(first.processes.iter().any(|process| process.pid == std::process::id()));
        let looked =
            |processes: &Processes| processes.watching.lock().unwrap().as_ref().unwrap().last.as_ref().unwrap().0;
        let when = looked(&processes);
        list(&processes, &everything(), None);
        assert!(looked(&processes) == when || (processes.clock)() - when >= FRESH);
    }

    #[test]
    fn they_come_in_the_order_that_is_asked_for_and_only_those_that_are_named() {
        let processes = Processes::default();
        let order = Some(Order { by: By::Pid, reverse: true });
        let ask = |limit: u32, words: Vec<String>| {
            let question = Inspect::Processes { limit, writes: None, words, order };
            let Answer::Inspected(Inspected::Processes(list)) = processes.answer(&everything(), question) else {
                panic!()
            };
            list
        };
        let pids = |list: &tailcast_wire::Processes| list.processes.iter().map(|each| each.pid).collect::<Vec<_>>();
        let first = ask(2, Vec::new());
        assert!(pids(&first).is_sorted_by(|a, b| a > b) && first.left_out > 0, "{first:?}");
        let own = std::process::id();
        let named = ask(9, vec![own.to_string(), "agent".to_owned()]);
        assert!(pids(&named).contains(&own) && named.left_out == 0, "{named:?}");
        assert!(ask(9, vec!["no process is called so".to_owned()]).processes.is_empty());
    }

    #[test]
    fn a_log_leads_to_its_writers_and_a_process_to_its_logs() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let path = root.join("app.log");
        let _open = File::create(&path).unwrap();
        let name = path.to_str().unwrap();
        let offers = Offers::new(&[root.to_str().unwrap()], &[]).unwrap();
        let processes = Processes::default();
        let writers = list(&processes, &offers, Some(name)).processes;
        assert_eq!(writers.iter().map(|process| process.pid).collect::<Vec<_>>(), [std::process::id()]);
        let question = Inspect::Process { pid: std::process::id(), from: 0, limit: 5000 };
        let Answer::Inspected(Inspected::Process(detail)) = processes.answer(&offers, question) else { panic!() };
        assert_eq!(detail.logs, [name]);
    }

    #[test]
    fn who_was_not_told_of_a_rotation_is_still_a_writer_of_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let (path, rotated) = (root.join("app.log"), root.join("app.log.1"));
        let open = File::create(&path).unwrap();
        let offers = Offers::new(&[root.to_str().unwrap()], &[]).unwrap();
        let processes = Processes::default();
        let writers = || {
            let list = list(&processes, &offers, Some(path.to_str().unwrap()));
            list.processes.iter().map(|process| process.pid).collect::<Vec<_>>()
        };
        std::fs::rename(&path, &rotated).unwrap();
        assert_eq!(writers(), [std::process::id()], "with no new file yet");
        std::fs::write(&path, "of nobody").unwrap();
        assert_eq!(writers(), [std::process::id()], "beside a new file");
        std::fs::rename(&rotated, root.join("app.logs")).unwrap();
        assert_eq!(writers(), [0; 0], "under a name that is none of this log's");
        std::fs::rename(root.join("app.logs"), &rotated).unwrap();
        std::fs::remove_file(&rotated).unwrap();
        assert_eq!(writers(), [std::process::id()], "deleted after it was rotated");
        drop(open);
        assert_eq!(writers(), [0; 0], "with nothing open any more");
        let _open = File::create(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(writers(), [std::process::id()], "deleted");
    }

    #[test]
    fn what_is_said_to_a_person_is_said_in_codes_with_values_too() {
        let processes = Processes::default();
        let (pid, want) = (Some(std::process::id()), Some(3));
        let Answer::Inspected(Inspected::Limits(limits)) =
            processes.answer(&everything(), Inspect::Limits { pid, want })
        else {
            panic!()
        };
        assert_eq!(limits.note_phrases.len(), limits.notes.len());
        assert!(limits.origin_phrases[0].code.starts_with("origin_"), "{:?}", limits.origin_phrases);
        let Answer::Refused(refusal) = processes.answer(&everything(), Inspect::Limits { pid: Some(u32::MAX), want })
        else {
            panic!()
        };
        assert_eq!((refusal.failure, refusal.why()), (Some(Failure::NotOffered), Some(Why::NoSuchProcess)));
    }

    #[test]
    fn what_is_not_offered_is_not_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let _open = File::create(&path).unwrap();
        let offers = Offers::new(&["/var/log"], &[]).unwrap();
        let processes = Processes::default();
        let question = all(path.to_str());
        let Answer::Refused(refusal) = processes.answer(&offers, question) else { panic!() };
        assert_eq!(refusal.failure, Some(Failure::NotOffered));
        let off = offers.with_processes(Monitor::Off);
        for question in [Inspect::Sockets, all(None), Inspect::Limits { pid: None, want: None }] {
            let Answer::Refused(refusal) = processes.answer(&off, question) else { panic!() };
            assert!(refusal.words.contains("processes = false"), "{}", refusal.words);
            assert_eq!((refusal.failure, refusal.why()), (Some(Failure::NotOffered), Some(Why::ProcessesOff)));
        }
    }
}
