//! What the user said: every command and flag, in one table that also is the help text.
//!
//! Parsing does nothing but parse. What the words mean together with files and environment is decided in
//! [`crate::options`]; paths are made absolute there.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use tailcast_wire::By;

use crate::exit::{Exit, Failure};

/// Live logs of every machine in one browser tab, straight from the files.
#[derive(Debug, Parser)]
#[command(name = "tailcast", version, max_term_width = 100, disable_help_subcommand = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 ok, 1 nothing found, 2 usage, 3 cannot reach the hub, 4 refused, 5 failed here.
Configuration: /etc/tailcast/tailcast.toml, then --config, drop-ins in tailcast.d/, TAILCAST_* over it, flags over all.";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Serve),
    Agent(Agent),
    Tail(Tail),
    Ls(Ls),
    Ps(Ps),
    Doctor(Doctor),
    Push(Push),
    Config(Config),
    Token(Token),
    Password(Password),
    /// Print a new key for hubs that are to be a cluster; it goes into a file that they alone can read
    ClusterKey,
}

/// Run a hub: the page, the HTTP interface, and an agent for this machine
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Files, directories and globs to offer from this machine [default: /var/log]
    #[arg(value_name = "PATH")]
    pub(crate) offer: Vec<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8514]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<String>,
    /// Directory for tokens, the password and what else the hub keeps
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// What joins several hubs [default: embedded]
    #[arg(long, value_name = "BROKER")]
    pub(crate) broker: Option<String>,
    /// Name of this machine [default: its host name]
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// Offer nothing from this machine
    #[arg(long, conflicts_with_all = ["offer", "host"])]
    pub(crate) no_agent: bool,
    /// Let every user of this machine in without a login, when listening on loopback
    #[arg(long)]
    pub(crate) open_loopback: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// Offer this machine's logs to a hub
#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// Files, directories and globs to offer [default: /var/log]
    #[arg(value_name = "PATH")]
    pub(crate) offer: Vec<PathBuf>,
    /// Name of this machine [default: its host name]
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    #[command(flatten)]
    pub(crate) hub: Hub,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// Show the end of logs and what is added to them, from any host
#[derive(Debug, Args)]
#[command(after_help = TAIL_HELP)]
pub(crate) struct Tail {
    /// Logs: HOST:/path, HOST:KIND/name, a glob over those, or a path of this machine
    #[arg(value_name = "LOG", required = true)]
    pub(crate) logs: Vec<String>,
    /// Begin with the last N lines; with a filter, with the last N that match
    #[arg(short = 'n', long = "lines", value_name = "N", default_value_t = 20, conflicts_with = "from")]
    pub(crate) lines: u32,
    #[command(flatten)]
    pub(crate) follow: FollowFlags,
    /// Begin at a position, or at a time: 2026-11-20T22:31, 22:31, or 15m for that long ago
    #[arg(long, value_name = "POSITION|TIME")]
    pub(crate) from: Option<String>,
    /// Remember in FILE how far each log was written out, and go on from there the next time; not with --no-follow
    #[arg(long, value_name = "FILE", conflicts_with = "no_follow")]
    pub(crate) cursor_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) filter: Filter,
    #[command(flatten)]
    pub(crate) pace: PaceFlags,
    /// Write one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) hub: Hub,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

const TAIL_HELP: &str = "\
Into a pipe the bytes go untouched, and all of them (--complete); on a terminal control bytes are
shown harmless, and a log that is faster than one can read is skipped ahead in, with a word (--live).

