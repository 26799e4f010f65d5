//! A hospital's host under load: what it knows, what it is asked, and how long it takes.

pub mod folder;
pub mod load;
