//! From the source of a rule pack to a sealed pack.

pub mod import_chs_drg;
