//! A registry or mirror over HTTP.

use std::time::Duration;

use ureq::http::Response;

use super::transport::{Opened, Transport, TransportError, skipped};

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
        self.get(path, known.map(|tag| ("if-none-match", tag)))
            .and_then(|response| opened(path, response))
    }

    fn open_from(&self, path: &str, from: u64) -> Result<Opened, TransportError> {
        if from == 0 {
            return self.open(path, None);
        }
        let range = format!("bytes={from}-");
        let response = self.get(path, Some(("range", &range)))?;
        let part = text(&response, "content-range");
        let begins = part.is_some_and(|part| part.starts_with(&format!("bytes {from}-")));
        match response.status().as_u16() {
            206 if begins => Ok(body(response)),
            // A server that serves no parts, or has another file by now.
            _ => skipped(path, opened(path, response)?, from),
        }
    }
}

impl HttpTransport {
    fn get(
        &self,
        path: &str,
        header: Option<(&str, &str)>,
    ) -> Result<Response<ureq::Body>, TransportError> {
        let mut request = self.agent.get(format!("{}/{path}", self.address));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request
            .call()
            .map_err(|source| TransportError::Unreachable {
                path: path.to_owned(),
                source: Box::new(source),
            })
    }
}

fn opened(path: &str, response: Response<ureq::Body>) -> Result<Opened, TransportError> {
    let status = response.status().as_u16();
    // Nothing was asked for encoded, and nothing is decoded: lengths are those of signed bytes.
    let encoded = text(&response, "content-encoding").is_some_and(|coding| coding != "identity");
    match status {
        200 if encoded => Err(TransportError::Encoded {
            path: path.to_owned(),
        }),
        200 => Ok(body(response)),
        304 => Ok(Opened::NotModified),
        404 => Ok(Opened::NotFound),
        status => Err(TransportError::Status {
            path: path.to_owned(),
            status,
        }),
    }
}

fn body(response: Response<ureq::Body>) -> Opened {
    let tag = text(&response, "etag").map(str::to_owned);
    Opened::Body {
        reader: Box::new(response.into_body().into_reader()),
        tag,
    }
}

fn text<'a>(response: &'a Response<ureq::Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}
