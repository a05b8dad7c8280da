//! `tailcast tail`: which logs, from where, which lines of them, and at whose pace.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::{ConfigFile, Hub};

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
Into a pipe the bytes go untouched, and all of them (--complete); on a terminal control bytes are \
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
