//! The web server's side of the socket.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{Envelope, Root};

use super::message::{Reply, Request};
use super::{RemoteError, RoleVersion, SignerError, Successor, SuccessorSigner, frame};
use crate::store::Tree;

/// Asks a signer in another process ([`super::SignerServer`]) through its socket.
#[derive(Debug)]
pub struct RemoteSigner {
    socket: PathBuf,
}

/// The longest wait for an answer. A signature takes milliseconds; where the wait is over, whatever was
/// signed is found by the next look.
const PATIENCE: Duration = Duration::from_secs(30);

impl RemoteSigner {
    /// Asks at `socket`. Nothing is connected yet: the read side of a registry works without a signer.
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
        }
    }

    fn ask(&self, request: &Request) -> Result<Reply, SignerError> {
        let reply = self.exchange(request).map_err(|source| {
            let socket = self.socket.clone();
            match source.kind() {
                io::ErrorKind::InvalidData => RemoteError::Protocol(socket),
                _ => RemoteError::Unreachable { socket, source },
            }
        })?;
        match reply {
            Reply::Unreleased => Err(SignerError::Unreleased),
            Reply::Disagrees => Err(SignerError::Disagrees),
            Reply::Keys(role) => Err(SignerError::Keys(role.into())),
            Reply::Refused { reason, hint } => Err(RemoteError::Refused { reason, hint }.into()),
            reply => Ok(reply),
        }
    }

    fn exchange(&self, request: &Request) -> io::Result<Reply> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        frame::write(&mut stream, request, frame::REQUEST_BYTES_MAX)?;
        frame::read(&mut stream, frame::REPLY_BYTES_MAX)
    }

    fn protocol(&self) -> SignerError {
        RemoteError::Protocol(self.socket.clone()).into()
    }
}

impl SuccessorSigner for RemoteSigner {
    fn unreleased(&self, shown: Option<Digest>) -> Result<Option<Successor>, SignerError> {
        match self.ask(&Request::Unreleased { shown })? {
            Reply::Successor(successor) => Ok(successor),
            _ => Err(self.protocol()),
        }
    }

    fn sign(&self, _: &Tree, changed: &[RoleVersion], _: Moment) -> Result<Successor, SignerError> {
        let changed = changed.to_vec();
        match self.ask(&Request::Sign { changed })? {
            Reply::Successor(Some(successor)) => Ok(successor),
            _ => Err(self.protocol()),
        }
    }

    fn renew(&self, _: &Tree, _: Moment) -> Result<bool, SignerError> {
        match self.ask(&Request::Renew)? {
            Reply::Renewed(renewed) => Ok(renewed),
            _ => Err(self.protocol()),
        }
    }

    fn check_keys(&self, root: &Envelope<Root>) -> Result<(), SignerError> {
        let root = String::from_utf8(root.to_bytes()).map_err(|_| self.protocol())?;
        match self.ask(&Request::CheckKeys { root })? {
            Reply::KeysHeld => Ok(()),
            _ => Err(self.protocol()),
        }
    }

    fn notice(&self) -> Option<String> {
        None
    }
}
