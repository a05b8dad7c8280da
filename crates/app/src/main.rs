//! The program `tailcast`: a hub, an agent and a command line in one binary.
//!
//! This crate alone reads the environment and ends the process; everything below it is told. A run is short to follow:
//! [`cli`] is what the user said, [`config`] what files and environment add to it, [`options`] what both mean together,
//! and [`commands`] has one file per command. Each ends in an [`exit`] code.

mod always_open;
mod cli;
mod client;
mod commands;
mod config;
mod environment;
mod exit;
mod json_shown;
mod open_files;
mod options;
mod service;
mod signals;
mod tails;
mod trace;

use std::process::ExitCode;

use environment::Environment;

fn main() -> ExitCode {
    let environment = Environment::of_this_process();
    exit::tell(cli::parse(std::env::args_os()).and_then(|cli| commands::run(cli, &environment)))
}
