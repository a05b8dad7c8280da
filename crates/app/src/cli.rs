//! What the user said: every command and flag, in tables that also are the help text.
//!
//! Parsing does nothing but parse. What the words mean together with files and environment is decided in
//! [`crate::options`]; paths are made absolute there.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use crate::exit::{Exit, Failure};

mod processes;
mod tail;
mod upkeep;

pub(crate) use processes::{Doctor, Ps, Sort};
pub(crate) use tail::{Filter, PaceFlags, Tail};
pub(crate) use upkeep::{Config, ConfigAction, Password, State, Token, TokenAction};

/// Live logs of every machine in one browser tab, straight from the files.
#[derive(Debug, Parser)]
#[command(name = "tailcast", version, max_term_width = 100, after_help = AFTER_HELP)]
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
    /// Address and port to listen on; port 0 takes a free one; also TAILCAST_LISTEN [default: 127.0.0.1:8514]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<String>,
    /// Directory for tokens, the password and what else the hub keeps; also TAILCAST_STATE_DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// What joins several hubs: redis://HOST:6379 or nats://HOST:4222 [default: embedded, which joins none]
    #[arg(long, value_name = "BROKER")]
    pub(crate) broker: Option<String>,
    /// Name of this machine [default: its host name]
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// Offer nothing from this machine
    #[arg(long, conflicts_with_all = ["offer", "host"])]
    pub(crate) no_agent: bool,
    /// Let every user of this machine in over loopback without a login
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
Lines are added at the end of the log and seen at once. While the hub is away at most 1 MiB is held; \
then nothing more is read, so that whoever writes waits, and nothing is lost or doubled. It ends when \
stdin has ended and the hub has all of it.

  make 2>&1 | tailcast push ci:build-42 --tee
  kubectl logs -f job/import | tailcast push jobs:import/2026-11-20

A program that is not on the hub's machine needs a token: `tailcast token add --push 'ci:*'` there.";

/// How the hub is reached.
#[derive(Debug, Clone, Args)]
pub(crate) struct Hub {
    /// Address of the hub, with its base path; also TAILCAST_HUB
    #[arg(long = "hub", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// File that holds the token; also TAILCAST_TOKEN_FILE, or the token itself in TAILCAST_TOKEN
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// PEM file of the certificates to trust in place of the system's; also TAILCAST_CA_FILE
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
