//! How the program ends: a code that scripts can rely on, and one sentence on stderr where something went wrong.
//!
//! A broken pipe is a normal end (`tailcast tail … | head` has done what it was asked to). So is Ctrl-C: no handler is
//! installed for it in client commands, so that the shell sees a program that was ended by SIGINT (130), as with `tail`.
//! Only a `tail` that keeps a cursor for a file listens, to bring both in order, and ends with 0.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use tailcast_agent::dial::DialError;

/// The codes of the command line's contract, the graver behind the lighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// It went well.
    Ok = 0,
    /// It went well, and there was nothing.
    Nothing = 1,
    /// The words or the configuration were wrong; the same words will be wrong again.
    Usage = 2,
    /// No hub was reached.
    Unreachable = 3,
    /// The hub, or the system, said no.
    Refused = 4,
    /// Something failed here: a disk, a file, a protocol.
    Failed = 5,
}

/// Why a command could not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// `None` when what there is to say has been said.
    error: Option<anyhow::Error>,
}

/// What a command comes to.
pub(crate) type Outcome = Result<Exit, Failure>;

impl Failure {
    /// A failure that ends with `exit`.
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Failure { exit, error: Some(error.into()) }
    }

    /// An end about which all has been said.
    pub(crate) fn silent(exit: Exit) -> Self {
        Failure { exit, error: None }
    }

    /// Wrong words.
    pub(crate) fn usage(words: impl fmt::Display) -> Self {
        Failure::new(Exit::Usage, anyhow::anyhow!("{words}"))
    }

    /// The code it ends with.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(error) = &self.error else { return Ok(()) };
        let mut said = error.to_string();
        for cause in error.chain().skip(1).map(ToString::to_string) {
            // Many errors have the words of their cause in their own.
            if !said.contains(&cause) {
                said = format!("{said}: {cause}");
            }
        }
        f.write_str(&said)
    }
}

impl From<DialError> for Failure {
    fn from(error: DialError) -> Self {
        let exit = if error.is_refusal() { Exit::Refused } else { Exit::Unreachable };
        Failure::new(exit, error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::new(Exit::Failed, error)
    }
}

/// Ends the program: says what is to be said on stderr and hands the code to the system.
pub(crate) fn tell(outcome: Outcome) -> ExitCode {
    let exit = outcome.unwrap_or_else(|failure| match &failure.error {
        Some(error) if is_broken_pipe(error) => Exit::Ok,
        Some(_) => {
            say(&failure.to_string());
            failure.exit
        }
        None => failure.exit,
    });
    ExitCode::from(exit as u8)
}

/// Says it on stderr, each line for itself. What a hub, a proxy or a file has put into it cannot command the terminal.
pub(crate) fn say(words: &str) {
    let mut harmless = String::with_capacity(words.len() + 16);
    for line in words.lines() {
        harmless += "tailcast: ";
        harmless += &tailcast_lines::harmless(line);
        harmless.push('\n');
    }
    // Whoever has closed stderr does not want to be told.
    drop(io::stderr().lock().write_all(harmless.as_bytes()));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_has_left_is_a_normal_end() {
        let gone = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(tell(Err(gone.into())), ExitCode::SUCCESS);
    }

    #[test]
    fn each_cause_is_said_once() {
        let full = || io::Error::other("no space left");
        let plain = anyhow::Error::from(full()).context("the cursor file c");
        assert_eq!(Failure::new(Exit::Failed, plain).to_string(), "the cursor file c: no space left");
        let with_its_cause = anyhow::Error::from(full()).context("/p: no space left").context("not kept");
        assert_eq!(Failure::new(Exit::Failed, with_its_cause).to_string(), "not kept: /p: no space left");
    }

    #[test]
    fn the_codes_are_those_of_the_contract() {
        let codes = [Exit::Ok, Exit::Nothing, Exit::Usage, Exit::Unreachable, Exit::Refused, Exit::Failed];
        assert_eq!(codes.map(|exit| exit as u8), [0, 1, 2, 3, 4, 5]);
    }
}
