//! Why the gate lets somebody not in, in words that say what to do next.

use std::time::Duration;

use super::origin::ForeignHost;
use crate::cluster::pass::NoPass;
use crate::problem::Problem;

/// How one may say who one is: the scheme for programs. A cookie has none that is registered.
const CHALLENGE: &str = "Bearer realm=\"tailcast\"";

/// Why a request does not pass the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denied {
    /// The request came under a name that is not ours.
    ForeignHost(Option<String>),
    /// A page that is not ours sent it.
    ForeignPage,
    /// Nobody who is known, and why this connection says nothing about its user.
    WhoAreYou {
        /// Whether there is a password that one could log in with.
        password: bool,
        /// Why being on this machine was not enough.
        why: Stranger,
    },
    /// A token of ours that is not, or no longer, in the list.
    UnknownToken,
    /// A viewer token where something is changed.
    ReadOnly,
    /// Let in, but neither by the password nor as the hub's own user.
    NotTheOwner,
    /// A viewer where an agent is needed.
    NotAnAgent,
    /// An agent where a viewer is needed.
    NotAViewer,
    /// Somebody who may not push where lines are pushed.
    NotAPusher,
    /// The bearer of a push token where a viewer is needed.
    OnlyPushes,
    /// Not a hub of the cluster where one is needed.
    NotAPeer(NoPass),
    /// The password is wrong.
    WrongPassword,
    /// There is no password that could be right.
    NoPassword,
    /// Too many attempts; come again after this time.
    TooManyAttempts(Duration),
    /// Too many passwords are being checked for others.
    Busy,
    /// The hub cannot make a session; the text is for the log.
    Broken(String),
}

/// Why a connection alone does not say that its user may look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stranger {
    /// It comes from another machine, or under a name for other machines.
    Remote,
    /// Somebody passed it on: this header, or this version, says so.
    PassedOn(String),
    /// It is another user of this machine.
    OtherUser {
        /// Of the other end.
        theirs: u32,
        /// Of the hub.
        ours: u32,
    },
    /// The kernel does not tell whose it is.
    UnknownUser(String),
}

impl From<ForeignHost> for Denied {
    fn from(ForeignHost(name): ForeignHost) -> Self {
        Self::ForeignHost(name)
    }
}

impl Denied {
    /// The reason as a word for programs: of what somebody at the page is told.
    fn word(&self) -> Option<&'static str> {
        match self {
            Denied::ForeignHost(_) => Some("foreign_name"),
            Denied::ForeignPage => Some("foreign_page"),
            Denied::WhoAreYou { why: Stranger::Remote, .. } => Some("stranger"),
            Denied::WhoAreYou { why: Stranger::PassedOn(_), .. } => Some("stranger_by_proxy"),
            Denied::WhoAreYou { .. } => Some("stranger_here"),
            Denied::ReadOnly => Some("read_only"),
            Denied::NotTheOwner => Some("not_the_owner"),
            Denied::NoPassword => Some("no_password"),
            Denied::TooManyAttempts(_) => Some("too_many_attempts"),
            Denied::Busy => Some("many_log_in"),
            _ => None,
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        let why = denied.word();
        let problem = match denied {
            Denied::ForeignHost(name) => Problem::misdirected(foreign_host(name.as_deref())),
            Denied::ForeignPage => Problem::forbidden(
                "A page of another origin sent this. If it is this hub under another name, set public_url to that name.",
            ),
            Denied::WhoAreYou { password, why } => who_are_you(password, why),
            Denied::UnknownToken => unauthorized("This token is not, or no longer, known to this hub."),
            Denied::ReadOnly => Problem::forbidden("A viewer token reads; it cannot change anything."),
            Denied::NotTheOwner => Problem::forbidden(
                "Only whoever runs the hub may do this: log in with its password, or come from its own machine as its \
                 user or root. On the hub, `tailcast token` does it too.",
            ),
            Denied::NotAPeer(NoPass::None | NoPass::Foreign) => {
                unauthorized("Only a hub of the same cluster may do this: all of them need the same cluster.key_file.")
            }
            Denied::NotAPeer(NoPass::Clock(apart)) => unauthorized(format!(
                "The clocks of the two hubs are {} s apart; {} are allowed.",
                apart.abs(),
                crate::cluster::pass::APART
            )),
            Denied::NotAnAgent => unauthorized(
                "Only an agent may do this: make it a token with `tailcast token add --agent HOST` on the hub.",
            ),
            Denied::NotAViewer => Problem::forbidden("An agent token speaks for its hosts; it does not look at logs."),
            Denied::NotAPusher => unauthorized(
                "Lines are pushed by whoever runs the hub, from its own machine, or with a token for that: \
                 `tailcast token add --push 'HOST:*'` on the hub makes one.",
            ),
            Denied::OnlyPushes => Problem::forbidden("A push token pushes lines; it does not look at logs."),
            Denied::WrongPassword => unauthorized("This is not the password.").with("login", true),
            Denied::NoPassword => {
                Problem::forbidden("No password is set on this hub: `tailcast password` sets one.").with("login", false)
            }
            Denied::TooManyAttempts(wait) => Problem::too_many("Too many attempts from your address.", wait),
            Denied::Busy => {
                Problem::unavailable("Too many are logging in at this moment. Try again.", Duration::from_secs(1))
            }
            Denied::Broken(reason) => Problem::internal(reason),
        };
        problem.with_why(why)
    }
}

fn unauthorized(detail: impl Into<String>) -> Problem {
    Problem::unauthorized(detail, CHALLENGE)
}

fn foreign_host(name: Option<&str>) -> String {
    match name {
        Some(name) => format!(
            "This hub does not answer to the name {name:?}, which anybody could point at it. \
             Use its IP address, send a token, or set public_url to this name."
        ),
        None => "The request does not say, in one Host header, to which name it came.".to_owned(),
    }
}

fn who_are_you(password: bool, why: Stranger) -> Problem {
    let here = match &why {
        Stranger::Remote => "This hub has to know who you are.".to_owned(),
        Stranger::PassedOn(mark) => {
            format!("This request was passed on by a proxy ({mark}), so it does not count as local.")
        }
        Stranger::OtherUser { theirs, ours } => {
            format!("On this machine the hub serves its own user (uid {ours}) and root; you are uid {theirs}.")
        }
        Stranger::UnknownUser(_) => "The hub cannot tell which user of this machine you are.".to_owned(),
    };
    let way = if password {
        "Log in with the password, or send a token (Authorization: Bearer …)."
    } else {
        "Send a token (Authorization: Bearer …; `tailcast token add --viewer NAME` makes one); \
         no password is set on this hub: `tailcast password` sets one."
    };
    let problem = unauthorized(format!("{here} {way}")).with("login", password);
    match why {
        Stranger::UnknownUser(reason) => {
            problem.with_log(format!("the owner of a loopback connection is unknown: {reason}"))
        }
        _ => problem,
    }
}
