//! Agents come in, viewers look: HTTP, WebSocket, SSE; access; metrics.

pub mod access;
pub mod frames;
pub mod problem;
