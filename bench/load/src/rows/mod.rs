//! The rows of the table, one file each. Every row starts its own servers and leaves nothing running.

pub(crate) mod administrator;
pub(crate) mod cluster;
pub(crate) mod descriptors;
pub(crate) mod fanout;
pub(crate) mod history;
pub(crate) mod idle_agent;
pub(crate) mod idle_links;
pub(crate) mod idle_viewers;
pub(crate) mod join;
pub(crate) mod leak;
pub(crate) mod limit;
pub(crate) mod lowered;
pub(crate) mod quiet;
pub(crate) mod reconnect;
pub(crate) mod scan;
pub(crate) mod sealing;
pub(crate) mod silent;
pub(crate) mod storm;
pub(crate) mod torrent;
