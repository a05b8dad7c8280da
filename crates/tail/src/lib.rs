//! A file on a host becomes blocks: follow it, read it by position.
