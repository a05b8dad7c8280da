//! The effective configuration as TOML that could be written into a file, with where each value comes from behind it.

use std::fmt;

use super::keys::{Default, KEYS, Key};
use super::{SYSTEM_FILE, Settings};

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for file in &self.files {
            writeln!(f, "# read: {}", file.display())?;
        }
        if self.files.is_empty() {
            writeln!(f, "# no file: neither {SYSTEM_FILE} is there, nor was one named by --config")?;
        }
        let lines: Vec<_> = KEYS.iter().map(|key| (key.parts().0, self.line(key))).collect();
        let width =
            lines.iter().map(|(_, (line, _))| line.chars().count()).filter(|width| *width <= 60).max().unwrap_or(0);
        let mut last = "";
        for (section, (line, origin)) in lines {
            if section != last {
                writeln!(f, "\n[{section}]")?;
                last = section;
            }
            writeln!(f, "{line:width$}  # {origin}")?;
        }
        Ok(())
    }
}

impl Settings {
    /// `key = value` and where it comes from; a key without a value is a comment.
    fn line(&self, key: &Key) -> (String, String) {
        let name = key.parts().1;
        match (self.get(key), key.default) {
            (Some(setting), _) => (format!("{name} = {}", setting.value), setting.origin.to_string()),
            (None, Default::Found(words)) => (format!("# {name} ="), format!("default: {words}")),
            (None, _) => (format!("# {name} ="), "not set".to_owned()),
        }
    }
}