A LOG with * ? [ { in it is a glob, unless a log has that very name; \\ in front takes the meaning away.

  tailcast tail web1:/var/log/nginx/access.log
  tailcast tail 'web*:/var/log/nginx/*.log' --grep ' 50[0-9] ' --exclude healthz
  tailcast tail db1:/var/log/postgresql.log --from 15m --no-follow > incident.log
  tailcast tail web1:/var/log/app.log --cursor-file app.cursor >> app.log";

/// Whether to go on when the end is reached.
#[derive(Debug, Clone, Copy, Args)]
#[command(group = ArgGroup::new("following").multiple(false))]
pub(crate) struct FollowFlags {
    /// Go on with what is added (the default); one of the logs has to be there
    #[arg(short = 'f', long, group = "following")]
    pub(crate) follow: bool,
    /// As -f, and wait for a hub, a host or a log that is not there yet
    #[arg(short = 'F', long, group = "following")]
    pub(crate) follow_retry: bool,
    /// End when the end is reached; not with --cursor-file
    #[arg(long, group = "following")]
    pub(crate) no_follow: bool,
}

/// What happens when the output is slower than the log.
#[derive(Debug, Clone, Copy, Args)]
#[command(group = ArgGroup::new("pace").multiple(false))]
pub(crate) struct PaceFlags {
    /// Every line, at the output's own pace [default into a pipe]
    #[arg(long, group = "pace")]
    pub(crate) complete: bool,
    /// Skip ahead, and say what was skipped [default on a terminal]
    #[arg(long, group = "pace")]
    pub(crate) live: bool,
}

/// Which lines.
#[derive(Debug, Clone, Args)]
pub(crate) struct Filter {
    /// Only lines that match; given several times, all must
    #[arg(long = "grep", value_name = "RE")]
    pub(crate) include: Vec<String>,
    /// Only lines that do not match; given several times, none may
    #[arg(long, value_name = "RE")]
    pub(crate) exclude: Vec<String>,
    /// Take upper and lower case for the same
    #[arg(short = 'i', long)]
    pub(crate) ignore_case: bool,
    /// Only lines of this level and above
    #[arg(long, value_name = "LEVEL", ignore_case = true)]
    pub(crate) level: Option<Level>,
}

/// The levels that a line can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    #[value(alias = "warning")]
    Warn,
    Error,
    Fatal,
}

impl Level {
    /// As it is spelled in every interface.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
            Level::Fatal => "fatal",
        }
    }
}

/// List the logs there are
#[derive(Debug, Args)]
pub(crate) struct Ls {
    /// Only those that this glob over HOST:NAME matches
    #[arg(value_name = "GLOB")]
    pub(crate) pattern: Option<String>,
    /// Write one JSON object per log
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) hub: Hub,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// Show processes: what each holds open, how near its limit it is, what is wrong with some
#[derive(Debug, Args)]
#[command(after_help = PS_HELP)]
pub(crate) struct Ps {
    /// One process in full: its files, with whom it is connected, what it writes
    #[arg(value_name = "PID")]
    pub(crate) pid: Option<u32>,
    /// Of another host, through the hub [default: this machine, without a hub]
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// Only processes that have this log open for writing
    #[arg(long, value_name = "LOG", conflicts_with = "pid")]
    pub(crate) writes: Option<String>,
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

  tailcast ps
  tailcast ps --watch --sort left
  tailcast ps 812 --host web1
  tailcast ps --writes /var/log/nginx/access.log";

/// Say which limit of open files is in force, who has set it, and which lines change it
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_HELP)]
pub(crate) struct Doctor {
    /// The process to look at [default: the hub or agent that runs here, else this program]
    #[arg(value_name = "PID")]
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

/// Make a log on the hub of what comes on stdin
#[derive(Debug, Args)]
#[command(after_help = PUSH_HELP)]
pub(crate) struct Push {
    /// The log, HOST:NAME, where HOST is no machine's name; it is listed as HOST:push/NAME
    #[arg(value_name = "LOG")]
    pub(crate) log: String,
    /// Write what comes to stdout too
    #[arg(long)]
    pub(crate) tee: bool,
    #[command(flatten)]
    pub(crate) hub: Hub,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

const PUSH_HELP: &str = "\
Lines are added at the end of the log and seen at once. While the hub is away at most 1 MiB is held;
then nothing more is read, so that whoever writes waits, and nothing is lost or doubled. It ends when
stdin has ended and the hub has all of it.

