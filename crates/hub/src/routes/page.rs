//! The page: files that were built into the program, with the base path written into the one HTML file.
//!
//! The names of the files do not change with their content, so that two branches of the source do not conflict in them. The HTML file
//! therefore asks for scripts and styles below a *version*, made of the content of all files: under it a browser keeps them for good,
//! and asks again after an upgrade only. Each is compressed once, when the first browser wants it so. It refuses names that are no file
//! of the page. At an address that is none a person's browser is shown the page, too, which says so; one slash too many is taken away.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aws_lc_rs::digest;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, Method, StatusCode, Uri};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::hub::Hub;
use crate::problem::Problem;
use crate::refusal::page::is_wanted;

/// What `npm run build` made. A debug build reads it from the disk, so that the page can be worked on.
#[derive(RustEmbed)]
#[folder = "../../web/dist/"]
#[allow_missing = true]
struct Files;

/// Files as they are sent to whoever takes gzip, by their hash: as many as the page has, and in a debug build as many as it had.
static ZIPPED: LazyLock<Mutex<HashMap<[u8; 32], Bytes>>> = LazyLock::new(Mutex::default);
/// In a debug build the files change under the program; what is older is dropped all at once.
const MOST_ZIPPED: usize = 256;

/// The page itself, whatever it is to show.
pub(crate) async fn index(State(hub): State<Arc<Hub>>) -> Response {
    let Some(file) = Files::get("index.html") else {
        return Problem::not_found("the page is not built into this program; the API is under /api/v1").into_response();
    };
    let base = format!("<base href=\"{}/\">", hub.config.base_path.trim_end_matches('/'));
    let html = String::from_utf8_lossy(&file.data).replacen("<base href=\"/\">", &base, 1);
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-cache")], versioned(&html)).into_response()
}

/// Addresses of the page that nothing may stand behind.
const PAGES: [&str; 4] = ["/hosts", "/hub", "/logs", "/processes"];

/// At an address that is none.
pub(crate) async fn elsewhere(state: State<Arc<Hub>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let base = state.config.base_path.trim_end_matches('/').to_owned();
    if method != Method::GET || !is_wanted(&headers) {
        return match uri.path().strip_prefix(base.as_str()) {
            Some(_) => super::nothing_here().await.into_response(),
            None => super::nothing_outside(&base).into_response(),
        };
    }
    let path = uri.path().strip_prefix(base.as_str()).and_then(|path| path.strip_suffix('/'));
    match path.filter(|path| PAGES.contains(path)) {
        Some(path) => {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            Redirect::permanent(&format!("{base}{path}{query}")).into_response()
        }
        None => (StatusCode::NOT_FOUND, index(state).await).into_response(),
    }
}

/// Scripts and styles are asked for under their version; what a script loads lies beside it, and so under the same.
fn versioned(html: &str) -> String {
    const ASSETS: &str = "\"./assets/";
    let version = version();
    let mut pieces = html.split(ASSETS);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let name = piece.split('"').next().unwrap_or_default();
        out.push_str(ASSETS);
        if name.ends_with(".js") || name.ends_with(".css") {
            out.push_str(&version);
            out.push('/');
        }
        out.push_str(piece);
    }
    out
}

/// A name for the content of all files together.
fn version() -> String {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    let mut all = digest::Context::new(&digest::SHA256);
    for file in names.iter().filter_map(|name| Files::get(name)) {
        all.update(&file.metadata.sha256_hash());
    }
    hex(&all.finish().as_ref()[..8])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One of its files.
pub(crate) async fn file(state: State<Arc<Hub>>, Path(name): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    let (asked, bare) = match name.split_once('/') {
        Some((version, bare)) => (Some(version), bare),
        None => (None, name.as_str()),
    };
    let asset = format!("assets/{bare}");
    let found = if uri.path().contains("/assets/") { Files::get(&asset) } else { Files::get(bare) };
    match found.filter(|_| bare != "index.html") {
        // A tab from before an upgrade asks under the old version, and must not keep the new content under that name.
        Some(file) => serve(bare, file, asked.is_some_and(|asked| asked == version()), &headers),
        None if is_wanted(&headers) => (StatusCode::NOT_FOUND, index(state).await).into_response(),
        None => Problem::not_found("there is no such page; the start is /").into_response(),
    }
}

fn serve(name: &str, file: EmbeddedFile, forever: bool, headers: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let kind = kind_of(name);
    let zip = kind.1 && takes_gzip(headers);
    let tag = format!("\"{}{}\"", hex(&hash[..12]), if zip { "-gz" } else { "" });
    let cache = if forever { "public, max-age=31536000, immutable" } else { "no-cache" };
    let about = [(CACHE_CONTROL, cache.to_owned()), (ETAG, tag.clone()), (VARY, ACCEPT_ENCODING.to_string())];
    if headers.get(IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let kind = [(CONTENT_TYPE, kind.0)];
    match zip.then(|| zipped(hash, &file.data)).flatten() {
        Some(bytes) => (about, kind, [(CONTENT_ENCODING, "gzip")], bytes).into_response(),
        None => (about, kind, file.data).into_response(),
    }
}

/// What a file is, and whether compressing makes it smaller.
fn kind_of(name: &str) -> (&'static str, bool) {
    match name.rsplit('.').next() {
        Some("js") => ("text/javascript; charset=utf-8", true),
        Some("css") => ("text/css; charset=utf-8", true),
        Some("svg") => ("image/svg+xml", true),
        Some("png") => ("image/png", false),
        Some("woff2") => ("font/woff2", false),
        Some("webmanifest" | "json") => ("application/json", true),
        _ => ("application/octet-stream", false),
    }
}

/// Whether `Accept-Encoding` names gzip and does not refuse it (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let given = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|each| {
        let (name, weight) = each.split_once(';').unwrap_or((each, "q=1"));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// The file compressed as far as it goes: once, for everybody. `None` where that fails, which it does not in memory.
fn zipped(hash: [u8; 32], data: &[u8]) -> Option<Bytes> {
    let mut known = ZIPPED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bytes) = known.get(&hash) {
        return Some(bytes.clone());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).ok()?;
    let bytes = Bytes::from(encoder.finish().ok()?);
    if known.len() >= MOST_ZIPPED {
        known.clear();
    }
    known.insert(hash, bytes.clone());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn accepting(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().unwrap())])
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it_and_to_no_others() {
        for takes in ["gzip", "br, GZIP;q=0.5", "deflate, gzip"] {
            assert!(takes_gzip(&accepting(takes)), "{takes}");
        }
        for refuses in ["", "br", "gzip;q=0", "gzip; q=0.0", "x-gzip"] {
            assert!(!takes_gzip(&accepting(refuses)), "{refuses}");
        }
    }

    #[test]
    fn what_was_compressed_is_the_file() {
        let text = b"the page ".repeat(1000);
        let bytes = zipped([7; 32], &text).unwrap();
        assert!(bytes.len() < text.len() / 10);
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut read).unwrap();
        assert_eq!(read, text);
    }

    #[test]
    fn only_scripts_and_styles_are_asked_for_by_version() {
        let html =
            r#"<link href="./assets/icon.svg"><script src="./assets/index.js"></script><link href="./assets/a.css">"#;
        let version = version();
        let wanted = format!(
            r#"<link href="./assets/icon.svg"><script src="./assets/{version}/index.js"></script><link href="./assets/{version}/a.css">"#
        );
        assert_eq!(versioned(html), wanted);
    }
}
