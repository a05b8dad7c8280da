//! What can go wrong with the files of access, for the commands that change them and for the start of a hub.

use std::io;
use std::path::{Path, PathBuf};

use super::password::{LONGEST, SHORTEST};
use super::signed_token::LONGEST as LONGEST_TOKEN;

/// An error that a person at the command line reads.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the state directory cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the state directory says something that is not understood.
    #[error("{path} is not understood: {reason}", path = path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// A password that is guessed too soon, or no password any more.
    #[error("a password has between {SHORTEST} and {LONGEST} bytes")]
    PasswordLength,
    /// The password cannot be hashed.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
    /// The name of a token is taken.
    #[error("there is a token {0:?} already: `tailcast token remove {0}` removes it, or give this one another name")]
    NameTaken(String),
    /// The name of a token cannot be written in a list.
    #[error("{0:?} is no name for a token: 1 to 64 letters, digits or `.`, `_`, `-`, `@`")]
    BadName(String),
    /// There is no token of that name.
    #[error("there is no token {0:?}: `tailcast token list` shows them")]
    NoSuchToken(String),
    /// What was given names no signed token.
    #[error("{0:?} is not the id of a signed token: `tailcast token list` shows it on the hub where it was made")]
    BadId(String),
    /// More patterns than a signed token holds.
    #[error("so many patterns do not fit into a signed token ({LONGEST_TOKEN} bytes): use globs, or several tokens")]
    TokenTooLong,
    /// A token that would hold no longer before it was made.
    #[error("that token would be over before it was made: its end has to be in the future")]
    ExpiredBefore,
    /// The list of tokens is full.
    #[error("there are {0} tokens already, which is as many as there may be")]
    TooManyTokens(usize),
    /// A pattern of host names does not compile, or there is none.
    #[error("{0:?} is no pattern for host names, like `web*`")]
    BadGlob(String),
}

impl Error {
    /// For `map_err`: the file that the error is about.
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
