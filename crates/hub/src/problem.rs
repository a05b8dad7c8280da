//! What a refused or failed request is told: problem+json (RFC 9457).
//!
//! Each problem carries two texts. `detail` is for the caller: what went wrong and what to do about it. The other one
//! is for the log of the hub and never leaves it, so that a page does not learn a path of the disk, the address of a
//! broker or the words of a library. A problem with a server status and nothing to add still leaves a line in the
//! log.
//!
//! It refuses to be silent about waiting: a status that asks to come again says when (`Retry-After`).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The media type of RFC 9457, section 3.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem, ready to be sent. Made by one of the constructors, refined by the `with_` methods.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[must_use = "a problem that is not returned tells nobody"]
pub struct Problem {
    /// What kind of problem this is, for programs: `urn:tailcast:problem:NAME`.
    #[serde(rename = "type")]
    #[schema(example = "urn:tailcast:problem:bad-request")]
    kind: &'static str,
    /// The kind in words; the same for each problem of that kind.
    title: &'static str,
    /// The status of the response, again.
    #[serde(serialize_with = "status_number")]
    #[schema(value_type = u16, example = 400)]
    status: StatusCode,
    /// What happened here and what to do about it, in words for the caller.
    detail: String,
    /// Further members by kind, as [`ProblemMembers`] describes them.
    #[serde(flatten)]
    #[schema(value_type = ProblemMembers)]
    members: Map<String, Value>,
    /// Boxed, since a problem is mostly an `Err` that stays away.
    #[serde(skip)]
    #[schema(ignore)]
    unsaid: Box<Unsaid>,
}

/// The further members that clients may count on; each is there when there is something to say.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it stands for `members` in the description of the API, where a map says nothing")]
struct ProblemMembers {
    /// The byte of a pattern where the mistake stands, counted from 0.
    #[schema(required = false, nullable = false)]
    at: Option<u64>,
    /// The character of a pattern where the mistake stands, counted from 1.
    #[schema(required = false, nullable = false)]
    column: Option<u64>,
    /// The pattern with the mistake in it; a long one is cut.
    #[schema(required = false, nullable = false)]
    pattern: Option<String>,
    /// The reason that `detail` tells in English, as a word that a program can say in another language. New ones may come.
    #[schema(required = false, nullable = false, example = "slow_answer")]
    why: Option<String>,
    /// Seconds after which to come again; the same as in `Retry-After`.
    #[schema(required = false, nullable = false)]
    retry_after: Option<u64>,
    /// Whether logging in with a password would help.
    #[schema(required = false, nullable = false)]
    login: Option<bool>,
    /// Where a pushed log ends: the offset of the next byte.
    #[schema(required = false, nullable = false)]
    offset: Option<u64>,
}

