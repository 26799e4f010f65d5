//! A registry or mirror over HTTP.

use std::time::Duration;

use super::transport::{Opened, Transport, TransportError};

/// A registry by its address. Follows no redirection and decodes no content.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    address: String,
    agent: ureq::Agent,
}

impl HttpTransport {
    /// The registry at `address`, such as `https://registry.example/`.
    pub fn new(address: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .accept_encoding("identity")
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_recv_response(Some(Duration::from_secs(30)))
            .timeout_recv_body(Some(Duration::from_secs(600)))
            .build();
        let address = address.trim_end_matches('/').to_owned();
        Self {
            address,
            agent: ureq::Agent::new_with_config(config),
        }
    }
}

impl Transport for HttpTransport {
    fn open(&self, path: &str, known: Option<&str>) -> Result<Opened, TransportError> {
        let mut request = self.agent.get(format!("{}/{path}", self.address));
        if let Some(tag) = known {
            request = request.header("If-None-Match", tag);
        }
        let response = request
            .call()
            .map_err(|source| TransportError::Unreachable {
                path: path.to_owned(),
                source: Box::new(source),
            })?;
        match response.status().as_u16() {
            200 => {
                let tag = response
                    .headers()
                    .get("etag")
                    .and_then(|tag| tag.to_str().ok());
                let tag = tag.map(str::to_owned);
                Ok(Opened::Body {
                    reader: Box::new(response.into_body().into_reader()),
                    tag,
                })
            }
            304 => Ok(Opened::NotModified),
            404 => Ok(Opened::NotFound),
            status => Err(TransportError::Status {
                path: path.to_owned(),
                status,
            }),
        }
    }
}
