//! The bureau's side: fetching the present metadata of a role, and publishing.
//!
//! What is fetched here is not verified: it is shown to officers, who sign its successor, and the
//! registry verifies that. Hosts use another client, which verifies everything.

use std::io::Read as _;
use std::time::Duration;

use rulepack_protocol::tuf::{Envelope, MetadataError, RoleName, Snapshot, Timestamp};

use crate::http::problem::Problem;
use crate::publication::{self, Publication};
use crate::publish::{Receipt, RefusalKind};
use crate::store::{METADATA_BYTES_MAX, MetadataFile};

/// A blocking client of a registry.
#[derive(Debug, Clone)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
}

/// Why something was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishFailed {
    /// The registry refused it.
    #[error("{}", std::iter::once(title).chain(causes).map(String::as_str).collect::<Vec<_>>().join(": "))]
    Refused {
        /// Which kind of refusal; none where this client is older than the registry.
        kind: Option<RefusalKind>,
        /// The refusal in one sentence.
        title: String,
        /// Its causes, the nearest first.
        causes: Vec<String>,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The registry could not be reached, or its answer not be read.
    #[error(transparent)]
    Request(#[from] RequestFailed),
}

/// Why a request has no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum RequestFailed {
    /// No connection, or it broke.
    #[error("no answer from `{url}`")]
    Connection {
        /// The address.
        url: String,
        /// What went wrong.
        #[source]
        source: Box<ureq::Error>,
    },
    /// Another status than expected, without a problem that says why.
    #[error("`{url}` answers with status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// The answer breaks off.
    #[error("the answer of `{url}` cannot be read")]
    Body {
        /// The address.
        url: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The answer is too long.
    #[error("the answer of `{url}` is longer than {bytes_max} bytes")]
    TooLong {
        /// The address.
        url: String,
        /// The bound.
        bytes_max: usize,
    },
    /// The answer is not what it should be.
    #[error("the answer of `{url}` is not understood")]
    Answer {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Metadata that is malformed.
    #[error("the metadata of `{url}` is malformed")]
    Metadata {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: MetadataError,
    },
}

/// The longest time for publishing: the registry runs the cases of the packs meanwhile.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(900);
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest answer to a publication, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

impl Client {
    /// A client of the registry at `url`, such as `http://127.0.0.1:7300`.
    pub fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A proxy of the environment is the caller's to choose.
            .proxy(None)
            // Nothing is unpacked behind our back: lengths are those of the bytes on the wire.
            .accept_encoding("identity")
            .build();
        Self {
            agent: config.into(),
            url: url.trim_end_matches('/').to_owned(),
        }
    }

    /// Publishes. Doing so again with the same files is harmless: the receipt then says
    /// `already_published`.
    ///
    /// # Errors
    /// [`PublishFailed`].
    pub fn publish(&self, publication: &Publication) -> Result<Receipt, PublishFailed> {
        let url = format!("{}/api/v1/publish", self.url);
        let response = self
            .agent
            .post(&url)
            .config()
            .timeout_global(Some(PUBLISH_TIMEOUT))
            .build()
            .content_type(publication::MEDIA_TYPE)
            .send(publication.to_bytes().as_slice())
            .map_err(|source| connection(&url, source))?;
        let status = response.status().as_u16();
        let bytes = read(&url, response, ANSWER_BYTES_MAX)?;
        if status == 200 {
            let answer = serde_json::from_slice(&bytes);
            return Ok(answer.map_err(|source| RequestFailed::Answer { url, source })?);
        }
        match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => Err(PublishFailed::Refused {
                kind: problem.word().and_then(RefusalKind::from_word),
                title: problem.title,
                causes: problem.causes,
                hint: problem.hint,
            }),
            Err(_) => Err(RequestFailed::Status { url, status }.into()),
        }
    }

    /// The newest file of a role; none where it was never published.
    ///
    /// # Errors
    /// [`RequestFailed`].
    pub fn role(&self, role: &RoleName) -> Result<Option<Vec<u8>>, RequestFailed> {
        if *role == RoleName::ROOT {
            return self.newest_root();
        }
        let Some(timestamp) = self.metadata(&MetadataFile::Timestamp)? else {
            return Ok(None);
        };
        if *role == RoleName::TIMESTAMP {
            return Ok(Some(timestamp));
        }
        let malformed = |source| RequestFailed::Metadata {
            url: self.url.clone(),
            source,
        };
        let timestamp = Envelope::<Timestamp>::parse(&timestamp).map_err(malformed)?;
        let version = timestamp.signed().meta.snapshot.version;
        let file = MetadataFile::Version(RoleName::SNAPSHOT, version);
        let Some(snapshot) = self.metadata(&file)? else {
            return Ok(None);
        };
        if *role == RoleName::SNAPSHOT {
            return Ok(Some(snapshot));
        }
        let snapshot = Envelope::<Snapshot>::parse(&snapshot).map_err(malformed)?;
        match snapshot.signed().pin_of(role) {
            Some(pin) => self.metadata(&MetadataFile::Version(role.clone(), pin.version)),
            None => Ok(None),
        }
    }

    /// A metadata file; none where the registry says that it is not there.
    ///
    /// # Errors
    /// [`RequestFailed`].
    pub fn metadata(&self, file: &MetadataFile) -> Result<Option<Vec<u8>>, RequestFailed> {
        let url = format!("{}/metadata/{file}", self.url);
        let response = self
            .agent
            .get(&url)
            .config()
            .timeout_global(Some(READ_TIMEOUT))
            .build()
            .call()
            .map_err(|source| connection(&url, source))?;
        match response.status().as_u16() {
            200 => read(&url, response, METADATA_BYTES_MAX).map(Some),
            404 => Ok(None),
            status => Err(RequestFailed::Status { url, status }),
        }
    }

    fn newest_root(&self) -> Result<Option<Vec<u8>>, RequestFailed> {
        let mut newest = None;
        for version in 1.. {
            let file = MetadataFile::Version(RoleName::ROOT, version);
            match self.metadata(&file)? {
                Some(bytes) => newest = Some(bytes),
                None => break,
            }
        }
        Ok(newest)
    }
}

impl PublishFailed {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            PublishFailed::Refused { hint, .. } => hint.clone(),
            PublishFailed::Request(_) => Some(
                "publish the same files again once the registry answers; nothing happens twice"
                    .to_owned(),
            ),
        }
    }
}

fn connection(url: &str, source: ureq::Error) -> RequestFailed {
    RequestFailed::Connection {
        url: url.to_owned(),
        source: Box::new(source),
    }
}

fn read(
    url: &str,
    response: ureq::http::Response<ureq::Body>,
    bytes_max: usize,
) -> Result<Vec<u8>, RequestFailed> {
    let mut bytes = Vec::new();
    let body = response.into_body().into_reader();
    body.take(bytes_max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| RequestFailed::Body {
            url: url.to_owned(),
            source,
        })?;
    if bytes.len() > bytes_max {
        return Err(RequestFailed::TooLong {
            url: url.to_owned(),
            bytes_max,
        });
    }
    Ok(bytes)
}
