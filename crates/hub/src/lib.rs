//! Agents come in, viewers look: HTTP, WebSocket, SSE; access; metrics.

pub mod frames;
