//! The other end of a pipe: of one that a process writes who reads it, and of one that it reads who writes it.
//!
//! That nobody has the other end is the news of a pipe: who writes it is ended by SIGPIPE, who reads it is at its end. It is
//! said only where all processes were seen.

use crate::ends::Holders;
use crate::file::{Access, File};
use crate::link::Node;
use crate::phrase::Phrase;

/// Says of `file`, a pipe of process `own`, who has its other end, or that nobody has. `all_seen`: whether there is no process
/// that was not looked into.
pub(crate) fn name_other_end(file: &mut File, pipe: Node, own: u32, holders: &Holders, all_seen: bool) {
    let Some(access) = file.access else { return };
    file.others = match access {
        Access::Read => holders.who_may(Access::Write, pipe).to_vec(),
        Access::Write => holders.who_may(Access::Read, pipe).to_vec(),
        // It has both ends itself, so that its own are no news.
        Access::Both => holders.of(pipe).iter().filter(|holder| holder.pid != own).cloned().collect(),
    };
    if file.others.is_empty() {
        file.about = nobody(access, all_seen);
    }
}

fn nobody(access: Access, all_seen: bool) -> Option<Phrase> {
    match (access, all_seen) {
        (Access::Write, true) => Some(Phrase::new("fd_nobody_reads", "nobody reads it")),
        (Access::Read, true) => Some(Phrase::new("fd_nobody_writes", "nobody writes it")),
        (Access::Write, false) => Some(Phrase::new("fd_no_reader_seen", "nobody that can be seen reads it")),
        (Access::Read, false) => Some(Phrase::new("fd_no_writer_seen", "nobody that can be seen writes it")),
        (Access::Both, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_nobody_has_the_other_end_is_certain_only_where_all_were_seen() {
        let said = |access, all_seen| nobody(access, all_seen).map(|phrase| phrase.to_string());
        assert_eq!(said(Access::Write, true).as_deref(), Some("nobody reads it"));
        assert_eq!(said(Access::Read, true).as_deref(), Some("nobody writes it"));
        assert_eq!(said(Access::Write, false).as_deref(), Some("nobody that can be seen reads it"));
        assert_eq!(said(Access::Read, false).as_deref(), Some("nobody that can be seen writes it"));
        assert_eq!(said(Access::Both, true), None);
    }
}
