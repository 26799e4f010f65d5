//! Polls: the request that every host sends again and again, whether there is a new timestamp.
//!
//! It is answered from memory, before routing: what stands between a request and a handler costs more than
//! the answer. What is no such request, or is refused, or has to be read from the disk, goes the way of all
//! others and is told the same ([`super::files::timestamp`]).

use std::sync::Arc;

use axum::body::Body;
use hyper::{Method, Request, Response};

use super::Service;
use super::document;
use super::guard::Guard;

/// Answers polls.
pub(super) struct Polls {
    service: Arc<Service>,
    guard: Guard,
}

impl Polls {
    pub(super) fn new(service: Arc<Service>, guard: Guard) -> Self {
        Self { service, guard }
    }

    /// The answer, where the request is a poll and nothing has to be read for it.
    pub(super) fn answer<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        let is_poll =
            request.method() == Method::GET && request.uri().path() == document::TIMESTAMP.path;
        if !is_poll || self.guard.refuses(request.headers()).is_some() {
            return None;
        }
        let shown = self.service.showing.in_memory(&self.service.registry)?;
        Some(shown.timestamp()?.answer(request.headers()))
    }
}
