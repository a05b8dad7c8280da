//! Agents come in, viewers look: HTTP, WebSocket, SSE; access; metrics.
