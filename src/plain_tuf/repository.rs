//! A repository over HTTP, as the verifier asks for it.

use rulepack_host::client::{Fetched, HttpTransport, Transport as _, TransportError};
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{Error, Repository, Result};

use super::percent;

/// The addresses of metadata and artifacts. No redirection is followed and no content is decoded.
pub struct HttpRepository {
    metadata: HttpTransport,
    artifacts: Option<HttpTransport>,
}

impl HttpRepository {
    /// The repository at these addresses.
    pub fn new(metadata_url: &str, artifact_url: Option<&str>) -> Self {
        Self {
            metadata: HttpTransport::new(metadata_url),
            artifacts: artifact_url.map(HttpTransport::new),
        }
    }
}

impl Repository for HttpRepository {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max_length: u64) -> FetchFuture<'a> {
        // The verifier has percent-encoded the name of the role.
        let fetched = fetch(&self.metadata, name, max_length);
        Box::pin(std::future::ready(fetched))
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max_length: u64) -> FetchFuture<'a> {
        let fetched = match &self.artifacts {
            Some(artifacts) => fetch(artifacts, &percent::url_path(path), max_length),
            None => Ok(None),
        };
        Box::pin(std::future::ready(fetched))
    }
}

/// Storage services answer 403 for what is not there, and the reference client takes it for that.
fn fetch(transport: &HttpTransport, path: &str, bytes_max: u64) -> Result<Option<Vec<u8>>> {
    match transport.fetch(path, bytes_max, None) {
        Ok(Fetched::Bytes { bytes, .. }) => Ok(Some(bytes)),
        Ok(Fetched::NotFound | Fetched::NotModified) => Ok(None),
        Err(TransportError::Status { status: 403, .. }) => Ok(None),
        Err(error) => Err(Error::transport_with_source("cannot fetch", error)),
    }
}
