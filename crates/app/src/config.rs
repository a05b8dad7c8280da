//! What holds: defaults, files, environment and flags laid over each other, each value with where it comes from.
//!
//! ```text
//! keys ─▶ file(s) ─▶ drop-ins ─▶ TAILCAST_* ─▶ flags ─▶ Settings ─▶ Reader ─▶ options
//! ```
//!
//! One table ([`keys::KEYS`]) says which keys there are; the files, the environment, `config check` and the manual are all
//! held against it. A value is judged where it is used, but a complaint always names the place where it was written.
//! Nothing is skipped: an unknown key, a wrong type and a wrong value are all told at once, with what to write.

mod complaint;
mod environment;
mod file;
pub(crate) mod keys;
mod reader;
mod show;
mod suggest;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::environment::Environment;
use crate::exit::say;

pub(crate) use complaint::Complaints;
pub(crate) use keys::{Key, Value};
pub(crate) use reader::Reader;

/// The file that is read first, when it is there.
pub(crate) const SYSTEM_FILE: &str = "/etc/tailcast/tailcast.toml";

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// In a file, on this line.
    File(Arc<Path>, usize),
    /// In a variable of this name.
    Environment(String),
    /// By a flag or an argument of this name.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path, line) => write!(f, "{}:{line}", path.display()),
            Origin::Environment(name) => f.write_str(name),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// How files are met that cannot be read, and variables that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// As a fault: a service must not go on with half of its configuration.
    All,
    /// As if they were not there, when they are the system's and the user may not.
    WhatItMay,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
}

/// What was set, by the key's name; what nobody set is not in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    set: BTreeMap<&'static str, Setting>,
    /// The files that were read, in order.
    files: Vec<PathBuf>,
}

impl Settings {
    /// Reads the files and the environment. `named` is the file of `--config`; it must be there, the system's need not.
    ///
    /// # Errors
    /// With everything that is wrong in all of them.
    pub(crate) fn load(named: Option<&Path>, environment: &Environment) -> Result<Self, Complaints> {
        Self::load_as(Reads::All, named, environment)
    }

    /// The same for a command of any user: what the system's files keep from that user is not there, and an unknown
    /// variable is told on stderr.
    ///
    /// # Errors
    /// As of [`Settings::load`].
    pub(crate) fn load_readable(named: Option<&Path>, environment: &Environment) -> Result<Self, Complaints> {
        Self::load_as(Reads::WhatItMay, named, environment)
    }

    fn load_as(reads: Reads, named: Option<&Path>, environment: &Environment) -> Result<Self, Complaints> {
        let named = named.map(Path::to_path_buf).or_else(|| environment.get("TAILCAST_CONFIG").map(PathBuf::from));
        let mut settings = Settings::default();
        let mut complaints = Complaints::default();
        for path in file::sources(reads, named.as_deref(), &mut complaints) {
            settings.lay_over(file::read(&path, &mut complaints));
            settings.files.push(path);
        }
        settings.lay_over(environment::read(environment, &mut complaints));
        for unknown in environment::unknown(environment) {
            match reads {
                Reads::All => complaints.push(unknown),
                // Whoever looks wants to see a log now, and may not be who has set it.
                Reads::WhatItMay => say(&unknown.to_string()),
            }
        }
        complaints.none_or(settings)
    }

    /// Lays what a flag says over what is set.
    pub(crate) fn flag(&mut self, key: &'static Key, flag: &'static str, value: Option<Value>) {
        if let Some(value) = value {
            self.set.insert(key.name, Setting { value, origin: Origin::Flag(flag) });
        }
    }

    fn lay_over(&mut self, upper: BTreeMap<&'static str, Setting>) {
        self.set.extend(upper);
    }

    /// What holds for `key`: what was set, or its default; `None` when it has none.
    pub(crate) fn get(&self, key: &Key) -> Option<Setting> {
        let default = || key.default.value().map(|value| Setting { value, origin: Origin::Default });
        self.set.get(key.name).cloned().or_else(default)
    }
}

#[cfg(test)]
mod tests;