  make 2>&1 | tailcast push ci:build-42 --tee
  kubectl logs -f job/import | tailcast push jobs:import/2026-11-20

A program that is not on the hub's machine needs a token: `tailcast token add --push 'ci:*'` there.";

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

/// Look at the configuration
#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) action: ConfigAction,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Show what holds and where it comes from; exit code 2 when something is wrong
    Check(ConfigFile),
}

/// Make, list and take away the tokens of agents and programs; run it where the hub runs
#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(subcommand)]
    pub(crate) action: TokenAction,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenAction {
    /// Make a token and print it; it is not shown again
    #[command(group = ArgGroup::new("grant").required(true))]
    Add {
        /// For a program or a person: may look at logs
        #[arg(long, value_name = "NAME", group = "grant")]
        viewer: Option<String>,
        /// For an agent: may speak for the hosts that match, and nothing else
        #[arg(long = "agent", value_name = "HOST", group = "grant", value_parser = host_pattern)]
        hosts: Vec<String>,
        /// To push lines: may add to the logs that match this glob over HOST:NAME, and nothing else
        #[arg(long = "push", value_name = "LOG", group = "grant", value_parser = log_pattern)]
        logs: Vec<String>,
        /// Name to know the token of an agent, or of one who pushes, by [default: the first free of agent-1, agent-2 …]
        #[arg(long, value_name = "NAME", conflicts_with = "viewer")]
        name: Option<String>,
        /// When it is to hold no longer: 90d, 12h, 2027-01-31 [default: when it is removed]
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        #[command(flatten)]
        state: State,
    },
    /// List the tokens that were made here: name, when made, what for, until when
    List {
        #[command(flatten)]
        state: State,
    },
    /// Take a token away; who uses it is refused from then on
    Remove {
        /// The name it was given
        #[arg(required_unless_present = "id", conflicts_with = "id")]
        name: Option<String>,
        /// In a cluster, instead: the id of a token that was made on another of its hubs
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        #[command(flatten)]
        state: State,
    },
}

/// Set the password of the page, read from the terminal or from stdin; run it where the hub runs
#[derive(Debug, Args)]
pub(crate) struct Password {
    #[command(flatten)]
    pub(crate) state: State,
}

/// Print a new key for hubs that are to be one cluster; write it into a file that only they can read
#[derive(Debug, Args)]
pub(crate) struct ClusterKey {}

/// Where the hub keeps its state.
#[derive(Debug, Args)]
pub(crate) struct State {
    /// Directory of the hub's state
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// How the hub is reached.
#[derive(Debug, Clone, Args)]
pub(crate) struct Hub {
    /// Address of the hub, with its base path; also TAILCAST_HUB
    #[arg(long = "hub", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// File that holds the token; also TAILCAST_TOKEN_FILE, or the token itself in TAILCAST_TOKEN
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM file of the certificates to trust in place of the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// The configuration file.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigFile {
    /// Configuration to lay over that of /etc/tailcast/tailcast.toml; also TAILCAST_CONFIG
    #[arg(long = "config", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// An empty pattern would make a token that speaks for no host and says so nowhere.
fn host_pattern(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("write a host's name or a pattern, like web*") } else { Ok(text.to_owned()) }
}

/// As [`host_pattern`]. Without a `:` it would match no log that there can be.
fn log_pattern(text: &str) -> Result<String, &'static str> {
    match text.split_once(':') {
        Some((host, name)) if !host.is_empty() && !name.is_empty() => Ok(text.to_owned()),
        _ => Err("write HOST:NAME or a pattern over it, like ci:*"),
    }
}

/// Reads the arguments. Help and version were asked for and are a good end; they are printed here.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, Failure> {
    Cli::try_parse_from(arguments).map_err(|error| {
        let exit = match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
            _ => Exit::Usage,
        };
        match error.print() {
            Ok(()) => Failure::silent(exit),
            Err(error) => error.into(),
        }
    })
}

#[cfg(test)]
mod tests;
