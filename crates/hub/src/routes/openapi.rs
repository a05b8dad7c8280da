//! The description of the interface, made from the handlers and committed as `docs/openapi.json`.

use axum::Json;
use serde::Serialize;
use tailcast_wire::By;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::{OpenApi, ToSchema};

use super::{connection, health, history, listing, live, overview, processes, push, tokens};
use crate::access::login;
use crate::problem::Problem;

/// One line. `live` and `lines` write it by hand; a test holds them to this.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Line)]
pub(crate) struct LineShape {
    /// Where the line starts, to come again with; opaque.
    position: String,
    /// In bytes of the file.
    offset: u64,
    /// When it was written, where it says so.
    #[schema(format = DateTime)]
    time: Option<String>,
    /// trace, debug, info, warn, error or fatal, where it says so.
    level: Option<String>,
    /// What it says; characters that are none are replaced.
    text: String,
    /// The bytes in base64, where the text is not all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    /// The true length in bytes, where only the beginning is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<u64>,
    /// Whether a carriage return stands at its end, which is no part of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    cr: Option<bool>,
}

/// What happened between two lines of a page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mark)]
pub(crate) struct MarkShape {
    /// rotated: one life of the file ends, and the next one begins. There may be more.
    r#type: String,
    /// The position of the line in front of which it happened.
    at: String,
    /// For a person.
    words: String,
}

/// A page of lines.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinesPage {
    log: String,
    lines: Vec<LineShape>,
    /// What happened between the lines, in their order.
    marks: Vec<MarkShape>,
    /// Ask `before` this for what comes before; null at the beginning of what is on the disk.
    before: Option<String>,
    /// Ask `after` this for what comes behind.
    after: Option<String>,
    /// Whether the last line that exists is in it.
    end: bool,
    /// Whether a bound on the work ended it before its lines were found.
    limited: bool,
    /// Bytes that were looked through.
    scanned: u64,
}

/// One event of a live view. Which of the members are there depends on `type`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveEvent {
    /// lines, opened, edge, gap, lost, rotated, truncated, gone, waiting, unfinished, polling, agent_lost, agent_back,
    /// limit, error or bye.
    r#type: String,
    log: Option<String>,
    /// Where the next line starts.
    position: Option<String>,
    lines: Option<Vec<LineShape>>,
    /// For a person.
    words: Option<String>,
    /// The beginning of a gap or loss.
    from: Option<String>,
    /// Its end.
    to: Option<String>,
    bytes: Option<u64>,
    /// Why, as a word for programs: deleted, moved, not_there, denied, not_regular, not_offered, link_loop, no_descriptor,
    /// unreadable, network, no_watches, no_instances, not_watched, watched, not_found, rewritten, stale, hole, fast_log,
    /// slow_link, slow_viewer, slow_answer, busy, agent_stopped, link_down, taken_over, not_reading, not_admitted, never_here,
    /// hub_stopped, broker_down, hub_lost, between_hubs, disk_hangs, late_writer; of a bye: full. There may be more.
    why: Option<String>,
    /// The agent's end offset.
    offset: Option<u64>,
    /// Bytes on the disk behind what was sent.
    behind: Option<u64>,
    /// When the hub heard this of the agent.
    #[schema(format = DateTime)]
    at: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "tailcast", description = "Live logs of every machine, straight from the files."),
    paths(
        listing::hosts, listing::logs,
        processes::everywhere::all, processes::list, processes::one, processes::sockets, processes::limits, live::live, history::lines, history::raw, push::push,
        login::log_in, login::log_out, login::log_all_out, login::me, tokens::list, tokens::add, tokens::remove,
        overview::overview, connection::connection, connection::probe, health::healthz, health::readyz, health::metrics
    ),
    components(schemas(Problem, By, LineShape, MarkShape, LinesPage, LiveEvent)),
    tags(
        (name = "logs", description = "Hosts, logs and their lines"),
        (name = "processes", description = "Processes: what they hold open, with whom they are connected, what limits them"),
        (name = "access", description = "Who one is"),
        (name = "health", description = "How the hub is")
    )
)]
struct Description;

/// The description as JSON, with the version of the program.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut description = Description::openapi();
    description.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = description.components.get_or_insert_default();
    components
        .security_schemes
        .extend([("token".to_owned(), token().into()), ("session".to_owned(), session().into())]);
    // Any one of them; neither is needed by the hub's own user and root on its machine.
    let ways = ["token", "session"].map(|way| SecurityRequirement::new(way, Vec::<String>::new()));
    description.security = Some(ways.into_iter().chain([SecurityRequirement::default()]).collect());
    description
}

fn token() -> SecurityScheme {
    let words = "What `tailcast token add --viewer NAME` has made; `--push LOG` makes one for `push`";
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(words)).build())
}

fn session() -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("tailcast_session", "What `login` sets")))
}

pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}
