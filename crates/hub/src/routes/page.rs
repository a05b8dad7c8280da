//! The page: files that were built into the program, with the base path written into the one HTML file.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::hub::Hub;
use crate::problem::Problem;

/// What `npm run build` made. A debug build reads it from the disk, so that the page can be worked on.
#[derive(RustEmbed)]
#[folder = "../../web/dist/"]
#[allow_missing = true]
struct Files;

/// The page itself, whatever it is to show.
pub(crate) async fn index(State(hub): State<Arc<Hub>>) -> Response {
    let Some(file) = Files::get("index.html") else {
        return Problem::not_found("the page is not built into this program; the API is under /api/v1").into_response();
    };
    let base = format!("<base href=\"{}/\">", hub.config.base_path.trim_end_matches('/'));
    let html = String::from_utf8_lossy(&file.data).replacen("<base href=\"/\">", &base, 1);
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-cache")], html).into_response()
}

/// One of its files.
pub(crate) async fn file(Path(name): Path<String>, uri: http::Uri, headers: HeaderMap) -> Response {
    let asset = format!("assets/{name}");
    let found = if uri.path().contains("/assets/") { Files::get(&asset) } else { Files::get(&name) };
    match found.filter(|_| name != "index.html") {
        Some(file) => serve(&name, file, &headers),
        None => Problem::not_found("there is no such page; the start is /").into_response(),
    }
}

fn serve(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag = format!("\"{}\"", hash[..12].iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    if headers.get(IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let kind = match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("webmanifest" | "json") => "application/json",
        _ => "application/octet-stream",
    };
    // The names do not change with the content, so a browser asks each time and is mostly told "not modified".
    ([(CONTENT_TYPE, kind.to_owned()), (CACHE_CONTROL, "no-cache".to_owned()), (ETAG, tag)], file.data).into_response()
}
