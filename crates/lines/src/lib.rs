//! What a line says: its level, its time, whether a filter wants it. Pure functions.
