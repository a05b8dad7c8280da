//! File descriptors as a budget: raise, divide, accept, refuse; never spin.
