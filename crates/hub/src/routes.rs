//! Every URL of the hub in one table, each with what it needs of who asks.
//!
//! The router is made from the table and from nothing else, so that no route can be without a gate (law 11); a test walks
//! the table.

mod cluster;
mod connection;
pub(crate) mod health;
pub(crate) mod history;
pub(crate) mod listing;
pub(crate) mod live;
mod openapi;
mod overview;
pub(crate) mod page;
mod peer;
pub(crate) mod processes;
mod push;
#[cfg(test)]
mod tests;
mod tokens;
mod unheard;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, any, delete, get, post};

use crate::access::{Access, Need, headers, login, need};
use crate::carry;
use crate::hub::Hub;
use crate::problem::Problem;

pub use openapi::openapi;

/// What handlers may ask for.
#[derive(Clone)]
struct Shared(Arc<Hub>);

impl FromRef<Shared> for Arc<Hub> {
    fn from_ref(shared: &Shared) -> Self {
        Arc::clone(&shared.0)
    }
}

impl FromRef<Shared> for Arc<Access> {
    fn from_ref(shared: &Shared) -> Self {
        Arc::clone(&shared.0.access)
    }
}

/// One URL.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) need: Need,
    handler: fn() -> MethodRouter<Shared>,
}

const fn route(path: &'static str, need: Need, handler: fn() -> MethodRouter<Shared>) -> Route {
    Route { path, need, handler }
}

/// The whole surface, without the base path.
pub(crate) const ROUTES: &[Route] = &[
    route("/healthz", Need::Nothing, || get(health::healthz)),
    route("/readyz", Need::Nothing, || get(health::readyz)),
    route("/metrics", Need::Viewer, || get(health::metrics)),
    route("/api/v1/openapi.json", Need::Nothing, || get(openapi::document)),
    route("/api/v1/login", Need::Nothing, || post(login::log_in)),
    route("/api/v1/logout", Need::Nothing, || post(login::log_out)),
    route("/api/v1/logout/all", Need::Owner, || post(login::log_all_out)),
    route("/api/v1/me", Need::Nothing, || get(login::me)),
    route("/api/v1/connection", Need::Nothing, || get(connection::connection)),
    route("/api/v1/connection/probe", Need::Viewer, || get(connection::probe)),
    route("/api/v1/hosts", Need::Viewer, || get(listing::hosts)),
    route("/api/v1/processes", Need::Viewer, || get(processes::everywhere::all)),
    route("/api/v1/hosts/{host}/processes", Need::Viewer, || get(processes::list)),
    route("/api/v1/hosts/{host}/processes/{pid}", Need::Viewer, || get(processes::one)),
    route("/api/v1/hosts/{host}/sockets", Need::Viewer, || get(processes::sockets)),
    route("/api/v1/hosts/{host}/limits", Need::Viewer, || get(processes::limits)),
    route("/api/v1/logs", Need::Viewer, || get(listing::logs)),
    route("/api/v1/live", Need::Viewer, || get(live::live)),
    route("/api/v1/lines", Need::Viewer, || get(history::lines)),
    route("/api/v1/raw", Need::Viewer, || get(history::raw)),
    route("/api/v1/push", Need::Pusher, || post(push::push)),
    route("/api/v1/hub", Need::Viewer, || get(overview::overview)),
    route("/api/v1/tokens", Need::Owner, || get(tokens::list).post(tokens::add)),
    route("/api/v1/tokens/{name}", Need::Owner, || delete(tokens::remove)),
    route("/api/v1/peer", Need::Peer, || post(peer::ask)),
    route("/api/v1/agent", Need::Agent, || get(carry::agent)),
    route("/api/{*rest}", Need::Nothing, || any(nothing_here)),
    route("/", Need::Nothing, || get(page::index)),
    route("/hosts", Need::Nothing, || get(page::index)),
    route("/hub", Need::Nothing, || get(page::index)),
    route("/logs", Need::Nothing, || get(page::index)),
    route("/processes", Need::Nothing, || get(page::index)),
    route("/assets/{*file}", Need::Nothing, || get(page::file)),
    route("/{file}", Need::Nothing, || get(page::file)),
];

/// The router of a hub.
pub(crate) fn router(hub: &Arc<Hub>) -> Router {
    let gated = |router: Router<Shared>, route: &Route| {
        router.route(route.path, need(&hub.access, route.need, (route.handler)()))
    };
    let all = ROUTES.iter().fold(Router::new(), gated).with_state(Shared(Arc::clone(hub)));
    let front = need(&hub.access, Need::Nothing, get(page::index));
    let based = match hub.config.base_path.trim_end_matches('/') {
        "" => all,
        // `/tailcast` and `/tailcast/` are both the page: its base makes all that it loads relative to `/tailcast/`.
        base => Router::new().route(&format!("{base}/"), front).with_state(Shared(Arc::clone(hub))).nest(base, all),
    };
    let nothing = need(&hub.access, Need::Nothing, any(page::elsewhere)).with_state(Shared(Arc::clone(hub)));
    based.fallback_service(nothing).layer(from_fn(headers::secure))
}

pub(crate) async fn nothing_here() -> Problem {
    Problem::not_found("there is no such address; /api/v1/openapi.json describes all that there are")
}

/// Whoever has forgotten the base path hears it.
fn nothing_outside(base: &str) -> Problem {
    Problem::not_found(format!(
        "there is no such address: this hub is under {base}, which also belongs at the end of --hub"
    ))
}
