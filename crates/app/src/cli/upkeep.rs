//! What a hub's administrator does on its machine: look at the configuration, make and take away tokens, set the password.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::ConfigFile;

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

/// Where the hub keeps its state.
#[derive(Debug, Args)]
pub(crate) struct State {
    /// Directory of the hub's state; also TAILCAST_STATE_DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
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
