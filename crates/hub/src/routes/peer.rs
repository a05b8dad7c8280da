//! `POST peer`: another hub of the cluster asks something of an agent that is linked here.
//!
//! The gate has looked at its pass; the question is sealed for this purpose, and the answer for this question. It refuses to
//! hand a question on to a third hub.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use tailcast_wire::{Absence, PeerAnswer, PeerAsk, decode, encode};

use crate::ask::{Answered, AskError};
use crate::away::{self, Away};
use crate::cluster::{Cluster, Opener, Sealer, peers};
use crate::hub::Hub;
use crate::problem::Problem;

/// Asks the agent and waits for its answer.
pub(crate) async fn ask(State(hub): State<Arc<Hub>>, body: Bytes) -> Result<Response, Problem> {
    let cluster = hub.cluster.get().ok_or_else(|| Problem::not_found("this hub is in no cluster"))?;
    let asked = open(cluster, &body)?;
    let answer = encode(&answered(&hub, asked).await);
    let sealer = Sealer::new(&cluster.seals).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], sealer.seal(&peers::answer_to(&body), &answer)).into_response())
}

fn open(cluster: &Cluster, sealed: &[u8]) -> Result<PeerAsk, Problem> {
    let opened = Opener::new(&cluster.seals).open(peers::QUESTION, sealed);
    let opened = opened.map_err(|error| Problem::bad_request(format!("the question is {error}")))?;
    let asked = decode::<PeerAsk>(&opened.message).map_err(|error| Problem::bad_request(error.to_string()))?;
    asked.ok_or_else(|| Problem::bad_request("the question is one that only newer hubs know"))
}

async fn answered(hub: &Hub, PeerAsk { host, question }: PeerAsk) -> PeerAnswer {
    if hub.agents.link(&host).is_ok_and(|link| link.whence().is_elsewhere()) {
        return PeerAnswer::Away(absence(&away::LINK_DOWN));
    }
    match hub.agents.ask(&host, question).await {
        Ok(Answered { session, answer }) => PeerAnswer::Answered { session, answer: Box::new(answer) },
        Err(AskError::Late(_) | AskError::Silent(_)) => PeerAnswer::Late,
        Err(AskError::Away(away)) => PeerAnswer::Away(absence(&away)),
        Err(AskError::NoSuchHost(_)) => PeerAnswer::Away(absence(&away::NEVER_HERE)),
    }
}

fn absence(away: &Away) -> Absence {
    Absence { words: away.to_string(), why: away.why }
}
