//! The commands, one file each. This is the table from what the user said to what does it.

mod agent;
mod cluster_key;
mod config;
mod doctor;
mod inspect;
mod ls;
mod offered;
mod ours;
mod password;
mod ps;
mod push;
mod serve;
mod tail;
mod token;

use std::future::Future;

use crate::cli::{Cli, Command};
use crate::environment::Environment;
use crate::exit::{Failure, Outcome};

/// Does what was said.
pub(crate) fn run(cli: Cli, environment: &Environment) -> Outcome {
    match cli.command {
        Command::Serve(flags) => serve::run(&flags, environment),
        Command::Agent(flags) => agent::run(&flags, environment),
        Command::Tail(flags) => block_on(tail::run(flags, environment)),
        Command::Ls(flags) => block_on(ls::run(&flags, environment)),
        Command::Push(flags) => block_on(push::run(flags, environment)),
        Command::Ps(flags) => block_on(ps::run(&flags, environment)),
        Command::Doctor(flags) => block_on(doctor::run(&flags, environment)),
        Command::Config(flags) => config::run(&flags, environment),
        Command::Token(flags) => token::run(flags, environment),
        Command::Password(flags) => password::run(&flags, environment),
        Command::ClusterKey => cluster_key::run(),
    }
}

/// Runs a client command on this thread. One connection needs no more.
fn block_on(command: impl Future<Output = Outcome>) -> Outcome {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::from)?.block_on(command)
}

/// The runtime of a service. Files are read on its blocking threads: few, since a disk is not made faster by more.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(8));
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.worker_threads(threads).max_blocking_threads(64).enable_all().build()?)
}
