//! What all contenders share: the hospital, the knowledge, the form in which findings are compared, and how a
//! contender that is a program of its own is asked.

pub mod contender;
pub mod finding;
pub mod hospital;
pub mod knowledge;
pub mod request;
