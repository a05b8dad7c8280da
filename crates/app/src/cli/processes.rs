//! `tailcast ps` and `tailcast doctor`: what is asked of the processes of a host.

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use tailcast_wire::By;

use super::{ConfigFile, Hub};

/// Show processes: what each holds open, how near its limit it is, what is wrong with some
#[derive(Debug, Args)]
#[command(after_help = PS_HELP)]
pub(crate) struct Ps {
    /// One process in full: its files, with whom it is connected, what it writes
    #[arg(value_name = "PID", value_parser = number)]
    pub(crate) pid: Option<u32>,
    /// Of another host, through the hub [default: this machine, without a hub]
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// Only processes that have this log open for writing: HOST:NAME, or a file of this machine
    #[arg(long, value_name = "LOG", conflicts_with = "pid")]
    pub(crate) writes: Option<OsString>,
    /// What comes first
    #[arg(long, value_enum, default_value_t = Sort::Percent, value_name = "BY", conflicts_with = "pid")]
    pub(crate) sort: Sort,
    /// At most N rows, or files of one process; 0 for all [default: 20 on a terminal, else all]
    #[arg(short = 'n', value_name = "N")]
    pub(crate) most: Option<u32>,
    /// Look again every two seconds; slopes and leaks need some minutes of it
    #[arg(long)]
    pub(crate) watch: bool,
    /// Write JSON, one object for each look
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) hub: Hub,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

const PS_HELP: &str = "\
Nothing is changed. What you may not see is said, with the capability that shows it.

Of this machine, alone, it sees what --watch has seen since it was started: slopes after half a minute, leaks \
after ten. Through the hub (--host, also of this machine) it has the last hour, where somebody looks at the \
host on the page or its agent has `processes_history = true`.

  tailcast ps
  tailcast ps --watch --sort left
  tailcast ps 812 --host web1
  tailcast ps --writes /var/log/nginx/access.log";

/// Say which limit of open files is in force, who has set it, and which lines change it
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_HELP)]
pub(crate) struct Doctor {
    /// The process to look at [default: the one hub or agent that runs here, else this program]
    #[arg(value_name = "PID", value_parser = number)]
    pub(crate) pid: Option<u32>,
    /// On another host, through the hub [default: this machine, without a hub]
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// How many open files it is to be allowed [default: what will do for long]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(64..=1 << 30))]
    pub(crate) want: Option<u64>,
    /// Write one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) hub: Hub,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

const DOCTOR_HELP: &str = "\
Nothing is changed: files, lines and commands are printed to be copied.

  tailcast doctor
  tailcast doctor 812 --want 65536";

/// By what processes are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Open files in per cent of the limit
    Percent,
    /// Open files
    Fds,
    /// How fast they grow
    Slope,
    /// The time left until the limit
    Left,
    /// Share of a processor
    Cpu,
    /// Resident memory
    Memory,
    /// Threads
    Threads,
    /// The youngest
    Started,
    /// Name
    Name,
    /// Number
    Pid,
}

impl From<Sort> for By {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Percent => By::Percent,
            Sort::Fds => By::Fds,
            Sort::Slope => By::Slope,
            Sort::Left => By::Left,
            Sort::Cpu => By::Cpu,
            Sort::Memory => By::Memory,
            Sort::Threads => By::Threads,
            Sort::Started => By::Started,
            Sort::Name => By::Name,
            Sort::Pid => By::Pid,
        }
    }
}

/// The number of a process: who knows a name only is told how to find it.
fn number(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "the number of a process is wanted: `tailcast ps -n 0 | grep NAME` shows it")
}
