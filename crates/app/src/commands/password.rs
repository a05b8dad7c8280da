//! `tailcast password`: sets the password of the page. From a terminal it is asked for twice and not shown; else the
//! first line of stdin is it, so that a playbook can set it without its standing in a command line.

use std::io::{BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tailcast_hub::access::{Error, set_password};

use crate::cli;
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome, say};
use crate::options::{cluster, state_dir};

/// Sets it.
pub(crate) fn run(flags: &cli::Password, environment: &Environment) -> Outcome {
    let state_dir = state_dir(&flags.state, environment)?;
    let password = match std::io::stdin().is_terminal() {
        true => ask_twice()?,
        false => read_line()?,
    };
    set_password(&state_dir, &password).map_err(|error| match error {
        Error::PasswordLength => Failure::usage(error),
        other => Failure::new(Exit::Failed, other),
    })?;
    say(&format!("the password is set for the hub with its state in {}", state_dir.display()));
    if cluster(&flags.state, environment)?.is_some() {
        say(
            "the other hubs of the cluster keep the password that they have: copy the file `password` to them, or set it there",
        );
    }
    Ok(Exit::Ok)
}

fn ask_twice() -> Result<String, Failure> {
    let hidden = Hidden::begin()?;
    let (first, second) = (ask("New password: ")?, ask("Once more: ")?);
    drop(hidden);
    if first == second { Ok(first) } else { Err(Failure::usage("the two differ; nothing was changed")) }
}

fn ask(question: &str) -> Result<String, Failure> {
    eprint!("{question}");
    std::io::stderr().flush()?;
    let answer = read_line();
    eprintln!();
    answer
}

fn read_line() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn begin() -> Result<Self, Failure> {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).map_err(std::io::Error::from)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Flush, &silent).map_err(std::io::Error::from)?;
        Ok(Hidden(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0) {
            eprintln!("tailcast: the terminal may not show what you type ({error}); `stty echo` helps");
        }
    }
}
