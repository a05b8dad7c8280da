//! What agents, hubs and viewers say to each other. No I/O.
