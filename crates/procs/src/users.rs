//! Names of users, from a `passwd` file. Users that only a directory service knows stay numbers: asking one can take
//! seconds, and does so most likely when something is wrong.

use std::collections::HashMap;
use std::path::Path;

use bstr::ByteSlice;

/// The longest `passwd` that is read, in bytes.
const MOST: u64 = 4 << 20;

/// Who is who.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users(HashMap<u32, String>);

impl Users {
    /// The users in the `passwd` at `path`; none when it cannot be read.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        use std::io::Read;
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut bytes));
        if read.is_ok() { Self::parse(&bytes) } else { Self::default() }
    }

    /// The users in the text of a `passwd`.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let user = |line: &[u8]| {
            let line = line.to_str_lossy().into_owned();
            let mut fields = line.split(':');
            let (name, uid) = (fields.next()?, fields.nth(1)?);
            Some((uid.parse().ok()?, name.to_owned()))
        };
        let mut users = HashMap::new();
        for (uid, name) in bytes.lines().filter_map(user) {
            // The first of several is the one that `ls` and `ps` show.
            users.entry(uid).or_insert(name);
        }
        Users(users)
    }

    /// The name of a user.
    #[must_use]
    pub fn name(&self, uid: u32) -> Option<&str> {
        self.0.get(&uid).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_a_number_is_shown() {
        let users = Users::parse(b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\nbad line\nredis:x:102:103::/:\n");
        assert_eq!((users.name(0), users.name(102), users.name(7)), (Some("root"), Some("redis"), None));
    }
}
