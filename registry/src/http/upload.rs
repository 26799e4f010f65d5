//! The body of an upload as it arrives: signed roles first, packs only once those are accepted (T11).

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body::{Body as _, Frame};
use tokio::time::{Instant, timeout};

use super::Settings;
use super::connections::Sender;
use super::kind::Kind;
use super::problem::Problem;
use super::seats::{Activity, Kept};
use crate::publication::{BODY_BYTES_MAX, Beginning, Publication};
use crate::publish::{Refusal, RefusalKind};

/// What has arrived so far, and the rest of the wire.
pub(super) struct Upload {
    wire: Body,
    body: Vec<u8>,
    /// Counted also where the bytes are not kept.
    received: usize,
    /// The time that this server waited for bytes.
    waited: Duration,
    settings: Settings,
    sender: Option<Sender>,
}

impl Upload {
    pub(super) fn new(wire: Body, settings: Settings, sender: Option<Sender>) -> Self {
        Self {
            wire,
            body: Vec::new(),
            received: 0,
            waited: Duration::ZERO,
            settings,
            sender,
        }
    }

    /// Where it comes from.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.sender.as_ref().map(|sender| sender.address)
    }

    /// Lets its connection keep its seat for a time: for those alone that hold one of few places.
    pub(super) fn keep_seat(&self) -> Option<Kept> {
        let activity = self.sender.as_ref().map(|sender| &sender.activity);
        activity.map(Activity::keep)
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
            let Some(frame) = self.frame().await? else {
                return Ok(None);
            };
            let frame = frame.map_err(|_| ended_early())?;
            // Trailers say nothing here.
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            self.received = self.received.saturating_add(piece.len());
            if let Some(sender) = &self.sender {
                sender.activity.moved();
            }
            if self.received > BODY_BYTES_MAX {
                return Err(too_large());
            }
            return Ok(Some(piece));
        }
    }

    /// The next frame, as long as the client keeps pace: an upload holds one of few places, and at a byte
    /// a second a few connections would keep all bureaus from publishing.
    async fn frame(&mut self) -> Result<Option<Result<Frame<Bytes>, axum::Error>>, Problem> {
        let left = self.time_so_far().saturating_sub(self.waited);
        let begun = Instant::now();
        let frame = poll_fn(|context| Pin::new(&mut self.wire).poll_frame(context));
        let frame = timeout(left, frame).await;
        self.waited += begun.elapsed();
        frame.map_err(|_| Kind::SLOW_UPLOAD.into())
    }

    /// How long the bytes that are there may have taken.
    fn time_so_far(&self) -> Duration {
        let received = u64::try_from(self.received).unwrap_or(u64::MAX);
        let pace = u64::from(self.settings.upload_pace.max(1));
        self.settings.upload_grace + Duration::from_secs(received / pace)
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
