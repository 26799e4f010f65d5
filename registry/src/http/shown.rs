//! What hosts may see at this moment, kept in memory: the timestamp, and which versions it leads to.
//!
//! A host that has nothing new to fetch asks for the timestamp and nothing else, so that one answer is
//! made ready once for all of them. It is made anew where the registry has put another timestamp in place
//! ([`Registry::times_shown`]).
//!
//! A version that no snapshot pins yet is not shown, though its file lies on the disk: a stop may still
//! take it back, and a cache that had it under a name that never changes would keep it for a year.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::tuf::RoleName;

use super::conditional::{entity_tag, is_known};
use super::files::{ASK_AGAIN, JSON};
use super::guard;
use crate::registry::Registry;
use crate::state::{State, StateError};
use crate::store::MetadataFile;

/// The state that the files show.
pub(super) struct Shown {
    /// [`Registry::times_shown`] before the files were read.
    times: u64,
    timestamp: Option<Timestamp>,
    state: Option<State>,
}

/// The file `timestamp.json`, ready to be sent.
pub(super) struct Timestamp {
    bytes: Bytes,
    /// Its entity tag.
    tag: String,
    /// What is said with its bytes.
    with_bytes: HeaderMap,
    /// What is said to a client that has them.
    without: HeaderMap,
}

/// The newest [`Shown`].
#[derive(Default)]
pub(super) struct Showing(RwLock<Option<Arc<Shown>>>);

impl Showing {
    /// What was read last, where it is still what the files show: no file is looked at.
    pub(super) fn in_memory(&self, registry: &Registry) -> Option<Arc<Shown>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let shown = shown.as_ref()?;
        (shown.times == registry.times_shown()).then(|| Arc::clone(shown))
    }

    /// The same, read from the files where it is not in memory. Blocks.
    ///
    /// # Errors
    /// Where the files are no valid state.
    pub(super) fn read(&self, registry: &Registry) -> Result<Arc<Shown>, StateError> {
        if let Some(shown) = self.in_memory(registry) {
            return Ok(shown);
        }
        let shown = Arc::new(Shown::read(registry)?);
        // Before the first publication roots come without a timestamp, so it is not remembered.
        if shown.timestamp.is_some() {
            let mut newest = self.0.write().unwrap_or_else(PoisonError::into_inner);
            *newest = Some(Arc::clone(&shown));
        }
        Ok(shown)
    }
}

impl Shown {
    /// Reads again where the timestamp is replaced meanwhile.
    fn read(registry: &Registry) -> Result<Self, StateError> {
        const TRIES: usize = 3;
        let tree = registry.tree();
        for _ in 0..TRIES {
            let times = registry.times_shown();
            let bytes = tree.metadata(&MetadataFile::Timestamp)?;
            let state = match State::read(tree) {
                Ok(state) => Some(state),
                Err(StateError::NoRoot) => None,
                Err(error) => return Err(error),
            };
            let digest = bytes.as_deref().map(Digest::of);
            let pins = state.as_ref().and_then(|state| state.pins.as_ref());
            if digest == pins.map(|pins| pins.timestamp_digest) {
                let timestamp = bytes.zip(digest);
                return Ok(Self {
                    times,
                    timestamp: timestamp.and_then(|(bytes, digest)| Timestamp::new(bytes, &digest)),
                    state,
                });
            }
        }
        Err(io::Error::from(io::ErrorKind::ResourceBusy).into())
    }

    /// The timestamp; none before the first publication.
    pub(super) fn timestamp(&self) -> Option<&Timestamp> {
        self.timestamp.as_ref()
    }

    /// Whether this version of a role is published. A root is, as soon as its file is there.
    pub(super) fn shows(&self, role: &RoleName, version: u64) -> bool {
        if *role == RoleName::ROOT {
            return true;
        }
        let Some(state) = &self.state else {
            return false;
        };
        let published = match (&state.pins, role) {
            (Some(pins), role) if *role == RoleName::SNAPSHOT => {
                pins.timestamp.signed().meta.snapshot.version
            }
            _ => state.version(role),
        };
        version <= published
    }
}

impl Timestamp {
    fn new(bytes: Vec<u8>, digest: &Digest) -> Option<Self> {
        let tag = entity_tag(digest);
        let mut without: HeaderMap = [
            (header::CACHE_CONTROL, HeaderValue::from_static(ASK_AGAIN)),
            (header::ETAG, HeaderValue::from_str(&tag).ok()?),
        ]
        .into_iter()
        .collect();
        guard::mark(&mut without);
        let mut with_bytes = without.clone();
        with_bytes.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        Some(Self {
            bytes: bytes.into(),
            tag,
            with_bytes,
            without,
        })
    }

    /// The answer to a request with these headers.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let (status, headers, body) = if is_known(request, &self.tag) {
            (StatusCode::NOT_MODIFIED, &self.without, Body::empty())
        } else {
            let body = Body::from(self.bytes.clone());
            (StatusCode::OK, &self.with_bytes, body)
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        headers.clone_into(response.headers_mut());
        response
    }
}
