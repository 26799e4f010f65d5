//! What the author of a rule pack uses.
