//! A hospital's service that a person or a service manager stops.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "common/guest_pack.rs"]
mod guest_pack;

use rustix::process::Signal;

use common::bare_host::{BareHost, Days};
use common::serving::Serving;

#[test]
fn what_is_being_read_when_the_end_is_asked_for_is_answered_first() {
    let host = BareHost::begin();
    let file = host.path("sealed.wasm");
    guest_pack::write(&file, "1.0.0", "");
    let days = Days("2024-01-04", "2024-01-04");
    host.install("37/test/1.0.0.wasm", &file, &days);
    for signal in [Signal::INT, Signal::TERM] {
        let server = Serving::start(host.host().root(), &[]);
        let (answer, code) = server.answered_after(signal);
        assert_eq!((&answer["infcode"], code), (&0.into(), Some(0)), "{answer}");
    }
}
