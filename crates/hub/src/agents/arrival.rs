//! A link comes, and another one may have its name: which of the two is right, and what both are told.
//!
//! One of the same start of the agent takes over at once: its older link is dead or about to be. One of another start, let in by
//! the same token, takes over when the present one gives no sign of life within two seconds, as behind a NAT that has forgotten
//! it. While the present one lives the second is another machine of the same name (a cloned one, mostly): it is refused, in
//! words, and the first is told of it. So is one with another token, also while the present one is silent: whoever has
//! that name is given up within a minute. The name of an agent in the hub's process is nobody else's, also while it is
//! away.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Agents, Host, State};
use crate::away;
use crate::link::{Link, Whence};

/// Others that wanted a name, and were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rival {
    /// The last of them.
    pub(crate) whence: Whence,
    pub(crate) last: Timestamp,
    pub(crate) times: u32,
}

/// Why an agent cannot have its name now.
enum Taken {
    /// It is the name of an agent in the hub's process; why, in words.
    ByOurs(String),
    /// A link of another start of an agent is up.
    By(Arc<Link>),
}

impl Agents {
    /// A link begins: it is welcome, takes over from an older one of the same host, and follows what is looked at.
    ///
    /// # Errors
    /// When the name is somebody else's who is there, in words for the newcomer.
    pub(crate) async fn arrive(&self, link: &Arc<Link>) -> Result<(), String> {
        let mut silent = None;
        loop {
            match self.take_name(link, silent.as_ref()) {
                Ok(()) => return Ok(()),
                Err(Taken::ByOurs(words)) => return Err(words),
                Err(Taken::By(present)) if present.is_alive().await => return Err(self.refuse(link, &present)),
                Err(Taken::By(present)) if !same_key(&present, link) => return Err(self.other_key(link, &present)),
                // Another newcomer may have been quicker than this one: it is asked in its turn.
                Err(Taken::By(present)) => silent = Some(present),
            }
        }
    }

    /// `silent`: the link that was asked for a sign of life and gave none.
    fn take_name(&self, link: &Arc<Link>, silent: Option<&Arc<Link>>) -> Result<(), Taken> {
        let mut inner = self.lock();
        let hello = link.hello();
        let whence = link.whence();
        let own = whence == Whence::Own;
        if let Some(words) = inner.is_ours(&hello.host).filter(|_| !own) {
            return Err(Taken::ByOurs(words));
        }
        match inner.hosts.get(&hello.host) {
            Some(Host { state: State::Up(present), .. }) if !own && !yields(present, link, silent) => {
                return Err(Taken::By(Arc::clone(present)));
            }
            _ => (),
        }
        let host = Host {
            state: State::Up(Arc::clone(link)),
            since: link.since(),
            version: hello.version.clone(),
            labels: hello.labels.clone(),
            offers: hello.offers.clone(),
            whence,
            credential: link.credential(),
            rival: None,
        };
        let older = inner.hosts.insert(hello.host.clone(), host);
        if let Some(Host { state: State::Up(older), .. }) = older {
            older.close(away::TAKEN_OVER);
        }
        link.welcome();
        for channel in inner.channels.get(&hello.host).into_iter().flat_map(HashMap::values) {
            link.follow(channel);
        }
        self.changed.send_replace(());
        Ok(())
    }

    /// What the newcomer is told whose name is taken; the one that has it is told, too.
    fn refuse(&self, newcomer: &Link, present: &Link) -> String {
        let (host, whence) = (&present.hello().host, present.whence());
        let rival = self.note_rival(newcomer);
        present.notice(&format!(
            "another agent called {host}, from {}, was refused at {:.0}, {} in all since this one came; if it is another \
             machine, give one of the two another name with --host",
            rival.whence, rival.last, rival.times
        ));
        let since = present.since();
        format!(
            "another agent called {host} is here, from {whence} since {since:.0}; give one of the two another name with --host"
        )
    }

    fn other_key(&self, newcomer: &Link, present: &Link) -> String {
        let (host, whence) = (&present.hello().host, present.whence());
        self.note_rival(newcomer);
        format!(
            "an agent called {host} with another token is linked, from {whence}, and gives no sign of life: if it stays \
             silent it is given up within a minute, and this one is let in"
        )
    }

    fn note_rival(&self, newcomer: &Link) -> Rival {
        let mut inner = self.lock();
        let host = inner.hosts.get_mut(&newcomer.hello().host);
        let before = host.as_ref().and_then(|host| host.rival).map_or(0, |rival| rival.times);
        let rival = Rival { whence: newcomer.whence(), last: Timestamp::now(), times: before.saturating_add(1) };
        if let Some(host) = host {
            host.rival = Some(rival);
        }
        rival
    }
}

impl Rival {
    /// For a person who looks at the list of hosts.
    pub(crate) fn words(&self) -> String {
        let Rival { whence, last, times } = self;
        format!(
            "another agent of this name wanted to come in, {times} times, last at {last:.0} from {whence}; if it is another \
             machine, give one of the two another name with --host"
        )
    }
}

/// Whether the present link makes way for a newcomer: it is of the same start of the agent, or has been silent. Of what
/// other hubs say the directory has judged already which is right; here it only must be newer than a link of our own.
fn yields(present: &Arc<Link>, newcomer: &Link, silent: Option<&Arc<Link>>) -> bool {
    match newcomer.whence().is_elsewhere() {
        true => present.whence().is_elsewhere() || newcomer.since() > present.since(),
        false => {
            let is_silent = silent.is_some_and(|silent| Arc::ptr_eq(silent, present));
            present.hello().session == newcomer.hello().session || (is_silent && same_key(present, newcomer))
        }
    }
}

/// Whether both were let in by the same token, as far as it is known. Being of the hub's own machine is the same on one hub
/// only.
fn same_key(present: &Link, newcomer: &Link) -> bool {
    let (Some(one), Some(other)) = (present.credential(), newcomer.credential()) else { return true };
    let here = !present.whence().is_elsewhere();
    one == other && (here || one.is_of_the_cluster())
}