/// What does not stand in the body.
#[derive(Debug, Clone, Default)]
struct Unsaid {
    headers: HeaderMap,
    for_log: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, title, status, detail: detail.into(), members: Map::new(), unsaid: Box::default() }
    }

    /// 400: the request cannot be understood as it stands.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "urn:tailcast:problem:bad-request", "The request is not understood", detail)
    }

    /// 400: a pattern does not compile. `at` is the byte in it where the mistake stands, counted from 0.
    pub fn bad_pattern(detail: impl Into<String>, at: Option<usize>) -> Self {
        let title = "The pattern is not understood";
        let problem = Self::new(StatusCode::BAD_REQUEST, "urn:tailcast:problem:bad-pattern", title, detail);
        match at {
            Some(at) => problem.with("at", at),
            None => problem,
        }
    }

    /// 401: whoever asks has to say who they are. `challenge` goes into `WWW-Authenticate` (RFC 9110, section 11.6.1).
    pub fn unauthorized(detail: impl Into<String>, challenge: &'static str) -> Self {
        let title = "Please log in";
        Self::new(StatusCode::UNAUTHORIZED, "urn:tailcast:problem:unauthorized", title, detail)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 403: known, and still not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "urn:tailcast:problem:forbidden", "This is not allowed", detail)
    }

    /// 404: there is no such thing, or none that is offered: the two are not told apart on purpose.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "urn:tailcast:problem:not-found", "There is no such thing", detail)
    }

    /// 408: the request did not come whole in time. Its connection ends with the answer (RFC 9110, section 15.5.9).
    pub fn request_timeout(detail: impl Into<String>) -> Self {
        let title = "The request took too long";
        Self::new(StatusCode::REQUEST_TIMEOUT, "urn:tailcast:problem:request-timeout", title, detail)
            .with_header(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// 409: it stands against something that is there already, or that has changed since.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "urn:tailcast:problem:conflict", "It is in conflict with what is there", detail)
    }

    /// 410: it was there and is gone from the disk; asking again does not help.
    pub fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "urn:tailcast:problem:gone", "It is gone", detail)
    }

    /// 413: the body, or a line in it, is larger than what is taken.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "urn:tailcast:problem:too-large", "That is too much at once", detail)
    }

    /// 421: the request came under a name that is not this hub's (RFC 9110, section 15.5.20).
    pub fn misdirected(detail: impl Into<String>) -> Self {
        let (kind, title) = ("urn:tailcast:problem:misdirected", "This hub does not answer to that name");
        Self::new(StatusCode::MISDIRECTED_REQUEST, kind, title, detail)
    }

    /// 426: a WebSocket was asked for, and what makes it one did not arrive (RFC 9110, section 15.5.22).
    pub fn upgrade_is_gone() -> Self {
        let (kind, title) = ("urn:tailcast:problem:upgrade-required", "The request is no WebSocket any more");
        // A proxy passes on the key and not the rest, which is for one hop (RFC 9110, section 7.6.1).
        let detail = "Something on the way took the upgrade out of this request: a proxy has to speak HTTP/1.1 to the hub \
             and to set the headers Upgrade and Connection itself. The page says which lines its configuration lacks.";
        Self::new(StatusCode::UPGRADE_REQUIRED, kind, title, detail)
            .with_header(header::UPGRADE, HeaderValue::from_static("websocket"))
            .with_header(header::CONNECTION, HeaderValue::from_static("upgrade"))
    }

    /// 429: asked too often; come again after `wait`.
    pub fn too_many(detail: impl Into<String>, wait: Duration) -> Self {
        let title = "Too many requests";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "urn:tailcast:problem:too-many", title, detail).with_wait(wait)
    }

    /// 500: a mistake of the hub. `for_log` says which; the caller learns only that there was one.
    pub fn internal(for_log: impl Into<String>) -> Self {
        let detail = "The hub made a mistake; its log says which.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "urn:tailcast:problem:internal", "The hub made a mistake", detail)
            .with_log(for_log)
    }

    /// 502: a host or another hub answered, but not in a way that makes sense.
    pub fn bad_gateway(detail: impl Into<String>) -> Self {
        let title = "The host gave no usable answer";
        Self::new(StatusCode::BAD_GATEWAY, "urn:tailcast:problem:bad-gateway", title, detail)
    }

    /// 503: not now; come again after `wait`.
    pub fn unavailable(detail: impl Into<String>, wait: Duration) -> Self {
        let title = "Not available now";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "urn:tailcast:problem:unavailable", title, detail).with_wait(wait)
    }

    /// 504: a host did not answer in time.
    pub fn gateway_timeout(detail: impl Into<String>) -> Self {
        let title = "The host did not answer in time";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "urn:tailcast:problem:gateway-timeout", title, detail)
    }

    /// 507: there is no room to keep what was sent; come again after `wait` (RFC 4918, section 11.5).
    pub fn no_room(detail: impl Into<String>, wait: Duration) -> Self {
        let title = "There is no room for it";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "urn:tailcast:problem:no-room", title, detail).with_wait(wait)
    }

    /// Adds an extension member (RFC 9457, section 3.2). The five members of the standard cannot be replaced this way.
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        if !matches!(name, "type" | "title" | "status" | "detail" | "instance") {
            self.members.insert(name.to_owned(), value.into());
        }
        self
    }

    /// The text for the log of the hub. It is not sent.
    pub fn with_log(mut self, text: impl Into<String>) -> Self {
        self.unsaid.for_log = Some(text.into());
        self
    }

    /// Adds a header to the response.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.unsaid.headers.insert(name, value);
        self
    }

    /// Whole seconds, rounded up: who comes on time is not sent away again for a fraction.
    fn with_wait(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with("retry_after", seconds).with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds the reason as a word for programs, where there is one.
    pub fn with_why(self, why: impl Into<Option<&'static str>>) -> Self {
        match why.into() {
            Some(why) => self.with("why", why),
            None => self,
        }
    }

    /// The reason as a word for programs.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.members.get("why").and_then(Value::as_str)
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The words for the caller.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The body, for transports that have no status any more: an event in a stream that is already running.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        // A map of strings and numbers always serialises; an empty body would still carry the status.
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn log(&self) {
        let (status, detail) = (self.status.as_u16(), self.detail.as_str());
        let reason = self.unsaid.for_log.as_deref().unwrap_or_default();
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(status, detail, reason, "request failed");
        } else if self.status.is_server_error() || self.unsaid.for_log.is_some() {
            tracing::warn!(status, detail, reason, "request refused");
        } else {
            tracing::debug!(status, detail, "request refused");
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.log();
        let mut body = self.body();
        // On a terminal the prompt stands below it.
        body.push(b'\n');
        let mut response = (self.status, body).into_response();
        response.headers_mut().extend(self.unsaid.headers);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        // A refusal is about this moment; a cache in between must not keep it.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    fn json(problem: &Problem) -> Value {
        serde_json::from_slice(&problem.body()).expect("a problem is JSON")
    }

    #[test]
    fn the_five_members_of_the_standard_and_the_extensions_stand_side_by_side() {
        let said = json(&Problem::bad_pattern("unclosed group", Some(3)));
        assert_eq!(said["type"], "urn:tailcast:problem:bad-pattern");
        assert_eq!(said["status"], 400);
        assert_eq!(said["detail"], "unclosed group");
        assert_eq!(said["at"], 3);
    }

    #[test]
    fn an_extension_cannot_take_the_place_of_a_member_of_the_standard() {
        let said = json(&Problem::not_found("no such log").with("status", 200).with("log", "web1:/a"));
        assert_eq!(said["status"], 404);
        assert_eq!(said["log"], "web1:/a");
    }

    #[test]
    fn the_text_for_the_log_is_not_sent() {
        let problem = Problem::internal("open /etc/secret: permission denied");
        assert!(!String::from_utf8_lossy(&problem.body()).contains("secret"));
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds_and_said_twice() {
        let response = Problem::too_many("slow down", Duration::from_millis(1200)).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
    }

    #[test]
    fn a_request_to_log_in_says_by_which_means() {
        let response = Problem::unauthorized("log in", "Bearer").into_response();
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }

    #[test]
    fn the_schema_shows_what_is_sent_and_nothing_else() {
        let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
        Problem::schemas(&mut schemas);
        let told = serde_json::to_value(schemas).expect("schemas");
        let members = |schema: &Value| schema["properties"].as_object().expect("members").keys().cloned().collect();
        let standard: Vec<String> = members(&told[0][1]["allOf"][1]);
        assert_eq!(standard, ["detail", "status", "title", "type"], "{told:#}");
        let further: Vec<String> = members(&told[1][1]);
        assert_eq!(further, ["at", "column", "login", "offset", "pattern", "retry_after", "why"], "{told:#}");
    }
}
