//! The body of an upload as it arrives: signed roles first, packs only once those are accepted (T11).

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes};
use http_body::Body as _;

use super::kind::Kind;
use super::problem::Problem;
use crate::publication::{BODY_BYTES_MAX, Beginning, Publication};
use crate::publish::{Refusal, RefusalKind};

/// What has arrived so far, and the rest of the wire.
pub(super) struct Upload {
    wire: Body,
    body: Vec<u8>,
    /// Counted also where the bytes are not kept.
    received: usize,
}

impl Upload {
    pub(super) fn new(wire: Body) -> Self {
        Self {
            wire,
            body: Vec::new(),
            received: 0,
        }
    }

    /// Reads up to the first pack, and gives the roles that stand before it.
    pub(super) async fn roles(&mut self) -> Result<Publication, Problem> {
        let mut beginning = Beginning::default();
        let malformed = |error| Problem::from(&Refusal::from(error));
        while !beginning.is_whole(&self.body).map_err(malformed)? {
            if !self.read_more().await? {
                // Without a pack the upload is its roles; where it is neither, this says why.
                return Publication::from_bytes(&self.body).map_err(malformed);
            }
        }
        Ok(beginning.into_roles())
    }

    /// Reads to the end, and gives the whole body.
    pub(super) async fn whole(mut self) -> Result<Vec<u8>, Problem> {
        while self.read_more().await? {}
        Ok(self.body)
    }

    /// Reads to the end and keeps nothing: a client that still writes would not hear the answer.
    pub(super) async fn drain(mut self) {
        self.body = Vec::new();
        while let Ok(Some(_)) = self.piece().await {}
    }

    /// Whether there was more.
    async fn read_more(&mut self) -> Result<bool, Problem> {
        let Some(piece) = self.piece().await? else {
            return Ok(false);
        };
        self.body.extend_from_slice(&piece);
        Ok(true)
    }

    /// The next bytes; none at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            let frame = poll_fn(|context| Pin::new(&mut self.wire).poll_frame(context)).await;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|_| ended_early())?;
            // Trailers say nothing here.
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            self.received = self.received.saturating_add(piece.len());
            if self.received > BODY_BYTES_MAX {
                return Err(too_large());
            }
            return Ok(Some(piece));
        }
    }
}

/// The body is beyond its bound.
pub(super) fn too_large() -> Problem {
    Problem::new(
        RefusalKind::TooLarge.into(),
        format!("the upload is longer than {BODY_BYTES_MAX} bytes"),
    )
}

fn ended_early() -> Problem {
    let kind: Kind = RefusalKind::MalformedUpload.into();
    Problem::new(kind, "the upload ended early")
}
