//! `axum::serve` as its documentation starts it, for the row `limit`: what happens at the limit of open files is all axum's.

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/", get(async || "hello"))).await
}
