//! From the source of a rule pack to a sealed pack.
