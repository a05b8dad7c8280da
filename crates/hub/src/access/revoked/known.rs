//! What a hub knows to hold no longer, and how that stands in its file: `{"all_until", "sessions": [[until, id]]}`, and of a
//! hub in a cluster also `"tokens_until"`, `"tokens": [[created, id, expires]]` and which password the hub has.

use serde::{Deserialize, Serialize};
use tailcast_wire::{Revocations, Revoked, RevokedId};

use super::super::secret::{self, Hash};
use super::super::session::LIFETIME;
use super::set::RevokedSet;

/// Seconds that the clocks of two hubs may be apart when all sessions are ended: one that began on the hub whose clock is
/// ahead is over too.
const APART: u64 = 300;
/// Seconds by which a mark or the making of a token may lie ahead. A clock that is further off is wrong.
const AHEAD: u64 = 24 * 3600;

/// Sessions that were ended before their time, and tokens that were taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// By their end.
    pub(super) sessions: RevokedSet,
    /// By when they were made.
    pub(super) tokens: RevokedSet,
    /// The one that this hub had when it looked last.
    pub(super) password: Option<Hash>,
}

/// As it stands in the file.
#[derive(Serialize, Deserialize)]
struct Written {
    all_until: u64,
    sessions: Vec<(u64, String)>,
    #[serde(default, skip_serializing_if = "is_zero")]
    tokens_until: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tokens: Vec<(u64, String, Option<u64>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The end beyond which nothing that was signed is a session: the clock that it was begun by was wrong.
pub(in super::super) fn farthest_session(now: u64) -> u64 {
    farthest_mark(now).saturating_add(AHEAD)
}

/// When a token was made at the latest, as far as it holds now.
pub(in super::super) fn farthest_token(now: u64) -> u64 {
    now.saturating_add(AHEAD)
}

fn farthest_mark(now: u64) -> u64 {
    now.saturating_add(LIFETIME + AHEAD)
}

impl Known {
    /// What another hub says, as far as it can be right.
    pub(super) fn heard(said: &Revocations, now: u64) -> Self {
        let mark = said.sessions.all_up_to;
        let off = mark > farthest_mark(now) || said.tokens.all_up_to > farthest_token(now);
        if off {
            tracing::error!(
                mark,
                "a hub of the cluster has a clock that is ahead by more than a day: what it ended holds on"
            );
        }
        let each = said.sessions.each.iter().map(|one| RevokedId { until: Some(one.rank), ..*one }).collect();
        let all_up_to = if mark <= farthest_mark(now) { mark } else { 0 };
        Self {
            sessions: RevokedSet::heard(&Revoked { all_up_to, each }, now, farthest_session(now)),
            tokens: RevokedSet::heard(&said.tokens, now, farthest_token(now)),
            password: None,
        }
    }

    /// For the other hubs.
    pub(super) fn said(&self) -> Revocations {
        Revocations { sessions: self.sessions.said(), tokens: self.tokens.said() }
    }

    /// All that another one knows, but for the password; whether something was new.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        // Both, whatever the first one says.
        self.sessions.join(&other.sessions) | self.tokens.join(&other.tokens)
    }

    /// Every session that began until now, also by a clock that is a little ahead, and behind an earlier such mark.
    pub(super) fn end_all(&mut self, now: u64) {
        let mark = self.sessions.all_up_to().saturating_add(1).max(now.saturating_add(LIFETIME + APART));
        self.sessions.add_all(mark);
    }

    /// Forgets what is over by itself.
    pub(super) fn forget(&mut self, now: u64) {
        self.sessions.forget(now, farthest_mark(now));
        self.tokens.forget(now, farthest_token(now));
    }

    /// The bytes of the file.
    pub(super) fn written(&self) -> Result<Vec<u8>, serde_json::Error> {
        let (sessions, tokens) = (self.sessions.said(), self.tokens.said());
        serde_json::to_vec(&Written {
            all_until: sessions.all_up_to,
            sessions: sessions.each.iter().map(|one| (one.rank, secret::text(&one.id))).collect(),
            tokens_until: tokens.all_up_to,
            tokens: tokens.each.iter().map(|one| (one.rank, secret::text(&one.id), one.until)).collect(),
            password: self.password.map(|digest| secret::text(&digest)),
        })
    }

    /// What the bytes of a file say.
    pub(super) fn understand(bytes: &[u8]) -> Result<Self, String> {
        let written: Written = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let read = |(rank, text, until): &(u64, String, Option<u64>)| match secret::bytes(text) {
            Some(id) => Ok(RevokedId { id, rank: *rank, until: *until }),
            None => Err(format!("{text:?} names no session and no token")),
        };
        let all = |all_up_to, each: Vec<_>| {
            let each = each.iter().map(read).collect::<Result<_, String>>()?;
            Ok::<_, String>(RevokedSet::heard(&Revoked { all_up_to, each }, 0, u64::MAX))
        };
        let sessions = written.sessions.into_iter().map(|(end, id)| (end, id, Some(end))).collect();
        let digest = |text: &String| secret::bytes(text).ok_or_else(|| format!("{text:?} names no password"));
        Ok(Self {
            sessions: all(written.all_until, sessions)?,
            tokens: all(written.tokens_until, written.tokens)?,
            password: written.password.as_ref().map(digest).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    #[test]
    fn what_is_written_is_understood_and_a_hub_alone_writes_as_ever() {
        let mut known = Known::default();
        known.sessions.add(RevokedId { id: [1; 16], rank: NOW, until: Some(NOW) });
        let alone = String::from_utf8(known.written().expect("JSON")).expect("text");
        assert_eq!(alone, r#"{"all_until":0,"sessions":[[1800000000,"AQEBAQEBAQEBAQEBAQEBAQ"]]}"#);
        known.tokens.add(RevokedId { id: [2; 16], rank: 7, until: None });
        known.tokens.add(RevokedId { id: [3; 16], rank: 8, until: Some(NOW) });
        known.tokens.add_all(5);
        known.password = Some([4; 32]);
        assert_eq!(Known::understand(&known.written().expect("JSON")), Ok(known));
    }

    #[test]
    fn what_no_right_clock_can_say_is_not_believed() {
        let id = |rank, until| RevokedId { id: [1; 16], rank, until };
        let said = Revocations {
            sessions: Revoked { all_up_to: u64::MAX, each: vec![id(u64::MAX, None)] },
            tokens: Revoked { all_up_to: u64::MAX, each: vec![id(u64::MAX, None)] },
        };
        assert_eq!(Known::heard(&said, NOW), Known::default());
    }

    #[test]
    fn all_sessions_are_ended_behind_those_that_were_let_begin_after_the_last_time() {
        let mut known = Known::default();
        for _ in 0..3 {
            let begun = known.sessions.all_up_to() + 1;
            known.end_all(NOW);
            assert!(known.sessions.contains(&[9; 16], begun));
            assert!(known.sessions.contains(&[9; 16], NOW + LIFETIME + APART));
        }
    }

    #[test]
    fn a_mark_of_a_clock_that_was_wrong_does_not_keep_everybody_out_for_ever() {
        let mut known = Known::default();
        known.end_all(NOW + 400 * 24 * 3600);
        known.forget(NOW);
        assert!(known.sessions.all_up_to() < farthest_session(NOW));
    }
}
